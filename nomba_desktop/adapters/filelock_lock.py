"""One kernel lock per session, released by the system when its process dies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from nomba_desktop.adapters.offload import finish
from nomba_desktop.adapters.private_files import private_directory, private_file
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import StoreUnavailable
from nomba_desktop.domain.text import clean
from nomba_desktop.services.ports import Clock, Owner

_UNKNOWN = Owner("another program", 0.0)
_LONGEST_NOTE = 4096


class FileSessionLock:
    """`SessionLock` with `flock` (POSIX) or `msvcrt.locking` (Windows), one file per session in `directory` (0700).

    Lock files are never deleted: a waiter could hold a deleted file's lock while another makes a new one. `who` is
    what losers are told, such as `nomba (process 4711)`; it stands in a note beside the lock, written after the lock
    was won and removed before it is given back, both as well as it can be done. Every attempt has a lock object of
    its own, so that two tasks of one process exclude each other like two processes. Every touch of a file runs on
    `executor`, or on a thread of its own; a caller cancelled meanwhile waits for it, so that no lock is left behind.
    """

    def __init__(self, directory: Path, clock: Clock, who: str, executor: Executor | None = None) -> None:
        self._directory = directory
        self._clock = clock
        self._who = who
        self._executor = executor or ThreadPoolExecutor(1, "nomba-locks")

    def try_hold(self, session: SessionId) -> AbstractAsyncContextManager[Owner | None]:
        """Enter at once: None when the lock is now ours, else who holds it as far as known (`since` 0: unknown).

        Entering raises `StoreUnavailable` when the lock file can't be made or the file system has no locks.
        """
        return self._hold(self._directory / f"{_name(session)}.lock")

    @asynccontextmanager
    async def _hold(self, path: Path) -> AsyncIterator[Owner | None]:
        lock = FileLock(
            path,
            mode=0o600,
            thread_local=False,
            blocking=False,
            preserve_lock_file=True,
            fallback_to_soft=False,
        )
        try:
            yield await finish(self._executor, lambda: self._take(lock, path))
        finally:
            if lock.is_locked:
                await finish(self._executor, lambda: _give_back(lock, path))

    def _take(self, lock: FileLock, path: Path) -> Owner | None:
        note = _note(path)
        try:
            private_directory(self._directory)
            lock.acquire()
        except Timeout:
            return _holder(note)
        except (OSError, NotImplementedError) as error:
            raise StoreUnavailable(
                "The lock file of this key can't be used in the data directory: nothing was sent.",
                details=str(getattr(error, "strerror", "") or type(error).__name__),
            ) from error
        with suppress(OSError):
            private_file(note)
            note.write_text(json.dumps({"who": self._who, "since": self._clock.now()}), "utf-8")
        return None


def _give_back(lock: FileLock, path: Path) -> None:
    with suppress(OSError):
        _note(path).unlink(missing_ok=True)
    lock.release()


def _note(path: Path) -> Path:
    return path.with_suffix(".owner")


def _name(session: SessionId) -> str:
    """A file name that needs no escaping and tells nothing; the host ends at the first line break."""
    return hashlib.sha256(f"{session.host}\n{session.client_id}".encode()).hexdigest()


def _holder(note: Path) -> Owner:
    try:
        with note.open("rb") as file:
            told = json.loads(file.read(_LONGEST_NOTE))
        return Owner(clean(str(told["who"]), 120) or _UNKNOWN.who, float(told["since"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return _UNKNOWN
