"""This desktop's copy of the team's sessions: the local store, and which version of the team's row each record is."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.record import SessionRecord
from nomba_desktop.services.ports import Move

_MARK = "SELECT epoch, revision, head, alone FROM team_marks WHERE host = ? AND client_id = ?"
_PUT = """INSERT INTO team_marks (host, client_id, epoch, revision, head, alone) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (host, client_id) DO UPDATE SET epoch = excluded.epoch, revision = excluded.revision,
    head = excluded.head, alone = excluded.alone"""


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest version of the team's row that this desktop saw: the store's epoch, the row's revision and how its
    sealed bytes begin. `alone`: this desktop has written on without the team since."""

    epoch: str
    revision: int
    head: bytes
    alone: bool = False


class SqliteMirror(SqliteSessionStore):
    """`SqliteSessionStore` whose records carry marks; record and mark change in one transaction.

    All processes of the user share it, so what one of them saw, none of them forgets.
    """

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer)
        self._marks = database

    def mark(self, session: SessionId) -> Mark | None:
        """Which version the record mirrors; None where the team's store never had one that this desktop saw."""
        rows = self._marks.read(_MARK, (session.host, session.client_id))
        return _mark(rows[0]) if rows else None

    def marked(self) -> list[SessionId]:
        """All sessions that this desktop saw in the team's store."""
        return [SessionId(*row) for row in self._marks.read("SELECT host, client_id FROM team_marks")]

    async def put(self, session: SessionId, record: SessionRecord, mark: Mark, seen: Mark | None) -> bool:
        """Mirror a version, if the mark is still the one that the caller looked at; whether it was."""

        def transact(connection: sqlite3.Connection) -> bool:
            if _current(connection, session) != seen:
                return False
            self.change(connection, session, lambda _: record)
            _write(connection, session, mark)
            return True

        return await self._marks.write(transact)

    async def apply_alone(self, session: SessionId, move: Move) -> SessionRecord:
        """Apply a move here only; the mark says so until the team has it."""

        def transact(connection: sqlite3.Connection) -> SessionRecord:
            after = self.change(connection, session, move)
            mark = _current(connection, session) or Mark("", 0, b"")
            _write(connection, session, Mark(mark.epoch, mark.revision, mark.head, alone=True))
            return after

        return await self._marks.write(transact)

    async def forget(self, session: SessionId) -> None:
        """Delete record and mark, whether or not the record can be opened."""

        def transact(connection: sqlite3.Connection) -> None:
            self.delete(connection, session)
            connection.execute(
                "DELETE FROM team_marks WHERE host = ? AND client_id = ?", (session.host, session.client_id)
            )

        await self._marks.write(transact)

    async def saw_epoch(self, epoch: str) -> None:
        """Remember the store's epoch, in the order of seeing."""
        if self._last_epoch() == epoch:
            return

        def transact(connection: sqlite3.Connection) -> None:
            last = connection.execute("SELECT epoch FROM team_epochs ORDER BY number DESC LIMIT 1").fetchone()
            if last is None or last[0] != epoch:
                connection.execute("INSERT INTO team_epochs (epoch) VALUES (?)", (epoch,))

        await self._marks.write(transact)

    def epochs(self) -> int:
        """How many epochs this desktop has seen; more than one: the store lost or may have lost something."""
        return int(self._marks.read("SELECT count(*) FROM team_epochs")[0][0])

    def _last_epoch(self) -> str:
        rows = self._marks.read("SELECT epoch FROM team_epochs ORDER BY number DESC LIMIT 1")
        return str(rows[0][0]) if rows else ""


def _current(connection: sqlite3.Connection, session: SessionId) -> Mark | None:
    row = connection.execute(_MARK, (session.host, session.client_id)).fetchone()
    return _mark(row) if row else None


def _write(connection: sqlite3.Connection, session: SessionId, mark: Mark) -> None:
    values = (session.host, session.client_id, mark.epoch, mark.revision, mark.head, int(mark.alone))
    connection.execute(_PUT, values)


def _mark(row: tuple[str, int, bytes, int]) -> Mark:
    epoch, revision, head, alone = row
    return Mark(epoch, revision, bytes(head), bool(alone))
