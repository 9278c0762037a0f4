"""The team's lock: leases, fencing, news instead of polling."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters import redis_scripts as scripts
from nomba_desktop.adapters.redis_leases import carried
from nomba_desktop.domain.errors import TeamCacheAway
from nomba_desktop.domain.moves import LeaseLost
from nomba_desktop.domain.record import SessionRecord
from tests.contracts.samples import OTHER, SESSION
from tests.support.fakes.manual_clock import ManualClock
from tests.support.fault_proxy import between
from tests.support.team import members
from tests.support.valkey import Server, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path / "server") as server:
        yield server


def once_more(record: SessionRecord) -> SessionRecord:
    return replace(record, generation=record.generation + 1)


async def expire(server: Server) -> None:
    """The lease runs out while its holder is paused."""
    for key in await server.say("KEYS", "*:l:*"):
        await server.say("DEL", key)


async def numbers(server: Server) -> list[int]:
    return [int(await server.say("GET", key)) for key in await server.say("KEYS", "*:f:*")]


async def test_a_paused_holders_late_write_is_rejected(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        async with a.lock.try_hold(SESSION):
            await a.store.apply(SESSION, once_more)
            await expire(server)
            async with b.lock.try_hold(SESSION) as owner:
                assert owner is None
                await b.store.apply(SESSION, once_more)
            with pytest.raises(LeaseLost):
                await a.store.apply(SESSION, once_more)
            assert (await b.store.refresh(SESSION)).generation == 2, "nothing was written"
            assert not a.lock.still_held(SESSION)
            assert await a.lock.hold_again(SESSION)
            assert a.lock.still_held(SESSION)
            assert (await a.store.apply(SESSION, once_more)).generation == 3
        async with b.lock.try_hold(SESSION) as owner:
            assert owner is None, "what was taken again was given back"


async def test_a_holder_whose_rival_wrote_nothing_is_rejected_too(server: Server, tmp_path: Path) -> None:
    async with (
        members(tmp_path, server.port, "a", "b", follow=False) as (a, b),
        a.lock.try_hold(SESSION),
    ):
        await a.store.apply(SESSION, once_more)
        await expire(server)
        async with b.lock.try_hold(SESSION):
            pass
        with pytest.raises(LeaseLost):
            await a.store.apply(SESSION, once_more)


async def test_a_lease_that_ran_out_unseen_by_anybody_is_none_lost(server: Server, tmp_path: Path) -> None:
    async with (
        members(tmp_path, server.port, "a", "b", follow=False) as (a, b),
        a.lock.try_hold(SESSION),
    ):
        await expire(server)
        assert (await a.store.apply(SESSION, once_more)).generation == 1
        assert await a.lock.hold_again(SESSION)
        async with b.lock.try_hold(SESSION) as owner:
            assert owner is not None, "it runs again"


async def test_others_of_the_process_write_without_the_lease(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        elsewhere = asyncio.Event()

        async def beside() -> SessionRecord:
            await elsewhere.wait()
            return await a.store.apply(SESSION, once_more)

        task = asyncio.create_task(beside())  # began before the lease
        async with a.lock.try_hold(SESSION):
            assert carried(a.team, SESSION) is not None
            assert carried(a.team, OTHER) is None
            await expire(server)
            async with b.lock.try_hold(SESSION):
                pass
            with pytest.raises(LeaseLost):
                await a.store.apply(SESSION, once_more)
            elsewhere.set()
            assert (await task).generation == 1
        assert carried(a.team, SESSION) is None


async def test_numbers_only_grow(server: Server, tmp_path: Path) -> None:
    seen = [0]
    async with members(tmp_path, server.port, "a", "b", follow=False) as team:
        for _ in range(5):
            for member in team:
                async with member.lock.try_hold(SESSION):
                    (number,) = await numbers(server)
                    assert number > seen[-1]
                    seen.append(number)


async def test_a_lock_of_another_epoch_is_void(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b), a.lock.try_hold(SESSION):
        await a.store.apply(SESSION, once_more)
        await server.save()
        await server.restart()  # with the lease still in it
        async with b.lock.try_hold(SESSION) as owner:
            assert owner is None
        with pytest.raises(LeaseLost):
            await a.store.apply(SESSION, once_more)


async def test_a_store_restarted_empty_hands_out_the_same_number_and_it_does_not_count(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b), a.lock.try_hold(SESSION):
        await a.store.apply(SESSION, once_more)
        (mine,) = await numbers(server)
        await server.restart(empty=True)
        async with b.lock.try_hold(SESSION) as owner:
            assert owner is None
            assert await numbers(server) == [mine]
            with pytest.raises(LeaseLost):
                await a.store.apply(SESSION, once_more)


async def test_a_lease_is_extended_while_it_is_held_and_ends_by_itself_when_it_is_not(
    server: Server, tmp_path: Path
) -> None:
    clock = ManualClock()
    team = members(tmp_path, server.port, "a", "b", clock=clock, follow=False, lease=3.0)
    async with team as (a, b), a.lock.try_hold(SESSION):
        (key,) = await server.say("KEYS", "*:l:*")
        await server.say("PEXPIRE", key, 100)
        await clock.advance(1.01)
        while await server.say("PTTL", key) <= 100:
            await turn()
        assert 2000 < await server.say("PTTL", key) <= 3000
        assert a.lock.still_held(SESSION)
        clock.jump(60)
        assert not a.lock.still_held(SESSION), "the computer may have slept"
        await server.say("PEXPIRE", key, 1)
        while await server.say("EXISTS", key):
            await turn()
        async with b.lock.try_hold(SESSION) as owner:
            assert owner is None


async def test_a_dead_process_of_the_same_desktop_holds_nobody_up(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "dead", "next", shared=True, follow=False) as (dead, living):
        await dead.lock._acquire(SESSION)  # its local lock went with it, the lease did not
        async with living.lock.try_hold(SESSION) as owner:
            assert owner is None
    async with members(tmp_path, server.port, "far", "near", follow=False) as (far, near):
        await far.lock._acquire(OTHER)
        async with near.lock.try_hold(OTHER) as owner:
            assert owner is not None
            assert owner.who == "far"


async def test_who_waits_hears_of_the_release_and_does_not_ask(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b") as (a, b):
        b.store.read(SESSION)
        async with a.lock.try_hold(SESSION):
            since = b.lock.news(SESSION)
            async with b.lock.try_hold(SESSION) as owner:
                assert owner is not None
            waiting = asyncio.create_task(b.news.changed(SESSION, since, 30.0))
            await turn()
            assert not waiting.done()
        await asyncio.wait_for(waiting, 2)
        async with b.lock.try_hold(SESSION) as owner:
            assert owner is None
        await b.lock.changed(SESSION, since, 30.0)  # what came before the wait is not missed


async def test_a_waiter_that_gives_up_leaves_nothing(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", follow=False) as (a,):
        since = a.lock.news(SESSION)
        await a.lock.changed(SESSION, since, 0.01)
        task = asyncio.create_task(a.lock.changed(SESSION, since, 5.0))
        await turn()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert a.news._waiting == {}


async def test_cancelled_while_the_lease_is_being_taken_leaves_it_free(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        for turns in range(1, 30, 3):

            async def hold() -> None:
                async with a.lock.try_hold(SESSION):
                    await asyncio.Event().wait()

            task = asyncio.create_task(hold())
            for _ in range(turns):
                await turn(1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with b.lock.try_hold(SESSION) as owner:
                assert owner is None


async def test_away_nobody_takes_the_lock_unless_the_person_chose_it(server: Server, tmp_path: Path) -> None:
    async with (
        between(server.port) as proxy,
        members(tmp_path, proxy.port, "a", follow=False, deadline=0.3) as (a,),
    ):
        await a.store.apply(SESSION, once_more)
        await proxy.refuse()
        with pytest.raises(TeamCacheAway):
            async with a.lock.try_hold(SESSION):
                raise AssertionError
        with pytest.raises(TeamCacheAway):
            await a.store.apply(SESSION, once_more)
        a.team.alone = True
        async with a.lock.try_hold(SESSION) as owner:
            assert owner is None
            assert a.lock.still_held(SESSION)
            assert (await a.store.apply(SESSION, once_more)).generation == 2


async def test_a_release_that_can_not_be_told_lets_go_all_the_same(server: Server, tmp_path: Path) -> None:
    async with (
        between(server.port) as proxy,
        members(tmp_path, proxy.port, "a", follow=False, deadline=0.2) as (a,),
    ):
        async with a.lock.try_hold(SESSION):
            proxy.partition()
        proxy.heal()
        async with a.lock.try_hold(SESSION) as owner:
            assert owner is None, "the same desktop knows that nobody of it has it"


async def turn(times: int = 10) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(times):
        done = loop.create_future()
        loop.call_soon(done.set_result, None)
        await done


async def test_nothing_sent_before_the_release_extends_the_lease_after_it(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        async with a.lock.try_hold(SESSION):
            lease = carried(a.team, SESSION)
            assert lease is not None
        assert not await a.lock._extended(lease), "a late command of the extender"
        async with b.lock.try_hold(SESSION) as owner:
            assert owner is None


async def test_a_write_that_was_sealed_for_an_ended_epoch_is_refused(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", follow=False) as (a,):
        await a.store.apply(SESSION, once_more)
        name, before = a.team.sealer.id(SESSION), await a.store.refresh(SESSION)
        old = a.team.epoch
        await a.team.renew_epoch(old)
        row = a.team.sealer.seal(SESSION, once_more(before), epoch=old, revision=2, base=0)
        mark = a.mirror.mark(SESSION)
        assert mark is not None
        _, (said, *_) = await a.team.run(
            scripts.WRITE,
            [a.team.name(kind, name) for kind in "sfl"],
            *(name, old, mark.head, "", "", 1000, 2, 2, 0, 1, row.sealed),
        )
        assert said == b"epoch"
        assert (await a.store.refresh(SESSION)).generation == 1
