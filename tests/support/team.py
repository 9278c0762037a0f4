"""Members of a team, as if on desktops of their own: each with its mirror, its connection and its follower."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.filelock_lock import FileSessionLock
from nomba_desktop.adapters.redis_follow import TeamFollower
from nomba_desktop.adapters.redis_lock import TeamSessionLock
from nomba_desktop.adapters.redis_news import News
from nomba_desktop.adapters.redis_rows import TeamSealer
from nomba_desktop.adapters.redis_sessions import TeamSessionStore
from nomba_desktop.adapters.redis_team import TeamAddress, TeamConnection
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_mirror import SqliteMirror
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from nomba_desktop.domain.environments import SessionId
    from nomba_desktop.domain.errors import StoreError, TeamRolledBack
    from nomba_desktop.domain.record import SessionRecord
    from nomba_desktop.services.ports import Clock

TEAM = "5f0c7a"
TEAM_KEY = b"T" * 32


class Member:
    """One process on one desktop. `alarms`, `reports` and `links` are what its hooks heard."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name, self.clock = name, clock
        self.alarms: list[TeamRolledBack] = []
        self.reports: list[StoreError] = []
        self.links: list[bool] = []
        self.news = News()
        self._moved = asyncio.Event()
        self._heeded = 0
        self._stack = AsyncExitStack()

    async def open(
        self,
        folder: Path,
        address: TeamAddress,
        *,
        key: bytes = TEAM_KEY,
        machine: str = "",
        lease: float = 15.0,
        deadline: float = 2.0,
    ) -> None:
        stack, chance = self._stack, SystemChance()
        self.database = await Database.open(folder / "keys.db", self.clock)
        stack.push_async_callback(self.database.aclose)
        self.mirror = SqliteMirror(self.database, Sealer(b"m" * 32))
        self.team = TeamConnection(address, TEAM, TeamSealer(key), chance, deadline=deadline)
        stack.push_async_callback(self.team.aclose)
        self.store = TeamSessionStore(
            self.team,
            self.mirror,
            self.clock,
            chance,
            self.name,
            on_rollback=self.alarms.append,
            lease_seconds=lease,
        )
        self.lock = TeamSessionLock(
            self.team,
            FileSessionLock(folder / "locks", self.clock, self.name),
            self.news,
            self.clock,
            chance,
            who=self.name,
            machine=machine or str(folder),
            look=self.store.refresh,
            seconds=lease,
        )
        self.follower = TeamFollower(
            self.team,
            self.store,
            self.news,
            SystemClock(),
            on_link=self._linked,
            report=self.reports.append,
        )

    def _linked(self, up: bool) -> None:
        self.links.append(up)
        self._moved.set()

    async def follow(self) -> None:
        """Follow in the background, as the app does; returns when everything was looked at once."""
        task = asyncio.create_task(self.follower.run())

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(stop)
        await self.link(True)

    async def link(self, up: bool) -> None:
        """Wait until the follower says so, once more than was waited for before."""
        while up not in self.links[self._heeded :]:
            self._moved.clear()
            await asyncio.wait_for(self._moved.wait(), 15)
        self._heeded = self.links.index(up, self._heeded) + 1

    async def sees(
        self, session: SessionId, want: Callable[[SessionRecord], bool], within: float = 10.0
    ) -> SessionRecord:
        """Wait until the mirror has it, without asking the server; `within` seconds."""
        async with asyncio.timeout(within):
            while True:
                since = self.news.count(session)
                record = self.store.read(session)
                if want(record):
                    return record
                await self.news.changed(session, since, within)

    async def aclose(self) -> None:
        await self._stack.aclose()


@asynccontextmanager
async def members(
    root: Path,
    port: int,
    *names: str,
    clock: Clock | None = None,
    shared: bool = False,
    follow: bool = True,
    key: bytes = TEAM_KEY,
    lease: float = 15.0,
    deadline: float = 2.0,
) -> AsyncIterator[tuple[Member, ...]]:
    """`shared`: processes of one desktop, on one mirror; else desktops of their own."""
    async with AsyncExitStack() as stack:
        built = []
        for name in names:
            member = Member(name, clock or SystemClock())
            folder = root / ("desk" if shared else name)
            address = TeamAddress("127.0.0.1", port, tls=False)
            await member.open(folder, address, key=key, lease=lease, deadline=deadline)
            stack.push_async_callback(member.aclose)
            if follow:
                await member.follow()
            built.append(member)
        yield tuple(built)
