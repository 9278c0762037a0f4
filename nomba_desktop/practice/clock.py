"""Time as the practice server sees it: handed in, and moved forward on request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

Sleep = Callable[[float], Awaitable[None]]
"""Waits for a number of seconds. Real in a running server, simulated in tests."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        ...


class OffsetClock:
    """Another clock, plus the seconds by which it was advanced."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner
        self._offset = 0.0

    @property
    def offset(self) -> float:
        """Seconds by which this clock has been advanced so far."""
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch, advance included."""
        return self._inner.now() + self._offset

    def advance(self, seconds: float) -> None:
        """Jump forward. Raises ``ValueError`` for a step back: ended tokens would come to life again."""
        if not seconds >= 0 or seconds == float("inf"):
            raise ValueError("The clock can only be advanced by zero or more seconds.")
        self._offset += seconds
