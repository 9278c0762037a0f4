"""Sealed session rows: nothing readable in the files, nothing accepted that was tampered with, shared by processes."""
# ruff: noqa: ASYNC240 - the tests look at files of a few kB

from __future__ import annotations

import asyncio
import sqlite3
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.domain.errors import SealBroken, StoreUnavailable
from nomba_desktop.domain.record import EMPTY, SessionRecord
from tests.contracts.samples import ACCESS, OTHER, REFRESH, RICH, SESSION
from tests.support.fakes.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

KEY = b"k" * 32


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "keys.db", ManualClock())
    yield database
    await database.aclose()


@pytest.fixture
def store(database: Database) -> SqliteSessionStore:
    return SqliteSessionStore(database, Sealer(KEY))


def once_more(record: SessionRecord) -> SessionRecord:
    return replace(record, generation=record.generation + 1)


async def test_no_token_stands_in_any_file(
    database: Database, store: SqliteSessionStore, tmp_path: Path
) -> None:
    await store.apply(SESSION, lambda _: RICH)
    await database.backup()
    everything = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert SESSION.host.encode() in everything, "the search works"
    for secret in (ACCESS, REFRESH, "old-1", "planted"):
        assert secret.encode() not in everything


@pytest.mark.parametrize(
    "change",
    [
        "sealed = zeroblob(length(sealed))",
        "sealed = substr(sealed, 1, length(sealed) - 1)",
        "sealed = x''",
        "generation = generation - 1",
        "revision = revision + 1",
        "schema = 2",
        "client_id = 'another'",
        "host = 'evil.example'",
    ],
)
async def test_an_edited_row_does_not_open(
    database: Database, store: SqliteSessionStore, change: str
) -> None:
    await store.apply(SESSION, lambda _: RICH)
    assert store.read(SESSION) == RICH
    await database.write(lambda connection: connection.execute(f"UPDATE sessions SET {change}"))
    host, client_id = (await database.query("SELECT host, client_id FROM sessions"))[0]
    moved = replace(SESSION, host=host, client_id=client_id)
    with pytest.raises(SealBroken):
        store.read(moved)
    with pytest.raises(SealBroken):
        await store.apply(moved, once_more)
    await store.forget(moved)
    assert store.read(moved) == EMPTY


async def test_swapped_rows_do_not_open(database: Database, store: SqliteSessionStore) -> None:
    await store.apply(SESSION, lambda _: RICH)
    await store.apply(OTHER, lambda _: replace(RICH, attempts=9))

    def swap(connection: sqlite3.Connection) -> None:
        for old, new in (
            (SESSION, "x"),
            (OTHER, SESSION.client_id),
            (replace(OTHER, client_id="x"), OTHER.client_id),
        ):
            connection.execute("UPDATE sessions SET client_id = ? WHERE client_id = ?", (new, old.client_id))

    await database.write(swap)
    for session in (SESSION, OTHER):
        with pytest.raises(SealBroken):
            store.read(session)


async def test_an_older_row_put_back_alone_opens_only_with_its_own_numbers(
    database: Database, store: SqliteSessionStore
) -> None:
    await store.apply(SESSION, lambda _: RICH)
    old = (await database.query("SELECT sealed FROM sessions"))[0][0]
    await store.apply(SESSION, once_more)
    await database.write(lambda connection: connection.execute("UPDATE sessions SET sealed = ?", (old,)))
    with pytest.raises(SealBroken):
        store.read(SESSION)


async def test_another_cache_key_opens_nothing(database: Database, store: SqliteSessionStore) -> None:
    await store.apply(SESSION, lambda _: RICH)
    with pytest.raises(SealBroken):
        SqliteSessionStore(database, Sealer(b"x" * 32)).read(SESSION)


async def test_revisions_count_writes(database: Database, store: SqliteSessionStore) -> None:
    await store.apply(SESSION, once_more)
    await store.apply(SESSION, lambda record: replace(record, attempts=1))
    await store.apply(SESSION, lambda record: record)
    rows = await database.query("SELECT schema, generation, revision FROM sessions")
    assert rows == [(1, 1, 2)]


async def test_a_write_that_could_not_be_made_durable_is_not_seen(
    database: Database, store: SqliteSessionStore
) -> None:
    await store.apply(SESSION, once_more)
    pages = int((await database.query("PRAGMA page_count"))[0][0])
    await database.query(f"PRAGMA max_page_count = {pages}")
    store.changed()
    large = replace(RICH, budget=tuple(float(n) for n in range(20_000)))
    with pytest.raises(StoreUnavailable, match="disk is full"):
        await store.apply(SESSION, lambda _: large)
    assert store.read(SESSION).generation == 1
    assert not store.changed()


async def test_a_cancelled_writer_knows_that_its_write_is_over(
    store: SqliteSessionStore,
) -> None:
    task = asyncio.create_task(store.apply(SESSION, once_more))
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.read(SESSION).generation == 1


COUNTER = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.domain.environments import SessionId

async def main():
    database = await Database.open(Path(sys.argv[1]), SystemClock())
    store = SqliteSessionStore(database, Sealer(b"k" * 32))
    for _ in range(25):
        await store.apply(SessionId(sys.argv[2], sys.argv[3]), lambda r: replace(r, generation=r.generation + 1))
    await database.aclose()

asyncio.run(main())
"""


async def test_four_processes_starting_at_once_lose_no_write(tmp_path: Path) -> None:
    path = tmp_path / "fresh" / "keys.db"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", COUNTER, str(path), SESSION.host, SESSION.client_id
        )
        for _ in range(4)
    ]
    assert await asyncio.gather(*(process.wait() for process in processes)) == [0] * 4
    database = await Database.open(path, ManualClock())
    assert SqliteSessionStore(database, Sealer(KEY)).read(SESSION).generation == 100
    await database.aclose()
