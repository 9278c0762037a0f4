"""A clock that stands still until a test moves it (mirrors `adapters/system_clock.py`)."""

from __future__ import annotations

import asyncio
import heapq

EPOCH = 1_795_219_200.0  # 2026-11-21T00:00:00Z


class ManualClock:
    """`Clock` moved by `advance`; sleepers wake in the order of their moments."""

    def __init__(self, epoch: float = EPOCH) -> None:
        self._offset = epoch
        self._monotonic = 0.0
        self._count = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._offset + self._monotonic

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._monotonic + max(0.0, seconds), self._count, done))
        if seconds <= 0:
            asyncio.get_running_loop().call_soon(self._wake)
        await done

    @property
    def sleepers(self) -> int:
        """How many tasks are asleep."""
        return sum(not done.done() for _, _, done in self._sleepers)

    def jump(self, seconds: float) -> None:
        """The wall clock alone is set forward or back."""
        self._offset += seconds

    async def advance(self, seconds: float) -> None:
        """Time passes: everybody due wakes in order, and what they start runs until it sleeps or waits again."""
        until = self._monotonic + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._monotonic = max(self._monotonic, self._sleepers[0][0])
            self._wake()
            await _settle()
        self._monotonic = until

    def _wake(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            done = heapq.heappop(self._sleepers)[2]
            if not done.done():
                done.set_result(None)


async def _settle() -> None:
    loop = asyncio.get_running_loop()
    for _ in range(20):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn
