"""Signing out: owed first, ended at the server, proved, paid later if need be (session protocol, "Sign out")."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from nomba_desktop.domain.errors import HeldElsewhere, SignInNeeded, StoreUnavailable
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.sessions import SignedIn, SignedOut
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.renewer import Asked
from tests.support.office import Desk, Died, Office

pytestmark = pytest.mark.virtual_time


def owed(desk: Desk, key: ApiKey) -> int:
    shown = desk.state(key)
    assert isinstance(shown, SignedOut), shown
    return shown.owed


async def test_online_the_same_token_is_refused_afterwards(office: Office) -> None:
    first, second, key = await office.two_desks()
    held = await second.use(key)
    assert await first.sessions.sign_out(key.id) is True
    assert not office.lives(held)
    assert owed(second, key) == 0
    assert office.calls() == ["issue 200", "revoke 200"]
    assert office.server.log.entries(kind="probe")[-1].status == 401, "seen to be refused"
    assert second.sessions.peek(key.id) is None
    for asked in (Asked.PROGRAM, Asked.SCHEDULE):
        with pytest.raises(SignInNeeded):
            await second.use(key, asked=asked)
    first.core.run_schedule()
    second.core.run_schedule()
    await office.clock.sleep(3600.0)
    assert office.calls() == ["issue 200", "revoke 200"], "signed out stays signed out"


async def test_offline_it_is_owed_shown_and_paid_later(office: Office) -> None:
    first, second, key = await office.two_desks()
    held = await first.use(key)
    number = office.fault("drop", "*", times=None)
    assert await first.sessions.sign_out(key.id) is False
    assert owed(first, key) == owed(second, key) == 1
    assert first.sessions.peek(key.id) is None
    assert office.lives(held)
    second.core.run_schedule()
    await office.clock.sleep(200.0)
    assert owed(second, key) == 1
    tries = office.count("revoke")
    assert 3 <= tries <= 12, "tried again, less and less often"
    office.server.clear_faults(number)
    await office.clock.sleep(310.0)
    assert owed(first, key) == owed(second, key) == 0
    assert not office.lives(held)
    office.forget_calls()
    await office.clock.sleep(3600.0)
    assert office.server.log.entries() == []


async def test_what_is_owed_ends_with_the_token_itself(office: Office) -> None:
    desk, key = await office.one_desk()
    office.fault("drop", "*", times=None)
    await desk.sessions.sign_out(key.id)
    await office.clock.sleep(1801.0)
    office.forget_calls()
    desk.core.run_schedule()
    await office.clock.sleep(400.0)
    assert owed(desk, key) == 0
    assert office.server.log.entries() == []


@pytest.mark.parametrize("status", [200, 400, 404])
async def test_a_token_that_is_dead_already_owes_nothing(office: Office, status: int) -> None:
    office.server.switches = Switches(revoke_dead_token=status)  # type: ignore[arg-type]
    desk, key = await office.one_desk()
    office.server.sign_in_elsewhere(key.client_id)
    assert await desk.sessions.sign_out(key.id) is True
    assert owed(desk, key) == 0


async def test_a_slow_server_is_waited_for(office: Office) -> None:
    office.server.switches = Switches(revoke_effect="late", revoke_late_by=4.0)
    desk, key = await office.one_desk()
    held = await desk.use(key)
    began = office.clock.now()
    assert await desk.sessions.sign_out(key.id) is True
    assert 4.0 <= office.clock.now() - began < 5.0
    assert not office.lives(held)


async def test_a_server_that_lies_is_not_believed(office: Office) -> None:
    office.server.switches = Switches(revoke_effect="never")
    desk, key = await office.one_desk()
    assert await desk.sessions.sign_out(key.id) is False
    assert owed(desk, key) == 1
    desk.core.run_schedule()
    await office.clock.sleep(2200.0)
    assert owed(desk, key) == 0
    assert office.count("revoke") <= 16


@pytest.mark.parametrize("kind", ["edge_html", "error"])
async def test_a_block_or_an_outage_is_no_end(office: Office, kind: str) -> None:
    desk, key = await office.one_desk()
    office.fault(kind, "*", times=None, status=403 if kind == "edge_html" else 500)
    assert await desk.sessions.sign_out(key.id) is False
    assert owed(desk, key) == 1


async def test_superseded_tokens_that_still_live_are_ended_too(office: Office) -> None:
    office.server.switches = Switches(session_rule="none")
    desk, key = await office.one_desk()
    first = await desk.use(key)
    all_held = [first, *[await desk.sessions.refresh_now(key.id, generation) for generation in range(1, 4)]]
    assert all(office.lives(held) for held in all_held)
    assert await desk.sessions.sign_out(key.id) is True
    assert not any(office.lives(held) for held in all_held)


async def test_signing_out_in_doubt_says_that_a_session_may_be_left(office: Office) -> None:
    first, second, key = await office.two_desks()
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1)
    await first.close()
    await second.sessions.sign_out(key.id)
    shown = second.state(key)
    assert isinstance(shown, SignedOut)
    assert shown.lost
    with pytest.raises(SignInNeeded):
        await second.use(key)
    await second.sessions.sign_in(key.id)
    assert isinstance(second.state(key), SignedIn)


async def test_signing_out_waits_for_a_refresh_under_way(office: Office) -> None:
    first, second, key = await office.two_desks()
    office.fault("hold_before", seconds=5.0)
    refreshing = asyncio.create_task(first.sessions.refresh_now(key.id, 1))
    await office.clock.sleep(1.0)
    assert await second.sessions.sign_out(key.id) is True
    held = await refreshing
    assert not office.lives(held)
    assert owed(first, key) == 0
    assert office.calls() == ["issue 200", "refresh 200", "revoke 200", "revoke 200"], "the one before it too"
    assert office.server.log.peak_auth_in_flight() == 1


async def test_a_lock_that_does_not_come_free_leaves_it_signed_in(office: Office) -> None:
    first, second, key = await office.two_desks()
    async with first.sessions._lock.try_hold(key.session_id):
        with pytest.raises(HeldElsewhere):
            await second.sessions.sign_out(key.id)
    assert isinstance(second.state(key), SignedIn)


async def test_a_crash_between_writing_and_ending_loses_no_end(office: Office) -> None:
    first, second, key = await office.two_desks()
    held = await first.use(key)
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.sessions.sign_out(key.id)
    await first.close()
    assert owed(second, key) == 1
    second.core.run_schedule()
    await office.clock.sleep(5.0)
    assert owed(second, key) == 0
    assert not office.lives(held)


async def test_a_full_disk_ends_nothing(office: Office) -> None:
    desk, key = await office.one_desk()
    desk.disk.trouble = lambda: StoreUnavailable("The disk is full: nothing was written.")
    with pytest.raises(StoreUnavailable):
        await desk.sessions.sign_out(key.id)
    assert isinstance(desk.state(key), SignedIn)
    assert office.count("revoke") == 0


async def test_where_probes_prove_nothing_the_servers_word_has_to_do(office: Office) -> None:
    office.environment = replace(office.environment, answers_without_token=True)
    office.server.switches = Switches(probes_without_token=True)
    desk, key = await office.one_desk()
    assert await desk.sessions.sign_out(key.id) is True
    assert owed(desk, key) == 0
