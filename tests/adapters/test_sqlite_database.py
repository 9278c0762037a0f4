"""The database file: private, shared, put back after damage, and a plain sentence when it can't be used."""
# ruff: noqa: ASYNC240 - the tests look at files of a few kB

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_host_facts import SqliteHostFacts
from nomba_desktop.adapters.sqlite_opening import Opened
from nomba_desktop.domain.errors import StoreCorrupt, StoreUnavailable
from tests.support.fakes.manual_clock import ManualClock
from tests.support.virtual_time import InlineExecutor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

STAMP = "20261121T000000Z"
DAY = 86_400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.db"


@asynccontextmanager
async def opened(path: Path, clock: ManualClock | None = None) -> AsyncIterator[Database]:
    database = await Database.open(path, clock or ManualClock())
    try:
        yield database
    finally:
        await database.aclose()


async def fill(path: Path, value: str, clock: ManualClock | None = None, *, copy: bool = False) -> None:
    async with opened(path, clock) as database:
        await SqliteHostFacts(database).note("host", "value", value)
        if copy:
            await database.backup()


async def value_of(database: Database) -> str | None:
    return SqliteHostFacts(database).read("host", "value")


def modes(folder: Path) -> dict[str, str]:
    return {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in folder.iterdir()}


# -- privacy


@pytest.fixture
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless_umask")
async def test_only_the_owner_looks_inside(path: Path) -> None:
    async with opened(path) as database:
        await SqliteHostFacts(database).note("host", "value", "1")
        await database.backup()
        found = modes(path.parent)
    assert {"keys.db", "keys.db-wal", "keys.db-shm", "keys.db.backup"} <= set(found)
    assert set(found.values()) == {"0o600"}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("careless_umask")
async def test_what_was_open_to_others_is_closed(path: Path) -> None:
    path.parent.mkdir(mode=0o755)
    path.touch(0o644)
    async with opened(path):
        assert modes(path.parent)["keys.db"] == "0o600"
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# -- durability


async def test_the_file_is_shared_safely(path: Path) -> None:
    async with opened(path) as database:
        pragmas = {
            name: (await database.query(f"PRAGMA {name}"))[0][0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "user_version")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "user_version": 3,
    }


async def test_writes_leave_the_callers_thread_and_reads_stay_on_it(path: Path) -> None:
    async with opened(path) as database:
        assert await database.write(lambda _: threading.get_ident()) != threading.get_ident()
    inline = await Database.open(path, ManualClock(), InlineExecutor())
    assert await inline.write(lambda _: threading.get_ident()) == threading.get_ident()
    await inline.aclose()


async def test_the_reading_connection_can_not_write(path: Path) -> None:
    async with opened(path) as database:
        with pytest.raises(StoreUnavailable, match="read-only"):
            database.read("DELETE FROM host_facts")


async def test_a_write_that_raises_writes_nothing(path: Path) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO host_facts VALUES ('host', 'value', 'half')")
        raise ZeroDivisionError

    async with opened(path) as database:
        with pytest.raises(ZeroDivisionError):
            await database.write(half)
        assert await value_of(database) is None
        await SqliteHostFacts(database).note("host", "value", "whole")
        assert await value_of(database) == "whole"


async def test_wrong_sql_is_a_defect_and_not_a_full_disk(path: Path) -> None:
    async with opened(path) as database:
        with pytest.raises(sqlite3.OperationalError):
            database.read("SELECT nothing FROM nowhere")


# -- bad days


async def test_a_full_disk_writes_nothing_and_says_so(path: Path) -> None:
    await fill(path, "before")
    async with opened(path) as database:
        pages = int((await database.query("PRAGMA page_count"))[0][0])
        await database.query(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnavailable, match="disk is full"):
            await SqliteHostFacts(database).note("host", "value", "x" * 100_000)
        assert await value_of(database) == "before"
        await SqliteHostFacts(database).note("host", "value", "fits")
        assert await value_of(database) == "fits"


async def test_another_program_that_holds_the_file(path: Path) -> None:
    async with opened(path) as database:
        await database.query("PRAGMA busy_timeout = 20")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="holds the database"):
            await SqliteHostFacts(database).note("host", "value", "x")
        assert await value_of(database) is None, "reading goes on"
        other.execute("ROLLBACK")
        other.close()
        await SqliteHostFacts(database).note("host", "value", "x")


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Nobody is kept out by permissions as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    for folder in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        folder.chmod(0o755)
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o555)
    yield folder
    folder.chmod(0o755)


async def test_a_read_only_directory(read_only: Path, unprivileged: None) -> None:
    with pytest.raises(StoreUnavailable, match=r"may not be written|can't be opened|read-only"):
        await Database.open(read_only / "keys.db", ManualClock())
    assert list(read_only.iterdir()) == []


async def test_a_directory_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable):
        await Database.open(tmp_path / "file" / "keys.db", ManualClock())


async def test_a_newer_version_of_the_file_is_left_alone(path: Path) -> None:
    await fill(path, "future")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="newer version"):
        await Database.open(path, ManualClock())
    assert path.read_bytes() == before


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_removed_or_replaced_under_our_feet(path: Path, replaced: bool) -> None:
    async with opened(path) as database:
        path.unlink()
        if replaced:
            path.touch()
        with pytest.raises(StoreUnavailable, match="removed or replaced"):
            await SqliteHostFacts(database).note("host", "value", "ghost")
        with pytest.raises(StoreUnavailable, match="removed or replaced"):
            database.data_version()


# -- damage


def spoil(path: Path, since: int = 100) -> None:
    content = bytearray(path.read_bytes())
    content[since:] = os.urandom(len(content) - since)
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def replace_by_text(path: Path) -> None:
    path.write_text("no database at all " * 200)


@pytest.mark.parametrize("damage", [spoil, cut, replace_by_text])
async def test_the_last_good_copy_takes_the_place_of_a_damaged_file(path: Path, damage) -> None:
    clock = ManualClock()
    await fill(path, "good", clock, copy=True)
    damage(path)
    damaged = path.read_bytes()
    async with opened(path, clock) as database:
        aside = path.with_name(f"keys.db.damaged-{STAMP}")
        assert database.opened == Opened(recovered=True, damaged_path=aside, copy_from=clock.now())
        assert await value_of(database) == "good"
        assert aside.read_bytes() == damaged
        await SqliteHostFacts(database).note("host", "value", "goes on")
        assert set(modes(path.parent).values()) == {"0o600"}


async def test_without_a_copy_it_starts_empty_and_says_so(path: Path) -> None:
    await fill(path, "lost")
    spoil(path)
    async with opened(path) as database:
        aside = path.with_name(f"keys.db.damaged-{STAMP}")
        assert database.opened == Opened(damaged_path=aside, empty=True)
        assert await value_of(database) is None


async def test_a_copy_that_is_damaged_too_is_set_aside_as_well(path: Path) -> None:
    await fill(path, "lost", copy=True)
    spoil(path)
    spoil(path.with_name("keys.db.backup"))
    async with opened(path) as database:
        assert (database.opened.recovered, database.opened.empty) == (False, True)
        assert await value_of(database) is None
    names = {file.name for file in path.parent.iterdir()}
    assert {f"keys.db.damaged-{STAMP}", f"keys.db.backup.damaged-{STAMP}"} <= names


@pytest.mark.parametrize("emptied", [False, True])
async def test_a_file_that_is_gone_comes_back_from_the_copy(path: Path, emptied: bool) -> None:
    await fill(path, "good", copy=True)
    path.unlink()
    if emptied:
        path.touch()
    async with opened(path) as database:
        assert database.opened.recovered
        assert await value_of(database) == "good"


async def test_two_damaged_files_at_the_same_second_are_both_kept(path: Path) -> None:
    for _ in range(2):
        await fill(path, "x")
        spoil(path)
        async with opened(path):
            pass
    assert path.with_name(f"keys.db.damaged-{STAMP}-2").exists()
    assert path.with_name(f"keys.db.damaged-{STAMP}").exists()


async def crashed(path: Path, value: str) -> None:
    """Leave the files as a crash leaves them: the last write is in the log alone."""
    async with opened(path) as database:
        await SqliteHostFacts(database).note("host", "value", value)
        kept = {name: path.with_name(name).read_bytes() for name in ("keys.db", "keys.db-wal", "keys.db-shm")}
    for name, content in kept.items():
        path.with_name(name).write_bytes(content)


async def test_a_crash_loses_nothing(path: Path) -> None:
    await fill(path, "before")
    await crashed(path, "after")
    async with opened(path) as database:
        assert database.opened == Opened()
        assert await value_of(database) == "after"


@pytest.mark.parametrize("keep", [0, 20])
async def test_a_damaged_log_is_set_aside_and_told(path: Path, keep: int) -> None:
    await fill(path, "before")
    await crashed(path, "after")
    log = path.with_name("keys.db-wal")
    log.write_bytes(log.read_bytes()[:keep] + os.urandom(len(log.read_bytes()) - keep))
    async with opened(path) as database:
        assert database.opened == Opened(damaged_path=path.with_name(f"keys.db-wal.damaged-{STAMP}"))
        assert await value_of(database) == "before"


async def test_a_damaged_index_of_the_log_is_made_anew(path: Path) -> None:
    await fill(path, "before")
    await crashed(path, "after")
    path.with_name("keys.db-shm").write_bytes(os.urandom(32_768))
    async with opened(path) as database:
        assert await value_of(database) == "after"


async def test_damage_while_running_is_told(path: Path) -> None:
    await fill(path, "x" * 3000)
    async with opened(path) as database:
        spoil(path)
        with pytest.raises(StoreCorrupt):
            await value_of(database)


# -- the copy


async def test_the_copy_is_made_once_a_day_after_a_clean_opening(path: Path) -> None:
    clock = ManualClock()
    copy = path.with_name("keys.db.backup")
    await fill(path, "first", clock)
    assert not copy.exists(), "there was nothing to copy yet"
    async with opened(path, clock):
        assert copy.stat().st_mtime == clock.now()
    for hours, again in ((23, False), (2, True)):
        before = copy.stat().st_mtime
        await clock.advance(hours * 3600)
        async with opened(path, clock) as database:
            assert database.opened == Opened()
        assert (copy.stat().st_mtime != before) is again


async def test_a_copy_is_a_whole_database_by_itself(path: Path) -> None:
    async with opened(path) as database:
        await SqliteHostFacts(database).note("host", "value", "in the log only")
        await database.backup()
        assert not path.with_name("keys.db.backup.new").exists()
    copied = sqlite3.connect(path.with_name("keys.db.backup"))
    assert copied.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert copied.execute("SELECT value FROM host_facts").fetchall() == [("in the log only",)]
    copied.close()


async def test_a_damaged_file_does_not_take_the_place_of_the_good_copy(path: Path) -> None:
    await fill(path, "good" * 1000, copy=True)
    async with opened(path) as database:
        await database.query(
            "PRAGMA shrink_memory"
        )  # else the good pages that are still in memory are copied
        spoil(path, since=4096)
        before = path.with_name("keys.db.backup").read_bytes()
        with pytest.raises(StoreCorrupt):
            await database.backup()
    assert path.with_name("keys.db.backup").read_bytes() == before
    assert not path.with_name("keys.db.backup.new").exists()


async def test_a_copy_that_can_not_be_made_is_told_and_stops_nothing(path: Path) -> None:
    await fill(path, "x")
    path.with_name("keys.db.backup.new").mkdir()
    async with opened(path) as database:
        assert database.opened.backup_problem
        assert await value_of(database) == "x"
        with pytest.raises(StoreUnavailable):
            await database.backup()
