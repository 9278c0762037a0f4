"""Cutting off when a reply was lost, resuming, closing knowingly, and environments that manage keys."""

from __future__ import annotations

import asyncio

import pytest

from nomba_desktop.domain.cutoff import LONGEST_LIFE, Outcome, Receipt, Step, WhatHappened, clock_words
from nomba_desktop.domain.errors import (
    ApiError,
    ConnectionBroke,
    DraftRejected,
    KeyStopped,
    Offline,
    ServerFault,
    TimedOut,
)
from nomba_desktop.domain.keys import ApiKey, KeyState
from nomba_desktop.domain.moves import session_lost
from nomba_desktop.domain.record import StopKind
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.practice.switches import Switches
from tests.services.cut_off_rig import InProcessManagement, no_refresh_lives, nothing_lives, state, words
from tests.support.office import Desk, Died, Office

pytestmark = pytest.mark.virtual_time

RETIRING, TOKEN, SECRET = WhatHappened.RETIRING, WhatHappened.TOKEN_LEAKED, WhatHappened.SECRET_LEAKED


async def with_a_lost_reply(office: Office, *, secret: bool = True) -> tuple[Desk, ApiKey]:
    """A refresh was handled, and nobody heard of it."""
    desk, key = await office.one_desk()
    if not secret:
        await office.keyring.delete(key.id)
    office.fault("lose_reply", "/v1/auth/token/refresh")
    with pytest.raises(ConnectionBroke):
        await desk.sessions.refresh_now(key.id, 1)
    assert not nothing_lives(office, key)
    return desk, key


# -- lost replies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spent", ["refused", "ends_session"])
async def test_a_lost_reply_is_waited_out_and_its_session_taken_over(office: Office, spent: str) -> None:
    office.server.switches = Switches(spent_refresh=spent)  # type: ignore[arg-type]
    desk, key = await with_a_lost_reply(office)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.took >= 59.0, "until then the lost call may still land"
    assert receipt.proved
    assert receipt.outcome(Step.UNKNOWN) is None
    assert nothing_lives(office, key)
    assert no_refresh_lives(office, key)
    assert not desk.record(key).in_doubt


async def test_the_known_token_is_ended_before_the_wait(office: Office) -> None:
    first, second, key = await office.two_desks()
    held = await second.use(key)
    office.fault("hold_before", "/v1/auth/token/refresh", seconds=40.0)
    with pytest.raises(TimedOut):
        await first.sessions.refresh_now(key.id, 1)
    assert office.lives(held), "the lost call has not landed yet"
    cutting = asyncio.create_task(second.cut_off.suspend(key.id))
    await office.clock.sleep(1.0)
    assert not office.lives(held)
    receipt = await cutting
    await office.drain()
    assert receipt.proved
    assert nothing_lives(office, key)
    assert no_refresh_lives(office, key)


async def test_a_lost_reply_without_a_secret_is_said_with_its_end(office: Office) -> None:
    desk, key = await with_a_lost_reply(office, secret=False)
    receipt = await desk.cut_off.revoke(key.id, TOKEN)
    until = receipt.at + LONGEST_LIFE
    assert receipt.title == f"An unknown token may live until {clock_words(until)}."
    assert not receipt.done
    assert not nothing_lives(office, key), "it is true"
    again = await desk.cut_off.check_again(key.id)
    assert again.title == receipt.title, "the end doesn't move"
    await office.clock.sleep(LONGEST_LIFE + 1.0)
    late = await desk.cut_off.check_again(key.id)
    assert late.title.startswith("An unknown token may have lived until")
    assert not late.proved


async def test_without_a_secret_an_abandoned_refresh_that_never_arrived_is_made_good(office: Office) -> None:
    first, second, key = await office.two_desks()
    await office.keyring.delete(key.id)
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1)
    await first.close()
    receipt = await second.cut_off.suspend(key.id)
    assert nothing_lives(office, key)
    # its only token was ended at once, and with it, at this server, the refresh token: what the call did is unknown
    assert receipt.title.startswith("An unknown token may live until")


async def test_with_the_keyring_locked_the_doubt_waits_for_it(office: Office) -> None:
    desk, key = await with_a_lost_reply(office)
    office.keyring.state = KeyringState.LOCKED
    receipt = await desk.cut_off.suspend(key.id)
    assert "keyring is locked" in words(receipt, Step.UNKNOWN)
    assert not receipt.done
    office.keyring.state = KeyringState.OK
    (paid,) = await desk.cut_off.pay_debts()
    assert paid.proved
    assert nothing_lives(office, key)


async def test_a_lost_session_is_known_to_be_ended_only_where_displacing_was_seen(office: Office) -> None:
    desk, key = await office.one_desk()
    await desk.write(key, session_lost)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.proved, "two sign-ins showed that each ends the one before"
    assert not desk.record(key).lost


async def test_where_a_sign_in_ends_nothing_a_lost_session_stays_unknown(office: Office) -> None:
    office.server.switches = Switches(session_rule="none")
    desk, key = await office.one_desk()
    await desk.write(key, session_lost)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.title.startswith("An unknown token may live until")
    assert desk.record(key).lost
    assert nothing_lives(office, key), "all of ours are dead all the same"


async def test_a_reply_lost_within_the_cut_off_is_made_good(office: Office) -> None:
    desk, key = await office.one_desk()
    office.fault("lose_reply", "/v1/auth/token/issue")
    receipt = await desk.cut_off.revoke(key.id, SECRET)
    assert receipt.title == "Its token is dead. The secret still works."
    assert nothing_lives(office, key)
    assert not desk.record(key).in_doubt


async def test_lost_revocations_are_sent_again(office: Office) -> None:
    desk, key = await office.one_desk()
    office.fault("drop", "/v1/auth/token/revoke", times=2)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.proved
    office.fault("lose_reply", "/v1/auth/token/revoke", times=None)
    await desk.cut_off.resume(key.id)
    await desk.sessions.sign_in(key.id)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.outcome(Step.ACCESS) is Outcome.PROVED
    assert nothing_lives(office, key)


# -- resuming ----------------------------------------------------------------------------------------------------------


async def test_resuming_means_signing_in_anew(office: Office) -> None:
    first, second, key = await office.two_desks()
    await first.cut_off.suspend(key.id)
    assert await first.cut_off.resume(key.id) is False
    assert state(first, key) == (KeyState.ACTIVE, 0)
    record = second.record(key)
    assert (record.stop, record.stop_count, record.tokens, record.in_doubt) == (StopKind.NONE, 2, None, False)
    held = await second.sessions.sign_in(key.id)
    assert office.lives(held)
    assert (await first.use(key)).access == held.access
    assert await first.cut_off.resume(key.id) is True, "again: nothing to do, and nothing done"
    assert second.record(key).stop_count == 2


async def stopped_before_anything_was_asked(office: Office) -> tuple[Desk, ApiKey]:
    desk, key = await office.one_desk()
    number = office.fault("drop", "*", times=None)
    desk.line.trouble = Died
    with pytest.raises(Died):
        await desk.cut_off.suspend(key.id)
    desk.line.trouble = lambda: None
    office.server.clear_faults(number)
    return desk, key


async def test_a_token_whose_end_was_never_asked_for_is_kept_if_a_probe_shows_it_alive(
    office: Office,
) -> None:
    desk, key = await stopped_before_anything_was_asked(office)
    held = desk.record(key).tokens
    assert await desk.cut_off.resume(key.id) is True
    assert desk.record(key).tokens == held
    assert desk.record(key).may_land_until > office.clock.now()
    assert not desk.record(key).lost


@pytest.mark.parametrize("why", ["offline", "dead"])
async def test_a_token_that_no_probe_shows_alive_is_dropped(office: Office, why: str) -> None:
    desk, key = await stopped_before_anything_was_asked(office)
    if why == "offline":
        office.fault("drop", "*", times=None)
    else:
        office.server.sign_in_elsewhere(key.client_id)
    assert await desk.cut_off.resume(key.id) is False
    record = desk.record(key)
    assert (record.tokens, record.lost) == (None, True)


async def test_a_token_with_a_noted_control_is_dropped_though_it_lives(office: Office) -> None:
    office.server.switches = Switches(revoke_effect="never")
    desk, key = await office.one_desk()
    await desk.cut_off.suspend(key.id)
    held = desk.record(key).tokens
    assert held is not None
    assert office.lives(held.access)
    assert await desk.cut_off.resume(key.id) is False
    record = desk.record(key)
    assert record.lost
    assert [end.access for end in record.superseded] == [held.access], "a later sign-out or cut-off ends it"


async def test_an_open_intent_drops_the_token_too(office: Office) -> None:
    desk, key = await with_a_lost_reply(office)
    desk.line.trouble = Died
    with pytest.raises(Died):
        await desk.cut_off.suspend(key.id)
    desk.line.trouble = lambda: None
    assert await desk.cut_off.resume(key.id) is False
    record = desk.record(key)
    assert (record.intent, record.lost) == (None, True)


# -- a named person ----------------------------------------------------------------------------------------------------


async def test_the_secret_can_be_deleted_unproved_by_name(office: Office) -> None:
    desk, key = await office.one_desk()
    with pytest.raises(KeyStopped):
        await desk.cut_off.delete_secret_unproved(key.id, "Ada")
    await desk.cut_off.revoke(key.id, RETIRING)
    with pytest.raises(DraftRejected):
        await desk.cut_off.delete_secret_unproved(key.id, " ")
    receipt = await desk.cut_off.delete_secret_unproved(key.id, "Ada")
    assert receipt.title == "Closed by Ada without proof."
    assert not receipt.proved
    assert key.id not in office.keyring.entries
    assert state(desk, key) == (KeyState.REVOKED, 0)


async def test_what_can_never_be_proved_is_closed_by_name(office: Office) -> None:
    desk, key = await with_a_lost_reply(office, secret=False)
    await desk.cut_off.revoke(key.id, TOKEN)
    receipt = await desk.cut_off.close_knowingly(key.id, "Ada")
    assert receipt.operator == "Ada"
    assert not receipt.proved
    assert receipt.outcome(Step.UNKNOWN) is Outcome.NOT_PROVED, "it still says so"
    assert state(desk, key) == (KeyState.REVOKED, 0)
    assert await desk.cut_off.pay_debts() == ()


# -- an environment that manages keys ----------------------------------------------------------------------------------


async def managed(office: Office) -> tuple[InProcessManagement, Desk, ApiKey]:
    management = InProcessManagement(office)
    office.management = management
    desk, key = await office.one_desk()
    return management, desk, key


async def test_a_key_is_revoked_in_one_call_with_every_proof(office: Office) -> None:
    management, desk, key = await managed(office)
    held = await desk.use(key)
    receipt = await desk.cut_off.revoke(key.id, RETIRING, "leaving", "Ada")
    assert management.calls == 1
    assert words(receipt, Step.ACCESS) == "proved: 200 before · key disabled · 401 after 0.0 s"
    assert receipt.outcome(Step.REGENERATE) is Outcome.PROVED
    assert receipt.outcome(Step.SECRET) is Outcome.PROVED
    assert receipt.title == "Revoked, and proved."
    assert not office.lives(held)
    assert key.id not in office.keyring.entries
    assert state(desk, key) == (KeyState.REVOKED, 0)


async def test_a_key_is_suspended_and_resumed_at_the_server(office: Office) -> None:
    management, desk, key = await managed(office)
    held = await desk.use(key)
    receipt = await desk.cut_off.suspend(key.id)
    assert words(receipt, Step.ACCESS) == "proved: 200 before · key disabled · 403 after 0.0 s"
    assert receipt.proved
    practice = office.server.key(key.client_id)
    assert practice is not None
    assert practice.state == "suspended"
    await desk.cut_off.resume(key.id)
    assert not office.lives(held), "the old token does not come back with the key"
    assert office.lives(await desk.sessions.sign_in(key.id))
    assert management.calls == 2


async def test_where_disabling_fails_the_token_is_revoked_and_the_rest_is_owed(office: Office) -> None:
    management, desk, key = await managed(office)
    management.trouble = ServerFault("The key management is away.")
    receipt = await desk.cut_off.revoke(key.id, RETIRING)
    assert nothing_lives(office, key)
    assert not receipt.done
    management.trouble = None
    (paid,) = await desk.cut_off.pay_debts()
    assert paid.title == "Revoked, and proved."


async def test_disabling_ends_the_doubt_at_once(office: Office) -> None:
    office.management = InProcessManagement(office)
    desk, key = await with_a_lost_reply(office)
    receipt = await desk.cut_off.revoke(key.id, RETIRING)
    assert nothing_lives(office, key)
    assert not desk.record(key).in_doubt
    assert isinstance(receipt, Receipt)


async def test_enabling_that_fails_leaves_it_suspended(office: Office) -> None:
    management, desk, key = await managed(office)
    await desk.cut_off.suspend(key.id)
    management.trouble = Offline("No connection.")
    with pytest.raises(ApiError):
        await desk.cut_off.resume(key.id)
    assert state(desk, key) == (KeyState.SUSPENDED, 0)


async def test_suspended_then_revoked_where_keys_are_managed(office: Office) -> None:
    _, desk, key = await managed(office)
    await desk.cut_off.suspend(key.id)
    receipt = await desk.cut_off.revoke(key.id, RETIRING)
    assert receipt.done
    assert state(desk, key) == (KeyState.REVOKED, 0)
    assert key.id not in office.keyring.entries
