"""Servers and keyrings on bad days: limits, outages, refusals, blocks, locked keyrings (issue 2)."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import replace

import pytest

from nomba_desktop.domain.errors import (
    ApiError,
    BadCredentials,
    Blocked,
    BudgetSpent,
    KeyringError,
    Latched,
    RateLimited,
    SecretBoundElsewhere,
    SecretMissing,
    ServerFault,
    SessionError,
    SignInNeeded,
)
from nomba_desktop.domain.record import LatchKind
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import Failing, SignedIn, WaitFor, Waiting
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.ports import BoundSecret
from nomba_desktop.services.renewer import Asked
from tests.support.office import Office
from tests.support.worlds import draft_of

pytestmark = pytest.mark.virtual_time


# -- limits ------------------------------------------------------------------------------------------------------------


async def test_429_with_retry_after_waits_and_then_succeeds(office: Office) -> None:
    desk, key = await office.one_desk()
    desk.core.run_schedule()
    office.fault("rate_limited", retry_after=40)
    with pytest.raises(RateLimited):
        await desk.sessions.refresh_now(key.id, 1)
    asked_at = office.clock.now()
    shown = desk.state(key)
    assert isinstance(shown, Waiting)
    assert shown.what is WaitFor.RATE_LIMIT
    assert 40.0 <= shown.until - asked_at <= 60.0
    assert shown.life is not None
    assert desk.sessions.peek(key.id) is not None
    await office.clock.sleep(60.0)
    assert isinstance(desk.state(key), SignedIn)
    assert office.calls() == ["issue 200", "refresh 429", "refresh 200"]
    assert office.auth_entries()[-1].received - asked_at >= 40.0


async def test_a_low_traffic_account_waits_for_its_window_and_is_shown_waiting(office: Office) -> None:
    office.server.switches = Switches(rate_limit="low_traffic")
    desk, key = await office.one_desk()
    signed_in_at = office.clock.now()
    refreshing = asyncio.create_task(desk.sessions.refresh_now(key.id, 1))
    await office.clock.sleep(5.0)
    shown = desk.state(key)
    assert isinstance(shown, Waiting)
    assert shown.what is WaitFor.RATE_LIMIT
    assert 0 < shown.until - office.clock.now() <= 60.0
    await refreshing
    assert office.clock.now() - signed_in_at <= 61.0
    assert office.calls() == ["issue 200", "refresh 200"]


# -- outages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["error", "drop", "edge_html", "not_json", "truncated_json", "empty"])
async def test_an_outage_of_ten_minutes_signs_nobody_out(office: Office, kind: str) -> None:
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(1450.0)
    office.forget_calls()
    number = office.fault(kind, times=None, status=503 if kind in ("error", "edge_html") else None)
    until = office.clock.now() + 600.0
    handed_out = 0
    while office.clock.now() < until:
        await office.clock.sleep(7.0)
        held = desk.sessions.peek(key.id)
        if held is not None:
            assert office.lives(held)
            handed_out += 1
        with suppress(ApiError, SessionError):
            await desk.use(key)
        record = desk.record(key)
        assert record.latch is None
        assert record.tokens is not None
    if kind != "truncated_json":  # there every refresh is done and its answer spoiled
        assert handed_out > 40, "the old token lives to its end"
    assert office.count("issue", "refresh") <= 7
    office.server.clear_faults(number)
    office.forget_calls()
    await office.clock.sleep(400.0)
    assert isinstance(desk.state(key), SignedIn)
    assert 1 <= office.count("issue", "refresh") <= 2, "recovery takes few calls"
    held = desk.sessions.peek(key.id)
    assert held is not None
    assert office.lives(held)


async def test_a_failed_refresh_asked_by_a_person_is_tried_again_when_it_was_said(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    office.fault("error", status=503)
    with pytest.raises(ServerFault):
        await desk.sessions.refresh_now(key.id, 1)
    shown = desk.state(key)
    assert isinstance(shown, Failing)
    await office.clock.sleep(shown.next_try - office.clock.now() + 3.0)
    assert isinstance(desk.state(key), SignedIn)
    assert desk.record(key).generation == 2


# -- refusals ----------------------------------------------------------------------------------------------------------


async def test_a_wrong_secret_is_tried_three_times_then_latched_until_a_person_acts(office: Office) -> None:
    office.server.switches = Switches(regenerate_ends_tokens=False)
    desk, key = await office.one_desk(schedule=True)
    right = office.server.regenerate_secret(key.client_id)
    office.server.expire_tokens(key.client_id, "refresh")
    office.forget_calls()
    await office.clock.sleep(4 * 3600.0)
    assert office.calls().count("issue 401") == 3
    assert office.count("issue", "refresh") <= 4
    shown = desk.state(key)
    assert isinstance(shown, Failing)
    assert (shown.latched, shown.failure.reference) == (True, "ND-110")
    for asked in (Asked.PROGRAM, Asked.SCHEDULE):
        with pytest.raises(Latched):
            await desk.use(key, asked=asked)
    office.forget_calls()
    with pytest.raises(BadCredentials):
        await desk.sessions.sign_in(key.id)
    assert office.calls() == ["issue 401"]
    practice_key = office.server.key(key.client_id)
    assert practice_key is not None
    await desk.core.keys.edit(key.id, draft_of(practice_key), Secret(right))
    await desk.sessions.sign_in(key.id)
    assert isinstance(desk.state(key), SignedIn)
    assert desk.record(key).latch is None


async def test_a_wrong_secret_at_the_first_sign_in_is_refused_at_once(office: Office) -> None:
    desk, key = await office.one_desk(signed_in=False)
    office.server.regenerate_secret(key.client_id)
    with pytest.raises(BadCredentials):
        await desk.sessions.sign_in(key.id)
    assert isinstance(desk.state(key), Failing)


async def test_403_is_latched_at_once_and_never_retried_by_itself(office: Office) -> None:
    office.server.switches = Switches(wrong_secret=403)
    desk, key = await office.one_desk(schedule=True, signed_in=False)
    office.server.regenerate_secret(key.client_id)
    with pytest.raises(BadCredentials):
        await desk.sessions.sign_in(key.id)
    await office.clock.sleep(4 * 3600.0)
    assert office.calls() == ["issue 403"]
    latch = desk.record(key).latch
    assert latch is not None
    assert latch.kind is LatchKind.REFUSED


async def test_a_suspended_key_costs_one_refresh_and_one_issue(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    office.server.suspend_key(key.client_id)
    office.forget_calls()
    await office.clock.sleep(4 * 3600.0)
    assert office.calls() == ["refresh 403", "issue 403"]
    assert isinstance(desk.state(key), Failing)


async def test_html_403_keeps_the_tokens_and_waits_for_a_person(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(1400.0)
    office.forget_calls()
    number = office.fault("edge_html", "*", times=None)
    await office.clock.sleep(150.0)
    shown = desk.state(key)
    assert isinstance(shown, Failing)
    assert (shown.latched, shown.failure.reference) == (True, "ND-113")
    held = desk.sessions.peek(key.id)
    assert held is not None
    assert office.lives(held)
    with pytest.raises(Blocked):
        await desk.sessions.refresh_now(key.id, 1)
    await office.clock.sleep(3600.0)
    assert office.calls() == ["refresh 403"] * 2
    assert desk.record(key).tokens is not None
    with pytest.raises(Blocked):
        await desk.sessions.sign_in(key.id)
    office.server.clear_faults(number)
    await desk.sessions.sign_in(key.id)
    assert isinstance(desk.state(key), SignedIn)
    assert office.calls()[2:] == ["refresh 403", "refresh 200"]


async def test_signing_in_after_a_block_lets_the_schedule_go_on_with_a_token_that_lives(
    office: Office,
) -> None:
    desk, key = await office.one_desk(schedule=True)
    office.fault("edge_html")
    with pytest.raises(Blocked):
        await desk.sessions.refresh_now(key.id, 1)
    assert isinstance(desk.state(key), Failing)
    await desk.sessions.sign_in(key.id)
    assert desk.record(key).latch is None
    await office.clock.sleep(100.0)
    assert isinstance(desk.state(key), SignedIn)
    assert office.calls() == ["issue 200", "refresh 403", "refresh 200"]


async def test_a_refresh_token_that_ended_is_followed_by_one_issue(office: Office) -> None:
    desk, key = await office.one_desk()
    office.server.expire_tokens(key.client_id, "refresh")
    await desk.sessions.refresh_now(key.id, 1)
    assert office.calls() == ["issue 200", "refresh 401", "issue 200"]


async def test_without_refresh_token_and_secret_a_person_has_to_sign_in(office: Office) -> None:
    desk, key = await office.one_desk(schedule=True)
    await office.keyring.delete(key.id)
    office.server.expire_tokens(key.client_id, "refresh")
    await office.clock.sleep(3 * 3600.0)
    assert office.calls() == ["issue 200", "refresh 401"]
    with pytest.raises(SignInNeeded):
        await desk.use(key)
    with pytest.raises(SecretMissing):
        await desk.sessions.sign_in(key.id)
    assert office.count("issue", "refresh") == 2


# -- the budget --------------------------------------------------------------------------------------------------------


async def test_fifty_short_lived_processes_share_six_calls_in_ten_minutes(office: Office) -> None:
    office.server.switches = Switches(access_ttl=20)
    desk, key = await office.one_desk()
    began = office.clock.now()
    pick = random.Random(3)
    spent = 0
    for _ in range(50):
        process = await office.desk()
        try:
            await process.use(key, replacing=process.record(key).generation)
        except BudgetSpent:
            spent += 1
        await process.close()
        await office.clock.sleep(pick.uniform(0, 12.0))
    assert office.clock.now() - began < 600.0
    assert spent == 45
    assert office.count("issue", "refresh") == 6
    await office.clock.sleep(600.0)
    assert office.lives(await desk.use(key))
    assert office.count("issue", "refresh") == 7


async def test_a_spent_budget_is_shown_and_the_schedule_waits_for_it(office: Office) -> None:
    office.server.switches = Switches(access_ttl=20)
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(300.0)
    shown = desk.state(key)
    assert isinstance(shown, Failing)
    assert shown.failure.reference == "ND-207"
    assert not shown.latched
    assert shown.next_try > office.clock.now()
    await office.clock.sleep(3300.0)
    assert office.count("issue", "refresh") <= 6 * 6 + 6


async def test_lasting_tokens_cost_no_budget(office: Office) -> None:
    desk, key = await office.one_desk()
    for generation in range(1, 20):
        await desk.sessions.refresh_now(key.id, generation)
    assert desk.record(key).budget == ()


# -- the keyring -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [KeyringState.LOCKED, KeyringState.HUNG, KeyringState.DENIED, KeyringState.ABSENT]
)
async def test_a_keyring_that_is_away_means_waiting_and_then_it_is_back(
    office: Office, state: KeyringState
) -> None:
    desk, key = await office.one_desk(schedule=True)
    office.server.expire_tokens(key.client_id, "refresh")
    office.keyring.state = state
    await office.clock.sleep(1560.0)
    shown = desk.state(key)
    assert isinstance(shown, Waiting)
    assert shown.what is WaitFor.KEYRING
    assert shown.life is not None, "tokens at hand go on until they expire"
    assert desk.sessions.peek(key.id) is not None
    assert desk.core.state.snapshot.keyring.state is state
    assert len(desk.notices()) == 1
    await office.clock.sleep(600.0)
    assert office.calls() == ["issue 200", "refresh 401"]
    office.keyring.state = KeyringState.OK
    await office.clock.sleep(70.0)
    assert isinstance(desk.state(key), SignedIn)
    assert desk.core.state.snapshot.keyring.state is KeyringState.OK
    assert desk.notices() == []
    assert office.calls() == ["issue 200", "refresh 401", "issue 200"]


async def test_unlocking_wakes_every_session_that_waited(office: Office) -> None:
    desk, key = await office.one_desk(signed_in=False)
    office.keyring.state = KeyringState.LOCKED
    with pytest.raises(KeyringError):
        await desk.sessions.sign_in(key.id)
    assert isinstance(desk.state(key), Waiting)
    await desk.core.keyring.unlock()
    assert not isinstance(desk.state(key), Waiting)
    await desk.sessions.sign_in(key.id)
    assert office.calls() == ["issue 200"]


async def test_a_keyring_locked_at_start_shows_waiting_and_opens_later(office: Office) -> None:
    first, key = await office.one_desk()
    await first.close()
    office.keyring.state = KeyringState.LOCKED
    core = (await office.desk(schedule=True)).core
    shown = core.state.snapshot.session(key.id)
    assert isinstance(shown, Waiting)
    assert shown.what is WaitFor.KEYRING
    await core.keyring.unlock()
    await office.clock.sleep(1.0)
    assert isinstance(core.state.snapshot.session(key.id), SignedIn)


@pytest.mark.parametrize("field", ["host", "client_id", "account_id"])
async def test_a_secret_bound_elsewhere_is_not_sent(office: Office, field: str) -> None:
    desk, key = await office.one_desk(signed_in=False, schedule=True)
    bound = office.keyring.entries[key.id]
    other = replace(bound.binding, **{field: "elsewhere.example"})
    office.keyring.entries[key.id] = BoundSecret(bound.secret, other)
    with pytest.raises(SecretBoundElsewhere):
        await desk.sessions.sign_in(key.id)
    await office.clock.sleep(600.0)
    assert office.server.log.entries() == []


async def test_an_environment_that_moved_gets_nothing(office: Office) -> None:
    desk, key = await office.one_desk()
    office.forget_calls()
    desk.core.settings = replace(desk.core.settings, practice_url="http://127.0.0.1:9999")
    office.environment = replace(office.environment, base_url="http://127.0.0.1:9999")
    await desk.core.save_settings(desk.core.settings)
    with pytest.raises(SecretBoundElsewhere):
        await desk.sessions.refresh_now(key.id, 1)
    assert office.server.log.entries() == []
