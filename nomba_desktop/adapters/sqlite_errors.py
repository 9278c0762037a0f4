"""SQLite's and the file system's errors as the two that the services know."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from nomba_desktop.domain.errors import StoreCorrupt, StoreError, StoreUnavailable

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk is full: nothing was written.",
    sqlite3.SQLITE_BUSY: "Another program holds the database: nothing was written.",
    sqlite3.SQLITE_LOCKED: "Another program holds the database: nothing was written.",
    sqlite3.SQLITE_READONLY: "The data directory or the database file is read-only: nothing was written.",
    sqlite3.SQLITE_PERM: "The database file may not be opened: its permissions forbid it.",
    sqlite3.SQLITE_CANTOPEN: "The database file can't be opened or made in the data directory.",
    sqlite3.SQLITE_IOERR: "The disk reported an error while the database was used.",
    sqlite3.SQLITE_NOMEM: "There is not enough memory to use the database.",
}
_ERRNO = {
    errno.ENOSPC: "The disk is full: nothing was written.",
    errno.EDQUOT: "The disk quota is used up: nothing was written.",
    errno.EROFS: "The data directory is read-only: nothing was written.",
    errno.EACCES: "The data directory may not be written: its permissions forbid it.",
    errno.EPERM: "The data directory may not be written: its permissions forbid it.",
}


def from_sqlite(error: sqlite3.Error) -> StoreError | None:
    """The error a person can be told; None when it is a defect of ours (wrong SQL, a broken constraint)."""
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError | sqlite3.IntegrityError):
        return None
    code = getattr(error, "sqlite_errorcode", None)
    details = getattr(error, "sqlite_errorname", "") or type(error).__name__
    if code is None:
        return None
    if code & 0xFF in _DAMAGED:
        return StoreCorrupt("The database file is damaged.", details=details)
    sentence = _SENTENCES.get(code & 0xFF)
    return StoreUnavailable(sentence, details=details) if sentence else None


def from_os(error: OSError) -> StoreUnavailable:
    """A file could not be made, moved or synced."""
    sentence = _ERRNO.get(error.errno or 0, "A file in the data directory could not be used.")
    return StoreUnavailable(sentence, details=error.strerror or type(error).__name__)


@contextmanager
def mapped() -> Iterator[None]:
    """Raise `StoreUnavailable` or `StoreCorrupt` in place of foreign errors; defects go through as they are."""
    try:
        yield
    except sqlite3.Error as error:
        told = from_sqlite(error)
        if told is None:
            raise
        raise told from error
    except OSError as error:
        raise from_os(error) from error
