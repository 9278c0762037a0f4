"""What was observed about a host, such as whether a new session ends the one before."""

from __future__ import annotations

import sqlite3

from nomba_desktop.adapters.sqlite_database import Database


class SqliteHostFacts:
    """Named observations per host, as text; no secret. Raises `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, host: str, name: str) -> str | None:
        """What was noted last, at once, on the caller's thread; None when nothing was."""
        rows = self._database.read("SELECT value FROM host_facts WHERE host = ? AND name = ?", (host, name))
        return str(rows[0][0]) if rows else None

    async def note(self, host: str, name: str, value: str) -> None:
        """Note an observation, durably, in place of the last one."""

        def put(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO host_facts (host, name, value) VALUES (?, ?, ?) "
                "ON CONFLICT (host, name) DO UPDATE SET value = excluded.value",
                (host, name, value),
            )

        await self._database.write(put)
