"""Ticking words painted from pictures look like words painted as text."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from nomba_desktop.ui.figures import Figures
from nomba_desktop.ui.ticking_text import TickingText

if TYPE_CHECKING:
    from tests.ui.stage import Stage

INK = QColor("#14171C")


def blank() -> tuple[QImage, QPainter]:
    image = QImage(200, 30, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    return image, QPainter(image)


def ink(one: QImage, other: QImage) -> int:
    return sum(
        abs(one.pixelColor(x, y).green() - other.pixelColor(x, y).green())
        for x in range(one.width())
        for y in range(one.height())
    )


@pytest.mark.parametrize(
    "text", ["26:24", "1:02:03", "42 s", "Refresh in 16:31", "Since 14 Nov", "expired 3 min ago"]
)
def test_pictures_look_like_text(stage: Stage, text: str) -> None:
    font = stage.theme.font(tabular=True)
    figures, metrics = Figures(font), QFontMetricsF(font)
    assert figures.width(text) == pytest.approx(metrics.horizontalAdvance(text), abs=0.3)
    copied, painter = blank()
    figures.draw(painter, 10.0, 15.0, text, INK)
    painter.end()

    def written(dx: int, dy: int) -> QImage:
        image, painter = blank()
        painter.setFont(font)
        painter.setPen(INK)
        top = int(15 - ceil(metrics.height()) / 2)
        painter.drawText(QPointF(10 + dx, top + metrics.ascent() + dy), text)
        painter.end()
        return image

    # Blending over nothing and then over white is a shade off; a pixel off would be far more.
    off = min(ink(copied, written(dx, dy)) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)))
    assert ink(copied, written(0, 0)) < off / 2


def test_only_the_figures_that_differ_are_painted_anew(stage: Stage) -> None:
    figures = Figures(stage.theme.font(tabular=True))
    _, painter = blank()
    for second in range(60):
        figures.draw(painter, 10.0, 15.0, f"Refresh in 16:{second:02d}", INK)
    painter.end()
    assert len(figures._pictures) == 61


def test_ticking_words_are_not_heard(stage: Stage) -> None:
    made = TickingText(stage.theme)
    made.show_text("in 7:41", "at 18:23:27")
    made.show_text("in 7:40", "at 18:23:27")
    assert (made.text(), made.accessibleName()) == ("in 7:40", "at 18:23:27")
