"""The inventory in SQLite: plain columns, no secret."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.domain.errors import DraftRejected, StoreCorrupt
from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState, Role, SharedUse

_COLUMNS = (
    "id", "name", "environment_id", "host", "account_id", "client_id", "role", "role_note", "tags", "notes",
    "shared_use", "auto_refresh", "state", "steps_left", "created_at", "state_changed_at",
)  # fmt: skip
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM api_keys ORDER BY created_at, id"  # noqa: S608 - constant names
_PUT = (
    f"INSERT INTO api_keys ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS[1:])}"
)


class SqliteInventory:
    """`Inventory` in the shared database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Sequence[ApiKey]:
        """All keys, oldest first. Raises `StoreError`; a row that can't be read is named."""
        return [_key(row) for row in await self._database.query(_SELECT)]

    async def save(self, key: ApiKey) -> None:
        """Insert or replace one key, durably.

        Raises `DraftRejected` when another entry has its (host, client id): they would be one session at Nomba.
        """

        def put(connection: sqlite3.Connection) -> None:
            try:
                connection.execute(_PUT, _row(key))
            except sqlite3.IntegrityError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
                    raise
                raise DraftRejected("Another entry already has this client ID in this environment.") from None

        await self._database.write(put)

    async def forget(self, key_id: KeyId) -> None:
        """Delete one key; one that isn't there is fine."""

        def delete(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM api_keys WHERE id = ?", (key_id,))

        await self._database.write(delete)


def _row(key: ApiKey) -> tuple[object, ...]:
    return (
        key.id,
        key.name,
        key.environment_id,
        key.host,
        key.account_id,
        key.client_id,
        key.role.value,
        key.role_note,
        json.dumps(key.tags, ensure_ascii=False),
        key.notes,
        key.shared_use.value,
        int(key.auto_refresh),
        key.state.value,
        key.steps_left,
        key.created_at,
        key.state_changed_at,
    )


def _key(row: tuple[Any, ...]) -> ApiKey:
    told = dict(zip(_COLUMNS, row, strict=True))
    try:
        tags = tuple(str(tag) for tag in json.loads(told["tags"]))
        return ApiKey(
            **{
                **told,
                "id": KeyId(told["id"]),
                "role": Role(told["role"]),
                "tags": tags,
                "shared_use": SharedUse(told["shared_use"]),
                "auto_refresh": bool(told["auto_refresh"]),
                "state": KeyState(told["state"]),
            }
        )
    except (ValueError, TypeError) as error:
        raise StoreCorrupt(
            f"The entry “{told['name']}” in the inventory can't be read: it was changed outside this app or by a "
            "newer version.",
            details=type(error).__name__,
        ) from error
