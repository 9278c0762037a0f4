"""The look: colours, fonts and sizes for light, dark and high contrast, following the system live.

`Theme` is made once in `app` (or a test), installed on the application and handed to whatever paints itself.
Widgets that only need the stylesheet say what they are by a property and take no theme: see `ui.widgets`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from nomba_desktop.domain.settings import Density
from nomba_desktop.domain.settings import Theme as Choice
from nomba_desktop.ui.stylesheet import stylesheet


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one palette as `#RRGGBB`; names as in the design."""

    dark: bool
    background: str
    panel: str
    rail: str
    ink: str
    muted: str
    line: str
    field_border: str
    brand: str
    selection: str
    selection_edge: str
    neutral_bg: str
    """Grey pills, bar tracks, quiet boxes."""
    ok: str
    ok_bg: str
    warn: str
    warn_bg: str
    bad: str
    bad_bg: str
    info: str
    info_bg: str
    primary: str
    primary_ink: str
    rail_selected: str
    high_contrast: bool = False


LIGHT = Tokens(
    dark=False,
    background="#F4F5F7",
    panel="#FFFFFF",
    rail="#ECEEF1",
    ink="#14171C",
    muted="#57606C",
    line="#DFE3E8",
    field_border="#8A93A0",
    brand="#FFC700",
    selection="#FFF4CC",
    selection_edge="#F2C200",
    neutral_bg="#E6E9ED",
    ok="#137A4B",
    ok_bg="#E2F4EA",
    warn="#9A6200",
    warn_bg="#FFF0D1",
    bad="#B3261E",
    bad_bg="#FCE6E4",
    info="#2457C5",
    info_bg="#E6EDFB",
    primary="#14171C",
    primary_ink="#FFFFFF",
    rail_selected="#FFFFFF",
)
DARK = Tokens(
    dark=True,
    background="#121417",
    panel="#1A1D22",
    rail="#15181C",
    ink="#ECEFF3",
    muted="#A2AAB6",
    line="#2B3038",
    field_border="#6B7480",
    brand="#FFC700",
    selection="#33300F",
    selection_edge="#FFC700",
    neutral_bg="#2A2F37",
    ok="#5FD39A",
    ok_bg="#133425",
    warn="#FFC15C",
    warn_bg="#3A2A0A",
    bad="#FF8A80",
    bad_bg="#44191A",
    info="#8FB2FF",
    info_bg="#1B2846",
    primary="#FFC700",
    primary_ink="#14171C",
    rail_selected="#1A1D22",
)


def tokens_for(*, dark: bool, high_contrast: bool) -> Tokens:
    """The palette for a scheme. High contrast: full ink for all text, lines as strong as field borders."""
    tokens = DARK if dark else LIGHT
    if not high_contrast:
        return tokens
    ink, paper = ("#FFFFFF", "#000000") if dark else ("#000000", "#FFFFFF")
    return replace(
        tokens,
        background=paper,
        panel=paper,
        rail=paper,
        rail_selected=paper,
        ink=ink,
        muted=ink,
        line=tokens.muted,
        field_border=ink,
        high_contrast=True,
    )


@dataclass(frozen=True, slots=True)
class Metrics:
    """Sizes in device-independent pixels; text sizes follow the system's."""

    base: int = 13
    small: int = 12
    tiny: int = 11
    title: int = 17
    row: int = 46
    control: int = 32
    radius: int = 6
    compact: bool = False


_USUAL_POINTS = {"win32": (9.0, 9.0), "darwin": (13.0, 13.0)}


def text_scale(points: float, platform: str = sys.platform) -> float:
    """How much larger than usual the system's interface font is: 1.0 at the platform's default, 0.85 to 2.0.

    Linux desktops default to 9 to 11 points; screen scaling is Qt's affair and not in this number.
    """
    low, high = _USUAL_POINTS.get(platform, (9.0, 11.0))
    usual = min(max(points, low), high)
    return min(2.0, max(0.85, points / usual)) if points > 0 else 1.0


def metrics_for(scale: float, density: Density) -> Metrics:
    """Sizes for a text scale and a density; rows are 46, compact 32, and grow with the text."""
    compact = density is Density.COMPACT
    sizes = Metrics()
    return Metrics(
        base=round(sizes.base * scale),
        small=round(sizes.small * scale),
        tiny=round(sizes.tiny * scale),
        title=round(sizes.title * scale),
        row=round((32 if compact else sizes.row) * max(1.0, scale)),
        control=round(sizes.control * max(1.0, scale)),
        compact=compact,
    )


class Theme(QObject):
    """The palette, sizes and fonts in force. `changed` comes after they were applied to the application.

    `scheme` tells the system's colour scheme; Qt is asked where it isn't handed in.
    """

    changed = Signal()

    def __init__(
        self,
        app: QApplication,
        choice: Choice = Choice.SYSTEM,
        scheme: Callable[[], Qt.ColorScheme] | None = None,
    ) -> None:
        super().__init__(app)
        self._app = app
        self._choice = choice
        self._density = Density.COMFORTABLE
        self.reduce_motion = False
        self._sheet, self._installed = True, False
        system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        self._scale = text_scale(QFontInfo(system).pointSizeF())
        known = set(QFontDatabase.families())
        self._family = "Inter" if "Inter" in known else system.family()
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        self._mono = "JetBrains Mono" if "JetBrains Mono" in known else mono
        self._fonts: dict[tuple[str, int, int, bool], QFont] = {}
        self.tokens = LIGHT
        self.metrics = metrics_for(self._scale, self._density)
        self._hints = self._app.styleHints()
        self._scheme = scheme or self._hints.colorScheme
        self._contrast = self._hints.accessibility()
        self._hints.colorSchemeChanged.connect(self._apply)
        self._contrast.contrastPreferenceChanged.connect(self._apply)

    def install(self, *, sheet: bool = True) -> None:
        """Take over the application's style, font, palette and stylesheet.

        Without the sheet what paints itself looks right already; widgets are built faster before it is there.
        """
        self._sheet = sheet
        if self._installed:
            self._app.setStyleSheet(self._written() if sheet else "")
            return
        self._installed = True
        self._app.setStyle("Fusion")
        self._apply()

    def choose(self, choice: Choice, density: Density, *, reduce_motion: bool = False) -> None:
        """What the settings say."""
        same = (choice, density) == (self._choice, self._density)
        self._choice, self._density, self.reduce_motion = choice, density, reduce_motion
        if not (same and self._installed):
            self._apply()

    @property
    def wants_dark(self) -> bool:
        """Whether the choice, or the system where the choice is the system's, asks for dark."""
        if self._choice is Choice.SYSTEM:
            return self._scheme() is Qt.ColorScheme.Dark
        return self._choice is Choice.DARK

    def _apply(self) -> None:
        high = self._contrast.contrastPreference() is Qt.ContrastPreference.HighContrast
        self.tokens = tokens_for(dark=self.wants_dark, high_contrast=high)
        self.metrics = metrics_for(self._scale, self._density)
        self._fonts.clear()
        self._app.setFont(self.font())
        self._app.setPalette(_palette(self.tokens))
        if self._sheet:
            self._app.setStyleSheet(self._written())
        self.changed.emit()

    def _written(self) -> str:
        return stylesheet(self.tokens, self.metrics, self._mono)

    def colour(self, name: str) -> QColor:
        """The colour token of that name."""
        return QColor(getattr(self.tokens, name))

    def font(
        self, size: int = 0, weight: QFont.Weight = QFont.Weight.Normal, *, tabular: bool = False
    ) -> QFont:
        """The interface font; `size` in pixels (0: base size), `tabular` for figures that change in place."""
        return self._font(self._family, size or self.metrics.base, weight, tabular)

    def mono(self, size: int = 0, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """The font of identifiers."""
        return self._font(self._mono, size or self.metrics.tiny, weight, tabular=False)

    def _font(self, family: str, size: int, weight: QFont.Weight, tabular: bool) -> QFont:
        key = (family, size, weight.value, tabular)
        if key not in self._fonts:
            font = QFont(family)
            font.setPixelSize(size)
            font.setWeight(weight)
            font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
            if tabular:
                font.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[key] = font
        return self._fonts[key]


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, name in (
        (roles.Window, "panel"),
        (roles.WindowText, "ink"),
        (roles.Base, "panel"),
        (roles.AlternateBase, "background"),
        (roles.Text, "ink"),
        (roles.Button, "panel"),
        (roles.ButtonText, "ink"),
        (roles.BrightText, "bad"),
        (roles.ToolTipBase, "panel"),
        (roles.ToolTipText, "ink"),
        (roles.PlaceholderText, "muted"),
        (roles.Link, "info"),
        (roles.LinkVisited, "info"),
        (roles.Highlight, "info"),
        (roles.HighlightedText, "panel"),
        (roles.Accent, "info"),
        (roles.Mid, "line"),
        (roles.Midlight, "line"),
        (roles.Dark, "field_border"),
        (roles.Light, "panel"),
    ):
        palette.setColor(role, QColor(getattr(tokens, name)))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.field_border))
    return palette
