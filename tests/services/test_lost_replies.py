"""Replies that are lost, holders that die, calls that land late (session protocol, "Reading" 4, 5, 7, 13)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from nomba_desktop.domain.errors import (
    ApiError,
    BackingOff,
    ConnectionBroke,
    KeyringLocked,
    SignInNeeded,
    TimedOut,
)
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.moves import session_lost
from nomba_desktop.domain.record import CallKind
from nomba_desktop.domain.sessions import Expired, Failing, HeldByOther, SignedIn
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.renewer import Asked, Held
from tests.support.office import Desk, Died, Office

pytestmark = pytest.mark.virtual_time

REUSE = pytest.mark.parametrize("spent", ["refused", "ends_session"])


async def until_token(office: Office, desk: Desk, key: ApiKey, most: float = 120.0) -> Held:
    """Ask every few seconds, as programs do, until there is a token."""
    ends = office.clock.now() + most
    while True:
        with suppress(BackingOff, ApiError):
            return await desk.use(key, asked=Asked.SCHEDULE)
        assert office.clock.now() < ends, "nobody waits for ever"
        await office.clock.sleep(2.0)


@REUSE
async def test_lost_reply_of_a_refresh_costs_one_refresh_and_one_issue(office: Office, spent: str) -> None:
    office.server.switches = Switches(spent_refresh=spent)  # type: ignore[arg-type]
    first, second, key = await office.two_desks()
    office.fault("lose_reply")
    with pytest.raises(ConnectionBroke):
        await first.sessions.refresh_now(key.id, 1)
    assert second.sessions.peek(key.id) is None, "the token was replaced at the server: nobody may have it"
    held = await until_token(office, second, key)
    assert office.lives(held)
    assert office.calls() == ["issue 200", "refresh 200", "issue 200"]
    assert (await first.use(key)).access == held.access


@REUSE
async def test_lost_reply_of_an_issue_costs_one_more(office: Office, spent: str) -> None:
    office.server.switches = Switches(spent_refresh=spent)  # type: ignore[arg-type]
    first, second, key = await office.two_desks(signed_in=False)
    office.fault("lose_reply")
    with pytest.raises(ConnectionBroke):
        await first.sessions.sign_in(key.id)
    held = await until_token(office, second, key)
    assert office.lives(held)
    assert office.calls() == ["issue 200", "issue 200"]


async def test_a_refresh_that_was_never_handled_leaves_the_old_token_in_use(office: Office) -> None:
    first, second, key = await office.two_desks()
    old = await second.use(key)
    office.fault("drop")
    with pytest.raises(ConnectionBroke):
        await first.sessions.refresh_now(key.id, 1)
    at_once = second.sessions.peek(key.id)
    assert at_once is not None, "the holder has asked with it: it lives"
    assert at_once.access == old.access
    assert isinstance(first.state(key), Failing)
    # In doubt the refresh token is not tried: the lost call may have spent it (5).
    await office.clock.sleep(10.0)
    newer = await second.use(key, replacing=1)
    assert office.lives(newer)
    assert [e.kind for e in office.auth_entries()] == ["issue", "refresh", "issue"]
    assert not second.record(key).lost


async def test_a_token_seen_to_be_dead_is_not_asked_about_again(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("lose_reply")
    with pytest.raises(ConnectionBroke):
        await first.sessions.refresh_now(key.id, 1)
    probes = office.count("probe")
    for _ in range(20):
        with pytest.raises(BackingOff):
            await second.use(key)
    assert office.count("probe") == probes


async def test_a_call_that_lands_late_does_no_harm(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("hold_before", seconds=40.0)
    with pytest.raises(TimedOut):
        await first.sessions.refresh_now(key.id, 1)
    between = await second.use(key)
    assert office.lives(between)
    await office.clock.sleep(30.0)
    await office.drain()
    assert not office.lives(between)
    office.server.log.reset()
    # The 401 in doubt is no theft: the abandoned call did it.
    held = await second.renewer.after_refusal(key, between.generation, asked=Asked.SCHEDULE)
    assert office.lives(held)
    assert second.record(key).latch is None
    assert office.calls() == ["issue 200"]


async def test_lost_replies_in_a_row_stay_bounded(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("lose_reply", times=3)
    with pytest.raises(ConnectionBroke):
        await first.sessions.refresh_now(key.id, 1)
    held = await until_token(office, second, key)
    assert office.lives(held)
    assert [e.kind for e in office.auth_entries()] == ["issue", "refresh", "issue", "issue", "issue"]


async def test_holder_dies_between_intent_and_call(office: Office) -> None:
    first, second, key = await office.two_desks()
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1)
    await first.close()
    assert office.calls() == ["issue 200"]
    left = second.record(key).intent
    assert left is not None
    assert left.kind is CallKind.REFRESH
    assert second.sessions.peek(key.id) is None
    held = await second.use(key)
    assert office.lives(held)
    assert office.calls() == ["issue 200", "issue 200"]
    assert second.record(key).intent is None


@REUSE
async def test_holder_dies_between_reply_and_commit(office: Office, spent: str) -> None:
    office.server.switches = Switches(spent_refresh=spent)  # type: ignore[arg-type]
    first, second, key = await office.two_desks()
    first.disk.trouble = lambda: Died() if office.count("refresh") else None
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1)
    await first.close()
    assert second.record(key).generation == 1
    assert second.sessions.peek(key.id) is None, "it was replaced at the server"
    held = await second.use(key)
    assert office.lives(held)
    assert office.calls() == ["issue 200", "refresh 200", "issue 200"]


async def test_a_cancelled_call_is_a_dead_holder(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("hold_after", seconds=3.0)
    refreshing = asyncio.create_task(first.sessions.refresh_now(key.id, 1))
    await office.clock.sleep(1.0)
    refreshing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await refreshing
    held = await second.use(key)
    assert office.lives(held)
    assert office.calls() == ["issue 200", "refresh 200", "issue 200"]


async def test_a_dead_holders_first_sign_in_is_finished_by_the_schedule(office: Office) -> None:
    first, second, key = await office.two_desks(signed_in=False)
    first.disk.trouble = lambda: Died() if office.count("issue") else None
    with pytest.raises(Died):
        await first.sessions.sign_in(key.id)
    await first.close()
    assert isinstance(second.state(key), HeldByOther)
    second.core.run_schedule()
    await office.clock.sleep(90.0)
    assert isinstance(second.state(key), SignedIn)
    held = second.sessions.peek(key.id)
    assert held is not None
    assert office.lives(held)
    assert office.calls() == ["issue 200", "issue 200"]


async def test_a_dead_holder_is_not_shown_for_ever(office: Office) -> None:
    first, second, key = await office.two_desks()
    first.disk.trouble = lambda: Died() if office.count("refresh") else None
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1)
    await first.close()
    assert isinstance(second.state(key), HeldByOther)
    await office.clock.sleep(61.0)
    assert isinstance(second.state(key), SignedIn)
    await office.clock.sleep(1800.0)
    assert isinstance(second.state(key), Expired)


# -- without a secret --------------------------------------------------------------------------------------------------


async def without_secret(office: Office) -> tuple[Desk, Desk, ApiKey]:
    first, second, key = await office.two_desks()
    await office.keyring.delete(key.id)
    return first, second, key


async def test_without_a_secret_a_probe_closes_the_doubt(office: Office) -> None:
    first, second, key = await without_secret(office)
    old = await second.use(key)
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1)
    await first.close()
    assert second.sessions.peek(key.id) is None
    assert (await second.use(key)).access == old.access
    assert second.sessions.peek(key.id) is not None
    assert second.record(key).in_doubt, "the call of the dead may still land"


async def test_without_a_secret_the_refresh_token_is_tried_once_after_w(office: Office) -> None:
    first, second, key = await without_secret(office)
    office.fault("lose_reply")
    with pytest.raises(ConnectionBroke):
        await first.sessions.refresh_now(key.id, 1)
    lost_at = office.clock.now()
    tries = 0
    while True:
        try:
            await second.use(key, asked=Asked.SCHEDULE)
        except BackingOff:
            tries += 1
            await office.clock.sleep(1.0)
        except SignInNeeded:
            break
    assert tries > 10
    entries = office.auth_entries()
    assert [f"{e.kind} {e.status}" for e in entries] == ["issue 200", "refresh 200", "refresh 401"]
    assert entries[-1].received - lost_at >= 59.0
    after = second.record(key)
    assert (after.tokens, after.lost) == (None, True)
    with pytest.raises(SignInNeeded):
        await second.use(key)
    assert len(office.auth_entries()) == 3


async def test_without_a_secret_an_abandoned_call_that_never_arrived_is_made_good(office: Office) -> None:
    first, second, key = await without_secret(office)
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1)
    await first.close()
    with pytest.raises(BackingOff):
        await second.use(key, replacing=1, asked=Asked.SCHEDULE)
    await office.clock.sleep(61.0)
    held = await second.use(key, replacing=1, asked=Asked.SCHEDULE)
    assert office.lives(held)
    assert not second.record(key).in_doubt


async def test_in_doubt_with_the_keyring_locked_a_living_token_is_still_handed_out(office: Office) -> None:
    first, second, key = await office.two_desks()
    old = await second.use(key)
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1)
    await first.close()
    office.keyring.state = KeyringState.LOCKED
    assert (await second.use(key)).access == old.access
    with pytest.raises(KeyringLocked):
        await second.use(key, replacing=1)


# -- what an unknown session means ------------------------------------------------------------------------------------


async def test_an_unknown_session_is_forgotten_once_an_issue_was_seen_to_end_the_one_before(
    office: Office,
) -> None:
    desk, key = await office.one_desk()
    await desk.write(key, session_lost)
    await desk.sessions.check(key.id)
    await desk.sessions.refresh_now(key.id, 1)  # in doubt: issue; the old token is seen to have ended
    assert desk.record(key).lost
    await desk.sessions.check(key.id)
    await desk.sessions.refresh_now(key.id, 2)
    assert not desk.record(key).in_doubt
    await desk.sessions.refresh_now(key.id, 3)
    assert office.calls() == ["issue 200", "issue 200", "issue 200", "refresh 200"]
