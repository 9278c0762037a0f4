"""Session locks in memory (mirrors `adapters/filelock_lock.py`)."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from nomba_desktop.services.ports import Clock, Owner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nomba_desktop.domain.environments import SessionId


class SharedLocks:
    """What several `FakeLock`s (processes) fight for; a test may put a foreign owner in."""

    def __init__(self) -> None:
        self.held: dict[SessionId, Owner] = {}


class FakeLock:
    """`SessionLock`; hand the same `SharedLocks` to several to play several processes."""

    def __init__(self, clock: Clock, who: str = "me", shared: SharedLocks | None = None) -> None:
        self.shared = shared or SharedLocks()
        self._clock = clock
        self._who = who

    def try_hold(self, session: SessionId) -> AbstractAsyncContextManager[Owner | None]:
        return self._hold(session)

    @asynccontextmanager
    async def _hold(self, session: SessionId) -> AsyncIterator[Owner | None]:
        if session in self.shared.held:
            yield self.shared.held[session]
            return
        mine = self.shared.held[session] = Owner(self._who, self._clock.now())
        try:
            yield None
        finally:
            if self.shared.held.get(session) is mine:
                del self.shared.held[session]
