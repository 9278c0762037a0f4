"""Tokens, contrast, sizes, and the scheme that is followed live."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF

from nomba_desktop.domain.settings import Density
from nomba_desktop.domain.settings import Theme as Choice
from nomba_desktop.ui.resources import app_icon, resource
from nomba_desktop.ui.stylesheet import stylesheet
from nomba_desktop.ui.theme import DARK, LIGHT, Metrics, Theme, Tokens, metrics_for, text_scale, tokens_for
from nomba_desktop.ui.widgets import Segmented, restyle

if TYPE_CHECKING:
    from tests.ui.stage import Stage

PALETTES = [tokens_for(dark=d, high_contrast=h) for d in (False, True) for h in (False, True)]


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    made = QColor(colour)
    return 0.2126 * linear(made.redF()) + 0.7152 * linear(made.greenF()) + 0.0722 * linear(made.blueF())


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", PALETTES)
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("ink", "panel", 7), ("ink", "background", 7), ("ink", "rail", 7), ("ink", "selection", 7),
        ("muted", "panel", 4.5), ("muted", "rail", 4.5), ("muted", "selection", 4.5), ("muted", "neutral_bg", 4.5),
        ("ok", "ok_bg", 4.5), ("warn", "warn_bg", 4.5), ("bad", "bad_bg", 4.5), ("info", "info_bg", 4.5),
        ("info", "panel", 4.5), ("info", "selection", 4.5), ("bad", "panel", 4.5), ("bad", "rail", 4.5),
        ("warn", "panel", 4.5), ("primary_ink", "primary", 7), ("field_border", "panel", 3),
    ],
)  # fmt: skip
def test_contrast(tokens: Tokens, ink: str, ground: str, least: float) -> None:
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= least


def test_every_colour_of_the_sheet_is_filled_in() -> None:
    for tokens in PALETTES:
        sheet = stylesheet(tokens, Metrics(), "Mono")
        assert "$" not in sheet
        assert sheet.count("{") == sheet.count("}")


def test_every_colour_is_a_colour() -> None:
    for tokens in PALETTES:
        for field in fields(Tokens):
            value = getattr(tokens, field.name)
            assert isinstance(value, bool) or QColor(value).isValid(), field.name


@pytest.mark.parametrize(
    ("points", "platform", "scale"),
    [
        (9.0, "linux", 1.0), (11.0, "linux", 1.0), (16.5, "linux", 1.5), (9.0, "win32", 1.0), (13.5, "win32", 1.5),
        (13.0, "darwin", 1.0), (60.0, "linux", 2.0), (6.0, "win32", 0.85), (0.0, "linux", 1.0),
    ],
)  # fmt: skip
def test_text_follows_the_system_s_size(points: float, platform: str, scale: float) -> None:
    assert text_scale(points, platform) == pytest.approx(scale)


def test_sizes() -> None:
    usual = metrics_for(1.0, Density.COMFORTABLE)
    assert (usual.base, usual.row, usual.control) == (13, 46, 32)
    assert metrics_for(1.0, Density.COMPACT).row == 32
    assert metrics_for(1.5, Density.COMFORTABLE).base == 20
    assert metrics_for(1.5, Density.COMFORTABLE).row == 69
    assert metrics_for(0.85, Density.COMFORTABLE).row == 46


def test_the_choice_wins_over_the_system_and_the_system_is_followed_live(stage: Stage) -> None:
    system = [Qt.ColorScheme.Light]
    theme = Theme(stage.app, scheme=lambda: system[0])
    theme.install()
    told: list[bool] = []
    theme.changed.connect(lambda: told.append(theme.tokens.dark))
    system[0] = Qt.ColorScheme.Dark
    stage.app.styleHints().colorSchemeChanged.emit(system[0])
    assert (theme.tokens, told) == (DARK, [True])
    theme.choose(Choice.LIGHT, Density.COMFORTABLE)
    assert theme.tokens == LIGHT
    theme.choose(Choice.SYSTEM, Density.COMFORTABLE)
    assert theme.tokens == DARK
    theme.deleteLater()


def test_figures_of_a_countdown_are_equally_wide(stage: Stage) -> None:
    metrics = QFontMetricsF(stage.theme.font(tabular=True))
    assert metrics.horizontalAdvance("11:11") == pytest.approx(metrics.horizontalAdvance("00:00"))
    assert stage.theme.font(20, QFont.Weight.DemiBold).pixelSize() == 20


def test_resources_are_found(stage: Stage) -> None:
    assert not app_icon().isNull()
    assert resource("icons/key.svg").name == "key.svg"
    with pytest.raises(FileNotFoundError, match="incomplete"):
        resource("icons/nothing.svg")


def test_a_segmented_choice_starts_without_one(stage: Stage) -> None:
    made = Segmented([(1, "Live"), (2, "Sandbox")], "Environment")
    heard: list[object] = []
    made.chosen.connect(heard.append)
    assert made.value is None
    made.buttons()[1].click()
    assert made.value == 2
    assert heard == [2]
    made.set_value(None)
    assert made.value is None
    assert heard == [2]
    restyle(made, "x", 1)
