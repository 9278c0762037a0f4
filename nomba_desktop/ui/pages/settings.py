"""The *Settings* page: what a person may change, each with its sentence; what isn't the default is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from nomba_desktop.domain.errors import NombaDesktopError, Unexpected
from nomba_desktop.domain.settings import Density
from nomba_desktop.domain.settings import Theme as Choice
from nomba_desktop.domain.snapshot import KeyringStatus
from nomba_desktop.ui.derive.add_key import Line, Tone
from nomba_desktop.ui.derive.settings_page import (
    DENSITIES,
    HINTS,
    NAMES,
    THEMES,
    KeyringTone,
    SettingsDraft,
    SettingsProps,
    check_settings,
    derive_settings,
    draft_of,
    settings_from,
)
from nomba_desktop.ui.dialogs.fields import LabelledField
from nomba_desktop.ui.widgets import Banner, Button, Pill, Segmented, Toggle, label, line, set_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QShowEvent

    from nomba_desktop.ui.dialogs.form_keeper import Spawn
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.theme import Theme

_WIDTH = 640
_KEYRING: dict[KeyringTone, str] = {
    "ok": "Works",
    "warn": "Attention",
    "bad": "Does not work",
    "neutral": "Unknown",
}
_LINES = ("probe_every", "clipboard_clear", "proxy", "extra_ca", "practice_url")


class SettingsPage(QWidget):
    """The page. `now` is the wall clock. `render_keyring` takes the keyring's state from the snapshot.

    `saved` carries the new `Settings` once they are stored. Unsaved changes stay while the page is hidden.
    """

    saved = Signal(object)

    def __init__(self, theme: Theme, intents: Intents, spawn: Spawn, now: Callable[[], float]) -> None:
        super().__init__()
        self._intents = intents
        self._spawn = spawn
        self._now = now
        self._keyring = KeyringStatus()
        self._stored = intents.settings()
        self._busy = False
        self._said = ""
        self._problem = ""
        self._filling = False
        self._judged: frozenset[str] = frozenset()
        self.file_dialog: QFileDialog | None = None
        self.setProperty("box", "panel")
        self.theme = Segmented(THEMES, NAMES["theme"])
        self.density = Segmented(DENSITIES, NAMES["density"])
        self.reduce_motion = Toggle(NAMES["reduce_motion"], theme)
        self.lines = {name: QLineEdit() for name in _LINES}
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
        self._connect()
        self.reload()

    # -- layout --------------------------------------------------------------------------------------------------------

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

    def _connect(self) -> None:
        self.theme.chosen.connect(lambda _value: self._changed())
        self.density.chosen.connect(lambda _value: self._changed())
        self.reduce_motion.toggled.connect(lambda _on: self._changed())
        for name, edit in self.lines.items():
            edit.textChanged.connect(lambda _text: self._changed())
            edit.editingFinished.connect(lambda which=name: self._left(which))
        self.choose_ca.clicked.connect(self._choose_ca)
        self.test.clicked.connect(self._intents.unlock_keyring)
        self.save.clicked.connect(self._save)
        self.revert.clicked.connect(self.reload)

    # -- state ---------------------------------------------------------------------------------------------------------

    def draft(self) -> SettingsDraft:
        """What the page says now."""
        theme, density = self.theme.value, self.density.value
        return SettingsDraft(
            theme if isinstance(theme, Choice) else self._stored.theme,
            density if isinstance(density, Density) else self._stored.density,
            self.reduce_motion.isChecked(),
            *(self.lines[name].text() for name in _LINES),
        )

    def reload(self) -> None:
        """Show what is stored; changes that were not saved go."""
        self._stored = self._intents.settings()
        draft = draft_of(self._stored)
        self._filling = True
        self.theme.set_value(draft.theme)
        self.density.set_value(draft.density)
        self.reduce_motion.setChecked(draft.reduce_motion)
        for name, edit in self.lines.items():
            edit.setText(getattr(draft, name))
        self._filling = False
        self._said = self._problem = ""
        self._judged = frozenset()
        self._render()

    def showEvent(self, event: QShowEvent) -> None:
        """How long ago the keyring was tested is told anew."""
        super().showEvent(event)
        self._render()

    def render_keyring(self, status: KeyringStatus) -> None:
        """The keyring as the snapshot has it."""
        self._keyring = status
        self._render()

    def _changed(self) -> None:
        if not self._filling:
            self._said = self._problem = ""
            self._render()

    def _left(self, name: str) -> None:
        self._judged |= {name}
        self._render()

    def _render(self) -> None:
        props = derive_settings(
            self.draft(), self._stored, self._keyring, self._now(),
            judged=self._judged, busy=self._busy, said=self._said, problem=self._problem,
        )  # fmt: skip
        self.render_props(props)

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

    # -- gestures ------------------------------------------------------------------------------------------------------

    def _choose_ca(self) -> None:
        dialog = QFileDialog(self.window(), "Extra CA certificate file")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Certificates (*.pem *.crt *.cer)", "All files (*)"])
        dialog.fileSelected.connect(self.lines["extra_ca"].setText)
        dialog.finished.connect(lambda _result: self._file_dialog_done())
        self.file_dialog = dialog
        dialog.open()

    def _file_dialog_done(self) -> None:
        if self.file_dialog is not None:
            self.file_dialog.deleteLater()
            self.file_dialog = None

    def _save(self) -> None:
        draft = self.draft()
        wrong = check_settings(draft)
        self._judged = frozenset(_LINES)
        self._render()
        if wrong:
            self.lines[next(name for name in _LINES if name in wrong)].setFocus()
            return
        self._busy = True
        self._render()
        self._spawn(self._store(draft), "save settings")

    async def _store(self, draft: SettingsDraft) -> None:
        new = settings_from(draft, self._intents.settings())
        problem = f"{Unexpected.title}. {Unexpected.hint}"
        try:
            await self._intents.save_settings(new)
            problem = ""
        except NombaDesktopError as error:
            problem = " ".join(dict.fromkeys((f"{error.title}.", error.sentence, error.hint)))
        finally:
            if isValid(self):
                self._busy, self._problem = False, problem
                self._render()
        if not problem and isValid(self):
            self.reload()
            self._said = "Saved."
            self._render()
            self.saved.emit(new)
