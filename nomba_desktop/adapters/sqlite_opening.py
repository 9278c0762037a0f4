"""Opening the database file: private, checked, brought to this version, put back from the last good copy."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from nomba_desktop.adapters.private_files import (
    beside,
    private_file,
    replace_durably,
    sync,
    sync_directory,
)
from nomba_desktop.adapters.sqlite_errors import mapped
from nomba_desktop.adapters.sqlite_files import is_empty, set_aside, wal_is_broken
from nomba_desktop.adapters.sqlite_schema import MIGRATIONS, VERSION
from nomba_desktop.domain.errors import StoreCorrupt, StoreUnavailable

_T = TypeVar("_T")

#: Seconds a write waits for another process's write.
WRITE_WAIT = 5.0
#: Seconds after which the last good copy is made anew.
BACKUP_AGE = 86_400.0

_PRAGMAS = ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "trusted_schema = OFF")


@dataclass(frozen=True, slots=True)
class Opened:
    """How opening went.

    `damaged_path`: where damaged files were set aside, if there were any. `recovered`: the last good copy took their
    place; it was made at `copy_from` (epoch seconds). `empty`: there was no good copy, so the database starts empty.
    Damaged and neither of both: only the write-ahead log was damaged, the last writes are missing. `backup_problem`:
    a sentence when the day's copy could not be made.
    """

    recovered: bool = False
    damaged_path: Path | None = None
    copy_from: float = 0.0
    empty: bool = False
    backup_problem: str = ""


def open_or_recover(path: Path, now: float) -> tuple[sqlite3.Connection, Opened]:
    """A connection for writing to a checked file of this version. The caller sees to it that no other process opens.

    Raises `StoreUnavailable`; then what was on the disk is still there.
    """
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = beside(path, ".backup")
    opened = Opened()
    if wal_is_broken(path):
        opened = Opened(damaged_path=set_aside(beside(path, "-wal"), stamp))
    new = is_empty(path)
    try:
        if new and copy.exists():
            raise StoreCorrupt("The database file is gone, and there is a copy of it.")
        writer = _checked(path)
    except StoreCorrupt:
        damaged = opened.damaged_path if new else set_aside(path, stamp)
        writer, opened = _put_back(path, copy, damaged, stamp)
        new = not opened.recovered
    try:
        _migrate(writer, path, now)
        if not new and opened == Opened() and _is_due(copy, now):
            opened = Opened(backup_problem=_try_backup(writer, path, now))
    except BaseException:
        writer.close()
        raise
    return writer, opened


def connection(path: Path, wait: float) -> sqlite3.Connection:
    """A connection without implicit transactions, usable from any thread; `wait` is for other processes, in seconds."""
    with mapped():
        made = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=wait,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in _PRAGMAS:
            made.execute(f"PRAGMA {pragma}")
    return made


def transact(writer: sqlite3.Connection, work: Callable[[sqlite3.Connection], _T]) -> _T:
    """Run `work` in one durable transaction; what it raises rolls back and goes through."""
    with mapped():
        writer.execute("BEGIN IMMEDIATE")
        try:
            result = work(writer)
            writer.execute("COMMIT")
        except BaseException:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            raise
    return result


def backup(writer: sqlite3.Connection, path: Path, now: float) -> None:
    """Make `name.backup` anew: one checked file, put in place whole. Raises `StoreError`."""
    copy, new = beside(path, ".backup"), beside(path, ".backup.new")
    with mapped():
        new.unlink(missing_ok=True)
        private_file(new)
        try:
            _copy_into(writer, new)
            sync(new)
            os.utime(new, (now, now))
            new.replace(copy)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        sync_directory(copy.parent)


def _copy_into(writer: sqlite3.Connection, new: Path) -> None:
    target = sqlite3.connect(new, isolation_level=None)
    try:
        writer.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        _check(target)
    finally:
        target.close()


def _try_backup(writer: sqlite3.Connection, path: Path, now: float) -> str:
    try:
        backup(writer, path, now)
    except StoreUnavailable as error:
        return error.sentence
    return ""


def _is_due(copy: Path, now: float) -> bool:
    try:
        return abs(now - copy.stat().st_mtime) > BACKUP_AGE
    except FileNotFoundError:
        return True


def _put_back(path: Path, copy: Path, damaged: Path | None, stamp: str) -> tuple[sqlite3.Connection, Opened]:
    """The last good copy in place of the file, or an empty file where there is none, or none that is good."""
    if copy.exists():
        made_at = copy.stat().st_mtime
        replace_durably(path, copy.read_bytes())
        try:
            return _checked(path), Opened(recovered=True, damaged_path=damaged, copy_from=made_at)
        except StoreCorrupt:
            path.unlink()
            bad_copy = set_aside(copy, stamp)
            damaged = damaged or bad_copy
    return _checked(path), Opened(damaged_path=damaged, empty=True)


def _checked(path: Path) -> sqlite3.Connection:
    with mapped():
        private_file(path)
        writer = connection(path, WRITE_WAIT)
        try:
            _check(writer)
            if writer.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                raise StoreUnavailable(
                    "The data directory is on a disk that can't hold a shared database (no WAL)."
                )
        except BaseException:
            writer.close()
            raise
    return writer


def _check(connected: sqlite3.Connection) -> None:
    if connected.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise StoreCorrupt("The database file is damaged.", details="quick_check")


def _migrate(writer: sqlite3.Connection, path: Path, now: float) -> None:
    with mapped():
        version = _version(writer)
    if version > VERSION:
        raise StoreUnavailable(
            "The database was written by a newer version of Nomba Desktop. Install that one again."
        )
    if version == VERSION:
        return
    if version > 0:
        backup(writer, path, now)
    transact(writer, _steps)


def _steps(writer: sqlite3.Connection) -> None:
    done = _version(writer)
    for number, step in enumerate(MIGRATIONS[done:], done + 1):
        for statement in step:
            writer.execute(statement)
        writer.execute(f"PRAGMA user_version = {number:d}")


def _version(connected: sqlite3.Connection) -> int:
    return int(connected.execute("PRAGMA user_version").fetchone()[0])
