"""What the next start finds of a cut-off, and what nobody may find in it: secrets."""

from __future__ import annotations

import asyncio

import pytest

from nomba_desktop.domain.cutoff import Outcome, Receipt, Step, WhatHappened
from nomba_desktop.domain.errors import KeyStopped, UnknownKey
from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState
from nomba_desktop.domain.record import SessionRecord, StopKind
from nomba_desktop.practice.switches import Switches
from tests.services.cut_off_rig import nothing_lives, state, words
from tests.support.office import Desk, Died, Office

pytestmark = pytest.mark.virtual_time

RETIRING, SECRET = WhatHappened.RETIRING, WhatHappened.SECRET_LEAKED


async def died_before_the_first_request(office: Office) -> tuple[Desk, ApiKey]:
    first, second, key = await office.two_desks()
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.cut_off.revoke(key.id, RETIRING, "old", "Ada")
    await first.close()
    return second, key


async def test_the_windows_schedule_pays_what_a_dead_process_owes(office: Office) -> None:
    _, key = await died_before_the_first_request(office)
    desk = await office.desk(schedule=True)
    await office.clock.sleep(5.0)
    assert nothing_lives(office, key)
    assert state(desk, key) == (KeyState.REVOKING, 1)
    receipt = desk.cut_off.last(key.id)
    assert receipt is not None
    assert (receipt.reason, receipt.operator, receipt.what) == ("old", "Ada", RETIRING)


async def test_the_receipt_of_an_unfinished_cut_off_is_there_after_a_restart(office: Office) -> None:
    first, key = await office.one_desk()
    before = await first.cut_off.revoke(key.id, RETIRING, "old", "Ada")
    await first.close()
    second = await office.desk()
    after = second.cut_off.last(key.id)
    assert after is not None
    assert (after.title, after.lines, after.steps_left) == (before.title, before.lines, 1)
    assert await second.cut_off.pay_debts() == (), "what waits for the dashboard goes on waiting"


async def test_a_key_never_cut_off_has_no_receipt(office: Office) -> None:
    desk, key = await office.one_desk()
    assert desk.cut_off.last(key.id) is None
    with pytest.raises(UnknownKey):
        await desk.cut_off.suspend(KeyId("none"))


async def test_a_stop_is_not_forgotten_with_its_record(office: Office) -> None:
    desk, key = await office.one_desk()
    await desk.cut_off.suspend(key.id)
    await desk.store.forget(key.session_id)
    await desk.cut_off.pay_debts()
    assert desk.record(key).stop is StopKind.SUSPENDED
    with pytest.raises(KeyStopped):
        await desk.use(key)
    assert state(desk, key) == (KeyState.SUSPENDED, 0)


async def test_a_record_that_nobody_can_open_is_stopped_all_the_same(office: Office) -> None:
    desk, key = await office.one_desk()
    held = await desk.use(key)
    await desk.core._database.write(
        lambda connection: connection.execute("UPDATE sessions SET sealed = X'00'").rowcount
    )
    receipt = await desk.cut_off.revoke(key.id, SECRET)
    assert desk.record(key).stop is StopKind.REVOKED
    assert not office.lives(held), "a new sign-in displaced it"
    assert receipt.outcome(Step.ACCESS) is Outcome.PROVED


async def test_a_lock_that_does_not_come_free_is_said_and_the_stop_stands(office: Office) -> None:
    first, second, key = await office.two_desks()
    async with first.sessions._lock.try_hold(key.session_id):
        receipt = await second.cut_off.suspend(key.id)
    assert "ops-desk-1/window/1" in words(receipt, Step.ACCESS)
    assert receipt.title == "Its token was not ended yet: the cut-off waits."
    assert state(second, key) == (KeyState.SUSPENDED, 1)
    with pytest.raises(KeyStopped):
        first.sessions.peek(key.id)
    assert len(await second.cut_off.pay_debts()) == 1
    assert nothing_lives(office, key)


async def test_resumed_while_it_waits_for_the_lock(office: Office) -> None:
    first, second, key = await office.two_desks()
    async with first.sessions._lock.try_hold(key.session_id):
        cutting = asyncio.create_task(second.cut_off.suspend(key.id))
        await office.clock.sleep(0.01)
        await first.write(key, _lifted)
    receipt = await cutting
    assert receipt.title == "Resumed meanwhile. Nothing more was ended."
    assert office.count("revoke") == 0


def _lifted(record: SessionRecord) -> SessionRecord:
    from nomba_desktop.domain.moves_stop import resume
    from nomba_desktop.domain.renewal import DEFAULT_POLICY

    return resume(record, record.generation, record.stop_count, 0.0, DEFAULT_POLICY, alive=True)


async def test_two_people_cut_the_same_key_off_at_once(office: Office) -> None:
    first, second, key = await office.two_desks()
    one, other = await asyncio.gather(
        first.cut_off.suspend(key.id), second.cut_off.revoke(key.id, RETIRING, "", "Ada")
    )
    assert nothing_lives(office, key)
    assert first.record(key).stop is StopKind.REVOKED
    assert one.revoke
    assert other.revoke
    assert office.server.log.peak_auth_in_flight() == 1


async def test_a_token_that_came_up_in_the_last_round_is_owed_not_dropped(office: Office) -> None:
    office.server.switches = Switches(revoke_kills_refresh=False, revoked_bearer_at_refresh="accepted")
    desk, key = await office.one_desk()
    desk.cut_off._walk._rounds = 1
    receipt = await desk.cut_off.suspend(key.id)
    assert not nothing_lives(office, key), "its refresh token gave one, and there was no round left to end it"
    assert not receipt.done
    assert desk.record(key).tokens is not None
    desk.cut_off._walk._rounds = 8
    (paid,) = await desk.cut_off.pay_debts()
    assert paid.done
    assert nothing_lives(office, key)


async def test_no_secret_is_in_any_receipt(office: Office) -> None:
    office.server.switches = Switches(
        revoke_kills_refresh=False, refresh_single_use=False, revoked_bearer_at_refresh="accepted"
    )
    desk, key = await office.one_desk()
    known = [office.keyring.entries[key.id].secret.reveal()]
    receipts: list[Receipt] = []

    def learn() -> None:
        record = desk.record(key)
        found = [record.tokens.access, record.tokens.refresh] if record.tokens is not None else []
        found += [end.access for end in (*record.superseded, *record.owed)]
        found += [spared.refresh for spared in record.debt.refreshes] if record.debt is not None else []
        known.extend(secret.reveal() for secret in found if secret is not None)

    learn()
    receipts.append(await desk.cut_off.suspend(key.id, "reason", "Ada"))
    learn()
    receipts.append(await desk.cut_off.revoke(key.id, SECRET, "reason", "Ada"))
    learn()
    receipts.append(await desk.cut_off.check_again(key.id))
    assert len(set(known)) >= 3
    for receipt in receipts:
        told = f"{receipt!r} {receipt.to_text()} {receipt.to_plain()}"
        assert not [secret for secret in known if secret in told]
        assert key.client_id not in told
