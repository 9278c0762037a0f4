"""Suspend, resume, revoke and finish: dialogs by keyboard and mouse, what they ask, what the receipt says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget

from nomba_desktop.domain.cutoff import (
    REVOKE_ACCEPTED,
    Evidence,
    Line,
    Outcome,
    Receipt,
    Step,
    WhatHappened,
)
from nomba_desktop.domain.environments import LIVE, SANDBOX
from nomba_desktop.domain.errors import NombaDesktopError, StoreUnavailable
from nomba_desktop.domain.keys import KeyId, KeyState
from nomba_desktop.domain.snapshot import KeySaved
from nomba_desktop.services.tasks import Tasks
from nomba_desktop.ui.cutting_off import CuttingOff
from nomba_desktop.ui.derive.cut_off import derive_receipt, derive_revoke, missing_to_revoke
from nomba_desktop.ui.derive.detail import Do
from nomba_desktop.ui.derive.rows import Offer
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from nomba_desktop.ui.dialogs.receipt import ReceiptDialog
from nomba_desktop.ui.dialogs.revoke import RevokeDialog
from tests.support.gallery import KEYS, NOW, PAYOUTS, PLANTED, ZONE
from tests.support.qtloop import wait_until
from tests.ui.stage import Stage, spoken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

W = TypeVar("W", bound=QWidget)

KEY = next(key for key, _ in KEYS if key.id == PAYOUTS)
SANDBOX_KEY = next(key for key, _ in KEYS if key.environment_id == "sandbox")
LEFT = Receipt(
    KEY.name,
    KEY.masked_client_id,
    True,
    WhatHappened.TOKEN_LEAKED,
    "Other",
    "Ada",
    NOW,
    1.4,
    (
        Line(Step.ACCESS, Outcome.PROVED, Evidence(200, NOW, REVOKE_ACCEPTED, NOW, 401, 0.6)),
        Line(Step.REGENERATE, Outcome.TO_DO, Evidence(before=200, remark="Developer, API Keys")),
        Line(Step.SECRET, Outcome.WAITS, Evidence(remark="kept for the check")),
    ),
    1,
)
DONE = replace(
    LEFT,
    lines=(
        LEFT.lines[0],
        Line(Step.REGENERATE, Outcome.PROVED, Evidence(200, after=401)),
        Line(Step.SECRET, Outcome.PROVED, Evidence(remark="deleted; read back, and gone")),
    ),
    steps_left=0,
)


class Room:
    """The stage with the room for cutting off, and intents that answer with a receipt when the gate is open."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.reports: list[tuple[str, NombaDesktopError]] = []
        self.tasks = Tasks(lambda name, error: self.reports.append((name, error)))
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[tuple[Any, ...]] = []
        self.receipt = LEFT
        self.fail: Exception | None = None
        intents: Any = stage.intents
        for name in ("suspend", "revoke", "check_again", "delete_secret_unproved"):
            setattr(intents, name, self._answer(name))
        intents.last_receipt = lambda _: self.receipt
        self.room = CuttingOff(
            stage.presenter.gestures, stage.presenter, intents, stage.window, self.tasks.spawn
        )

    def _answer(self, name: str) -> Any:
        async def answer(*args: object) -> Receipt:
            self.asked.append((name, *args))
            await self.gate.wait()
            if self.fail is not None:
                raise self.fail
            return self.receipt

        return answer

    def shown(self, kind: type[W]) -> list[W]:
        return [w for w in self.stage.window.findChildren(kind) if w.isVisible()]

    async def the(self, kind: type[W]) -> W:
        await wait_until(lambda: self.shown(kind))
        (found,) = self.shown(kind)
        return found

    async def receipt_there(self) -> ReceiptDialog:
        dialog = await self.the(ReceiptDialog)
        await wait_until(dialog.later.isVisible)
        return dialog

    async def revoke(self, key_id: KeyId = PAYOUTS) -> RevokeDialog:
        self.stage.presenter.choose(key_id)
        self.stage.window.detail.cut_off.button(Do.REVOKE).click()
        return await self.the(RevokeDialog)


@pytest.fixture
async def room(stage: Stage) -> AsyncIterator[Room]:
    made = Room(stage)
    stage.activate()
    yield made
    made.gate.set()
    await made.tasks.aclose()


def words(root: QWidget) -> str:
    return "\n".join(w.text() for w in root.findChildren(QLabel) if w.isVisible())


def fill(dialog: RevokeDialog, four: str = "9f0d", operator: str = "Ada") -> None:
    dialog.what.buttons()[1].click()
    dialog.reason.setCurrentIndex(0)
    dialog.last_four.setFocus()
    QTest.keyClicks(dialog.last_four, four)
    dialog.operator.setFocus()
    QTest.keyClicks(dialog.operator, operator)


# -- revoke ----------------------------------------------------------------------------------------------------------


async def test_a_live_key_needs_everything_before_the_button_is_on(room: Room) -> None:
    dialog = await room.revoke()
    assert QApplication.focusWidget() is dialog.what.buttons()[0]
    assert dialog.what.value is None
    assert words(dialog).startswith("Revoke “Payouts service”?")
    seen = []
    seen.append(dialog.missing.text())
    dialog.what.buttons()[1].click()
    seen.append(dialog.missing.text())
    dialog.reason.setCurrentIndex(0)
    seen.append(dialog.missing.text())
    dialog.last_four.setFocus()
    QTest.keyClicks(dialog.last_four, "9f0")
    assert dialog.missing.text() == seen[-1]
    QTest.keyClicks(dialog.last_four, "d")
    seen.append(dialog.missing.text())
    assert not dialog.act.isEnabled()
    assert seen == [
        "Choose what happened.",
        "Choose a reason.",
        "Type the last 4 of the client ID.",
        "Give your name: it stands in the receipt.",
    ]
    dialog.operator.setFocus()
    QTest.keyClicks(dialog.operator, " Ada ")
    assert dialog.act.isEnabled()
    assert room.asked == []
    dialog.act.click()
    receipt = await room.receipt_there()
    assert room.asked == [
        ("revoke", PAYOUTS, WhatHappened.SECRET_LEAKED, "Leaked in a ticket or chat", "Ada")
    ]
    assert receipt.title.text() == "Its token is dead. The secret still works."
    assert not room.shown(RevokeDialog)


async def test_a_sandbox_key_is_not_typed(room: Room) -> None:
    dialog = await room.revoke(SANDBOX_KEY.id)
    assert not dialog.last_four.isVisible()
    assert not dialog.act.isEnabled()
    dialog.what.buttons()[2].click()
    dialog.act.click()
    await room.receipt_there()
    assert room.asked == [("revoke", SANDBOX_KEY.id, WhatHappened.RETIRING, "", "")]


async def test_enter_in_a_field_revokes_and_suspends_nothing(room: Room) -> None:
    dialog = await room.revoke()
    fill(dialog)
    assert dialog.act.isEnabled()
    assert not dialog.act.isDefault()
    for field in (dialog.last_four, dialog.operator, dialog.what.buttons()[0], dialog.reason):
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Return)
        QTest.keyClick(field, Qt.Key.Key_Enter)
    room.stage.settle()
    assert room.asked == []
    assert dialog.isVisible()
    dialog.act.setFocus()
    QTest.keyClick(dialog.act, Qt.Key.Key_Return)
    await room.receipt_there()
    assert [call[0] for call in room.asked] == ["revoke"]


async def test_esc_and_cancel_do_nothing(room: Room) -> None:
    dialog = await room.revoke()
    fill(dialog)
    QTest.keyClick(dialog.operator, Qt.Key.Key_Escape)
    await wait_until(lambda: not room.shown(RevokeDialog))
    dialog = await room.revoke()
    assert dialog.last_four.text() == ""
    dialog.cancel.click()
    await wait_until(lambda: not room.shown(RevokeDialog))
    assert room.asked == []


async def test_suspend_now_instead_is_one_click(room: Room) -> None:
    dialog = await room.revoke()
    dialog.suspend.click()
    await room.receipt_there()
    assert room.asked == [("suspend", PAYOUTS, "")]
    assert not room.shown(RevokeDialog)


async def test_a_reason_that_was_chosen_goes_with_suspending(room: Room) -> None:
    dialog = await room.revoke()
    dialog.reason.setCurrentIndex(1)
    dialog.suspend.click()
    await room.receipt_there()
    assert room.asked == [("suspend", PAYOUTS, "Leaked in code or a log")]


async def test_where_the_secret_leaked_the_dashboard_comes_first_and_opens(room: Room) -> None:
    dialog = await room.revoke()
    first = dialog.steps[0]
    assert first.title.text() == "Stop it on this computer"
    dialog.what.buttons()[1].click()
    assert first.title.text() == "Regenerate the key in the dashboard"
    first.link.click()
    assert room.stage.intents.calls[-1] == ("open_dashboard", "live")
    assert dialog.isVisible()
    assert "Whoever has the secret can sign in again." in dialog.warning.text.text()


# -- suspend, resume, finish -----------------------------------------------------------------------------------------


async def test_suspending_asks_with_the_focus_on_cancel(room: Room) -> None:
    room.stage.presenter.choose(PAYOUTS)
    room.stage.window.detail.cut_off.button(Do.SUSPEND).click()
    question = await room.the(ConfirmDialog)
    assert QApplication.focusWidget() is question.cancel
    QTest.keyClick(question.cancel, Qt.Key.Key_Return)
    await wait_until(lambda: not room.shown(ConfirmDialog))
    assert room.asked == []
    room.stage.window.detail.cut_off.button(Do.SUSPEND).click()
    (await room.the(ConfirmDialog)).act.click()
    await room.receipt_there()
    assert room.asked == [("suspend", PAYOUTS, "")]


async def test_resuming_says_that_it_signs_in_anew(room: Room) -> None:
    room.stage.state.publish(KeySaved(replace(KEY, state=KeyState.SUSPENDED)))
    room.stage.settle()
    room.stage.presenter.gestures.offer(PAYOUTS, Offer.RESUME)
    question = await room.the(ConfirmDialog)
    assert "signs in anew" in question.lead.text()
    assert room.stage.intents.names().count("resume") == 0
    question.act.click()
    assert room.stage.intents.calls[-1] == ("resume", PAYOUTS)


async def test_finish_reopens_the_receipt_and_checks_again(room: Room) -> None:
    room.stage.presenter.gestures.offer(PAYOUTS, Offer.FINISH)
    dialog = await room.receipt_there()
    assert QApplication.focusWidget() is dialog.later
    assert room.asked == []
    room.receipt = DONE
    dialog.check.click()
    await wait_until(lambda: dialog.title.text() == "Revoked, and proved.")
    assert room.asked == [("check_again", PAYOUTS)]
    hidden = (dialog.check, dialog.dashboard, dialog.unproved, dialog.background)
    assert not any(button.isVisible() for button in hidden)
    assert dialog.later.text() == "Close"


async def test_finish_without_a_receipt_goes_on_at_once(room: Room) -> None:
    intents: Any = room.stage.intents
    intents.last_receipt = lambda _: None
    room.stage.presenter.gestures.offer(PAYOUTS, Offer.FINISH)
    await room.receipt_there()
    assert room.asked == [("check_again", PAYOUTS)]


# -- while it runs, and the receipt ----------------------------------------------------------------------------------


async def test_while_it_runs_it_can_go_on_in_the_background(room: Room) -> None:
    room.gate.clear()
    dialog = await room.revoke()
    dialog.suspend.click()
    working = await room.the(ReceiptDialog)
    await wait_until(lambda: room.asked)
    assert working.lead.text() == "Working: stop, end, check…"
    assert QApplication.focusWidget() is working.background
    assert not working.copy.isVisible()
    working.background.click()
    await wait_until(lambda: not room.shown(ReceiptDialog))
    room.fail = StoreUnavailable()
    room.gate.set()
    await wait_until(lambda: room.reports)
    assert room.reports == [("suspend the key", room.fail)]


async def test_an_error_is_told_in_the_dialog(room: Room) -> None:
    room.fail = error = StoreUnavailable()
    dialog = await room.revoke()
    dialog.suspend.click()
    receipt = await room.the(ReceiptDialog)
    await wait_until(receipt.problem.isVisible)
    assert receipt.problem.title.text() == error.title
    assert receipt.later.text() == "Close"
    assert receipt.title.text() == "Cutting off “Payouts service”"
    assert room.reports == []


async def test_a_defect_does_not_leave_it_working(room: Room) -> None:
    room.fail = TypeError("a defect")
    dialog = await room.revoke()
    dialog.suspend.click()
    receipt = await room.receipt_there()
    await wait_until(lambda: room.reports)
    assert [name for name, _ in room.reports] == ["suspend the key"]
    assert not receipt.background.isVisible()
    assert receipt.lead.text() == "Not finished."


async def test_the_receipt_is_copied_and_opens_the_dashboard(room: Room) -> None:
    room.stage.presenter.gestures.offer(PAYOUTS, Offer.FINISH)
    dialog = await room.receipt_there()
    assert "200 before · revoke accepted · 401 after 0.6 s" in words(dialog)
    dialog.copy.click()
    assert QApplication.clipboard().text() == LEFT.to_text()
    dialog.dashboard.click()
    assert room.stage.intents.calls[-1] == ("open_dashboard", "live")
    QTest.keyClick(dialog.later, Qt.Key.Key_Escape)
    await wait_until(lambda: not room.shown(ReceiptDialog))


async def test_deleting_unproved_needs_a_name_and_is_no_default(room: Room) -> None:
    room.stage.presenter.gestures.offer(PAYOUTS, Offer.FINISH)
    dialog = await room.receipt_there()
    assert not dialog.unproved_now.isVisible()
    dialog.unproved.click()
    assert QApplication.focusWidget() is dialog.operator
    assert not dialog.unproved_now.isEnabled()
    QTest.keyClicks(dialog.operator, "Ada")
    QTest.keyClick(dialog.operator, Qt.Key.Key_Return)
    room.stage.settle()
    assert room.asked == []
    dialog.unproved_now.click()
    await wait_until(lambda: room.asked)
    assert room.asked == [("delete_secret_unproved", PAYOUTS, "Ada")]


async def test_every_control_has_a_name_and_no_secret_is_spoken(room: Room) -> None:
    dialog = await room.revoke()
    fill(dialog)
    for control in (dialog.last_four, dialog.operator, dialog.reason, *dialog.findChildren(QPushButton)):
        if control.isVisible():
            assert control.accessibleName() or control.property("text")
    assert not any(PLANTED in text for text in spoken(room.stage.window))
    dialog.act.click()
    receipt = await room.receipt_there()
    heard = list(spoken(receipt))
    assert "proved: Access token ended at Nomba. 200 before · revoke accepted · 401 after 0.6 s" in heard
    assert not any(PLANTED in text for text in heard)


# -- words -----------------------------------------------------------------------------------------------------------


def test_nothing_is_missing_for_a_key_that_is_not_live() -> None:
    props = derive_revoke(SANDBOX_KEY, SANDBOX, WhatHappened.RETIRING)
    assert missing_to_revoke(props, WhatHappened.RETIRING, reason="", last_four="", operator="") == ""
    strict = derive_revoke(KEY, LIVE, WhatHappened.RETIRING)
    given = {"reason": "Other", "operator": "Ada"}
    assert missing_to_revoke(strict, WhatHappened.RETIRING, last_four=" 9F0D ", **given) == ""
    assert missing_to_revoke(strict, WhatHappened.RETIRING, last_four="9f0e", **given)


@pytest.mark.parametrize("what", [None, *WhatHappened])
def test_the_dialog_promises_no_end_before_it_is_proved(what: WhatHappened | None) -> None:
    props = derive_revoke(KEY, LIVE, what)
    said = " ".join((props.lead, props.warning, *(f"{s.title} {s.note}" for s in props.steps)))
    assert "is dead" not in said
    assert "proved" not in said


def test_the_receipt_says_what_is_left_and_whose_it_is() -> None:
    left, done = derive_receipt(LEFT, LIVE, ZONE), derive_receipt(DONE, LIVE, ZONE)
    assert left.sub.endswith(" · 1.4 s · one step is yours")
    assert [(line.word, line.tone) for line in left.lines] == [
        ("proved", "ok"),
        ("to do", "bad"),
        ("waits", "neutral"),
    ]
    assert (left.check, left.dashboard, left.unproved, left.leave) == (True, True, True, "Later")
    assert (done.check, done.dashboard, done.unproved, done.leave) == (False, False, False, "Close")
    assert done.sub.endswith(" · 1.4 s")


def test_tab_comes_to_the_bottom_after_the_settings_of_a_key(stage: Stage) -> None:
    edit = QLineEdit()
    detail = stage.window.detail
    detail.set_settings_widget(edit)
    stage.activate()
    stage.presenter.choose(PAYOUTS)
    detail.show_tab("Settings")
    stage.settle()
    edit.setFocus()
    walked = []
    for _ in range(2):
        QTest.keyClick(stage.window, Qt.Key.Key_Tab)
        walked.append(QApplication.focusWidget())
    assert walked == [detail.cut_off.button(Do.SUSPEND), detail.cut_off.button(Do.REVOKE)]
