"""A semaphore that lets the most urgent call go first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nomba_desktop.domain.limits import Priority


class Slots:
    """At most `size` calls at a time. Waiting for a free connection in httpx's own pool would count against its
    time limits (encode/httpx 1171), and a hundred reads would hold up a cut-off."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._last = 0

    @asynccontextmanager
    async def take(self, priority: Priority) -> AsyncIterator[None]:
        """Hold one slot. Cancelled while waiting, it takes none."""
        await self._acquire(priority)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, priority: Priority) -> None:
        if self._free:
            self._free -= 1
            return
        self._last += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (priority, self._last, turn)
        heapq.heappush(self._waiting, entry)
        try:
            await turn
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
                heapq.heapify(self._waiting)
            elif not turn.cancelled():
                self._release()  # the slot was handed over in the same turn of the loop
            raise

    def _release(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
