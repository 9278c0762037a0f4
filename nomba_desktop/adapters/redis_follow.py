"""Following what other desktops write: one subscription, and a look at everything whenever it has to begin anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from nomba_desktop.adapters.redis_news import News
from nomba_desktop.adapters.redis_sessions import TeamSessionStore
from nomba_desktop.adapters.redis_team import TeamConnection
from nomba_desktop.domain.errors import SealBroken, StoreError, TeamCacheAway
from nomba_desktop.services.ports import Clock

_LONGEST_PAUSE = 5.0


class TeamFollower:
    """Keeps the mirror fresh and wakes who waits (`news`), until cancelled: `run` is a background task.

    `on_link(True)` when the server can be reached and everything was looked at, `on_link(False)` when it can't;
    `report` hears what can't be mirrored (a row that doesn't open, a full disk), each only once in a row.
    """

    def __init__(
        self,
        team: TeamConnection,
        store: TeamSessionStore,
        news: News,
        clock: Clock,
        *,
        on_link: Callable[[bool], None],
        report: Callable[[StoreError], None],
    ) -> None:
        self._team, self._store, self._news, self._clock = team, store, news, clock
        self._on_link, self._report = on_link, report
        self._linked: bool | None = None
        self._reported = ""
        self._failures = 0

    async def run(self) -> None:
        """Subscribe, look at everything, follow; begin again when the connection breaks."""
        while True:
            try:
                async with self._team.subscription() as messages:
                    await self._look_at_everything()
                    await _until_one_fails(self._listen(messages), self._fetch_wanted())
            except TeamCacheAway:
                self._link(False)
            except StoreError as error:
                self._tell(error)
            self._failures += 1
            await self._clock.sleep(min(_LONGEST_PAUSE, 0.1 * 2.0 ** min(self._failures, 10)))

    async def _look_at_everything(self) -> None:
        broken = await self._store.refresh_all()
        self._news.tell_all()
        self._all_tell(broken)
        self._failures = 0
        self._team.alone = False
        self._link(True)

    async def _listen(self, messages: AsyncIterator[str | None]) -> None:
        async for message in messages:
            if message is not None:
                await self._heard(message)

    async def _heard(self, message: str) -> None:
        kind, _, rest = message.partition(":")
        if kind == "e":
            await self._look_at_everything()
            return
        name, _, revision = rest.partition(":")
        session = self._store.followed(name)
        if session is None:
            return
        if kind == "s" and not (revision.isdigit() and self._store.is_mirrored(session, int(revision))):
            try:
                await self._store.refresh(session)
            except SealBroken as error:
                self._tell(error)
        self._news.tell(session)

    async def _fetch_wanted(self) -> None:
        while True:
            self._all_tell(await self._store.refresh_wanted())
            self._news.tell_all()

    def _link(self, up: bool) -> None:
        if up is not self._linked:
            self._linked = up
            self._on_link(up)

    def _all_tell(self, broken: list[SealBroken]) -> None:
        for error in broken:
            self._tell(error)
        if not broken:
            self._reported = ""

    def _tell(self, error: StoreError) -> None:
        if error.sentence != self._reported:
            self._reported = error.sentence
            self._report(error)


async def _until_one_fails(*works: Coroutine[Any, Any, None]) -> None:
    """Run them side by side and raise what the first one raises. (A `TaskGroup` of Python 3.11 loses a cancellation
    that comes together with an error, and then closing would wait for ever.)"""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()
