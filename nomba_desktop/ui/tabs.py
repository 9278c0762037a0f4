"""Tabs of the detail panel: plain words with a yellow line under the one in force."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QWidget

from nomba_desktop.ui.theme import Theme

GAP = 16


class Tabs(QTabBar):
    """A tab bar that paints itself; arrow keys move, as in any tab bar."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setUsesScrollButtons(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self.update)

    def tabSizeHint(self, index: int) -> QSize:
        metrics = QFontMetricsF(self._font(selected=index == self.currentIndex()))
        return QSize(
            round(metrics.horizontalAdvance(self.tabText(index))) + GAP, self._theme.metrics.base + 23
        )

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def _font(self, *, selected: bool) -> QFont:
        return self._theme.font(weight=QFont.Weight.DemiBold if selected else QFont.Weight.Normal)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        for index in range(self.count()):
            selected = index == self.currentIndex()
            area = QRectF(self.tabRect(index)).adjusted(0, 0, -GAP, 0)
            painter.setFont(self._font(selected=selected))
            painter.setPen(theme.colour("ink" if selected else "muted"))
            painter.drawText(
                area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.tabText(index)
            )
            if selected:
                painter.fillRect(
                    QRectF(area.left(), self.height() - 2, area.width(), 2), theme.colour("brand")
                )
                if self.hasFocus():
                    painter.setPen(theme.colour("info"))
                    painter.drawRoundedRect(area.adjusted(-3, 5, 3, -5), 4, 4)
        painter.end()
