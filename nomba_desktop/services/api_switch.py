"""One way to the server for everybody, whichever connections are behind it: new settings mean new connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nomba_desktop.domain.limits import Priority
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import BeforeSend, Grant, NombaApi, Probed, Target

T = TypeVar("T")


class ApiSwitch:
    """`NombaApi` that passes every call on to the one in use."""

    def __init__(self, api: NombaApi) -> None:
        self._line = _Line(api)

    async def replace(self, api: NombaApi) -> None:
        """Use another one from now on; the old one is closed when its last call has ended."""
        old, self._line = self._line, _Line(api)
        await old.close()

    async def issue(
        self,
        target: Target,
        secret: Secret,
        *,
        priority: Priority = Priority.SIGN_IN,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        """See `NombaApi.issue`."""
        return await self._line.run(
            lambda api: api.issue(target, secret, priority=priority, before_send=before_send)
        )

    async def refresh(
        self,
        target: Target,
        access: Secret | None,
        refresh: Secret,
        *,
        priority: Priority = Priority.REFRESH,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        """See `NombaApi.refresh`."""
        return await self._line.run(
            lambda api: api.refresh(target, access, refresh, priority=priority, before_send=before_send)
        )

    async def revoke(
        self,
        target: Target,
        access: Secret,
        *,
        priority: Priority = Priority.CUT_OFF,
        before_send: BeforeSend | None = None,
    ) -> None:
        """See `NombaApi.revoke`."""
        await self._line.run(
            lambda api: api.revoke(target, access, priority=priority, before_send=before_send)
        )

    async def probe(
        self,
        target: Target,
        access: Secret | None,
        *,
        path: str = "/v1/accounts/parent",
        priority: Priority = Priority.PROBE,
        before_send: BeforeSend | None = None,
    ) -> Probed:
        """See `NombaApi.probe`."""
        return await self._line.run(
            lambda api: api.probe(target, access, path=path, priority=priority, before_send=before_send)
        )

    async def aclose(self) -> None:
        """See `NombaApi.aclose`."""
        await self._line.api.aclose()


class _Line:
    """One api and the calls under way on it."""

    def __init__(self, api: NombaApi) -> None:
        self.api = api
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, call: Callable[[NombaApi], Awaitable[T]]) -> T:
        self._calls += 1
        self._idle.clear()
        try:
            return await call(self.api)
        finally:
            self._calls -= 1
            if not self._calls:
                self._idle.set()

    async def close(self) -> None:
        await self._idle.wait()
        await self.api.aclose()
