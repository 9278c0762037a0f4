"""Others who sign in with the same key: outsiders, servers, other keys of ours (session protocol 4; facts 3.4)."""

from __future__ import annotations

import pytest

from nomba_desktop.domain.errors import (
    AskFirst,
    BackingOff,
    Displaced,
    ServerFault,
    SignInNeeded,
    TakenElsewhere,
)
from nomba_desktop.domain.keys import ApiKey, SharedUse
from nomba_desktop.domain.record import LatchKind
from nomba_desktop.domain.sessions import SignedIn, TakenAway
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.renewer import Asked
from tests.support.office import Desk, Died, Office

pytestmark = pytest.mark.virtual_time


def taken(desk: Desk, key: ApiKey) -> TakenAway:
    shown = desk.state(key)
    assert isinstance(shown, TakenAway), shown
    return shown


# -- taken elsewhere ---------------------------------------------------------------------------------------------------


async def test_taken_elsewhere_is_said_and_not_fought(office: Office) -> None:
    first, second, key = await office.two_desks()
    first.core.run_schedule()
    second.core.run_schedule()
    await office.clock.sleep(400.0)
    office.server.sign_in_elsewhere(key.client_id)
    theirs = office.server.live_fingerprints(key.client_id)
    assert theirs
    await office.clock.sleep(310.0)
    for desk in (first, second):
        shown = taken(desk, key)
        assert not shown.certain
        assert shown.other == ""
        assert 1000.0 < shown.life_left < 1410.0
    await office.clock.sleep(1400.0)
    for asked in (Asked.PROGRAM, Asked.SCHEDULE):
        with pytest.raises(TakenElsewhere):
            await second.use(key, asked=asked)
    assert office.server.live_fingerprints(key.client_id) == theirs, "nobody ended the other's session"
    await office.clock.sleep(3600.0)
    assert office.calls() == ["issue 200"]


async def test_one_login_in_five_minutes_when_a_person_asks_and_the_second_time_is_certain(
    office: Office,
) -> None:
    first, second, key = await office.two_desks()
    await office.clock.sleep(100.0)
    office.server.sign_in_elsewhere(key.client_id)
    with pytest.raises(TakenElsewhere):
        await first.sessions.token(key.id)
    with pytest.raises(BackingOff):
        await second.sessions.sign_in(key.id)
    await office.clock.sleep(201.0)
    await second.sessions.sign_in(key.id)
    assert isinstance(first.state(key), SignedIn)
    office.server.sign_in_elsewhere(key.client_id)
    with pytest.raises(TakenElsewhere):
        await first.sessions.check(key.id)
    assert taken(second, key).certain
    with pytest.raises(BackingOff):
        await first.sessions.sign_in(key.id)
    await office.clock.sleep(301.0)
    await first.sessions.sign_in(key.id)
    assert office.calls() == ["issue 200"] * 3


async def test_a_try_by_a_person_that_fails_is_not_carried_on_by_the_schedule(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(400.0)
    office.server.sign_in_elsewhere(key.client_id)
    await office.clock.sleep(400.0)
    assert desk.record(key).latch is not None
    number = office.fault("error", status=503, times=None)
    with pytest.raises(ServerFault):
        await desk.sessions.sign_in(key.id)
    office.server.clear_faults(number)
    await office.clock.sleep(3600.0)
    assert office.calls() == ["issue 200", "issue 503"]
    latch = desk.record(key).latch
    assert latch is not None
    assert latch.kind is LatchKind.TAKEN_ELSEWHERE


async def test_copying_hands_out_no_token_that_was_taken(office: Office) -> None:
    desk, key = await office.one_desk()
    office.server.sign_in_elsewhere(key.client_id)
    with pytest.raises(TakenElsewhere):
        await desk.sessions.token(key.id)
    assert desk.sessions.peek(key.id) is None
    assert office.calls() == ["issue 200"]


async def test_an_expired_token_that_is_refused_is_no_theft(office: Office) -> None:
    desk, key = await office.one_desk()
    held = await desk.use(key)
    await office.clock.sleep(1801.0)
    assert not office.lives(held)
    newer = await desk.renewer.after_refusal(key, held.generation, asked=Asked.SCHEDULE)
    assert office.lives(newer)
    assert desk.record(key).latch is None
    assert desk.record(key).theft_generation is None


async def test_a_token_kept_through_its_life_clears_the_first_suspicion(office: Office) -> None:
    desk, key = await office.one_desk()
    await office.clock.sleep(301.0)
    office.server.sign_in_elsewhere(key.client_id)
    with pytest.raises(TakenElsewhere):
        await desk.sessions.check(key.id)
    await desk.sessions.sign_in(key.id)
    desk.core.run_schedule()
    await office.clock.sleep(1600.0)
    assert desk.record(key).generation == 3
    office.server.sign_in_elsewhere(key.client_id)
    await office.clock.sleep(310.0)
    assert not taken(desk, key).certain


# -- keys that a server may use ----------------------------------------------------------------------------------------


async def test_a_key_a_server_may_use_asks_first_each_time(office: Office) -> None:
    desk = await office.desk()
    key = await desk.add(office.new_key(), SharedUse.YES_OR_NOT_SURE)
    with pytest.raises(AskFirst):
        await desk.sessions.sign_in(key.id)
    assert office.server.log.entries() == []
    await desk.sessions.sign_in(key.id, confirmed=True)
    with pytest.raises(AskFirst):
        await desk.sessions.refresh_now(key.id, 1)
    desk.core.run_schedule()
    await office.clock.sleep(3 * 3600.0)
    assert office.calls() == ["issue 200"]
    for asked in (Asked.PROGRAM, Asked.SCHEDULE):
        with pytest.raises(AskFirst):
            await desk.use(key, asked=asked)
    await desk.sessions.refresh_now(key.id, 1, confirmed=True)
    assert office.calls() == ["issue 200", "refresh 200"]


async def test_a_server_that_signed_in_is_not_fought_either(office: Office) -> None:
    desk, key = await office.one_desk(shared=SharedUse.YES_OR_NOT_SURE, schedule=True)
    await office.clock.sleep(100.0)
    office.server.sign_in_elsewhere(key.client_id)
    await office.clock.sleep(3600.0)
    assert taken(desk, key).other == ""
    assert office.calls() == ["issue 200"]


async def test_in_doubt_a_key_a_server_may_use_is_probed_not_signed_in(office: Office) -> None:
    first = await office.desk()
    key = await first.add(office.new_key(), SharedUse.YES_OR_NOT_SURE)
    second = await office.desk()
    await first.sessions.sign_in(key.id, confirmed=True)
    first.line.trouble = Died
    with pytest.raises(Died):
        await first.sessions.refresh_now(key.id, 1, confirmed=True)
    await first.close()
    held = await second.sessions.token(key.id)
    assert office.lives(held)
    assert office.calls() == ["issue 200"]


# -- keys that end each other's session --------------------------------------------------------------------------------


async def two_keys(office: Office, scope: str) -> tuple[Desk, ApiKey, ApiKey]:
    office.server.switches = Switches(session_scope=scope)  # type: ignore[arg-type]
    desk = await office.desk()
    till = office.new_key("Till")
    account = {"account_id": till.account_id} if scope == "account" else {}
    one, other = await desk.add(till), await desk.add(office.new_key("Kiosk", **account))
    return desk, one, other


@pytest.mark.parametrize("scope", ["account", "environment"])
async def test_two_keys_that_end_each_others_session_are_named_and_both_stop(
    office: Office, scope: str
) -> None:
    desk, one, other = await two_keys(office, scope)
    desk.core.run_schedule()
    await desk.sessions.sign_in(one.id)
    await desk.sessions.sign_in(other.id)
    if scope == "environment":
        # Two keys of different accounts: once may be chance, each other's once is not.
        await office.clock.sleep(600.0)
        assert taken(desk, one).other == ""
        await desk.sessions.sign_in(one.id)
    await office.clock.sleep(3 * 3600.0)
    assert (taken(desk, one).other, taken(desk, other).other) == ("Kiosk", "Till")
    assert office.count("issue", "refresh") <= 4
    office.forget_calls()
    await office.clock.sleep(4 * 3600.0)
    assert office.count("issue", "refresh") == 0


async def test_the_key_that_was_displaced_says_so_when_it_is_used(office: Office) -> None:
    desk, one, other = await two_keys(office, "account")
    await desk.sessions.sign_in(one.id)
    await desk.sessions.sign_in(other.id)
    for asked in (Asked.PROGRAM, Asked.SCHEDULE):
        with pytest.raises(Displaced, match="Kiosk"):
            await desk.use(one, asked=asked)
    held = desk.sessions.peek(other.id)
    assert held is not None, "the one that signed in last goes on until its token ends"
    assert office.lives(held)


async def test_signing_one_out_lets_the_other_go_on(office: Office) -> None:
    desk, one, other = await two_keys(office, "account")
    await desk.sessions.sign_in(one.id)
    await desk.sessions.sign_in(other.id)
    await desk.sessions.sign_out(one.id)
    await desk.sessions.sign_in(other.id)
    assert isinstance(desk.state(other), SignedIn)
    desk.core.run_schedule()
    await office.clock.sleep(3 * 3600.0)
    assert isinstance(desk.state(other), SignedIn)
    with pytest.raises(SignInNeeded):
        await desk.use(one)


async def test_a_stranger_is_not_blamed_on_our_own_keys(office: Office) -> None:
    desk, one, other = await two_keys(office, "client")
    third = await desk.add(office.new_key("Office"))
    desk.core.run_schedule()
    for key in (one, other, third):
        await desk.sessions.sign_in(key.id)
    await office.clock.sleep(700.0)
    office.server.sign_in_elsewhere(one.client_id)
    await office.clock.sleep(3600.0)
    assert taken(desk, one).other == ""
    for key in (other, third):
        assert isinstance(desk.state(key), SignedIn)
