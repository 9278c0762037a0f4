"""The real clocks and real chance: the only place that asks the computer for either (law 4)."""

from __future__ import annotations

import random
import secrets
import time


class SystemClock:
    """`Clock` of this computer.

    The monotonic clock may stand still while the computer sleeps (it does on Linux and macOS): a jump of the wall
    clock against it is how the services notice a suspend.
    """

    def now(self) -> float:
        """Wall clock, epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds; zero or less lets other tasks run once."""
        import asyncio  # noqa: PLC0415 - a process that reads one token has no loop

        await asyncio.sleep(max(0.0, seconds))


class SystemChance:
    """`Chance` from the operating system's generator."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def uniform(self) -> float:
        """A number from 0 up to 1, 1 excluded."""
        return self._random.random()

    def token(self) -> str:
        """128 unguessable bits as 32 hexadecimal digits."""
        return secrets.token_hex(16)
