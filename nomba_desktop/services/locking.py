"""Waiting for a session's lock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import HeldElsewhere
from nomba_desktop.services.ports import Clock, Notifying, SessionLock


def news(lock: SessionLock, session: SessionId) -> int:
    """What to give `next_news` after a try that was in vain; asked before the try, so that nothing is missed."""
    return lock.news(session) if isinstance(lock, Notifying) else 0


async def next_news(
    lock: SessionLock, session: SessionId, clock: Clock, *, since: int, longest: float, every: float
) -> None:
    """Return when it is worth trying the lock again: when the lock says so, else after `every` seconds."""
    if isinstance(lock, Notifying):
        await lock.changed(session, since, max(0.0, longest))
    else:
        await clock.sleep(every)


@asynccontextmanager
async def hold(
    lock: SessionLock, session: SessionId, clock: Clock, name: str, *, wait: float = 20.0, every: float = 0.05
) -> AsyncIterator[None]:
    """Hold the lock for a block; tries for `wait` seconds. Raises `HeldElsewhere` with the owner."""
    deadline = clock.monotonic() + wait
    while True:
        since = news(lock, session)
        async with lock.try_hold(session) as owner:
            if owner is None:
                yield
                return
        left = deadline - clock.monotonic()
        if left <= 0:
            raise HeldElsewhere(
                f"{owner.who or 'Another program'} is working on “{name}” and has not finished."
            )
        await next_news(lock, session, clock, since=since, longest=left, every=every)
