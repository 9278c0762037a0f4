"""The controls of the *Settings* page and where they stand. Renders props; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from nomba_desktop.ui.derive.add_key import Line, Tone
from nomba_desktop.ui.derive.settings_page import (
    DENSITIES,
    HINTS,
    NAMES,
    THEMES,
    KeyringTone,
    SettingsProps,
)
from nomba_desktop.ui.dialogs.fields import LabelledField
from nomba_desktop.ui.widgets import Banner, Button, Pill, Segmented, Toggle, label, line, set_text

if TYPE_CHECKING:
    from nomba_desktop.ui.theme import Theme

_WIDTH = 640
_KEYRING: dict[KeyringTone, str] = {
    "ok": "Works",
    "warn": "Attention",
    "bad": "Does not work",
    "neutral": "Unknown",
}
#: The settings that are typed, in the order of `SettingsDraft`.
LINES = ("probe_every", "clipboard_clear", "proxy", "extra_ca", "practice_url")


class SettingsForm(QWidget):
    """Controls, marks and sentences."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("box", "panel")
        self.theme = Segmented(THEMES, NAMES["theme"])
        self.density = Segmented(DENSITIES, NAMES["density"])
        self.reduce_motion = Toggle(NAMES["reduce_motion"], theme)
        self.lines = {name: QLineEdit() for name in LINES}
        self.choose_ca = Button("Choose…")
        self.marks = {name: Pill(tone="info") for name in NAMES}
        self.fields: dict[str, LabelledField] = {}
        self.keyring = label("", wrap=True)
        self.keyring_pill = Pill("Keyring")
        self.test = Button("Test again")
        self.problem = Banner(tone="bad")
        self.said = label("", "muted")
        self.revert = Button("Revert")
        self.save = Button("Save", "primary")
        self._lay_out()

    def _field(self, name: str, control: QWidget) -> LabelledField:
        made = LabelledField(NAMES[name], control)
        made.add_mark(self.marks[name])
        self.fields[name] = made
        return made

    def _lay_out(self) -> None:
        column = QWidget()
        column.setProperty("box", "panel")
        column.setMaximumWidth(_WIDTH)
        rows = QVBoxLayout(column)
        rows.setContentsMargins(24, 20, 24, 20)
        rows.setSpacing(14)
        rows.addWidget(label("Settings", "title"))
        rows.addWidget(label("Look", "caption"))
        look = QHBoxLayout()
        look.setSpacing(12)
        look.addWidget(self._field("theme", self.theme), 3)
        look.addWidget(self._field("density", self.density), 2)
        rows.addLayout(look)
        motion = QHBoxLayout()
        motion.setSpacing(12)
        motion.addWidget(self.reduce_motion)
        motion.addWidget(self.marks["reduce_motion"])
        motion.addStretch(1)
        rows.addLayout(motion)
        rows.addWidget(line())
        rows.addWidget(label("Tokens", "caption"))
        tokens = QHBoxLayout()
        tokens.setSpacing(12)
        for name in ("probe_every", "clipboard_clear"):
            tokens.addWidget(self._field(name, self.lines[name]), 1)
        rows.addLayout(tokens)
        rows.addWidget(line())
        rows.addWidget(label("Network", "caption"))
        rows.addWidget(self._field("proxy", self.lines["proxy"]))
        ca = QWidget()
        ca.setFocusProxy(self.lines["extra_ca"])
        pair = QHBoxLayout(ca)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(8)
        pair.addWidget(self.lines["extra_ca"], 1)
        pair.addWidget(self.choose_ca)
        rows.addWidget(self._field("extra_ca", ca))
        rows.addWidget(self._field("practice_url", self.lines["practice_url"]))
        rows.addWidget(line())
        rows.addWidget(label("Keyring", "caption"))
        keyring = QHBoxLayout()
        keyring.setSpacing(12)
        keyring.addWidget(self.keyring_pill)
        keyring.addWidget(self.keyring, 1)
        keyring.addWidget(self.test)
        rows.addLayout(keyring)
        rows.addStretch(1)
        self._frame(column)

    def _frame(self, column: QWidget) -> None:
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(column)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(24, 10, 24, 10)
        buttons.setSpacing(8)
        buttons.addWidget(self.save)
        buttons.addWidget(self.revert)
        buttons.addWidget(self.said, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.problem)
        outer.addWidget(line())
        outer.addLayout(buttons)
        self.setFocusProxy(self.theme)

    def render_props(self, props: SettingsProps) -> None:
        """Show sentences, marks and the keyring's state."""
        for name, field in self.fields.items():
            wrong = props.wrong.get(name, "")
            field.show_line(Line(wrong, Tone.BAD) if wrong else Line(HINTS.get(name, "")))
        for name, mark in self.marks.items():
            set_text(mark, props.defaults.get(name, ""))
            mark.setVisible(name in props.defaults)
        self.keyring_pill.show_state(_KEYRING[props.keyring_tone], props.keyring_tone)
        set_text(self.keyring, props.keyring)
        self.problem.setVisible(bool(props.problem))
        self.problem.show_text(props.problem, "bad")
        set_text(self.said, props.said)
        self.save.setEnabled(props.changed and not props.busy)
        self.revert.setEnabled(props.changed and not props.busy)
