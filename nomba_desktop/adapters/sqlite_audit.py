"""The activity log in SQLite: rows are added at the end; triggers refuse everything else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.domain.audit import NO_MAC, Checkpoint, Entry, Fingerprint, Head, Link, Result, What
from nomba_desktop.domain.audit_check import Unreadable
from nomba_desktop.services.audit_ports import Filter, Page

_TEXTS = (
    "operator", "system_user", "host", "process", "what", "key_id", "key_name", "reason", "result", "evidence",
    "fingerprints",
)  # fmt: skip
_COLUMNS = ("number", "at", "duration", *_TEXTS, "mac")
# As bytes: text that is no UTF-8 would else stop the whole select.
_READ = ", ".join(f"CAST({name} AS BLOB)" if name in _TEXTS else name for name in _COLUMNS)
_SELECT = f"SELECT {_READ} FROM audit_log"  # noqa: S608 - constant names, as below
_PUT = f"INSERT INTO audit_log ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_CHECKPOINTS = "SELECT number, mac, at, seal FROM audit_checkpoints ORDER BY number"
_SEARCHED = ("key_name", "operator", "system_user", "host", "reason", "evidence")
_LOWEST = -(2**63)


class SqliteAudit:
    """`AuditStore` in the shared database; several processes append to one chain."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, make: Callable[[Head], Sequence[Link]]) -> Sequence[Link]:
        """Link to the head and store, in one transaction. Raises `StoreError`; then nothing was written."""
        return await self._database.write(lambda connection: _append(connection, make))

    async def state(self) -> tuple[Head, tuple[Checkpoint, ...]]:
        """Head and checkpoints as of one moment."""
        return await self._database.write(lambda c: (_head(c), _checkpoints(c)))

    async def mac_of(self, number: int) -> bytes | None:
        """The MAC of an entry, or of a checkpoint there."""
        rows = await self._database.query(
            "SELECT mac FROM audit_log WHERE number = ? UNION ALL SELECT mac FROM audit_checkpoints WHERE number = ?",
            (number, number),
        )
        return bytes(rows[0][0]) if rows else None

    async def rows(self, after: int, limit: int) -> Sequence[Link | Unreadable]:
        """Rows in order, with numbers above `after`."""
        found = await self._database.query(
            f"{_SELECT} WHERE number > ? ORDER BY number LIMIT ?", (max(after, _LOWEST), limit)
        )
        return [_link(row) for row in found]

    async def page(self, chosen: Filter, before: int | None, limit: int) -> Page:
        """Up to `limit` entries below `before`, newest first."""
        where, values = _where(chosen)
        if before is not None:
            where, values = [*where, "number < ?"], [*values, before]
        sql = f"{_SELECT}{_and(where)} ORDER BY number DESC LIMIT ?"
        links = [_link(row) for row in await self._database.query(sql, [*values, limit + 1])]
        shown = links[:limit]
        more = _number(shown[-1]) if len(links) > limit else None
        return Page(
            tuple(link.entry for link in shown if isinstance(link, Link)),
            more,
            tuple(link.number for link in shown if isinstance(link, Unreadable)),
        )

    async def count(self, chosen: Filter) -> int:
        """How many entries fit."""
        where, values = _where(chosen)
        rows = await self._database.query(f"SELECT count(*) FROM audit_log{_and(where)}", values)  # noqa: S608
        return int(rows[0][0])

    async def prune(
        self,
        older: float,
        seal: Callable[[Checkpoint | None, Head], Checkpoint],
        note: Callable[[Head, int], Sequence[Link]],
    ) -> int:
        """Drop the oldest entries behind a new checkpoint; returns how many."""

        def work(connection: sqlite3.Connection) -> int:
            head = _head(connection)
            first = connection.execute("SELECT min(number) FROM audit_log WHERE at >= ?", (older,)).fetchone()
            last = head.number if first[0] is None else int(first[0]) - 1
            row = connection.execute("SELECT mac FROM audit_log WHERE number = ?", (last,)).fetchone()
            if row is None:
                return 0
            checkpoints = _checkpoints(connection)
            made = seal(checkpoints[-1] if checkpoints else None, Head(last, bytes(row[0])))
            connection.execute(
                "INSERT INTO audit_checkpoints (number, mac, at, seal) VALUES (?, ?, ?, ?)",
                (made.number, made.mac, made.at, made.seal),
            )
            dropped = connection.execute("DELETE FROM audit_log WHERE number <= ?", (last,)).rowcount
            _append(connection, lambda head: note(head, last))
            return dropped

        return await self._database.write(work)


def _append(connection: sqlite3.Connection, make: Callable[[Head], Sequence[Link]]) -> Sequence[Link]:
    links = make(_head(connection))
    connection.executemany(_PUT, [_row(link) for link in links])
    return links


def _head(connection: sqlite3.Connection) -> Head:
    for table in ("audit_log", "audit_checkpoints"):
        row = connection.execute(f"SELECT number, mac FROM {table} ORDER BY number DESC LIMIT 1").fetchone()  # noqa: S608
        if row is not None:
            return Head(int(row[0]), bytes(row[1]))
    return Head(0, NO_MAC)


def _checkpoints(connection: sqlite3.Connection) -> tuple[Checkpoint, ...]:
    rows = connection.execute(_CHECKPOINTS).fetchall()
    return tuple(Checkpoint(number, bytes(mac), at, bytes(seal)) for number, mac, at, seal in rows)


def _where(chosen: Filter) -> tuple[list[str], list[object]]:
    where: list[str] = []
    values: list[object] = []
    plain = (("key_id = ?", chosen.key_id), ("at >= ?", chosen.since), ("at < ?", chosen.until))
    for condition, value in plain:
        if value is not None:
            where.append(condition)
            values.append(value)
    if chosen.result is not None:
        where.append("result = ?")
        values.append(chosen.result.value)
    if chosen.what:
        where.append(f"what IN ({', '.join('?' * len(chosen.what))})")
        values += sorted(what.value for what in chosen.what)
    if chosen.text:
        escaped = "".join(f"\\{ch}" if ch in "\\%_" else ch for ch in chosen.text)
        where.append("(" + " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in _SEARCHED) + ")")
        values += [f"%{escaped}%"] * len(_SEARCHED)
    return where, values


def _and(where: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(where)}" if where else ""


def _row(link: Link) -> tuple[object, ...]:
    told = link.entry.to_plain()
    told["fingerprints"] = " ".join(mark.digits for mark in link.entry.fingerprints)
    told["mac"] = link.mac
    return tuple(told[name] for name in _COLUMNS)


def _link(row: tuple[Any, ...]) -> Link | Unreadable:
    told = dict(zip(_COLUMNS, row, strict=True))
    mac = bytes(told.pop("mac"))
    try:
        texts = {name: bytes(told[name]).decode() for name in _TEXTS}
        marks = tuple(Fingerprint(digits) for digits in texts["fingerprints"].split(" ") if digits)
        what, result = What(texts["what"]), Result(texts["result"])
    except ValueError:
        return Unreadable(told["number"])
    return Link(Entry(**{**told, **texts, "what": what, "result": result, "fingerprints": marks}), mac)


def _number(link: Link | Unreadable) -> int:
    return link.number if isinstance(link, Unreadable) else link.entry.number
