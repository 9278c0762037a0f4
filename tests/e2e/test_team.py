"""Two desktops, two real cores, one Redis, one practice server: one session for both, one auth call at a time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import httpx
import pytest

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.app.core import Core
from nomba_desktop.app.membership import Membership
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.world import World
from nomba_desktop.domain.environments import practice
from nomba_desktop.domain.errors import TeamCacheAway
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.record import SessionRecord
from nomba_desktop.domain.who import Who
from nomba_desktop.practice.world import PracticeWorld
from nomba_desktop.services.ports import BoundSecret
from nomba_desktop.services.renewer import Asked, Held
from tests.support.fakes.fake_vault import FakeVault
from tests.support.office import Desk, Disk, Line, Office, Traffic
from tests.support.team import TEAM, TEAM_KEY
from tests.support.valkey import Server, running
from tests.support.worlds import PRACTICE_URL, HeldSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path


async def nothing() -> None: ...


class Pausing(Line):
    """A network on which the next auth call's process is paused, before it is sent or after the reply."""

    def __init__(self, server: PracticeWorld, traffic: Traffic) -> None:
        super().__init__(server, traffic)
        self.before: Callable[[], Awaitable[None]] = nothing
        self.after: Callable[[], Awaitable[None]] = nothing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        auth = request.url.path.startswith("/v1/auth/")
        before, after = (self.before, self.after) if auth else (nothing, nothing)
        if auth:
            self.before = self.after = nothing
        await before()
        response = await super().handle_async_request(request)
        await after()
        return response


class PausingVault(FakeVault):
    """A keyring at which the process is paused: under the lock, before the intent."""

    before: Callable[[], Awaitable[None]] = staticmethod(nothing)

    async def get(self, key_id: KeyId) -> BoundSecret | None:
        before, self.before = self.before, nothing
        await before()
        return await super().get(key_id)


class Firm(Office):
    """An office whose desks have directories of their own, and a team."""

    def __init__(self, root: Path, redis: Server) -> None:
        self.root, self.redis = root, redis
        self.real = SystemClock()
        self.server = PracticeWorld(self.real, Random(7), sleep=self.real.sleep)
        self.traffic = Traffic()
        self.desks = []
        self.vaults: list[PausingVault] = []

    async def member(self, name: str) -> Desk:
        line, vault = Pausing(self.server, self.traffic), PausingVault(self.real)
        self.vaults.append(vault)
        clock = self.real
        world = World(
            clock=clock,
            chance=SystemChance(),
            who=Who(name, "window", len(self.desks)),
            paths=paths_below(self.root / name),
            vault=vault,
            settings_file=HeldSettings(),
            api=lambda admission, settings: HttpxNombaApi(admission, clock, transport_factory=lambda: line),
            environments=lambda settings: (practice(PRACTICE_URL),),
            team=Membership(TEAM, TEAM_KEY, name, "127.0.0.1", self.redis.port, tls=False),
        )
        core = Core(world)
        await core.open()
        desk = Desk(core, Disk(), line)
        self.desks.append(desk)
        return desk

    async def pair(self) -> tuple[Desk, Desk, ApiKey, ApiKey]:
        sample = self.new_key()
        first, second = await self.member("first"), await self.member("second")
        return first, second, await first.add(sample), await second.add(sample)


@asynccontextmanager
async def firm(root: Path, redis: Server) -> AsyncIterator[Firm]:
    built = Firm(root, redis)
    try:
        yield built
    finally:
        await built.close()


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path / "server") as server:
        yield server


async def sees(
    desk: Desk, key: ApiKey, want: Callable[[SessionRecord], bool], within: float = 1.0
) -> SessionRecord:
    """Wait until that desk has it by itself."""
    assert desk.core.team
    lock = desk.core.team.lock
    async with asyncio.timeout(within):
        while True:
            since = lock.news(key.session_id)
            record = desk.record(key)
            if want(record):
                return record
            await lock.changed(key.session_id, since, within)


async def test_one_login_for_both_and_a_refresh_by_one_is_the_others_within_a_second(
    tmp_path: Path, redis: Server
) -> None:
    async with firm(tmp_path, redis) as team:
        first, second, key, same = await team.pair()
        held = await first.sessions.sign_in(key.id)
        await sees(second, same, lambda r: r.generation == held.generation and r.intent is None)
        assert await second.sessions.token(same.id) == held
        assert team.calls() == ["issue 200"]
        newer = await first.sessions.refresh_now(key.id, held.generation)
        await sees(second, same, lambda r: r.generation == newer.generation and r.intent is None)
        assert second.sessions.peek(same.id) == newer
        assert team.lives(newer)
        assert team.calls() == ["issue 200", "refresh 200"]
        assert (first.notices(), second.notices()) == ([], [])


async def test_twenty_at_once_on_two_desktops_make_one_call(tmp_path: Path, redis: Server) -> None:
    async with firm(tmp_path, redis) as team:
        first, second, key, same = await team.pair()
        held = await first.sessions.sign_in(key.id)
        for _ in range(5):
            asked = [
                desk.use(which, replacing=held.generation)
                for desk, which in ((first, key), (second, same)) * 10
            ]
            tokens = await asyncio.gather(*asked)
            assert {token.generation for token in tokens} == {held.generation + 1}
            held = tokens[0]
            assert team.lives(held)
        assert team.calls() == ["issue 200"] + ["refresh 200"] * 5
        assert team.traffic.peak == 1


async def test_a_desktop_that_was_just_started_does_not_sign_in_again(tmp_path: Path, redis: Server) -> None:
    async with firm(tmp_path, redis) as team:
        sample = team.new_key()
        first = await team.member("first")
        key = await first.add(sample)
        held = await first.sessions.sign_in(key.id)
        late = await team.member("late")
        same = await late.add(sample)
        assert await late.use(same, asked=Asked.PERSON) == held
        assert team.calls() == ["issue 200"]


async def test_away_tokens_go_on_nobody_authenticates_and_nobody_signs_in_anew_afterwards(
    tmp_path: Path, redis: Server
) -> None:
    async with firm(tmp_path, redis) as team:
        first, second, key, same = await team.pair()
        held = await first.sessions.sign_in(key.id)
        await sees(second, same, lambda r: r.intent is None and r.generation == 1)
        await redis.kill()
        for desk, which in ((first, key), (second, same)):
            assert await desk.use(which) == held
            with pytest.raises(TeamCacheAway):
                await desk.sessions.refresh_now(which.id, held.generation)
            assert await desk.use(which, min_life=1e6) == held, "it surely lives, and that is what there is"
        assert team.calls() == ["issue 200"]
        await redis.restart(empty=True)
        for desk, which in ((first, key), (second, same)):
            await sees(desk, which, lambda r: r.in_doubt, within=8)
            assert (await desk.use(which)).access == held.access
        assert team.calls() == ["issue 200"], "a probe was enough"
        assert "ND-212" in first.notices() + second.notices()


async def lease_ends(redis: Server) -> None:
    for lease in await redis.say("KEYS", "*:l:*"):
        await redis.say("DEL", lease)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_holder_paused_past_its_lease_and_everybody_has_the_live_token(
    tmp_path: Path, redis: Server, moment: str
) -> None:
    async with firm(tmp_path, redis) as team:
        first, second, key, same = await team.pair()
        held = await first.sessions.sign_in(key.id)
        await sees(second, same, lambda r: r.intent is None and r.generation == 1)
        others: list[Held] = []

        async def paused() -> None:
            await lease_ends(redis)
            others.append(await second.sessions.refresh_now(same.id, held.generation))

        setattr(first.line, moment, paused)
        ours = await first.sessions.refresh_now(key.id, held.generation)
        assert len(others) == 1
        last = first.record(key)
        await sees(second, same, lambda r: r == last)
        assert last.tokens is not None
        assert team.lives(last.tokens.access)
        assert team.lives(ours)
        assert await second.use(same) == await first.use(key) == replace(ours, generation=last.generation)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_the_same_while_signing_in_whoever_comes_last_has_the_session(
    tmp_path: Path, redis: Server, moment: str
) -> None:
    async with firm(tmp_path, redis) as team:
        first, second, key, same = await team.pair()

        async def paused() -> None:
            await lease_ends(redis)
            await second.sessions.sign_in(same.id)

        setattr(first.line, moment, paused)
        ours = await first.sessions.sign_in(key.id)
        last = first.record(key)
        await sees(second, same, lambda r: r == last)
        assert last.tokens is not None
        assert (team.lives(last.tokens.access), team.lives(ours)) == (True, True)
        assert last.generation == (2 if moment == "before" else 1)
        assert team.calls() == ["issue 200"] * 2


async def test_a_lease_lost_before_the_intent_is_taken_anew(tmp_path: Path, redis: Server) -> None:
    async with firm(tmp_path, redis) as team:
        first, second, key, same = await team.pair()

        async def paused() -> None:
            await lease_ends(redis)
            assert second.core.team
            async with second.core.team.lock.try_hold(same.session_id) as owner:
                assert owner is None

        team.vaults[0].before = paused
        held = await first.sessions.sign_in(key.id)
        assert team.lives(held)
        assert team.calls() == ["issue 200"]
