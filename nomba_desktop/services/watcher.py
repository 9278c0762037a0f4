"""Following what other processes write."""

from __future__ import annotations

from nomba_desktop.domain.errors import StoreError
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.sessions import Sessions

#: Seconds between two looks at the store's change counter; other processes' changes show within a second.
LOOK_EVERY = 0.5


async def watch_store(sessions: Sessions, clock: Clock, every: float = LOOK_EVERY) -> None:
    """Look at the change counter now and then, and at the sessions when it moved. Asks no server."""
    while True:
        await clock.sleep(every)
        try:
            sessions.observe_if_changed()
        except StoreError:
            sessions.observe()  # each session shows what is wrong
