"""Connection pools: made at the first use, replaced when one can't be trusted any more, closed when unused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from nomba_desktop.domain.errors import Offline


class Closable(Protocol):
    """A transport."""

    async def aclose(self) -> None:
        """Close its connections."""
        ...


_P = TypeVar("_P", bound=Closable)


@dataclass(eq=False, slots=True)
class Pool(Generic[_P]):
    """One transport and how many calls use it."""

    transport: _P
    by_proxy: bool
    users: int = 0
    retired: bool = False


class Pools(Generic[_P]):
    """One pool for direct connections, one for those by way of the proxy.

    After a TLS handshake behind a proxy has failed, httpcore counts that connection as busy for ever; so the caller
    retires the pool, the next call gets a new one, and the old one is closed by its last user.
    """

    def __init__(self, make: Callable[[bool], Awaitable[_P]]) -> None:
        self._make = make
        self._current: dict[bool, Pool[_P]] = {}
        self._open: set[Pool[_P]] = set()
        self._opening = asyncio.Lock()
        self._closed = False

    @asynccontextmanager
    async def use(self, by_proxy: bool) -> AsyncIterator[Pool[_P]]:
        """The pool to use for one call. Raises what making it raises, and `Offline` after `aclose`."""
        async with self._opening:
            if self._closed:
                raise Offline("The app is closing. Nothing was sent.")
            pool = self._current.get(by_proxy)
            if pool is None:
                pool = self._current[by_proxy] = Pool(await self._make(by_proxy), by_proxy)
                self._open.add(pool)
            pool.users += 1
        try:
            yield pool
        finally:
            pool.users -= 1
            if pool.retired:
                await self._close_unused(pool)

    def retire(self, pool: Pool[_P]) -> None:
        """Let no further call use it."""
        pool.retired = True
        if self._current.get(pool.by_proxy) is pool:
            del self._current[pool.by_proxy]

    async def aclose(self) -> None:
        """Close every pool, used or not."""
        async with self._opening:
            self._closed = True
            pools, self._open = self._open, set()
            self._current.clear()
        for pool in pools:
            await pool.transport.aclose()

    async def _close_unused(self, pool: Pool[_P]) -> None:
        if pool.users == 0 and pool in self._open:
            self._open.discard(pool)
            await pool.transport.aclose()
