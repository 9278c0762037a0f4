"""The small frame with an environment's name: strong for Live, quiet for the others."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nomba_desktop.ui.theme import Theme


class Tag(QWidget):
    """Painted like the tags in the table's rows."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text, self._live = "", False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.updateGeometry)

    def render_props(self, text: str, *, live: bool) -> None:
        """Show an environment."""
        if (text, live) != (self._text, self._live):
            self._text, self._live = text, live
            self.setAccessibleName(f"Environment {text}")
            self.updateGeometry()
            self.update()

    def _font(self) -> QFont:
        weight = QFont.Weight.DemiBold if self._live else QFont.Weight.Normal
        return self._theme.font(self._theme.metrics.tiny - 1, weight)

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self._font())
        return QSize(round(metrics.horizontalAdvance(self._text)) + 12, round(metrics.height()) + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        painter.setPen(self._theme.colour("ink" if self._live else "field_border"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(self._theme.colour("ink" if self._live else "muted"))
        painter.setFont(self._font())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()
