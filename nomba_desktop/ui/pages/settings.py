"""The *Settings* page: what a person may change, each with its sentence; what isn't the default is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog
from shiboken6 import isValid

from nomba_desktop.domain.errors import NombaDesktopError, Unexpected
from nomba_desktop.domain.settings import Density
from nomba_desktop.domain.settings import Theme as Choice
from nomba_desktop.domain.snapshot import KeyringStatus
from nomba_desktop.ui.derive.settings_page import (
    SettingsDraft,
    check_settings,
    derive_settings,
    draft_of,
    settings_from,
)
from nomba_desktop.ui.pages.settings_form import LINES, SettingsForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QShowEvent

    from nomba_desktop.ui.dialogs.form_keeper import Spawn
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.theme import Theme


class SettingsPage(SettingsForm):
    """The page. `now` is the wall clock. `render_keyring` takes the keyring's state from the snapshot.

    `saved` carries the new `Settings` once they are stored. Unsaved changes stay while the page is hidden.
    """

    saved = Signal(object)

    def __init__(self, theme: Theme, intents: Intents, spawn: Spawn, now: Callable[[], float]) -> None:
        super().__init__(theme)
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
        self._connect()
        self.reload()

    # -- state ---------------------------------------------------------------------------------------------------------

    def draft(self) -> SettingsDraft:
        """What the page says now."""
        theme, density = self.theme.value, self.density.value
        return SettingsDraft(
            theme if isinstance(theme, Choice) else self._stored.theme,
            density if isinstance(density, Density) else self._stored.density,
            self.reduce_motion.isChecked(),
            *(self.lines[name].text() for name in LINES),
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

    # -- gestures ------------------------------------------------------------------------------------------------------

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
        self._judged = frozenset(LINES)
        self._render()
        if wrong:
            self.lines[next(name for name in LINES if name in wrong)].setFocus()
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
