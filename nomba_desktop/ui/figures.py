"""Texts that tick, painted from pictures: laying out a text anew each second costs ten times a copy.

Of `Refresh in 16:31` only the last two figures differ from one second to the next, and they have sixty forms.
"""

from __future__ import annotations

import re
from math import ceil, floor

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

_ENDS_IN_SECONDS = re.compile(r":\d\d$")
# A picture is at most about 100 x 20 pixels: a few megabytes in all.
_MOST = 1500


class Figures:
    """Paints texts in one font with figures of equal width."""

    def __init__(self, font: QFont) -> None:
        self._font = font
        self._metrics = QFontMetricsF(font)
        self._height = ceil(self._metrics.height())
        self._advances: dict[str, float] = {}
        self._pair = self._metrics.horizontalAdvance("00")
        self._pictures: dict[tuple[str, int, float, int], QPixmap] = {}

    def width(self, text: str) -> float:
        """Width of a text, in pixels."""
        head, tail = _parts(text)
        return self._advance(head) + (self._pair if tail else 0.0)

    def _advance(self, head: str) -> float:
        known = self._advances.get(head)
        if known is None:
            if len(self._advances) >= _MOST:
                self._advances.clear()
            known = self._advances[head] = self._metrics.horizontalAdvance(head)
        return known

    def draw(self, painter: QPainter, left: float, middle: float, text: str, colour: QColor) -> None:
        """Paint a text from `left`, its line centred on `middle`."""
        head, tail = _parts(text)
        top = floor(middle - self._height / 2)
        ink, ratio = colour.rgba(), painter.device().devicePixelRatioF()
        self._copy(painter, left, top, (head, ink, ratio))
        if tail:
            self._copy(painter, left + self._advance(head), top, (tail, ink, ratio))

    def _copy(self, painter: QPainter, left: float, top: int, piece: tuple[str, int, float]) -> None:
        # Glyphs stand between pixels: to the nearest quarter of one.
        whole, quarter = divmod(round(left * 4), 4)
        picture = self._pictures.get((*piece, quarter))
        if picture is None:
            if len(self._pictures) >= _MOST:
                self._pictures.clear()
            picture = self._pictures[(*piece, quarter)] = self._paint(*piece, quarter / 4)
        painter.drawPixmap(whole, top, picture)

    def _paint(self, text: str, ink: int, ratio: float, x: float) -> QPixmap:
        width = self._metrics.horizontalAdvance(text) + x + 1
        made = QPixmap(ceil(width * ratio), ceil(self._height * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setFont(self._font)
        painter.setPen(QColor.fromRgba(ink))
        painter.drawText(QPointF(x, self._metrics.ascent()), text)
        painter.end()
        return made


def _parts(text: str) -> tuple[str, str]:
    return (text[:-2], text[-2:]) if _ENDS_IN_SECONDS.search(text) else (text, "")
