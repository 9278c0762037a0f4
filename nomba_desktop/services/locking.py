"""Waiting for a session's lock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import HeldElsewhere
from nomba_desktop.services.ports import Clock, SessionLock


@asynccontextmanager
async def hold(
    lock: SessionLock, session: SessionId, clock: Clock, name: str, *, wait: float = 20.0, every: float = 0.05
) -> AsyncIterator[None]:
    """Hold the lock for a block; tries for `wait` seconds. Raises `HeldElsewhere` with the owner."""
    deadline = clock.monotonic() + wait
    while True:
        async with lock.try_hold(session) as owner:
            if owner is None:
                yield
                return
        if clock.monotonic() >= deadline:
            raise HeldElsewhere(
                f"{owner.who or 'Another program'} is working on “{name}” and has not finished."
            )
        await clock.sleep(every)
