"""A session store in memory (mirrors `adapters/sqlite_sessions.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nomba_desktop.domain.record import EMPTY, SessionRecord

if TYPE_CHECKING:
    from nomba_desktop.domain.environments import SessionId
    from nomba_desktop.domain.errors import StoreError
    from nomba_desktop.services.ports import Move


class SharedRecords:
    """What several stores (processes) look at together."""

    def __init__(self) -> None:
        self.records: dict[SessionId, SessionRecord] = {}
        self.version = 0


class MemorySessionStore:
    """`SessionStore`; hand the same `SharedRecords` to several to play several processes.

    `fail_writes` / `fail_reads`: raised by every write / read while set.
    """

    def __init__(self, shared: SharedRecords | None = None) -> None:
        self.shared = shared or SharedRecords()
        self.fail_writes: StoreError | None = None
        self.fail_reads: StoreError | None = None
        self.writes = 0
        self._seen: int | None = None

    def read(self, session: SessionId) -> SessionRecord:
        if self.fail_reads is not None:
            raise self.fail_reads
        return self.shared.records.get(session, EMPTY)

    async def apply(self, session: SessionId, move: Move) -> SessionRecord:
        if self.fail_reads is not None:
            raise self.fail_reads
        before = self.shared.records.get(session, EMPTY)
        after = move(before)
        if after == before:
            return before
        if self.fail_writes is not None:
            raise self.fail_writes
        self._wrote()
        self.shared.records[session] = after
        return after

    def changed(self) -> bool:
        before, self._seen = self._seen, self.shared.version
        return before != self.shared.version

    async def forget(self, session: SessionId) -> None:
        if self.fail_writes is not None:
            raise self.fail_writes
        if self.shared.records.pop(session, None) is not None:
            self._wrote()

    def _wrote(self) -> None:
        self.shared.version += 1
        self.writes += 1
