"""The practice app in process, for tests with a simulated clock: an httpx transport without a socket."""

from __future__ import annotations

import asyncio

import httpx

from nomba_desktop.practice.app import create_app
from nomba_desktop.practice.wire import ConnectionCutError
from nomba_desktop.practice.world import PracticeWorld


class InProcessTransport(httpx.AsyncBaseTransport):
    """Talks to a `PracticeWorld` without a socket.

    As with a real server, a request whose sender gives up is handled all the same (await `drain`), and a cut
    connection is an `httpx.ReadError`.
    """

    def __init__(self, world: PracticeWorld) -> None:
        self._inner = httpx.ASGITransport(create_app(world))
        self._running: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        task = asyncio.create_task(self._inner.handle_async_request(request))
        self._running.add(task)
        task.add_done_callback(self._done)
        try:
            return await asyncio.shield(task)
        except ConnectionCutError as error:
            raise httpx.ReadError(str(error), request=request) from error

    def _done(self, task: asyncio.Task[httpx.Response]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()

    async def drain(self) -> None:
        """Wait for the requests that are still being handled."""
        while self._running:
            await asyncio.wait(self._running)
