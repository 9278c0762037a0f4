"""Which session lives when (facts 3.3, 3.4): rules, scopes, reuse, revocation, also from many at once."""

from __future__ import annotations

import asyncio

import pytest

from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.world import PracticeWorld
from tests.practice import golden
from tests.practice.conftest import ACCOUNT, CLIENT, OTHER_CLIENT, Api, other_key


async def test_a_second_sign_in_ends_the_first_session(api: Api, key: PracticeKey) -> None:
    first = await api.sign_in(key)
    second = await api.sign_in(key)
    ended = await api.get(key, first.access)
    assert (ended.status_code, ended.text) == (401, golden.UNAUTHORIZED)
    assert (await api.refresh(key, first.refresh, first.access)).status_code == 401
    assert await api.alive(key, second)


async def test_a_refresh_ends_the_access_token_before_it(api: Api, key: PracticeKey) -> None:
    first = await api.sign_in(key)
    second = await api.renew(key, first)
    assert not await api.alive(key, first)
    assert await api.alive(key, second)


async def test_issue_only_leaves_the_access_token_alive_at_a_refresh(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.set_switches({"session_rule": "issue_only"})
    first = await api.sign_in(key)
    second = await api.renew(key, first)
    assert await api.alive(key, first)
    assert await api.alive(key, second)
    third = await api.sign_in(key)
    assert [await api.alive(key, pair) for pair in (first, second, third)] == [False, False, True]


async def test_rule_none_lets_all_sessions_live(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    world.set_switches({"session_rule": "none"})
    first = await api.sign_in(key)
    second = await api.sign_in(key)
    third = await api.renew(key, first)
    assert [await api.alive(key, pair) for pair in (first, second, third)] == [True, True, True]
    assert len(world.live_fingerprints(CLIENT)) == 3


@pytest.mark.parametrize(
    ("scope", "same_account_lives", "other_account_lives"),
    [("client", True, True), ("account", False, True), ("environment", False, False)],
)
async def test_the_scope_says_whose_session_ends(
    api: Api,
    world: PracticeWorld,
    key: PracticeKey,
    scope: str,
    same_account_lives: bool,
    other_account_lives: bool,
) -> None:
    world.set_switches({"session_scope": scope})
    neighbour = world.add_key(other_key(account_id=ACCOUNT))
    stranger = world.add_key(other_key(client_id="11111111-2222-4333-8444-555555555555"))

    pair = await api.sign_in(neighbour)
    mine = await api.sign_in(key)
    assert await api.alive(neighbour, pair) is same_account_lives

    pair = await api.sign_in(stranger)
    mine = await api.renew(key, mine) if scope != "environment" else await api.sign_in(key)
    assert await api.alive(stranger, pair) is other_account_lives
    assert await api.alive(key, mine)


async def test_sessions_of_the_other_host_are_out_of_every_scope(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.set_switches({"session_scope": "environment", "cross_host_issue": "accepted"})
    foreign = world.add_key(other_key(environment="sandbox"))
    mine, theirs = await api.sign_in(key), await api.sign_in(foreign)
    assert world.is_live(mine.mark)
    await api.renew(key, mine)
    assert world.is_live(theirs.mark)


async def test_a_refresh_too_replaces_within_the_scope(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.set_switches({"session_rule": "none"})
    neighbour = world.add_key(other_key(account_id=ACCOUNT))
    theirs, mine = await api.sign_in(neighbour), await api.sign_in(key)
    world.set_switches({"session_rule": "issue_and_refresh", "session_scope": "account"})
    await api.renew(key, mine)
    assert not await api.alive(neighbour, theirs)
    assert (await api.refresh(neighbour, theirs.refresh, theirs.access)).status_code == 401


async def test_a_refresh_token_may_be_good_for_more_than_once(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.set_switches({"refresh_single_use": False})
    first = await api.sign_in(key)
    second = await api.renew(key, first)
    third = await api.renew(key, first)
    assert [await api.alive(key, pair) for pair in (first, second, third)] == [False, False, True]


async def test_reuse_detection_ends_the_whole_session(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.set_switches({"spent_refresh": "ends_session"})
    first = await api.sign_in(key)
    second = await api.renew(key, first)
    assert (await api.refresh(key, first.refresh, second.access)).text == golden.BAD_REFRESH
    assert not await api.alive(key, second)
    assert (await api.refresh(key, second.refresh, second.access)).status_code == 401
    report = world.token_report(second.mark)
    assert report is not None
    assert report.standing == "reuse_detected"


async def test_reuse_detection_spares_a_session_that_came_later(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.set_switches({"spent_refresh": "ends_session"})
    first = await api.sign_in(key)
    await api.renew(key, first)
    later = await api.sign_in(key)
    assert (await api.refresh(key, first.refresh, later.access)).status_code == 401
    assert await api.alive(key, later)


async def test_of_many_sign_ins_at_once_one_token_lives(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    pairs = await asyncio.gather(*(api.sign_in(key) for _ in range(15)))
    alive = [pair.mark for pair in pairs if world.is_live(pair.mark)]
    assert len(alive) == 1
    assert world.live_fingerprints(CLIENT) == tuple(alive)


async def test_of_many_refreshes_at_once_one_succeeds(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    pair = await api.sign_in(key)
    answers = await asyncio.gather(*(api.refresh(key, pair.refresh, pair.access) for _ in range(14)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 13
    assert len(world.live_fingerprints(CLIENT)) == 1


async def test_with_reuse_detection_many_refreshes_at_once_kill_the_session(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.set_switches({"spent_refresh": "ends_session"})
    pair = await api.sign_in(key)
    await asyncio.gather(*(api.refresh(key, pair.refresh, pair.access) for _ in range(14)))
    assert world.live_fingerprints(CLIENT) == ()
    assert world.live_fingerprints(CLIENT, "refresh") == ()


async def test_somebody_else_signing_in_ends_the_session(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    pair = await api.sign_in(key)
    world.sign_in_elsewhere(CLIENT)
    assert not await api.alive(key, pair)
    (mark,) = world.live_fingerprints(CLIENT)
    assert mark != pair.mark


async def test_what_is_live_is_told_by_fingerprint(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    assert not world.is_live("0" * 64)
    pair = await api.sign_in(key)
    assert world.is_live(pair.mark)
    world.suspend_key(CLIENT)
    assert not world.is_live(pair.mark)
    assert world.live_fingerprints(CLIENT) == ()
    world.resume_key(CLIENT)
    assert world.live_fingerprints(CLIENT) == (pair.mark,)
    world.advance(1800)
    report = world.token_report(pair.mark)
    assert report is not None
    assert (report.live, report.standing, report.client_id, report.kind) == (
        False,
        "expired",
        CLIENT,
        "access",
    )
    assert world.live_fingerprints(OTHER_CLIENT) == ()
