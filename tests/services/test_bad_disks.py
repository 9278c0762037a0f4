"""The store on bad days: full, unreadable, altered (session protocol, "Reading and renewing" 12)."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from nomba_desktop.domain.errors import HeldElsewhere, KeyStopped, SealBroken, StoreUnavailable
from nomba_desktop.domain.record import StopKind
from nomba_desktop.domain.sessions import Failing, Refreshing, SignedIn, SigningIn
from nomba_desktop.services.auth_calls import UNSAVED
from tests.services.test_walk import stopped
from tests.support.office import Desk, Office

pytestmark = pytest.mark.virtual_time


def full() -> StoreUnavailable:
    return StoreUnavailable("The disk is full: nothing was written.")


async def test_no_intent_written_no_call_made(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.forget_calls()
    first.disk.trouble = full
    with pytest.raises(StoreUnavailable):
        await first.sessions.refresh_now(key.id, 1)
    assert office.server.log.entries() == []
    assert second.record(key).intent is None
    held = second.sessions.peek(key.id)
    assert held is not None
    assert office.lives(held)


def after_the_reply(office: Office, desk: Desk) -> None:
    """From the server's answer to a refresh on, this desk's disk is full."""
    desk.disk.trouble = lambda: full() if office.count("refresh") else None


async def test_a_commit_that_fails_once_keeps_the_token_and_is_made_good(office: Office) -> None:
    first, second, key = await office.two_desks()
    after_the_reply(office, first)
    held = await first.sessions.refresh_now(key.id, 1)
    assert office.lives(held)
    here = first.sessions.peek(key.id)
    assert here is not None
    assert here.access == held.access
    unsaved = first.state(key)
    assert isinstance(unsaved, Failing)
    assert unsaved.failure.title == UNSAVED
    assert unsaved.failure.reference == "ND-321"
    assert unsaved.life is not None
    assert unsaved.life.generation == 2
    # Elsewhere: the old token is not handed out, and nobody calls while the lock is held.
    assert second.sessions.peek(key.id) is None
    with pytest.raises(HeldElsewhere):
        await second.use(key)
    assert office.calls() == ["issue 200", "refresh 200"]
    first.disk.trouble = lambda: None
    await office.clock.sleep(16.0)
    assert isinstance(first.state(key), SignedIn)
    adopted = await second.use(key)
    assert adopted.access == held.access
    after = second.record(key)
    assert (after.generation, after.intent, after.failure, after.attempts) == (2, None, None, 0)
    assert office.calls() == ["issue 200", "refresh 200"]


async def test_a_waiting_process_gets_the_token_when_it_is_saved(office: Office) -> None:
    first, second, key = await office.two_desks()
    after_the_reply(office, first)
    held = await first.sessions.refresh_now(key.id, 1)
    waiting = asyncio.create_task(second.use(key))
    await office.clock.sleep(3.0)
    assert not waiting.done()
    first.disk.trouble = lambda: None
    assert (await waiting).access == held.access


async def test_while_unsaved_the_schedule_neither_calls_nor_spins(office: Office) -> None:
    first, second, key = await office.two_desks()
    after_the_reply(office, first)
    await first.sessions.refresh_now(key.id, 1)
    first.core.run_schedule()
    second.core.run_schedule()
    await office.clock.sleep(600.0)
    assert office.count("issue", "refresh") == 2
    held = first.sessions.peek(key.id)
    assert held is not None
    assert office.lives(held)
    first.disk.trouble = lambda: None
    await office.clock.sleep(20.0)
    assert second.record(key).generation == 2


async def test_a_stop_beats_a_token_in_memory(office: Office) -> None:
    first, second, key = await office.two_desks()
    after_the_reply(office, first)
    await first.sessions.refresh_now(key.id, 1)
    await second.write(key, stopped)
    with pytest.raises(KeyStopped):
        first.sessions.peek(key.id)
    with pytest.raises(KeyStopped):
        await first.use(key)
    first.disk.trouble = lambda: None
    await office.clock.sleep(16.0)
    after = second.record(key)
    assert (after.generation, after.stop) == (2, StopKind.SUSPENDED)


async def test_the_process_ends_before_the_token_was_saved(office: Office) -> None:
    first, second, key = await office.two_desks()
    after_the_reply(office, first)
    await first.sessions.refresh_now(key.id, 1)
    await first.close()
    held = await second.use(key)
    assert office.lives(held)
    assert office.calls() == ["issue 200", "refresh 200", "issue 200"]


async def test_the_app_closes_at_the_very_moment(office: Office) -> None:
    first, second, key = await office.two_desks()
    await first.core.tasks.aclose()
    after_the_reply(office, first)
    held = await first.sessions.refresh_now(key.id, 1)
    assert office.lives(held)
    first.disk.trouble = lambda: None
    assert office.lives(await second.use(key)), "the lock was given back, the intent tells"
    assert office.calls() == ["issue 200", "refresh 200", "issue 200"]


async def test_a_failed_call_that_cannot_be_noted_is_a_dead_holder(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("error", status=503)
    first.disk.trouble = lambda: full() if office.count("refresh") else None
    with pytest.raises(StoreUnavailable):
        await first.sessions.refresh_now(key.id, 1)
    assert second.record(key).intent is not None
    assert office.lives(await second.use(key))


async def test_an_altered_record_is_shown_and_sign_in_recovers(office: Office) -> None:
    first, second, key = await office.two_desks()
    old = await first.use(key)
    spoil(office, "UPDATE sessions SET generation = generation + 1")
    for desk in (first, second):
        shown = desk.state(key)
        assert isinstance(shown, Failing)
        assert (shown.failure.reference, shown.latched) == ("ND-323", True)
        with pytest.raises(SealBroken):
            await desk.use(key)
    first.core.run_schedule()
    await office.clock.sleep(600.0)
    assert office.calls() == ["issue 200"]
    await first.sessions.sign_in(key.id)
    assert isinstance(second.state(key), SignedIn)
    held = await second.use(key)
    assert office.lives(held)
    assert not office.lives(old)
    assert office.count("issue", "refresh") == 2


def spoil(office: Office, sql: str) -> None:
    file = next(office.root.rglob("*.sqlite3"))
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(sql)
    connection.close()


async def test_a_store_that_is_gone_is_shown_and_the_schedule_outlives_it(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    file = next(office.root.rglob("*.sqlite3"))
    aside = file.with_suffix(".aside")
    file.rename(aside)
    await office.clock.sleep(60.0)
    with pytest.raises(StoreUnavailable):
        await desk.sessions.refresh_now(key.id, 1)
    aside.rename(file)
    await office.clock.sleep(1500.0)
    held = desk.sessions.peek(key.id)
    assert held is not None
    assert held.generation >= 2, "the schedule went on"
    assert not isinstance(desk.state(key), Refreshing | SigningIn)
    assert office.lives(held)


async def test_a_full_disk_stops_nobody_from_copying(office: Office) -> None:
    desk, key = await office.one_desk()
    desk.disk.trouble = full
    assert office.lives(await desk.sessions.token(key.id))


async def test_signing_in_succeeds_though_it_cannot_be_saved_yet(office: Office) -> None:
    desk, key = await office.one_desk(signed_in=False)
    desk.disk.trouble = lambda: full() if office.count("issue") else None
    assert office.lives(await desk.sessions.sign_in(key.id))
    desk.disk.trouble = lambda: None
    await office.clock.sleep(16.0)
    assert isinstance(desk.state(key), SignedIn)
