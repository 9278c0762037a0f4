"""The first frame: the window's outline, painted before the rest of the program is loaded."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from nomba_desktop.ui.theme import Theme

RAIL_WIDTH = 185
PLACES = 6
TOP = 85
BLOCKS = ((10, 110), (170, 60), (280, 80), (430, 120))
"""Left and width of what stands for the cells of a row."""


def paint_rows(painter: QPainter, area: QRect, theme: Theme) -> None:
    """Rows that say nothing yet, from the top of `area`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    height, rule = theme.metrics.row, theme.colour("line")
    painter.setBrush(theme.colour("neutral_bg"))
    for place in range(min(PLACES, area.height() // max(1, height))):
        top = area.top() + TOP + place * height
        painter.fillRect(area.left(), top + height - 1, area.width(), 1, rule)
        for left, width in BLOCKS:
            painter.drawRoundedRect(area.left() + left, top + height // 2 - 5, width, 10, 5, 5)


class Skeleton(QWidget):
    """Rail, status bar and rows as they will be, without a word. `painted` follows the first frame."""

    painted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._told = theme, False

    def paintEvent(self, event: QPaintEvent) -> None:
        colour, sizes = self._theme.colour, self._theme.metrics
        rail, bar = round(RAIL_WIDTH * max(1.0, sizes.base / 13)), sizes.base + 14
        page = QRect(rail + 1, 0, self.width() - rail - 1, self.height() - bar - 1)
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("rail"))
        painter.fillRect(rail, 0, 1, page.height(), colour("line"))
        painter.fillRect(0, page.height(), self.width(), 1, colour("line"))
        painter.fillRect(page, colour("panel"))
        paint_rows(painter, page, self._theme)
        painter.end()
        if not self._told:
            self._told = True
            self.painted.emit()
