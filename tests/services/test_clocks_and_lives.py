"""Clocks that jump or are wrong, and lives of every length (facts 3.2, 3.5; architecture, laws 3 and 4)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from nomba_desktop.domain.errors import ApiError, BudgetSpent, SessionError
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.renewal import refresh_margin
from nomba_desktop.domain.sessions import SignedIn, TakenAway
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.renewer import Asked
from tests.support.office import Desk, Office

pytestmark = pytest.mark.virtual_time


async def live_through(office: Office, desk: Desk, key: ApiKey, seconds: float, every: float = 5.0) -> int:
    """Look every few seconds: whatever is handed out lives, and something always is. How many looks there were."""
    until, looks = office.clock.now() + seconds, 0
    while office.clock.now() < until:
        await office.clock.sleep(every)
        held = desk.sessions.peek(key.id)
        assert held is not None, f"no token, {until - office.clock.now():.0f} s before the end"
        assert office.lives(held)
        looks += 1
    return looks


@pytest.mark.parametrize("life", [1800, 3600, 10_800])
@pytest.mark.parametrize("skew", [-3600.0, 0.0, 3600.0])
async def test_every_usual_life_with_a_server_clock_that_is_off(
    office: Office, life: int, skew: float
) -> None:
    office.server.switches = Switches(access_ttl=life, clock_skew=skew)
    desk, key = await office.one_desk(schedule=True)
    tokens = desk.record(key).tokens
    assert tokens is not None
    assert abs(tokens.expires_at - office.clock.now() - life) <= 2.0
    margin = refresh_margin(life)
    assert tokens.expires_at - 1.1 * margin <= tokens.refresh_at + 0.2
    assert tokens.refresh_at <= tokens.expires_at - margin + 0.2
    await live_through(office, desk, key, 4.2 * life, every=37.0)
    assert 3 <= office.count("refresh") <= 6
    assert office.count("issue") == 1


@pytest.mark.parametrize(
    "form",
    [
        "seconds_z",
        "millis_z",
        "micros_z",
        "offset",
        "naive",
        "minutes",
        "epoch_seconds",
        "epoch_millis",
        "missing",
    ],
)
async def test_every_form_of_expires_at(office: Office, form: str) -> None:
    office.server.switches = Switches(expires_at_format=form)  # type: ignore[arg-type]
    desk, key = await office.one_desk()
    tokens = desk.record(key).tokens
    assert tokens is not None
    assert -62.0 <= tokens.expires_at - office.clock.now() - 1800.0 <= 2.0


async def test_the_earlier_of_two_ends_counts(office: Office) -> None:
    office.server.switches = Switches(jwt_exp_offset=-600)
    desk, key = await office.one_desk()
    tokens = desk.record(key).tokens
    assert tokens is not None
    assert abs(tokens.expires_at - office.clock.now() - 1200.0) <= 2.0


async def test_twenty_second_tokens_are_handed_out_and_calls_stay_bounded(office: Office) -> None:
    office.server.switches = Switches(access_ttl=20)
    desk, key = await office.one_desk()
    first = await desk.use(key)
    await office.clock.sleep(5.0)
    assert (await desk.use(key)).access == first.access, "no call while the short life is fresh"
    assert office.calls() == ["issue 200"]
    began = office.clock.now()
    while office.clock.now() < began + 3600.0:
        with suppress(BudgetSpent, SessionError):
            held = await desk.use(key)
            assert office.lives(held)
        await office.clock.sleep(3.0)
    assert office.count("issue", "refresh") <= 7 * 6


async def test_min_life_is_kept(office: Office) -> None:
    desk, key = await office.one_desk()
    await office.clock.sleep(1000.0)
    first = await desk.use(key, min_life=790.0)
    assert office.count("refresh") == 0
    newer = await desk.use(key, min_life=810.0)
    assert newer.generation == first.generation + 1
    await office.clock.sleep(1771.0)
    assert (await desk.use(key)).generation == newer.generation + 1, "under 30 s is not worth handing out"


# -- jumps -------------------------------------------------------------------------------------------------------------


async def test_three_hours_asleep(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(300.0)
    office.clock.jump(3 * 3600.0)  # the wall clock went on, nothing ran
    await office.clock.sleep(31.0)
    held = desk.sessions.peek(key.id)
    assert held is not None
    assert office.lives(held)
    assert office.calls() == ["issue 200", "refresh 200"]
    await live_through(office, desk, key, 3600.0)


async def test_waking_up_is_noticed_at_once_when_the_desktop_tells(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(300.0)
    office.clock.jump(3 * 3600.0)
    assert desk.core.renewals is not None
    desk.core.renewals.wake()
    await office.clock.sleep(1.0)
    assert desk.sessions.peek(key.id) is not None


def our_clock_is_set(office: Office, seconds: float) -> None:
    """Only this computer's clock: the server's own goes on."""
    before = office.server.now()
    office.clock.jump(seconds)
    if seconds < 0:
        office.server.advance(before - office.server.now())
    else:
        office.server.clock._offset -= seconds


@pytest.mark.parametrize("seconds", [-3 * 3600.0, -1000.0, -20.0, 20.0, 3 * 3600.0])
async def test_this_computers_clock_is_set(office: Office, seconds: float) -> None:
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(700.0)
    our_clock_is_set(office, seconds)
    await office.clock.sleep(45.0)
    held = desk.sessions.peek(key.id)
    assert held is not None
    assert office.lives(held)
    assert office.count("issue", "refresh") <= 2
    looks = await live_through(office, desk, key, 2 * 3600.0, every=20.0)
    assert looks == 360
    assert office.count("issue", "refresh") <= 8
    assert isinstance(desk.state(key), SignedIn)


async def test_a_clock_set_back_while_waiting_does_not_wait_for_hours(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    number = office.fault("error", status=503, times=None)
    with suppress(ApiError):
        await desk.sessions.refresh_now(key.id, 1)
    await office.clock.sleep(60.0)
    office.server.clear_faults(number)
    our_clock_is_set(office, -5 * 3600.0)
    await office.clock.sleep(120.0)
    assert isinstance(desk.state(key), SignedIn)
    assert desk.record(key).generation == 2


async def test_a_refusal_after_the_clock_was_set_back_is_no_theft(office: Office) -> None:
    desk, key = await office.one_desk()
    our_clock_is_set(office, -2 * 3600.0)
    await office.clock.sleep(1900.0)
    held = desk.sessions.peek(key.id)
    assert held is not None
    assert not office.lives(held), "by this clock it lives for hours"
    newer = await desk.sessions.token(key.id)
    assert office.lives(newer)
    assert not isinstance(desk.state(key), TakenAway)
    assert desk.record(key).theft_generation is None


async def test_the_gap_after_taking_back_does_not_grow_by_a_clock_set_back(office: Office) -> None:
    desk, key = await office.one_desk()
    await office.clock.sleep(400.0)
    office.server.sign_in_elsewhere(key.client_id)
    with suppress(SessionError):
        await desk.sessions.check(key.id)
    our_clock_is_set(office, -3600.0)
    await desk.sessions.sign_in(key.id)
    assert office.lives(await desk.use(key, asked=Asked.PROGRAM))


async def test_two_processes_and_a_jump_make_one_call(office: Office) -> None:
    first, second, _ = await office.two_desks()
    first.core.run_schedule()
    second.core.run_schedule()
    await office.clock.sleep(10.0)
    office.clock.jump(7200.0)
    await office.clock.sleep(60.0)
    assert office.calls() == ["issue 200", "refresh 200"]
    assert office.server.log.peak_auth_in_flight() == 1
