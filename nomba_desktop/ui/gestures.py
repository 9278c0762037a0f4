"""Gestures on their way down: from the widgets' signals, past a question where one is due, to the intents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, assert_never

from PySide6.QtCore import QObject, Signal

from nomba_desktop.domain.errors import Action
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.snapshot import Snapshot
from nomba_desktop.ui.derive.banners import BannerAction
from nomba_desktop.ui.derive.detail import DetailProps, Do
from nomba_desktop.ui.derive.gestures import CutOffGesture, Gesture, question_for
from nomba_desktop.ui.derive.rows import Offer
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from nomba_desktop.ui.intents import Intents
from nomba_desktop.ui.window import MainWindow

_CUT_OFF = {
    Do.SUSPEND: CutOffGesture.SUSPEND,
    Do.RESUME: CutOffGesture.RESUME,
    Do.REVOKE: CutOffGesture.REVOKE,
    Do.FINISH: CutOffGesture.FINISH,
}


class Looking(Protocol):
    """What the presenter knows: the state, the key looked at, its panel."""

    @property
    def snapshot(self) -> Snapshot:
        """The state now."""
        ...

    @property
    def selected(self) -> KeyId | None:
        """The key in the detail panel."""
        ...

    @property
    def detail(self) -> DetailProps | None:
        """The panel's props."""
        ...

    def choose(self, key_id: KeyId | None) -> None:
        """Look at a key."""
        ...


class Gestures(QObject):
    """Connects the window's signals and shortcuts to the intents.

    `cut_off_asked` carries a key's id and a `CutOffGesture`: the room with the dialogs asks and does it.
    """

    cut_off_asked = Signal(str, object)

    def __init__(self, looking: Looking, intents: Intents, window: MainWindow) -> None:
        super().__init__(window)
        self._looking, self._intents, self._window = looking, intents, window
        window.detail.pressed.connect(self.do)
        window.detail.auto_refresh_asked.connect(self._auto_refresh)
        window.table.offered.connect(lambda key_id, offer: self.offer(KeyId(key_id), offer))
        window.notices.acted.connect(self._act)
        keys = window.shortcuts
        keys.add("Copy the token of the chosen key", "Ctrl+Shift+C", lambda: self._if_offered(Do.COPY))
        keys.add("Refresh the chosen key now", "F5", lambda: self._if_offered(Do.REFRESH))
        keys.add("Sign in with the chosen key", "", lambda: self._if_offered(Do.SIGN_IN))
        keys.add("Sign the chosen key out", "", lambda: self._if_offered(Do.SIGN_OUT))
        keys.add("Suspend the chosen key", "", lambda: self._if_offered(Do.SUSPEND))
        keys.add("Resume the chosen key", "", lambda: self._if_offered(Do.RESUME))
        keys.add("Revoke the chosen key", "", lambda: self._if_offered(Do.REVOKE))
        keys.add("Finish cutting the chosen key off", "", lambda: self._if_offered(Do.FINISH))

    def offer(self, key_id: KeyId, offer: Offer) -> None:
        """The offer in a row was pressed."""
        match offer:
            case Offer.SIGN_IN:
                self._looking.choose(key_id)
                self._sign_in(key_id)
            case Offer.FIND_OUT_WHY:
                self.explain_key(key_id)
            case Offer.RESUME:
                self._cut_off(key_id, CutOffGesture.RESUME)
            case Offer.FINISH:
                self._cut_off(key_id, CutOffGesture.FINISH)
            case _:
                assert_never(offer)

    def explain_key(self, key_id: KeyId) -> None:
        """Show the story of a key and bring the keyboard there."""
        self._looking.choose(key_id)
        self._window.detail.focus_story()

    def do(self, what: Do) -> None:
        """A button of the panel was pressed."""
        detail, key_id = self._looking.detail, self._looking.selected
        if detail is None or key_id is None:
            return
        intents = self._intents
        match what:
            case Do.COPY:
                intents.copy_token(key_id)
            case Do.REFRESH:
                generation = detail.generation
                self._ask(
                    Gesture.REFRESH,
                    key_id,
                    lambda asked: intents.refresh_now(key_id, generation, confirmed=asked),
                )
            case Do.SIGN_OUT:
                self._ask(Gesture.SIGN_OUT, key_id, lambda asked: intents.sign_out(key_id, confirmed=asked))
            case Do.SIGN_IN | Do.SIGN_IN_HERE:
                self._sign_in(key_id)
            case Do.LEAVE:
                intents.leave_it(key_id)
            case Do.UNLOCK:
                intents.unlock_keyring()
            case Do.EDIT:
                self._window.detail.show_tab("Settings")
            case Do.SUSPEND | Do.RESUME | Do.REVOKE | Do.FINISH:
                self._cut_off(key_id, _CUT_OFF[what])
            case _:
                assert_never(what)

    def _cut_off(self, key_id: KeyId, what: CutOffGesture) -> None:
        self._looking.choose(key_id)
        self.cut_off_asked.emit(key_id, what)

    def _if_offered(self, what: Do) -> None:
        detail = self._looking.detail
        if detail is not None and any(b.do is what and not b.off for b in (*detail.buttons, *detail.cut_off)):
            self.do(what)

    def _sign_in(self, key_id: KeyId) -> None:
        self._ask(Gesture.SIGN_IN, key_id, lambda asked: self._intents.sign_in(key_id, confirmed=asked))

    def _auto_refresh(self, on: bool) -> None:
        key_id = self._looking.selected
        if key_id is not None:
            gesture = Gesture.START_REFRESH if on else Gesture.STOP_REFRESH
            self._ask(gesture, key_id, lambda _: self._intents.set_auto_refresh(key_id, on))

    def _ask(self, gesture: Gesture, key_id: KeyId, go: Callable[[bool], None]) -> None:
        key = self._looking.snapshot.keys.get(key_id)
        if key is None:
            return
        question = question_for(gesture, key)
        if question is None:
            go(False)
            return
        dialog = ConfirmDialog(self._window, self._window.theme, question)
        dialog.confirmed.connect(lambda: go(True))
        dialog.open()

    def _act(self, action: BannerAction) -> None:
        key_id = action.key_id
        match action.action:
            case Action.UNLOCK_KEYRING:
                self._intents.unlock_keyring()
            case Action.MEMORY_ONLY:
                self._intents.memory_only()
            case Action.OPEN_SETTINGS:
                self._window.settings_requested.emit()
            case Action.OPEN_DASHBOARD:
                key = self._looking.snapshot.keys.get(key_id) if key_id else None
                self._intents.open_dashboard(key.environment_id if key else "live")
            case Action.SIGN_IN:
                if key_id:
                    self._looking.choose(key_id)
                    self._sign_in(key_id)
            case Action.EDIT_KEY:
                if key_id:
                    self._looking.choose(key_id)
                    self._window.detail.show_tab("Settings")
            case Action.FIND_OUT_WHY:
                if key_id:
                    self.explain_key(key_id)
            case Action.RETRY:
                self._intents.retry()
            case _:
                assert_never(action.action)
