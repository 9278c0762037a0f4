"""What every `SessionStore` does: in memory, in SQLite, and in a team's Valkey or Redis."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.redis_sessions import TeamSessionStore
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.domain.moves import GenerationMoved
from nomba_desktop.domain.record import EMPTY, SessionRecord
from tests.contracts.samples import OTHER, RICH, SESSION
from tests.support.fakes.manual_clock import ManualClock
from tests.support.fakes.memory_sessions import MemorySessionStore, SharedRecords
from tests.support.team import members
from tests.support.valkey import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nomba_desktop.services.ports import SessionStore

    Pair = tuple[SessionStore, SessionStore]


def once_more(record: SessionRecord) -> SessionRecord:
    return replace(record, generation=record.generation + 1)


def refuse(record: SessionRecord) -> NoReturn:
    raise GenerationMoved(record.generation)


class SessionStoreContract:
    """`pair` is two stores on the same records, as two processes have them."""

    async def spread(self, pair: Pair) -> None:
        """Until each sees what the other wrote: at once, where nothing else is said."""

    def test_what_was_never_written_is_empty(self, pair: Pair) -> None:
        assert pair[0].read(SESSION) == EMPTY

    async def test_every_field_comes_back(self, pair: Pair) -> None:
        ours, theirs = pair
        assert await ours.apply(SESSION, lambda _: RICH) == RICH
        assert ours.read(SESSION) == RICH
        await self.spread(pair)
        assert theirs.read(SESSION) == RICH
        assert theirs.read(OTHER) == EMPTY

    async def test_a_move_sees_what_the_other_process_wrote(self, pair: Pair) -> None:
        ours, theirs = pair
        await ours.apply(SESSION, once_more)
        assert ours.read(SESSION).generation == 1
        await theirs.apply(SESSION, once_more)
        assert (await ours.apply(SESSION, once_more)).generation == 3
        await self.spread(pair)
        assert ours.read(SESSION).generation == theirs.read(SESSION).generation == 3

    async def test_no_write_gets_lost(self, pair: Pair) -> None:
        def stamp(number: int):
            return lambda record: replace(record, budget=(*record.budget, float(number)))

        await asyncio.gather(*(pair[number % 2].apply(SESSION, stamp(number)) for number in range(40)))
        await self.spread(pair)
        assert sorted(pair[0].read(SESSION).budget) == [float(number) for number in range(40)]

    async def test_what_a_move_raises_goes_through_and_nothing_is_written(self, pair: Pair) -> None:
        ours, theirs = pair
        await ours.apply(SESSION, once_more)
        await self.spread(pair)
        ours.changed(), theirs.changed()
        with pytest.raises(GenerationMoved):
            await ours.apply(SESSION, refuse)
        assert ours.read(SESSION).generation == 1
        assert not ours.changed()
        assert not theirs.changed()
        await ours.apply(SESSION, once_more)

    async def test_an_equal_record_is_not_written(self, pair: Pair) -> None:
        ours, theirs = pair
        await ours.apply(SESSION, lambda _: RICH)
        await self.spread(pair)
        ours.changed(), theirs.changed()
        assert await ours.apply(SESSION, replace) == RICH
        assert await ours.apply(OTHER, lambda _: EMPTY) == EMPTY
        assert not ours.changed()
        assert not theirs.changed()

    async def test_changes_are_noticed_once_by_everybody(self, pair: Pair) -> None:
        ours, theirs = pair
        assert ours.changed(), "nobody has looked yet"
        theirs.changed()
        assert not ours.changed()
        await ours.apply(SESSION, once_more)
        await self.spread(pair)
        assert [ours.changed(), ours.changed()] == [True, False]
        assert [theirs.changed(), theirs.changed()] == [True, False]

    async def test_forgetting(self, pair: Pair) -> None:
        ours, theirs = pair
        await ours.apply(SESSION, lambda _: RICH)
        await ours.apply(OTHER, once_more)
        await self.spread(pair)
        theirs.read(SESSION), theirs.changed()
        await ours.forget(SESSION)
        await ours.forget(SESSION)
        await self.spread(pair)
        assert ours.read(SESSION) == theirs.read(SESSION) == EMPTY
        assert theirs.changed()
        assert theirs.read(OTHER).generation == 1
        assert (await theirs.apply(SESSION, once_more)).generation == 1


class TestMemory(SessionStoreContract):
    @pytest.fixture
    def pair(self) -> Pair:
        shared = SharedRecords()
        return MemorySessionStore(shared), MemorySessionStore(shared)


class TestSqlite(SessionStoreContract):
    @pytest.fixture
    async def pair(self, tmp_path: Path) -> AsyncIterator[Pair]:
        clock = ManualClock()
        databases = [await Database.open(tmp_path / "keys.db", clock) for _ in range(2)]
        first, second = (SqliteSessionStore(database, Sealer(b"k" * 32)) for database in databases)
        yield first, second
        for database in databases:
            await database.aclose()


class TestTeamOnOneDesk(SessionStoreContract):
    """Two processes that share a mirror."""

    @pytest.fixture
    async def pair(self, tmp_path: Path) -> AsyncIterator[Pair]:
        async with (
            running(tmp_path / "server") as server,
            members(tmp_path, server.port, "window", "nomba", shared=True, follow=False) as (window, nomba),
        ):
            yield window.store, nomba.store


class TestTeamOfDesks(SessionStoreContract):
    """Two desktops, each with its own mirror."""

    @pytest.fixture
    async def pair(self, tmp_path: Path) -> AsyncIterator[Pair]:
        async with (
            running(tmp_path / "server") as server,
            members(tmp_path, server.port, "ours", "theirs", follow=False) as (ours, theirs),
        ):
            yield ours.store, theirs.store

    async def spread(self, pair: Pair) -> None:
        for store in pair:
            assert isinstance(store, TeamSessionStore)
            for session in (SESSION, OTHER):
                await store.refresh(session)
