"""From a gesture to the intent, past the question where one is due."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from nomba_desktop.domain.errors import Action
from nomba_desktop.domain.keys import KeyId, SharedUse
from nomba_desktop.domain.sessions import Refreshing, TakenAway, WaitFor, Waiting
from nomba_desktop.domain.snapshot import KeySaved, Notice, NoticeRaised, SessionsSeen, Severity
from nomba_desktop.ui.derive.detail import Do
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from nomba_desktop.ui.shortcuts import CommandPalette, ExplainDialog, ShortcutHelp
from tests.support.gallery import BRANCH, KEYS, NOW, PAYOUTS, life, lock_keyring

if TYPE_CHECKING:
    from tests.ui.stage import Stage

T = TypeVar("T", bound=QWidget)


def share(stage: Stage, key_id: KeyId) -> None:
    known = next(k for k, _ in KEYS if k.id == key_id)
    stage.state.publish(KeySaved(replace(known, shared_use=SharedUse.YES_OR_NOT_SURE)))
    stage.settle()


def question(stage: Stage) -> ConfirmDialog:
    dialogs = [d for d in stage.window.findChildren(ConfirmDialog) if d.isVisible()]
    assert len(dialogs) == 1
    return dialogs[0]


def the(stage: Stage, kind: type[T]) -> T:
    found = stage.window.findChild(kind)
    assert isinstance(found, kind)
    return found


def no_question(stage: Stage) -> bool:
    return not any(d.isVisible() for d in stage.window.findChildren(ConfirmDialog))


PRESSED: list[tuple[Do, tuple[object, ...]]] = [
    (Do.COPY, ("copy_token", PAYOUTS)),
    (Do.REFRESH, ("refresh_now", PAYOUTS, 7, "confirmed=False")),
    (Do.SIGN_OUT, ("sign_out", PAYOUTS, "confirmed=False")),
]


@pytest.mark.parametrize(("do", "call"), PRESSED)
def test_a_key_of_this_team_alone_is_not_asked_about(stage: Stage, do: Do, call: tuple[object, ...]) -> None:
    stage.presenter.choose(PAYOUTS)
    stage.window.detail.buttons.button(do).click()
    assert stage.intents.calls[-1] == call
    assert no_question(stage)


@pytest.mark.parametrize(
    ("do", "call"),
    [
        (Do.REFRESH, ("refresh_now", PAYOUTS, 7, "confirmed=True")),
        (Do.SIGN_OUT, ("sign_out", PAYOUTS, "confirmed=True")),
    ],
)
def test_a_shared_key_is_asked_about(stage: Stage, do: Do, call: tuple[object, ...]) -> None:
    stage.activate()
    share(stage, PAYOUTS)
    stage.presenter.choose(PAYOUTS)
    stage.window.detail.buttons.button(do).click()
    dialog = question(stage)
    assert stage.intents.names() == ["select"]
    assert stage.app.focusWidget() is dialog.cancel
    QTest.keyClick(dialog.cancel, Qt.Key.Key_Return)
    stage.settle()
    assert no_question(stage)
    assert stage.intents.names() == ["select"]
    stage.window.detail.buttons.button(do).click()
    question(stage).act.click()
    assert stage.intents.calls[-1] == call


def test_copying_is_never_asked_about(stage: Stage) -> None:
    share(stage, PAYOUTS)
    stage.presenter.choose(PAYOUTS)
    stage.window.detail.buttons.button(Do.COPY).click()
    assert stage.intents.calls[-1] == ("copy_token", PAYOUTS)


def test_escape_declines(stage: Stage) -> None:
    stage.activate()
    share(stage, KeyId("vendor"))
    stage.presenter.choose(KeyId("vendor"))
    stage.window.detail.buttons.button(Do.SIGN_IN).click()
    QTest.keyClick(question(stage), Qt.Key.Key_Escape)
    stage.settle()
    assert no_question(stage)
    assert "sign_in" not in stage.intents.names()


def test_the_switch_asks_before_stopping_and_moves_only_with_the_state(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    switch = stage.window.detail.switch
    assert switch.isChecked()
    switch.click()
    assert switch.isChecked()
    question(stage).act.click()
    assert stage.intents.calls[-1] == ("set_auto_refresh", PAYOUTS, False)
    assert switch.isChecked()
    known = next(k for k, _ in KEYS if k.id == PAYOUTS)
    stage.state.publish(KeySaved(replace(known, auto_refresh=False)))
    stage.settle()
    assert not switch.isChecked()
    switch.click()
    assert stage.intents.calls[-1] == ("set_auto_refresh", PAYOUTS, True)


def test_taken_elsewhere_sign_in_here_and_leave_it(stage: Stage) -> None:
    stage.presenter.choose(BRANCH)
    stage.window.detail.story.buttons.button(Do.SIGN_IN_HERE).click()
    assert stage.intents.calls[-1] == ("sign_in", BRANCH, "confirmed=False")
    stage.window.detail.story.buttons.button(Do.LEAVE).click()
    assert stage.intents.calls[-1] == ("leave_it", BRANCH)


def test_waiting_for_the_keyring_offers_to_unlock(stage: Stage) -> None:
    stage.state.publish(SessionsSeen({PAYOUTS: Waiting(WaitFor.KEYRING, life=life(100))}))
    stage.presenter.choose(PAYOUTS)
    copy = stage.window.detail.buttons.button(Do.COPY)
    assert not copy.isEnabled()
    assert copy.toolTip() == copy.accessibleDescription() == "Unlock the keyring first."
    stage.window.detail.buttons.button(Do.UNLOCK).click()
    assert stage.intents.calls[-1] == ("unlock_keyring",)


def test_buttons_come_and_go_in_reading_order(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    row = stage.window.detail.buttons

    def shown() -> list[str]:
        buttons = [b for b in Do if row.button(b).isVisible()]
        return [b.value for b in sorted(buttons, key=lambda b: row.button(b).x())]

    stage.settle()
    assert shown() == ["Copy token", "Refresh now", "Sign out"]
    stage.presenter.choose(KeyId("vendor"))
    stage.settle()
    assert shown() == ["Sign in"]
    stage.presenter.choose(PAYOUTS)
    stage.settle()
    assert shown() == ["Copy token", "Refresh now", "Sign out"]


# -- notices -----------------------------------------------------------------------------------------------------


def raise_notice(stage: Stage, action: Action | None, key_id: KeyId | None = PAYOUTS) -> None:
    stage.state.publish(
        NoticeRaised(
            Notice("n", Severity.BAD, "It broke", "Why.", "Do.", "HTTP 403", "ND-110", action, key_id)
        )
    )
    stage.settle()


@pytest.mark.parametrize(
    ("action", "call"),
    [
        (Action.SIGN_IN, ("sign_in", PAYOUTS, "confirmed=False")),
        (Action.UNLOCK_KEYRING, ("unlock_keyring",)),
        (Action.MEMORY_ONLY, ("memory_only",)),
        (Action.OPEN_DASHBOARD, ("open_dashboard", "live")),
        (Action.FIND_OUT_WHY, ("select", PAYOUTS)),
        (Action.EDIT_KEY, ("select", PAYOUTS)),
    ],
)
def test_what_a_notice_offers(stage: Stage, action: Action, call: tuple[object, ...]) -> None:
    raise_notice(stage, action)
    bar = stage.window.notices.bars()[0]
    bar.buttons[0].click()
    assert stage.intents.calls[-1] == call


def test_a_notice_can_open_the_settings(stage: Stage) -> None:
    asked: list[bool] = []
    stage.window.settings_requested.connect(lambda: asked.append(True))
    raise_notice(stage, Action.OPEN_SETTINGS, None)
    stage.window.notices.bars()[0].buttons[0].click()
    assert asked == [True]


def test_details_are_folded_and_a_notice_can_be_dismissed(stage: Stage) -> None:
    raise_notice(stage, None)
    bar = stage.window.notices.bars()[0]
    assert not bar.details.isVisible()
    bar.more.click()
    assert bar.details.isVisible()
    assert bar.details.text() == "HTTP 403 · ND-110"
    bar.more.click()
    assert not bar.details.isVisible()
    bar.buttons[-1].click()
    assert stage.intents.calls[-1] == ("dismiss", "n")


def test_an_unchanged_notice_keeps_its_widget(stage: Stage) -> None:
    raise_notice(stage, None)
    first = stage.window.notices.bars()[0]
    lock_keyring(stage.state)
    stage.settle()
    assert [b.props.id for b in stage.window.notices.bars()] == ["keyring-state", "n"]
    assert stage.window.notices.bars()[1] is first


def test_more_notices_are_shown_when_asked(stage: Stage) -> None:
    for number in range(4):
        stage.state.publish(NoticeRaised(Notice(f"n{number}", Severity.INFO, f"T{number}")))
    stage.settle()
    assert len(stage.window.notices.bars()) == 2
    stage.window.notices._more.click()
    assert len(stage.window.notices.bars()) == 4


# -- keys and palette --------------------------------------------------------------------------------------------


def press(stage: Stage, keys: str) -> None:
    QTest.keySequence(stage.window, QKeySequence(keys))
    stage.settle()


def test_shortcuts(stage: Stage) -> None:
    stage.activate()
    stage.presenter.choose(PAYOUTS)
    press(stage, "Ctrl+Shift+C")
    assert stage.intents.calls[-1] == ("copy_token", PAYOUTS)
    press(stage, "F5")
    assert stage.intents.calls[-1] == ("refresh_now", PAYOUTS, 7, "confirmed=False")
    press(stage, "Ctrl+F")
    assert stage.app.focusWidget() is stage.window.search
    asked: list[str] = []
    stage.window.add_key_requested.connect(lambda: asked.append("add"))
    stage.window.inspect_requested.connect(lambda: asked.append("inspect"))
    stage.window.settings_requested.connect(lambda: asked.append("settings"))
    press(stage, "Ctrl+N")
    press(stage, "Ctrl+I")
    press(stage, "Ctrl+,")
    assert asked == ["add", "inspect", "settings"]


def test_a_shortcut_for_a_button_that_is_off_does_nothing(stage: Stage) -> None:
    stage.activate()
    stage.state.publish(SessionsSeen({PAYOUTS: Refreshing(life(100), NOW)}))
    stage.presenter.choose(PAYOUTS)
    press(stage, "F5")
    stage.presenter.choose(BRANCH)
    press(stage, "F5")
    press(stage, "Ctrl+Shift+C")
    assert set(stage.intents.names()) == {"select"}


def test_the_help_list_is_the_registry(stage: Stage) -> None:
    stage.activate()
    press(stage, "F1")
    shown = the(stage, ShortcutHelp)
    words = {child.text() for child in shown.findChildren(QWidget) if hasattr(child, "text")}
    for command in stage.window.shortcuts.commands:
        assert (command.words in words) is bool(command.keys)


def test_a_taken_key_is_refused(stage: Stage) -> None:
    with pytest.raises(ValueError, match="taken"):
        stage.window.shortcuts.add("Another", "F5", lambda: None)


def test_the_palette_narrows_and_does(stage: Stage) -> None:
    stage.activate()
    stage.presenter.choose(PAYOUTS)
    press(stage, "Ctrl+K")
    palette = the(stage, CommandPalette)
    assert palette.list.count() == len(stage.window.shortcuts.commands)
    QTest.keyClicks(palette.field, "chosen key")
    assert palette.list.count() >= 3
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    QTest.keyClicks(palette.field, " out")
    assert palette.list.count() == 1
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    stage.settle()
    assert stage.intents.calls[-1] == ("sign_out", PAYOUTS, "confirmed=False")


def test_items_of_the_status_bar_explain_themselves(stage: Stage) -> None:
    stage.window.status.buttons()[0].click()
    dialog = the(stage, ExplainDialog)
    assert dialog.title.text() == "Keyring: Secret Service"
    assert "client secrets" in dialog.lead.text()
    dialog.close_button.click()
    stage.settle()
    assert not any(d.isVisible() for d in stage.window.findChildren(ExplainDialog))


def test_the_story_of_a_key_taken_by_another_of_ours(stage: Stage) -> None:
    stage.state.publish(SessionsSeen({BRANCH: TakenAway(NOW, 60, certain=True, other="Checkout web")}))
    stage.presenter.choose(BRANCH)
    stage.settle()
    assert "Checkout web" in stage.window.detail.story.text.text()
