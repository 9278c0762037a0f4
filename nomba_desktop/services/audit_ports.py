"""What the activity log needs of the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from nomba_desktop.domain.audit import Checkpoint, Entry, Head, Link, Result, What
from nomba_desktop.domain.audit_check import Unreadable


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: all that fit every part that is given.

    `since` and `until` are epoch seconds, from `since` on and before `until`; `text` occurs in a name, reason,
    evidence, user or host, in small or capital letters (ASCII).
    """

    key_id: str | None = None
    what: frozenset[What] = frozenset()
    result: Result | None = None
    since: float | None = None
    until: float | None = None
    text: str = ""


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, newest first. `next_before` goes into the call for the page after it; None on the last one.

    `unreadable` are numbers of rows on this page that are no entries: the log was altered there.
    """

    entries: tuple[Entry, ...]
    next_before: int | None = None
    unreadable: tuple[int, ...] = ()


class AuditStore(Protocol):
    """The stored chain, shared by all processes of the user. Every call may raise a `StoreError`."""

    async def append(self, make: Callable[[Head], Sequence[Link]]) -> Sequence[Link]:
        """Store what `make` links to the head, in one transaction with reading that head; returns it."""
        ...

    async def state(self) -> tuple[Head, tuple[Checkpoint, ...]]:
        """Head and checkpoints, oldest first, as of one moment."""
        ...

    async def mac_of(self, number: int) -> bytes | None:
        """The MAC of an entry, or of a checkpoint there; None where there is neither."""
        ...

    async def rows(self, after: int, limit: int) -> Sequence[Link | Unreadable]:
        """Rows in order, with numbers above `after`."""
        ...

    async def page(self, chosen: Filter, before: int | None, limit: int) -> Page:
        """Up to `limit` entries with numbers below `before`, newest first."""
        ...

    async def count(self, chosen: Filter) -> int:
        """How many entries fit."""
        ...

    async def prune(
        self,
        older: float,
        seal: Callable[[Checkpoint | None, Head], Checkpoint],
        note: Callable[[Head, int], Sequence[Link]],
    ) -> int:
        """Drop the oldest entries from before `older` (epoch seconds), in one transaction: put a checkpoint, delete,
        append what `note` makes of the head and the number dropped up to. Returns how many were dropped."""
        ...
