"""Suspend, resume, revoke and finish in the window: which dialog opens, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from PySide6.QtCore import QObject

from nomba_desktop.domain.cutoff import WhatHappened
from nomba_desktop.domain.keys import KeyId, KeyState
from nomba_desktop.ui.derive.confirm import confirm_resume, confirm_suspend
from nomba_desktop.ui.derive.cut_off import CHECKING, DELETING
from nomba_desktop.ui.derive.gestures import CutOffGesture
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from nomba_desktop.ui.dialogs.receipt import ReceiptDialog
from nomba_desktop.ui.dialogs.revoke import RevokeDialog

if TYPE_CHECKING:
    from nomba_desktop.domain.environments import Environment
    from nomba_desktop.domain.keys import ApiKey
    from nomba_desktop.ui.dialogs.form_keeper import Spawn
    from nomba_desktop.ui.gestures import Gestures, Looking
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.window import MainWindow


class CuttingOff(QObject):
    """Opens the dialogs for cutting a key off. `spawn` is `Tasks.spawn`."""

    def __init__(
        self, gestures: Gestures, looking: Looking, intents: Intents, window: MainWindow, spawn: Spawn
    ) -> None:
        super().__init__(window)
        self._looking, self._intents, self._window, self._spawn = looking, intents, window, spawn
        gestures.cut_off_asked.connect(lambda key_id, what: self.ask(KeyId(key_id), what))

    def ask(self, key_id: KeyId, what: CutOffGesture) -> None:
        """A gesture about a key: ask first where a question is due."""
        key = self._looking.snapshot.keys.get(key_id)
        if key is None:
            return
        match what:
            case CutOffGesture.SUSPEND:
                question = ConfirmDialog(self._window, self._window.theme, confirm_suspend(key))
                question.confirmed.connect(lambda: self._suspend(key))
                question.open()
            case CutOffGesture.RESUME:
                question = ConfirmDialog(self._window, self._window.theme, confirm_resume(key))
                question.confirmed.connect(lambda: self._intents.resume(key_id))
                question.open()
            case CutOffGesture.REVOKE:
                self._ask_revoke(key)
            case CutOffGesture.FINISH:
                self._finish(key)
            case _:
                assert_never(what)

    def _environment(self, key: ApiKey) -> Environment | None:
        return self._looking.snapshot.environments.get(key.environment_id)

    def _ask_revoke(self, key: ApiKey) -> None:
        dialog = RevokeDialog(
            self._window,
            self._window.theme,
            key,
            self._environment(key),
            suspendable=key.state is KeyState.ACTIVE,
        )
        dialog.confirmed.connect(lambda what, reason, operator: self._revoke(key, what, reason, operator))
        dialog.suspend_asked.connect(lambda reason: self._suspend(key, reason))
        dialog.dashboard_asked.connect(lambda: self._intents.open_dashboard(key.environment_id))
        dialog.open()

    def _receipt(self, key: ApiKey) -> ReceiptDialog:
        dialog = ReceiptDialog(
            self._window, self._window.theme, key.name, self._environment(key), spawn=self._spawn
        )
        dialog.check_asked.connect(lambda: self._check(dialog, key))
        dialog.dashboard_asked.connect(lambda: self._intents.open_dashboard(key.environment_id))
        dialog.unproved_asked.connect(lambda operator: self._delete(dialog, key, operator))
        return dialog

    def _suspend(self, key: ApiKey, reason: str = "") -> None:
        dialog = self._receipt(key)
        dialog.run(lambda: self._intents.suspend(key.id, reason), "suspend the key")
        dialog.open()

    def _revoke(self, key: ApiKey, what: WhatHappened, reason: str, operator: str) -> None:
        dialog = self._receipt(key)
        dialog.run(lambda: self._intents.revoke(key.id, what, reason, operator), "revoke the key")
        dialog.open()

    def _finish(self, key: ApiKey) -> None:
        dialog = self._receipt(key)
        known = self._intents.last_receipt(key.id)
        if known is not None:
            dialog.show_receipt(known)
        else:
            self._check(dialog, key)
        dialog.open()

    def _check(self, dialog: ReceiptDialog, key: ApiKey) -> None:
        dialog.run(lambda: self._intents.check_again(key.id), "check the key again", CHECKING)

    def _delete(self, dialog: ReceiptDialog, key: ApiKey, operator: str) -> None:
        dialog.run(
            lambda: self._intents.delete_secret_unproved(key.id, operator),
            "delete the secret unproved",
            DELETING,
        )
