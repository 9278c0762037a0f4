"""Following what other processes write."""

from __future__ import annotations

import asyncio

from nomba_desktop.domain.errors import StoreError
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.sessions import Sessions
from nomba_desktop.services.tasks import Tasks

#: Seconds between two looks at the store's change counter; other processes' changes show within a second.
LOOK_EVERY = 0.9
#: The same while nobody can see the window: what is due there is judged by the schedule, which looks for itself.
LOOK_UNSEEN = 10.0
#: The same where the system tells of each write: only in case a signal got lost.
LOOK_TOLD = 10.0


async def watch_store(sessions: Sessions, clock: Clock, every: float = LOOK_EVERY) -> None:
    """Look at the change counter now and then, and at the sessions when it moved. Asks no server."""
    while True:
        await clock.sleep(every)
        try:
            sessions.observe_if_changed()
        except StoreError:
            sessions.observe()  # each session shows what is wrong


class StoreWatch:
    """`watch_store` in the background, at a pace that depends on whether somebody can see what it finds.

    Where the system tells of writes, `look` is called for each, and the pace is that of a safety net.
    """

    def __init__(self, sessions: Sessions, clock: Clock, tasks: Tasks) -> None:
        self._sessions, self._clock, self._tasks = sessions, clock, tasks
        self._running: asyncio.Task[object] | None = None

    def begin(self, *, seen: bool, told: bool = False) -> None:
        """Look now, and from now on at this pace."""
        if self._running is not None:
            self._running.cancel()
        every = LOOK_UNSEEN if not seen else LOOK_TOLD if told else LOOK_EVERY
        self.look()
        self._running = self._tasks.spawn(
            watch_store(self._sessions, self._clock, every), name="watch the store"
        )

    def look(self) -> None:
        """Look now."""
        try:
            self._sessions.observe_if_changed()
        except StoreError:
            self._sessions.observe()
