"""Reading the store in a process that lives for a tenth of a second: a few selects, none of the checks of opening.

Nothing is written, recovered or migrated. Whatever is not plainly there is `None` or an error of the store's, and
the caller opens the store properly.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.record_peek import peek
from nomba_desktop.adapters.sqlite_errors import mapped
from nomba_desktop.adapters.sqlite_files import wal_is_broken
from nomba_desktop.adapters.sqlite_schema import VERSION
from nomba_desktop.adapters.sqlite_session_rows import SELECT, Row, unsealed
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import StoreUnavailable
from nomba_desktop.domain.record import EMPTY, SessionRecord

#: Seconds to wait while another process recovers the write-ahead log.
_WAIT = 0.25
_OF_A_TEAM = "SELECT 1 FROM team_marks WHERE host = ? AND client_id = ?"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What finding a key and using its token takes."""

    id: str
    name: str
    environment_id: str
    host: str
    account_id: str
    client_id: str

    @property
    def session_id(self) -> SessionId:
        """As `ApiKey.session_id`."""
        return SessionId(self.host, self.client_id.lower())


class QuickStore:
    """The database file, for reading; a context manager. Raises `StoreError` where it isn't there as it should be."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        with mapped():
            if wal_is_broken(self._path):
                raise StoreUnavailable
            uri = f"{self._path.absolute().as_uri()}?mode=rw"
            self._connection = sqlite3.connect(uri, uri=True, timeout=_WAIT, isolation_level=None)
            self._connection.execute("PRAGMA query_only = ON")
            if self._connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                self._connection.close()
                raise StoreUnavailable
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def key_rows(self) -> list[KeyRow]:
        """Every key, oldest first."""
        with mapped():
            rows = self._connection.execute(
                "SELECT id, name, environment_id, host, account_id, client_id FROM api_keys ORDER BY created_at, id"
            ).fetchall()
        return [KeyRow(*row) for row in rows]

    def record(self, session: SessionId, cache_key: bytes) -> SessionRecord:
        """What decides whether the token may be handed out, now; `EMPTY` where there is no record.

        Raises `SealBroken` where it can't be read here, `StoreUnavailable` where it mirrors a team's: whether that is
        still so, only the team's store knows.
        """
        where = (session.host, session.client_id)
        with mapped():
            if self._connection.execute(_OF_A_TEAM, where).fetchone():
                raise StoreUnavailable
            found = self._connection.execute(SELECT, where).fetchone()
        if not found:
            return EMPTY
        row = Row(*found)
        return peek(unsealed(Sealer(cache_key), session, row), row.schema)
