"""The team's server dies, forgets, goes back, is cut off, is slow: no wrong state, nothing newer lost, an alarm."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.redis_leases import carried
from nomba_desktop.domain.errors import TeamCacheAway
from nomba_desktop.domain.record import EMPTY, CallKind, SessionRecord, StopKind, Tokens
from nomba_desktop.domain.secret import Secret
from tests.contracts.samples import OTHER, SESSION
from tests.support.fault_proxy import FaultProxy, between
from tests.support.team import Member, members
from tests.support.valkey import Server, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path / "server") as server:
        yield server


@pytest.fixture
async def proxy(server: Server) -> AsyncIterator[FaultProxy]:
    async with between(server.port) as proxy:
        yield proxy


def signed_in(text: str) -> Callable[[SessionRecord], SessionRecord]:
    tokens = Tokens(Secret(text), Secret(f"refresh {text}"), 1.0, 4e9, 3e9)
    return lambda record: replace(record, generation=record.generation + 1, tokens=tokens, intent=None)


def stopped(record: SessionRecord) -> SessionRecord:
    return replace(record, stop=StopKind.REVOKED, stop_count=record.stop_count + 1)


def access(record: SessionRecord) -> str:
    return "" if record.tokens is None else record.tokens.access.reveal()


def access_is(text: str) -> Callable[[SessionRecord], bool]:
    return lambda record: access(record) == text


async def both_see(one: Member, other: Member, want: Callable[[SessionRecord], bool]) -> None:
    first, second = await one.sees(SESSION, want), await other.sees(SESSION, want)
    assert await one.store.refresh(SESSION) == await other.store.refresh(SESSION)
    assert want(first)
    assert want(second)


async def test_killed_and_back_with_everything_is_in_doubt_and_no_alarm(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "a", "b") as (a, b):
        await a.store.apply(SESSION, signed_in("one"))
        await b.store.refresh(SESSION)
        await server.save()
        await server.kill()
        await a.link(False)
        assert access(a.store.read(SESSION)) == "one", "tokens at hand go on"
        with pytest.raises(TeamCacheAway):
            await b.store.apply(SESSION, signed_in("alone"))
        await server.start()
        for member in (a, b):
            await member.link(True)
            record = await member.sees(SESSION, lambda r: r.intent is not None)
            assert record.intent is not None
            assert (record.intent.kind, record.generation) == (CallKind.RESTORED, 1)
            assert access(record) == "one"
        assert (a.alarms, b.alarms) == ([], [])
        await a.store.apply(SESSION, signed_in("two"))
        await both_see(a, b, lambda r: access(r) == "two" and not r.in_doubt)


async def test_restarted_empty_the_members_put_back_what_they_know(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b") as (a, b):
        await a.store.apply(SESSION, signed_in("one"))
        await a.store.apply(OTHER, stopped)
        await b.store.refresh(SESSION)
        await server.restart(empty=True)
        await both_see(a, b, lambda r: access(r) == "one" and r.in_doubt)
        assert (await b.store.refresh(OTHER)).stop is StopKind.REVOKED
        told = [*a.alarms, *b.alarms]
        assert told
        assert all(alarm.reference == "ND-212" for alarm in told)
        assert "nothing of it any more" in told[0].sentence


async def test_rolled_back_is_an_alarm_and_never_a_state(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b") as (a, b):
        await a.store.apply(SESSION, signed_in("one"))
        await b.store.refresh(SESSION)
        await server.save()
        await a.store.apply(SESSION, signed_in("two"))
        await a.store.apply(SESSION, stopped)
        await b.sees(SESSION, lambda r: r.stop is StopKind.REVOKED)
        seen: list[tuple[str, StopKind]] = []
        await server.restart()
        for member in (a, b):
            await member.link(False)
            await member.link(True)
            seen.append((access(member.store.read(SESSION)), member.store.read(SESSION).stop))
        assert seen == [("two", StopKind.REVOKED)] * 2
        await both_see(a, b, lambda r: access(r) == "two" and r.stop is StopKind.REVOKED and r.in_doubt)
        assert a.alarms or b.alarms


async def test_who_knows_less_comes_first_and_who_knows_more_corrects_it(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "more", "less", follow=False) as (more, less):
        await more.store.apply(SESSION, signed_in("one"))
        await less.store.refresh(SESSION)
        await server.save()
        await more.store.apply(SESSION, signed_in("two"))
        await more.store.apply(SESSION, stopped)
        await server.restart()
        old = await less.store.refresh(SESSION)
        assert (access(old), old.in_doubt) == ("one", True), "in doubt: somebody may know more"
        assert less.alarms == []
        new = await more.store.refresh(SESSION)
        assert (access(new), new.generation, new.stop) == ("two", 2, StopKind.REVOKED)
        assert [end.access.reveal() for end in new.superseded] == ["one"]
        assert len(more.alarms) == 1
        assert await less.store.refresh(SESSION) == new
        assert less.alarms == []


async def test_signed_out_before_the_dump_was_put_back_stays_signed_out(
    server: Server, tmp_path: Path
) -> None:
    """A sign-out writes no new generation."""
    async with members(tmp_path, server.port, "more", "less", follow=False) as (more, less):
        await more.store.apply(SESSION, signed_in("one"))
        await less.store.refresh(SESSION)
        await server.save()
        await more.store.apply(SESSION, lambda r: replace(r, tokens=None))
        await server.restart()
        await less.store.refresh(SESSION)
        assert (await more.store.refresh(SESSION)).tokens is None
        after = await less.store.refresh(SESSION)
        assert after.tokens is None
        assert [end.access.reveal() for end in after.superseded] == ["one"]


async def test_rolled_back_within_an_epoch_ends_the_epoch(server: Server, tmp_path: Path) -> None:
    """An operator puts an older row back into the running server; then the row alone is deleted."""
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        await a.store.apply(SESSION, signed_in("one"))
        (row,) = await server.say("KEYS", "*:s:*")
        old = await server.say("DUMP", row)
        await a.store.apply(SESSION, signed_in("two"))
        await b.store.refresh(SESSION)
        epoch = a.team.epoch
        async with b.lock.try_hold(OTHER):
            await server.say("RESTORE", row, 0, old, "REPLACE")
            assert access(await a.store.apply(SESSION, lambda r: replace(r, attempts=1))) == "two"
            assert a.team.epoch != epoch
            assert len(a.alarms) == 1
            lease = carried(b.team, OTHER)
            assert lease is not None
            assert not await b.lock._extended(lease), "a lease of an ended epoch is void"
        assert access(await b.store.refresh(SESSION)) == "two"
        await server.say("DEL", row)
        assert access(await b.store.refresh(SESSION)) == "two"
        assert len(b.alarms) == 1


async def test_a_stop_is_not_forgotten_by_who_slept_through_everything(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "sleeper", "other", follow=False) as (sleeper, other):
        await sleeper.store.apply(SESSION, signed_in("one"))
        await sleeper.store.apply(SESSION, stopped)
        await server.restart(empty=True)
        for text in ("x", "y", "z"):
            await other.store.apply(SESSION, signed_in(text))
        await server.save()
        await server.restart()
        await other.store.apply(SESSION, signed_in("v"))
        record = await sleeper.store.refresh(SESSION)
        assert (access(record), record.stop) == ("v", StopKind.REVOKED)
        assert len(sleeper.alarms) == 1
        assert (await other.store.refresh(SESSION)).stop is StopKind.REVOKED


async def test_who_knows_nothing_of_an_emptied_store_waits_for_who_does(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        await b.store.refresh(SESSION)
        assert not b.store.waits_for_others(SESSION), "a new team, a new key"
        await a.store.apply(SESSION, signed_in("one"))
        await server.restart(empty=True)
        assert await b.store.refresh(SESSION) == EMPTY
        assert b.store.waits_for_others(SESSION)
        assert b.alarms == []
        await a.store.refresh(SESSION)
        assert access(await b.store.refresh(SESSION)) == "one"
        assert not b.store.waits_for_others(SESSION)
        assert not a.store.waits_for_others(SESSION)


async def test_forgotten_on_purpose_is_not_put_back(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        await a.store.apply(SESSION, signed_in("one"))
        await a.store.apply(SESSION, stopped)
        await b.store.refresh(SESSION)
        await a.store.forget(SESSION)
        assert await b.store.refresh(SESSION) == EMPTY
        await a.store.apply(SESSION, signed_in("new"))
        assert (await b.store.refresh(SESSION)).generation == 1
        assert (a.alarms, b.alarms) == ([], [])


async def test_a_partition_heals_without_doubt(server: Server, proxy: FaultProxy, tmp_path: Path) -> None:
    async with (
        members(tmp_path, server.port, "near") as (near,),
        members(tmp_path, proxy.port, "far", deadline=0.2) as (far,),
    ):
        await near.store.apply(SESSION, signed_in("one"))
        far.store.read(SESSION)
        await far.sees(SESSION, lambda r: access(r) == "one")
        proxy.partition()
        await far.link(False)
        with pytest.raises(TeamCacheAway):
            await far.store.apply(SESSION, signed_in("other"))
        await near.store.apply(SESSION, signed_in("two"))
        assert access(far.store.read(SESSION)) == "one"
        proxy.heal()
        record = await far.sees(SESSION, lambda r: access(r) == "two")
        assert not record.in_doubt
        assert (near.alarms, far.alarms) == ([], [])


async def test_half_open_connections_are_noticed(server: Server, proxy: FaultProxy, tmp_path: Path) -> None:
    async with members(tmp_path, proxy.port, "a", deadline=0.2) as (a,):
        proxy.half_open()
        await a.link(False)
        with pytest.raises(TeamCacheAway):
            await a.store.refresh(SESSION)
        proxy.heal()
        await a.link(True)


async def test_dropped_connections_are_made_again(server: Server, proxy: FaultProxy, tmp_path: Path) -> None:
    async with members(tmp_path, proxy.port, "a", deadline=0.5) as (a,):
        await a.store.apply(SESSION, signed_in("one"))
        await proxy.drop()
        await a.link(False)
        await a.link(True)
        assert access(await a.store.apply(SESSION, signed_in("two"))) == "two"


async def test_a_slow_server_is_waited_for(server: Server, proxy: FaultProxy, tmp_path: Path) -> None:
    async with (
        members(tmp_path, server.port, "near") as (near,),
        members(tmp_path, proxy.port, "far") as (far,),
    ):
        proxy.delay = 0.1
        for number in range(3):
            await far.store.apply(SESSION, signed_in(str(number)))
            await near.sees(SESSION, access_is(str(number)))
        async with far.lock.try_hold(SESSION) as owner:
            assert owner is None
        assert (near.alarms, far.alarms) == ([], [])


async def test_working_alone_is_sent_on_return_without_doubt_where_nobody_else_wrote(
    server: Server, proxy: FaultProxy, tmp_path: Path
) -> None:
    async with (
        members(tmp_path, server.port, "near") as (near,),
        members(tmp_path, proxy.port, "far", deadline=0.2) as (far,),
    ):
        await far.store.apply(SESSION, signed_in("one"))
        await near.store.refresh(SESSION)
        await proxy.refuse()
        await far.link(False)
        far.team.alone = True
        await far.store.apply(SESSION, signed_in("alone"))
        assert access(near.store.read(SESSION)) == "one"
        await proxy.start()
        record = await near.sees(SESSION, lambda r: access(r) == "alone")
        await far.link(True)
        assert not record.in_doubt
        assert not far.team.alone, "the choice was for this outage"
        assert (near.alarms, far.alarms) == ([], [])


async def test_working_alone_while_others_wrote_is_folded_in_doubt(
    server: Server, proxy: FaultProxy, tmp_path: Path
) -> None:
    async with (
        members(tmp_path, server.port, "near") as (near,),
        members(tmp_path, proxy.port, "far", deadline=0.2) as (far,),
    ):
        await far.store.apply(SESSION, signed_in("one"))
        await near.store.refresh(SESSION)
        await proxy.refuse()
        await far.link(False)
        far.team.alone = True
        await far.store.apply(SESSION, signed_in("alone"))
        await near.store.apply(SESSION, signed_in("team"))
        await near.store.apply(SESSION, stopped)
        await proxy.start()
        await far.link(True)
        await both_see(near, far, lambda r: r.generation == 3 and r.in_doubt)
        record = far.store.read(SESSION)
        assert record.stop is StopKind.REVOKED
        assert {access(record), *(e.access.reveal() for e in record.superseded)} == {"team", "alone"}


async def test_what_was_signed_in_before_the_team_joins_it(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "old", "new", follow=False) as (old, new):
        await old.mirror.apply(SESSION, signed_in("before"))
        assert access(await old.store.refresh(SESSION)) == "before"
        record = await new.store.refresh(SESSION)
        assert (access(record), record.in_doubt) == ("before", False)
        assert old.alarms == []


async def test_a_follower_ends_when_it_is_told_to_whatever_happens_at_that_moment(
    server: Server, proxy: FaultProxy, tmp_path: Path
) -> None:
    for turns in range(0, 40, 2):
        async with members(tmp_path, proxy.port, "a", deadline=0.3) as (a,):
            a.store.read(SESSION)
            await proxy.drop()
            for _ in range(turns):
                done = asyncio.get_running_loop().create_future()
                asyncio.get_running_loop().call_soon(done.set_result, None)
                await done
