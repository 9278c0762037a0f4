"""The gate every call passes: one queue per lane, the most urgent call first (facts 7)."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from nomba_desktop.domain.limits import Lane, LaneState, Priority, RateHeaders, learned, opens_at, took
from nomba_desktop.services.ports import Clock

#: A call without an answer for this many seconds is no longer counted as under way.
FORGOTTEN_AFTER = 60.0

OnWait = Callable[[Lane, Priority, float], None]


@dataclass(slots=True, order=True)
class _Waiter:
    priority: Priority
    number: int
    nudge: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


@dataclass(slots=True)
class _Queue:
    state: LaneState = field(default_factory=LaneState)
    waiters: list[_Waiter] = field(default_factory=list)
    under_way: deque[float] = field(default_factory=deque)


class RateLimiter:
    """`Admission` by what the X-Rate-Limit headers and Retry-After said.

    A lane nobody has heard about is open. Waiting calls go in order of priority, then of arrival. `on_wait` is told
    (lane, priority, wall time) whenever a call begins to wait, or has to wait for longer than it was told before.
    """

    def __init__(self, clock: Clock, on_wait: OnWait | None = None) -> None:
        self._clock = clock
        self._on_wait = on_wait
        self._queues: dict[Lane, _Queue] = {}
        self._last = 0

    async def admit(self, lane: Lane, priority: Priority) -> None:
        """Return when the call may go out. Cancelled, it leaves no trace."""
        queue = self._queues.setdefault(lane, _Queue())
        if queue.waiters or opens_at(queue.state, self._clock.monotonic()) > self._clock.monotonic():
            await self._wait_in(queue, lane, priority)
        now = self._clock.monotonic()
        queue.state = took(queue.state, now)
        queue.under_way.append(now)

    def learn(self, lane: Lane, headers: RateHeaders | None, retry_after: float | None) -> None:
        """Take note of an answer, or with None and None that none came: once for every admitted call."""
        queue = self._queues.setdefault(lane, _Queue())
        now = self._clock.monotonic()
        while queue.under_way and now - queue.under_way[0] > FORGOTTEN_AFTER:
            queue.under_way.popleft()
        if queue.under_way:
            queue.under_way.popleft()
        queue.state = learned(queue.state, headers, retry_after, now, len(queue.under_way))
        self._nudge_first(queue)

    def waiting(self, lane: Lane) -> float | None:
        """Wall time at which this lane lets a call through; None where it would at once."""
        queue = self._queues.get(lane)
        now = self._clock.monotonic()
        if queue is None or (not queue.waiters and opens_at(queue.state, now) <= now):
            return None
        return self._until(queue, now)

    async def _wait_in(self, queue: _Queue, lane: Lane, priority: Priority) -> None:
        self._last += 1
        waiter = _Waiter(priority, self._last)
        heapq.heappush(queue.waiters, waiter)
        told = float("-inf")
        try:
            while True:
                now = self._clock.monotonic()
                opens = opens_at(queue.state, now)
                if queue.waiters[0] is waiter and opens <= now:
                    return
                if opens > max(now, told):
                    told = opens
                    if self._on_wait is not None:
                        self._on_wait(lane, priority, self._until(queue, now))
                waiter.nudge.clear()
                await self._sleep(waiter, opens - now if queue.waiters[0] is waiter else None)
        finally:
            queue.waiters.remove(waiter)
            heapq.heapify(queue.waiters)
            self._nudge_first(queue)

    async def _sleep(self, waiter: _Waiter, seconds: float | None) -> None:
        """Until nudged, or for the first of the queue until that many seconds have passed."""
        if seconds is None:
            await waiter.nudge.wait()
            return
        asleep = asyncio.ensure_future(self._clock.sleep(seconds))
        nudged = asyncio.ensure_future(waiter.nudge.wait())
        try:
            await asyncio.wait({asleep, nudged}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asleep.cancel()
            nudged.cancel()
            await asyncio.wait({asleep, nudged})
        if not asleep.cancelled():
            asleep.result()

    def _until(self, queue: _Queue, now: float) -> float:
        return self._clock.now() + opens_at(queue.state, now) - now

    @staticmethod
    def _nudge_first(queue: _Queue) -> None:
        if queue.waiters:
            queue.waiters[0].nudge.set()
