"""Waiting for news of a session without asking again and again."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from nomba_desktop.domain.environments import SessionId


class News:
    """Counts what happened to sessions, and wakes who waits for it. For one event loop."""

    def __init__(self) -> None:
        self._counts: dict[SessionId, int] = {}
        self._waiting: dict[SessionId, set[asyncio.Future[None]]] = {}
        self._everything = 0

    def count(self, session: SessionId) -> int:
        """A number that is larger after each piece of news."""
        return self._counts.get(session, 0) + self._everything

    def tell(self, session: SessionId) -> None:
        """Its record changed, or its lock came free."""
        self._counts[session] = self._counts.get(session, 0) + 1
        self._wake(session)

    def tell_all(self) -> None:
        """Anything may have changed."""
        self._everything += 1
        for session in list(self._waiting):
            self._wake(session)

    async def changed(self, session: SessionId, since: int, longest: float) -> None:
        """Return when there is news after `count` said `since`, or when `longest` seconds are over."""
        if self.count(session) != since:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(session, set()).add(woken)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(longest):
                    await woken
        finally:
            left = self._waiting.get(session, set())
            left.discard(woken)
            if not left:
                self._waiting.pop(session, None)

    def _wake(self, session: SessionId) -> None:
        for woken in self._waiting.get(session, ()):
            if not woken.done():
                woken.set_result(None)
