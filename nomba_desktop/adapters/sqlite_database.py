"""The one database file: one writer thread, one connection for the hot read on the caller's thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from nomba_desktop.adapters.offload import finish
from nomba_desktop.adapters.private_files import beside, private_directory
from nomba_desktop.adapters.sqlite_errors import mapped
from nomba_desktop.adapters.sqlite_opening import Opened, backup, connection, open_or_recover, transact
from nomba_desktop.domain.errors import StoreUnavailable
from nomba_desktop.services.ports import Clock

_T = TypeVar("_T")

#: Seconds the hot read waits; in WAL mode a reader waits only while a log is being recovered.
READ_WAIT = 0.25
#: Seconds that opening waits for another process that is opening.
OPENING_WAIT = 15.0


class Database:
    """One SQLite file in WAL mode; made by `open`. Its directory is 0700, its files are 0600.

    Writes and asynchronous queries run on one thread (or on the `executor` handed in); `read` runs on the caller's
    thread. Methods raise `StoreUnavailable` or `StoreCorrupt`, and a write that raised wrote nothing.
    """

    def __init__(self, path: Path, clock: Clock, executor: Executor | None = None) -> None:
        self.path = path
        self.opened = Opened()
        self._clock = clock
        self._own_executor = executor is None
        self._executor = executor or ThreadPoolExecutor(1, "nomba-database")
        self._writer: sqlite3.Connection
        self._reader: sqlite3.Connection
        self._reading = threading.Lock()
        self._identity = (0, 0)

    @classmethod
    async def open(cls, path: Path, clock: Clock, executor: Executor | None = None) -> Database:
        """Open, checking the whole file; `opened` says what was found.

        A damaged file is set aside as `name.damaged-<time>`, and the last good copy takes its place. Raises
        `StoreUnavailable` when the directory can't be written, another program holds the file, or a newer version
        wrote it; then what was on the disk is still there.
        """
        database = cls(path, clock, executor)
        try:
            await finish(database._executor, database._open)
        except BaseException:
            database._end_thread()
            raise
        return database

    def read(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Rows of a select, at once, on the caller's thread: what is committed now, whoever committed it."""
        with self._reading, mapped():
            return self._reader.execute(sql, values).fetchall()

    def data_version(self) -> int:
        """A number that differs from last time's when any connection but the reading one has committed."""
        with mapped():
            self._stay()
        return int(self.read("PRAGMA data_version")[0][0])

    async def write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run `work` in one durable transaction on the writer's thread.

        What `work` raises rolls back and goes through. A caller cancelled meanwhile waits for the end of the write.
        """

        def run() -> _T:
            with mapped():
                self._stay()
            return transact(self._writer, work)

        return await finish(self._executor, run)

    async def query(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Rows of a select, off the caller's thread."""

        def select() -> list[tuple[Any, ...]]:
            with mapped():
                return self._writer.execute(sql, values).fetchall()

        return await finish(self._executor, select)

    async def backup(self) -> None:
        """Make the last good copy (`name.backup`) anew, also outside the daily round."""
        await finish(self._executor, lambda: backup(self._writer, self.path, self._clock.now()))

    async def aclose(self) -> None:
        """Close both connections; the last process to close folds the log into the file."""
        await finish(self._executor, self._close)
        self._end_thread()

    def _open(self) -> None:
        alone = FileLock(
            beside(self.path, ".opening"),
            mode=0o600,
            thread_local=False,
            preserve_lock_file=True,
            fallback_to_soft=False,
        )
        with mapped():
            private_directory(self.path.parent)
            try:
                alone.acquire(timeout=OPENING_WAIT)
            except Timeout:
                raise StoreUnavailable(
                    "Another program has been opening the database for too long."
                ) from None
            try:
                self._writer, self.opened = open_or_recover(self.path, self._clock.now())
                self._reader = connection(self.path, READ_WAIT)
                self._reader.execute("PRAGMA query_only = ON")
                status = self.path.stat()
            finally:
                alone.release()
        self._identity = (status.st_dev, status.st_ino)

    def _stay(self) -> None:
        """Raise when the path leads to another file than the one that is open: what is written would be lost."""
        try:
            status = self.path.stat()
            same = (status.st_dev, status.st_ino) == self._identity
        except FileNotFoundError:
            same = False
        if not same:
            raise StoreUnavailable(
                "The database file was removed or replaced while the app was running. Start the app again."
            )

    def _close(self) -> None:
        with self._reading, mapped():
            self._reader.close()
            self._writer.close()

    def _end_thread(self) -> None:
        if self._own_executor:
            self._executor.shutdown(wait=False)
