"""One lock per session for a whole team: the desktop's own lock, then a lease on the team's server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from nomba_desktop.adapters import redis_scripts as scripts
from nomba_desktop.adapters.offload import to_its_end
from nomba_desktop.adapters.redis_leases import Lease, carried, carry
from nomba_desktop.adapters.redis_news import News
from nomba_desktop.adapters.redis_team import TeamConnection
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import SealBroken, TeamCacheAway
from nomba_desktop.services.ports import Chance, Clock, Owner, SessionLock

_UNKNOWN = Owner("another desktop", 0.0)
#: What a waiter sleeps through at most: a lease that runs out is no news.
_LONGEST_WAIT = 1.0


@dataclass(slots=True)
class _Hold:
    """What one attempt has got so far."""

    local: AsyncExitStack = field(default_factory=AsyncExitStack)
    lease: Lease | None = None
    extending: asyncio.Task[None] | None = None


class TeamSessionLock:
    """`SessionLock` for a team. The lease of `seconds` is extended while it is held, and has a fencing number that the
    store checks. A lease is carried by the task that holds it and by tasks that it starts.

    `local` excludes the other processes of this desktop, whose lock names them; `machine` is this desktop's id, the
    same for all of them: who has the local lock takes the lease over from a dead process of the same machine at once.
    `look` is called with the lock just won, so that looking again under the lock sees what the team has.

    While the person works alone, the local lock is enough. Entering raises `TeamCacheAway`, `SealBroken`, `StoreError`.
    """

    def __init__(
        self,
        team: TeamConnection,
        local: SessionLock,
        news: News,
        clock: Clock,
        chance: Chance,
        *,
        who: str,
        machine: str,
        look: Callable[[SessionId], Awaitable[object]],
        seconds: float = 15.0,
    ) -> None:
        self._team, self._local, self._news, self._clock, self._chance = team, local, news, clock, chance
        self._who, self._look, self._seconds = who, look, seconds
        self._machine = team.sealer.hidden(f"machine {machine}")

    # -- SessionLock -------------------------------------------------------------------------------------------------

    def try_hold(self, session: SessionId) -> AbstractAsyncContextManager[Owner | None]:
        """Enter at once: None when the lock is now ours, else who holds it as far as known."""
        return self._hold(session)

    @asynccontextmanager
    async def _hold(self, session: SessionId) -> AsyncIterator[Owner | None]:
        hold = _Hold()
        try:
            owner = await hold.local.enter_async_context(self._local.try_hold(session))
            if owner is None:
                owner = await to_its_end(self._take(session, hold))
            if hold.lease is not None:
                carry(hold.lease)
                hold.extending = asyncio.get_running_loop().create_task(
                    self._extend(hold.lease), name="extend a lease"
                )
                await self._look(session)
            yield owner
        finally:
            await to_its_end(self._give_back(hold))

    async def _take(self, session: SessionId, hold: _Hold) -> Owner | None:
        try:
            found = await self._acquire(session)
        except TeamCacheAway:
            if not self._team.alone:
                raise
            return None
        if isinstance(found, Owner):
            return found
        hold.lease = found
        return None

    # -- more than a SessionLock ---------------------------------------------------------------------------------------

    def news(self, session: SessionId) -> int:
        """A number that is larger after each piece of news: the record changed, the lock came free."""
        return self._news.count(session)

    async def changed(self, session: SessionId, since: int, longest: float) -> None:
        """Return when there is news after `news` said `since`, or after `longest` seconds, a second at most."""
        await self._news.changed(session, since, min(longest, _LONGEST_WAIT))

    def still_held(self, session: SessionId) -> bool:
        """Whether the running task's lease surely runs: looked at immediately before sending (protocol 8)."""
        lease = carried(self._team, session)
        return lease is None or lease.runs(self._clock)

    async def hold_again(self, session: SessionId, wait: float = 20.0) -> bool:
        """Take the lease again after it was lost, waiting for who has it (protocol 10); whether it is ours now."""
        lease = carried(self._team, session)
        if lease is None:
            return True
        deadline = self._clock.monotonic() + wait
        while True:
            since = self._news.count(session)
            if await self._renewed(lease):
                return True
            left = deadline - self._clock.monotonic()
            if left <= 0:
                return False
            await self._news.changed(session, since, min(left, _LONGEST_WAIT))

    async def _renewed(self, lease: Lease) -> bool:
        if not lease.lost and await self._extended(lease):
            return True
        found = await to_its_end(self._acquire(lease.session))
        if isinstance(found, Owner):
            return False
        lease.nonce, lease.epoch, lease.number, lease.who = found.nonce, found.epoch, found.number, found.who
        lease.ends, lease.ends_wall, lease.lost = found.ends, found.ends_wall, False
        await self._look(lease.session)
        return True

    # -- the lease ---------------------------------------------------------------------------------------------------

    def _keys(self, session: SessionId) -> list[str]:
        name = self._team.sealer.id(session)
        return [self._team.name("l", name), self._team.name("f", name)]

    async def _acquire(self, session: SessionId) -> Lease | Owner:
        if not self._team.epoch:
            await self._team.check()  # with a wrong team key no lease is left behind
        nonce, name = self._chance.token(), self._team.sealer.id(session)
        asked, asked_wall = self._clock.monotonic(), self._clock.now()
        who = self._team.sealer.seal_text(f"{asked_wall!r} {self._who}", "owner", name)
        epoch, (number, holder) = await self._team.run(
            scripts.ACQUIRE, self._keys(session), nonce, int(self._seconds * 1000), self._machine, who
        )
        if not number:
            return self._owner(holder, name)
        return Lease(
            self._team,
            session,
            nonce,
            epoch,
            int(number),
            who,
            asked + self._seconds,
            asked_wall + self._seconds,
        )

    def _owner(self, sealed: bytes, name: str) -> Owner:
        try:
            since, _, who = self._team.sealer.open_text(sealed, "owner", name).partition(" ")
            return Owner(who or _UNKNOWN.who, float(since))
        except (SealBroken, ValueError):
            return _UNKNOWN

    async def _extend(self, lease: Lease) -> None:
        """Extend until cancelled; an answer that doesn't come is asked for again."""
        while True:
            await self._clock.sleep(self._seconds / 3)
            number = lease.number
            with suppress(TeamCacheAway):
                if not await self._extended(lease) and lease.number == number:
                    lease.lost = True

    async def _extended(self, lease: Lease) -> bool:
        asked, asked_wall, number = self._clock.monotonic(), self._clock.now(), lease.number
        runs = await self._team.extend(
            self._keys(lease.session),
            lease.nonce,
            int(self._seconds * 1000),
            lease.epoch,
            number,
            self._machine,
            lease.who,
        )
        if runs and lease.number == number:
            lease.extended(asked, asked_wall, self._seconds)
        return runs

    async def _give_back(self, hold: _Hold) -> None:
        """The local lock first: who hears that the lease is free finds the local lock free too."""
        try:
            if hold.extending is not None:
                hold.extending.cancel()
                await asyncio.gather(hold.extending, return_exceptions=True)
            await hold.local.aclose()
        finally:
            if hold.lease is not None:
                hold.lease.over = True
                lease, name = hold.lease, self._team.sealer.id(hold.lease.session)
                with suppress(TeamCacheAway):  # then it runs out
                    await self._team.release(self._keys(lease.session), lease.number, name)
