"""Words that change by themselves: painted in place, without a new layout and unheard by a screen reader."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nomba_desktop.ui.theme import Theme


class TickingText(QWidget):
    """One line. A label would lay out the whole window anew each second; this one only repaints itself.

    `ground` is the colour token of what it lies on: it fills that itself.
    """

    def __init__(
        self,
        theme: Theme,
        *,
        ground: str = "panel",
        small: bool = False,
        right: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._small, self._ground = theme, small, ground
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        self._align = side | Qt.AlignmentFlag.AlignVCenter
        self._text = self._elided = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self._fit)

    def text(self) -> str:
        """The whole text."""
        return self._text

    def show_text(self, text: str, spoken: str) -> None:
        """Show words; `spoken` is what a screen reader finds there: moments, which don't tick."""
        if spoken != self.accessibleName():
            self.setAccessibleName(spoken)
        if text != self._text:
            self._text = text
            self._fit()

    def sizeHint(self) -> QSize:
        return QSize(60, self._theme.metrics.base + 6)

    def _font(self) -> QFont:
        sizes = self._theme.metrics
        return self._theme.font(sizes.small if self._small else sizes.base, tabular=True)

    def _fit(self) -> None:
        metrics = QFontMetricsF(self._font())
        self._elided = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour(self._ground))
        painter.setFont(self._font())
        painter.setPen(self._theme.colour("muted" if self._small else "ink"))
        painter.drawText(self.rect(), self._align, self._elided)
        painter.end()
