"""The team's store: nobody loses a write, what other desktops do shows at once, the server sees nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.redis_rows import TeamSealer
from nomba_desktop.adapters.redis_team import TeamAddress, TeamConnection
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.domain.errors import SealBroken, TeamCacheAway
from nomba_desktop.domain.moves import GenerationMoved
from nomba_desktop.domain.record import EMPTY, SessionRecord
from nomba_desktop.domain.secret import Secret
from tests.contracts.samples import ACCESS, HOST, OTHER, REFRESH, RICH, SESSION
from tests.support.fault_proxy import between
from tests.support.team import TEAM, Member, members
from tests.support.valkey import Server, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path / "server") as server:
        yield server


def once_more(record: SessionRecord) -> SessionRecord:
    return replace(record, generation=record.generation + 1)


def generation_is(generation: int) -> Callable[[SessionRecord], bool]:
    return lambda record: record.generation == generation


@pytest.mark.parametrize("shared", [False, True], ids=["eight desktops", "one desktop"])
async def test_no_write_is_lost_between_eight_that_write_two_hundred_each(
    server: Server, tmp_path: Path, shared: bool
) -> None:
    names = [f"m{number}" for number in range(8)]
    async with members(tmp_path, server.port, *names, shared=shared, follow=False) as team:

        async def work(member: Member) -> None:
            seen = 0
            for _ in range(200):
                record = await member.store.apply(SESSION, once_more)
                assert record.generation > seen
                seen = record.generation

        await asyncio.gather(*(work(member) for member in team))
        for member in team:
            assert (await member.store.refresh(SESSION)).generation == 1600
            assert member.alarms == []


async def test_what_one_writes_the_others_see_within_a_second_without_asking(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "a", "b", "c") as (a, b, c):
        b.store.read(SESSION), c.store.read(SESSION)
        for generation in range(1, 6):
            await a.store.apply(SESSION, once_more)
            for member in (b, c):
                record = await member.sees(SESSION, generation_is(generation), within=1.0)
                assert record == a.store.read(SESSION)
        assert b.store.changed()


async def test_a_key_that_is_read_for_the_first_time_is_fetched_at_once(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "a", "b") as (a, b):
        await a.store.apply(SESSION, lambda _: RICH)
        assert b.store.read(SESSION) == EMPTY
        assert await b.sees(SESSION, lambda r: r.generation > 0, within=1.0) == RICH


async def test_reads_ask_nobody(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", follow=False) as (a,):
        await a.store.apply(SESSION, lambda _: RICH)
        before = await server.say("INFO", "commandstats")
        for _ in range(100):
            assert a.store.read(SESSION) is a.store.read(SESSION)
        after = await server.say("INFO", "commandstats")
        assert isinstance(before, dict)
        assert isinstance(after, dict)
        assert before.get("cmdstat_evalsha") == after.get("cmdstat_evalsha")


async def test_a_move_is_judged_by_what_the_server_has(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        await a.store.apply(SESSION, once_more)
        await b.store.refresh(SESSION)
        await a.store.apply(SESSION, once_more)
        assert b.store.read(SESSION).generation == 1

        def only_after_one(record: SessionRecord) -> SessionRecord:
            if record.generation != 1:
                raise GenerationMoved(record.generation)
            return once_more(record)

        with pytest.raises(GenerationMoved):
            await b.store.apply(SESSION, only_after_one)
        assert b.store.read(SESSION).generation == 2, "what was found is mirrored"


async def test_the_server_sees_no_id_no_host_no_token_no_name(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "ops-desk-1", follow=False) as (member,):
        await member.store.apply(SESSION, lambda _: RICH)
        await member.store.apply(OTHER, lambda _: replace(RICH, attempts=9))
        async with member.lock.try_hold(SESSION):
            await server.save()
        everything = server.dump.read_bytes()
        keys = await server.say("KEYS", "*")
    assert isinstance(keys, list)
    assert len(keys) >= 4
    assert TEAM.encode() in everything, "the search works"
    for text in (
        SESSION.client_id,
        OTHER.client_id,
        HOST,
        ACCESS,
        REFRESH,
        "ops-desk-1",
        "suspended",
        "old-1",
    ):
        assert text.encode() not in everything
        assert all(text.encode() not in key for key in keys)
    assert SESSION.client_id.replace("-", "").encode() not in everything


@pytest.mark.parametrize(
    "change",
    [
        ("g", 6),
        ("b", 1),
        ("x", 2),
        ("e", "0" * 32),
        ("d", b"\x01" + b"x" * 60),
        ("r", "many"),
    ],
    ids=lambda change: change[0],
)
async def test_an_edited_row_does_not_open_and_is_no_state(
    server: Server, tmp_path: Path, change: tuple[str, str | int | bytes]
) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        await a.store.apply(SESSION, lambda _: RICH)
        (row,) = await server.say("KEYS", "*:s:*")
        await server.say("HSET", row, *change)
        for member in (b,) if change[0] != "d" else (a, b):
            with pytest.raises(SealBroken, match="team's record"):
                await member.store.refresh(SESSION)
            with pytest.raises(SealBroken):
                await member.store.apply(SESSION, once_more)
        assert b.store.read(SESSION) == EMPTY
        assert a.store.read(SESSION) == RICH


async def test_swapped_rows_do_not_open(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b", follow=False) as (a, b):
        await a.store.apply(SESSION, lambda _: RICH)
        await a.store.apply(OTHER, lambda _: RICH)
        one, two = await server.say("KEYS", "*:s:*")
        for source, target in ((one, "kept"), (two, one), ("kept", two)):
            await server.say("RENAME", source, target)
        for session in (SESSION, OTHER):
            with pytest.raises(SealBroken):
                await b.store.refresh(session)


async def test_a_wrong_team_key_is_said_plainly_and_touches_nothing(server: Server, tmp_path: Path) -> None:
    async with (
        members(tmp_path, server.port, "a", follow=False) as (a,),
        members(tmp_path, server.port, "out", follow=False, key=b"x" * 32) as (out,),
    ):
        await a.store.apply(SESSION, lambda _: RICH)
        before = await server.say("KEYS", "*")
        for attempt in (out.store.refresh(SESSION), out.store.apply(SESSION, once_more)):
            with pytest.raises(SealBroken, match="team key is not the key of the team"):
                await attempt
        with pytest.raises(SealBroken, match="team key is not"):
            async with out.lock.try_hold(SESSION):
                raise AssertionError
        assert sorted(await server.say("KEYS", "*")) == sorted(before)
        assert await a.store.refresh(SESSION) == RICH


async def test_a_row_that_does_not_open_is_reported_once_and_the_others_are_followed(
    server: Server, tmp_path: Path
) -> None:
    async with members(tmp_path, server.port, "a", "b") as (a, b):
        b.store.read(SESSION), b.store.read(OTHER)
        await a.store.apply(SESSION, once_more)
        await b.sees(SESSION, lambda r: r.generation == 1)
        (row,) = await server.say("KEYS", "*:s:*")
        await server.say("HSET", row, "d", b"\x01" + b"y" * 60, "r", 5)
        await server.say("PUBLISH", b.team.channel, f"s:{row.decode()[-32:]}:5")
        await a.store.apply(OTHER, once_more)
        await b.sees(OTHER, lambda r: r.generation == 1)
        assert [error.reference for error in b.reports] == ["ND-323"]
        assert b.store.read(SESSION).generation == 1


async def test_nonsense_on_the_channel_hurts_nobody(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", "b") as (a, b):
        b.store.read(SESSION)
        for text in (
            "",
            ":",
            "s",
            "s::",
            "s:x:y",
            f"s:{a.team.sealer.id(SESSION)}:²",
            "e",
            "l:",
            b"\xff\xfe",
        ):
            await server.say("PUBLISH", b.team.channel, text)
        await a.store.apply(SESSION, once_more)
        await b.sees(SESSION, lambda r: r.generation == 1)
        assert (b.reports, b.links) == ([], [True])


async def test_a_write_whose_answer_was_lost_is_recognized_when_it_is_tried_again(
    server: Server, tmp_path: Path
) -> None:
    async with (
        between(server.port) as proxy,
        members(tmp_path, proxy.port, "a", follow=False, deadline=0.3) as (a,),
    ):
        await a.store.apply(SESSION, once_more)
        halves = 0

        def cut_then(record: SessionRecord) -> SessionRecord:
            nonlocal halves
            if record.generation != 1:
                raise GenerationMoved(record.generation)
            if not halves:
                proxy.half_open()
            halves += 1
            return once_more(record)

        with pytest.raises(TeamCacheAway):
            await a.store.apply(SESSION, cut_then)
        assert a.store.read(SESSION).generation == 1
        proxy.heal()
        assert (await a.store.apply(SESSION, cut_then)).generation == 2
        assert a.store.read(SESSION).generation == 2
        with pytest.raises(GenerationMoved):
            await a.store.apply(SESSION, cut_then)


async def test_a_cancelled_writer_knows_that_its_write_is_over(server: Server, tmp_path: Path) -> None:
    async with members(tmp_path, server.port, "a", follow=False) as (a,):
        task = asyncio.create_task(a.store.apply(SESSION, once_more))
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert a.store.read(SESSION).generation == 1


async def test_acl_password_and_what_is_said_without_it(tmp_path: Path) -> None:
    acl = ("--user", "default", "off", "--user", "desk", "on", ">planted-password", "~*", "&*", "+@all")
    async with running(tmp_path / "server", *acl) as server:
        for password, fits in (("planted-password", True), ("planted-wrong", False)):
            address = TeamAddress("127.0.0.1", server.port, "desk", Secret(password), tls=False)
            member = Member(password, SystemClock())
            await member.open(tmp_path / password, address)
            try:
                if fits:
                    assert (await member.store.apply(SESSION, once_more)).generation == 1
                    continue
                with pytest.raises(TeamCacheAway, match="refused this desktop's name or password") as told:
                    await member.store.apply(SESSION, once_more)
                text = (
                    f"{told.value!r} {told.value.details} {told.value.__cause__} {told.value.__context__!r}"
                )
                assert "planted" not in repr(address) + text
            finally:
                await member.aclose()


async def test_without_info_the_rights_still_do(tmp_path: Path) -> None:
    acl = ("--user", "default", "on", "nopass", "~*", "&*", "+@all", "-info")
    async with (
        running(tmp_path / "server", *acl) as server,
        members(tmp_path, server.port, "a", "b", follow=False) as (a, b),
    ):
        await a.store.apply(SESSION, once_more)
        assert (await b.store.refresh(SESSION)).generation == 1


def test_the_connection_shows_no_password() -> None:
    address = TeamAddress("h", 1, "desk", Secret("planted"), tls=True)
    team = TeamConnection(address, "t", TeamSealer(b"k" * 32), SystemChance())
    assert "planted" not in repr(vars(team)) + repr(team._pool) + repr(team._pool.connection_kwargs)
