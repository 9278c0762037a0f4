"""Session records in SQLite, each sealed and bound to its row."""

from __future__ import annotations

import sqlite3

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.record_codec import SCHEMA, decode, encode
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_session_rows import KIND, SELECT, Row, unsealed
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.record import EMPTY, SessionRecord
from nomba_desktop.services.ports import Move

_PUT = """INSERT INTO sessions (host, client_id, schema, generation, revision, sealed) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (host, client_id) DO UPDATE SET schema = excluded.schema, generation = excluded.generation,
    revision = excluded.revision, sealed = excluded.sealed"""


class SqliteSessionStore:
    """`SessionStore` on the shared database. Every process of the user sees the same rows.

    `revision` rises with every write of a row and is bound into the seal with host, client id, kind, schema and
    generation: a row that was edited or swapped with another raises `SealBroken`. Putting back a whole older
    database file can't be noticed.
    """

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._seen: dict[SessionId, tuple[Row, SessionRecord]] = {}
        self._version: int | None = None

    def read(self, session: SessionId) -> SessionRecord:
        """The record now, `EMPTY` where there is none. Raises `StoreError`."""
        rows = self._database.read(SELECT, (session.host, session.client_id))
        if not rows:
            self._seen.pop(session, None)
            return EMPTY
        row = Row(*rows[0])
        seen = self._seen.get(session)
        if seen is not None and seen[0] == row:
            return seen[1]
        record = decode(unsealed(self._sealer, session, row), row.schema)
        self._seen[session] = (row, record)
        return record

    async def apply(self, session: SessionId, move: Move) -> SessionRecord:
        """Apply a move atomically and durably; returns the new record.

        The move runs on the writer's thread. An equal result writes nothing. What the move raises goes through, and
        so does `StoreError`; in both cases nothing was written.
        """
        return await self._database.write(lambda connection: self.change(connection, session, move))

    def change(self, connection: sqlite3.Connection, session: SessionId, move: Move) -> SessionRecord:
        """`apply` within a transaction of the caller's, on the writer's thread."""
        found = connection.execute(SELECT, (session.host, session.client_id)).fetchone()
        row = Row(*found) if found else None
        before = decode(unsealed(self._sealer, session, row), row.schema) if row else EMPTY
        after = move(before)
        if after == before:
            return before
        revision = row.revision + 1 if row else 1
        sealed = self._sealer.seal(
            encode(after),
            host=session.host,
            client_id=session.client_id,
            kind=KIND,
            schema=SCHEMA,
            generation=after.generation,
            revision=revision,
        )
        values = (session.host, session.client_id, SCHEMA, after.generation, revision, sealed)
        connection.execute(_PUT, values)
        return after

    def changed(self) -> bool:
        """Whether any process, this one too, may have written since the last call; True the first time."""
        version = self._database.data_version()
        before, self._version = self._version, version
        return version != before

    async def forget(self, session: SessionId) -> None:
        """Delete the record, whether or not it can be opened; its stop mark goes with it."""
        await self._database.write(lambda connection: self.delete(connection, session))

    def delete(self, connection: sqlite3.Connection, session: SessionId) -> None:
        """`forget` within a transaction of the caller's, on the writer's thread."""
        connection.execute(
            "DELETE FROM sessions WHERE host = ? AND client_id = ?", (session.host, session.client_id)
        )
