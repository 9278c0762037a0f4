"""The walk by several processes at once: one call, adopted by everybody (session protocol, "Reading and renewing")."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from nomba_desktop.domain.errors import BackingOff, ConnectionBroke, HeldElsewhere, KeyStopped, SignInNeeded
from nomba_desktop.domain.record import CallKind, SessionRecord, StopKind
from nomba_desktop.domain.sessions import HeldByOther, SignedIn
from nomba_desktop.services.renewer import Asked
from tests.support.office import Office

pytestmark = pytest.mark.virtual_time


def stopped(record: SessionRecord) -> SessionRecord:
    return replace(record, stop=StopKind.SUSPENDED, stop_count=record.stop_count + 1)


async def test_two_processes_want_a_token_at_once_one_calls(office: Office) -> None:
    first, second, key = await office.two_desks(signed_in=False)
    office.fault("hold_before", seconds=2.0)
    one, other = await asyncio.gather(first.sessions.sign_in(key.id), second.use(key, asked=Asked.PERSON))
    assert one.access == other.access
    assert (one.generation, other.generation) == (1, 1)
    assert office.calls() == ["issue 200"]
    assert office.lives(one)


async def test_while_another_signs_in_the_window_says_so_and_a_program_is_told_who(office: Office) -> None:
    first, second, key = await office.two_desks(signed_in=False)
    office.fault("hold_before", seconds=12.0)
    signing_in = asyncio.create_task(first.sessions.sign_in(key.id))
    await office.clock.sleep(1.0)
    assert isinstance(second.state(key), HeldByOther)
    impatient = await asyncio.gather(second.use(key), return_exceptions=True)
    held = await signing_in
    assert [h.access for h in impatient if not isinstance(h, BaseException)] == [held.access]
    assert isinstance(second.state(key), SignedIn)


async def test_a_lock_that_does_not_come_free_names_its_owner(office: Office) -> None:
    first, second, key = await office.two_desks()
    async with first.sessions._lock.try_hold(key.session_id) as owner:
        assert owner is None
        began = office.clock.monotonic()
        with pytest.raises(HeldElsewhere, match="ops-desk-1/window/1"):
            await second.use(key, replacing=1)
        assert 20.0 <= office.clock.monotonic() - began < 21.0
        old = await second.use(key, min_life=1790.0)
        assert office.lives(old)
    assert office.calls() == ["issue 200"]


async def test_forced_refresh_twice_is_one_refresh(office: Office) -> None:
    first, second, key = await office.two_desks()
    on_screen = first.record(key).generation
    one, other = await asyncio.gather(
        first.sessions.refresh_now(key.id, on_screen), second.sessions.refresh_now(key.id, on_screen)
    )
    assert one.access == other.access
    assert one.generation == 2
    again = await first.sessions.refresh_now(key.id, on_screen)
    assert again.access == one.access
    assert office.calls() == ["issue 200", "refresh 200"]
    assert office.server.log.peak_auth_in_flight() == 1


async def test_a_late_401_of_an_old_token_adopts_the_newer_one(office: Office) -> None:
    first, second, key = await office.two_desks()
    old = await second.use(key)
    newer = await first.sessions.refresh_now(key.id, old.generation)
    assert not office.lives(old)
    adopted = await second.renewer.after_refusal(key, old.generation, asked=Asked.PROGRAM)
    assert adopted.access == newer.access
    assert second.record(key).latch is None
    assert office.calls() == ["issue 200", "refresh 200"]


async def test_a_request_with_an_old_token_is_repeated_once_with_the_newer(office: Office) -> None:
    first, second, key = await office.two_desks()
    old = await second.use(key)
    prober = second.sessions._prober

    async def request(access: object) -> object:
        if access == old.access:
            await first.sessions.refresh_now(key.id, old.generation)
        return await prober.alive(key, access)  # type: ignore[arg-type]

    await second.renewer.use(key, request)
    assert office.calls() == ["issue 200", "refresh 200"]


async def test_a_stop_refuses_the_hot_read_and_every_call(office: Office) -> None:
    first, second, key = await office.two_desks()
    await first.write(key, stopped)
    office.forget_calls()
    with pytest.raises(KeyStopped):
        second.sessions.peek(key.id)
    for asked in Asked:
        with pytest.raises(KeyStopped):
            await second.use(key, replacing=1, asked=asked)
    await second.sessions.check(key.id)
    assert office.server.log.entries() == []


async def test_a_stop_during_the_call_stores_the_token_and_hands_out_nothing(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("hold_before", seconds=3.0)
    refreshing = asyncio.create_task(second.sessions.refresh_now(key.id, 1))
    await office.clock.sleep(1.0)
    await first.write(key, stopped)
    with pytest.raises(KeyStopped):
        await refreshing
    after = first.record(key)
    assert (after.generation, after.intent) == (2, None)
    assert after.tokens is not None
    assert office.lives(after.tokens.access), "the cut-off has to know what lives"


async def test_a_stop_before_the_intent_sends_nothing(office: Office) -> None:
    first, second, key = await office.two_desks()
    async with first.sessions._lock.try_hold(key.session_id):
        waiting = asyncio.create_task(second.sessions.refresh_now(key.id, 1))
        await office.clock.sleep(1.0)
        await first.write(key, stopped)
        with pytest.raises(KeyStopped):
            await waiting
    assert office.calls() == ["issue 200"]


async def test_a_signed_out_key_is_signed_in_by_persons_only(office: Office) -> None:
    first, second, key = await office.two_desks(signed_in=False)
    for asked in (Asked.PROGRAM, Asked.SCHEDULE):
        with pytest.raises(SignInNeeded):
            await second.use(key, asked=asked)
    assert office.calls() == []
    await first.sessions.sign_in(key.id)
    assert office.lives(await second.use(key))


async def test_start_up_restores_sessions_without_asking_the_server(office: Office) -> None:
    first, second, key = await office.two_desks()
    held = await first.use(key)
    await first.close()
    await second.close()
    office.forget_calls()
    office.fault("drop", "*", times=None)
    third = await office.desk()
    assert isinstance(third.core.state.snapshot.session(key.id), SignedIn)
    restored = third.sessions.peek(key.id)
    assert restored is not None
    assert restored.access == held.access
    assert office.server.log.entries() == []


# -- a holder that was paused: its write comes too late (10) ---------------------------------------------------------


async def test_a_rejected_write_whose_token_is_dead_adopts_the_newer_one(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("hold_after", seconds=3.0)
    paused = asyncio.create_task(first.sessions.refresh_now(key.id, 1))
    await office.clock.sleep(1.0)
    secret = office.keyring.entries[key.id].secret
    calls = second.renewer._calls
    newer = await calls.call(key, second.record(key), CallKind.ISSUE, secret=secret, by_person=False)
    held = await paused
    assert newer.tokens is not None
    assert held.access == newer.tokens.access
    assert held.generation == 2
    assert office.lives(held)


async def test_a_rejected_write_whose_token_lives_is_put_forward(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("hold_before", seconds=3.0)
    paused = asyncio.create_task(first.sessions.refresh_now(key.id, 1))
    await office.clock.sleep(1.0)
    await second.write(key, lambda r: replace(r, generation=2))
    held = await paused
    assert held.generation == 3
    assert office.lives(held)
    assert (await second.use(key)).access == held.access
    assert second.record(key).intent is None


async def test_a_rejected_write_that_nobody_can_judge_is_a_session_that_may_be_lost(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("hold_before", seconds=3.0)
    office.fault("drop", "/v1/accounts/*", times=None)
    paused = asyncio.create_task(first.sessions.refresh_now(key.id, 1))
    await office.clock.sleep(1.0)
    await second.write(key, lambda r: replace(r, generation=2))
    with pytest.raises(ConnectionBroke):
        await paused
    assert second.record(key).lost
    office.server.clear_faults()
    assert office.lives(await second.use(key, replacing=2))


async def test_a_refusal_in_doubt_is_remembered(office: Office) -> None:
    first, second, key = await office.two_desks()
    await first.write(key, lambda r: replace(r, may_land_until=office.clock.now() + 60.0))
    await first.write(key, lambda r: replace(r, next_try=office.clock.now() + 30.0))
    old = await second.use(key)
    office.server.sign_in_elsewhere(key.client_id)
    with pytest.raises(BackingOff):
        await second.renewer.after_refusal(key, old.generation, asked=Asked.PROGRAM)
    assert first.sessions.peek(key.id) is None
    assert first.record(key).latch is None
