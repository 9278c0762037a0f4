"""The request log: who called what, when, with what outcome; never a secret or a token."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

CallKind = Literal["issue", "refresh", "revoke", "probe", "access", "write", "other"]
Outcome = Literal["in_flight", "answered", "cut", "client_gone", "failed"]

AUTH_KINDS: frozenset[CallKind] = frozenset({"issue", "refresh", "revoke"})


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One request. Times are epoch seconds of the practice clock; fingerprints are SHA-256 in hex.

    ``client_id`` is the client it belongs to, as far as known. ``in_flight`` counts the requests of the same
    client and family (auth calls, other calls) under way when this one came, itself included. ``status`` is
    what was decided on, also where the answer was then lost. ``held``: it waits in a hold, before or after
    handling. ``answered`` is when the answer left (or was lost). ``faults`` are the kinds that struck.
    """

    number: int
    method: str
    path: str
    kind: CallKind
    client_id: str | None
    account_id: str | None
    received: float
    in_flight: int
    bearer: str | None = None
    presented: str | None = None
    """The refresh token of a refresh, or the access token to be revoked."""
    issued_access: str | None = None
    issued_refresh: str | None = None
    status: int | None = None
    answered: float | None = None
    outcome: Outcome = "in_flight"
    held: Literal["before", "after"] | None = None
    faults: tuple[str, ...] = ()


class RequestLog:
    """An append-only list of entries, safe to read from any thread while the server runs."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: dict[int, LogEntry] = {}
        self._under_way: dict[int, tuple[str | None, bool]] = {}
        self._last = 0

    def open(self, **fields: Any) -> int:
        """Note a request that has just come in; returns its number. ``fields`` are those of ``LogEntry``."""
        with self._changed:
            self._last += 1
            family = (fields["client_id"], fields["kind"] in AUTH_KINDS)
            self._under_way[self._last] = family
            company = sum(1 for other in self._under_way.values() if other == family)
            self._entries[self._last] = LogEntry(number=self._last, in_flight=company, **fields)
            self._changed.notify_all()
            return self._last

    def update(self, number: int, **fields: Any) -> None:
        """Change what is known of a request; one that was reset away meanwhile is left alone."""
        with self._changed:
            if fields.get("outcome", "in_flight") != "in_flight":
                self._under_way.pop(number, None)
            if number in self._entries:
                self._entries[number] = replace(self._entries[number], **fields)
                self._changed.notify_all()

    def entries(self, *, kind: CallKind | None = None, client_id: str | None = None) -> list[LogEntry]:
        """Entries in order of arrival, optionally of one kind or client."""
        with self._changed:
            return [
                entry
                for entry in self._entries.values()
                if kind in (None, entry.kind) and client_id in (None, entry.client_id)
            ]

    def count(self, kind: CallKind, *, client_id: str | None = None, status: int | None = None) -> int:
        """How many requests of a kind came, optionally of one client or with one status."""
        return sum(
            1 for entry in self.entries(kind=kind, client_id=client_id) if status in (None, entry.status)
        )

    def auth_calls(self, client_id: str | None = None) -> int:
        """How many issue, refresh and revoke calls came."""
        return sum(1 for entry in self.entries(client_id=client_id) if entry.kind in AUTH_KINDS)

    def peak_auth_in_flight(self, client_id: str | None = None) -> int:
        """The most auth calls of one client that were ever under way together."""
        return max(
            (e.in_flight for e in self.entries(client_id=client_id) if e.kind in AUTH_KINDS), default=0
        )

    def wait_for(self, condition: Callable[[list[LogEntry]], bool], timeout: float = 10.0) -> bool:
        """Block this thread until the entries satisfy a condition; False after ``timeout`` real seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(list(self._entries.values())), timeout)

    def reset(self) -> None:
        """Forget all entries; numbers go on."""
        with self._changed:
            self._entries.clear()
            self._changed.notify_all()
