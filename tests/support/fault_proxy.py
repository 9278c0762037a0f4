"""A TCP proxy that does what bad networks do (`tc netem` isn't everywhere)."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from tests.support.valkey import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class FaultProxy:
    """Forwards `port` to `target` on loopback.

    `delay`: seconds that every piece waits, each way. `partition`: nothing passes, connections stay open and new ones
    are accepted. `half_open`: what clients send passes, answers don't. `refuse` and `drop` act on connections.
    """

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.delay = 0.0
        self._open = asyncio.Event()
        self._answers = asyncio.Event()
        self._open.set()
        self._answers.set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)

    async def refuse(self) -> None:
        """Close the door and every connection, as if nothing listened."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.drop()

    async def drop(self) -> None:
        """Close every connection; new ones are welcome."""
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def partition(self) -> None:
        self._open.clear()

    def half_open(self) -> None:
        self._answers.clear()

    def heal(self) -> None:
        self._open.set()
        self._answers.set()

    async def aclose(self) -> None:
        self.heal()
        await self.refuse()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._pipes.add(task)
        upstream: asyncio.StreamWriter | None = None
        try:
            answers, upstream = await asyncio.open_connection("127.0.0.1", self.target)
            async with asyncio.TaskGroup() as both:
                there = both.create_task(self._forward(reader, upstream, asyncio.Event()))
                back = both.create_task(self._forward(answers, writer, self._answers))
                del there, back
        except* (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self._pipes.discard(task)
            for end in (writer, upstream):
                if end is not None:
                    end.close()
                    with suppress(OSError):
                        await end.wait_closed()

    async def _forward(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        while data := await source.read(65536):
            if self.delay:
                waited = asyncio.Event()
                asyncio.get_running_loop().call_later(self.delay, waited.set)
                await waited.wait()
            await self._open.wait()
            if gate is self._answers:
                await gate.wait()
            sink.write(data)
            await sink.drain()
        raise EOFError


@asynccontextmanager
async def between(target: int) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(target)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.aclose()
