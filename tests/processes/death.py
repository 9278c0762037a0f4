"""A process that kills itself at a named point of an auth call: SIGKILL, nothing is tidied up.

It stands in what the core is handed (the API, its transport), in a listener, and in SQLite's own trace hook.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import httpx

from nomba_desktop.app.core import Core
from nomba_desktop.domain.limits import Priority
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import BeforeSend, Grant, NombaApi, Probed, Target

#: In the order of the walk. `commit` is SQLite's COMMIT, of the intent and of the new tokens.
POINTS = (
    "before intent", "at intent commit", "before send", "after send", "after reply", "before commit", "after commit",
)  # fmt: skip


class Death:
    """Kills this process when it gets to `point`; nowhere while that is empty."""

    def __init__(self) -> None:
        self.point = ""
        self.stage = ""
        self._landed = False

    def at(self, point: str) -> None:
        """The process is at this point."""
        if point == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, core: Core) -> None:
        """Notice commits and what is told after them."""
        assert core.sessions is not None
        core._database._writer.set_trace_callback(self._statement)
        core.sessions.on_change(lambda keys: self._seen())

    def _statement(self, sql: str) -> None:
        if sql == "COMMIT" and self.stage:
            self.at("before commit" if self.stage == "landing" else "at intent commit")
            self._landed = self.stage == "landing"

    def _seen(self) -> None:
        """The tokens are written and told; later commits are the activity log's, not this call's."""
        if self._landed:
            self.at("after commit")
            self.stage, self._landed = "", False


class MortalApi:
    """`NombaApi` that passes everything on, and may end the process around an issue or a refresh."""

    def __init__(self, inner: NombaApi, death: Death) -> None:
        self._inner, self._death = inner, death

    async def issue(
        self,
        target: Target,
        secret: Secret,
        *,
        priority: Priority = Priority.SIGN_IN,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        before = self._around(before_send)
        return self._replied(await self._inner.issue(target, secret, priority=priority, before_send=before))

    async def refresh(
        self,
        target: Target,
        access: Secret | None,
        refresh: Secret,
        *,
        priority: Priority = Priority.REFRESH,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        before = self._around(before_send)
        return self._replied(
            await self._inner.refresh(target, access, refresh, priority=priority, before_send=before)
        )

    async def revoke(
        self,
        target: Target,
        access: Secret,
        *,
        priority: Priority = Priority.CUT_OFF,
        before_send: BeforeSend | None = None,
    ) -> None:
        await self._inner.revoke(target, access, priority=priority, before_send=before_send)

    async def probe(
        self,
        target: Target,
        access: Secret | None,
        *,
        path: str = "/v1/accounts/parent",
        priority: Priority = Priority.PROBE,
        before_send: BeforeSend | None = None,
    ) -> Probed:
        return await self._inner.probe(target, access, path=path, priority=priority, before_send=before_send)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _around(self, before_send: BeforeSend | None) -> BeforeSend:
        async def around() -> None:
            self._death.at("before intent")
            self._death.stage = "intent"
            if before_send is not None:
                await before_send()
            self._death.stage = "sending"
            self._death.at("before send")

        return around

    def _replied(self, grant: Grant) -> Grant:
        self._death.at("after reply")
        self._death.stage = "landing"
        return grant


class MortalTransport(httpx.AsyncBaseTransport):
    """A real transport; `after send` is when the last byte of the body is in the kernel's hands."""

    def __init__(self, inner: httpx.AsyncBaseTransport, death: Death) -> None:
        self._inner, self._death = inner, death

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        request.stream = _Sent(request.stream, self._death)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Sent(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, death: Death) -> None:
        self._inner, self._death = inner, death

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk
        if self._death.stage == "sending":
            self._death.at("after send")

    async def aclose(self) -> None:
        await self._inner.aclose()
