"""The practice server on a real socket: embedded in a thread, or in the foreground.

The only place of this package that knows the system's clock, its randomness and real waiting.
"""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Self

import uvicorn

from nomba_desktop.practice.app import create_app
from nomba_desktop.practice.keys import Persona, PracticeKey
from nomba_desktop.practice.protocol import PracticeProtocol
from nomba_desktop.practice.switches import Switches
from nomba_desktop.practice.world import PracticeWorld

HOST = "127.0.0.1"


class SystemClock:
    """The computer's wall clock."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()  # The one system clock of this package.


async def system_sleep(seconds: float) -> None:
    """Wait for real."""
    await asyncio.sleep(seconds)  # The one real wait of this package.


def system_world(switches: Switches | None = None, persona: Persona = "live") -> PracticeWorld:
    """A world on the system's clock and randomness."""
    return PracticeWorld(SystemClock(), random.SystemRandom(), switches, persona, sleep=system_sleep)


class PracticeServer:
    """A practice server in a daemon thread on 127.0.0.1.

    ::

        with PracticeServer() as server:
            server.world.add_key(key)
            httpx.get(server.url + "/v1/accounts/parent")

    ``port`` 0 lets the system choose; started again, it comes back on the same port with the same world.
    """

    def __init__(
        self,
        world: PracticeWorld | None = None,
        *,
        keys: list[PracticeKey] | None = None,
        switches: Switches | None = None,
        persona: Persona = "live",
        port: int = 0,
    ) -> None:
        if world is not None and (switches is not None or persona != "live"):
            raise ValueError("A world brings its own switches and persona.")
        self.world = system_world(switches, persona) if world is None else world
        for key in keys or []:
            self.world.add_key(key)
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end. Raises ``RuntimeError`` before the first start."""
        if self._port == 0:
            raise RuntimeError("The practice server has not been started.")
        return f"http://{HOST}:{self._port}"

    @property
    def admin_token(self) -> str:
        """What the admin routes want in ``X-Practice-Admin``."""
        return self.world.admin_token

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._thread is not None

    def start(self) -> Self:
        """Listen; returns once connections are accepted. ``OSError`` where the port is taken."""
        if self._thread is not None:
            raise RuntimeError("The practice server runs already.")
        server, sock = self._prepare()

        def run() -> None:
            try:
                server.run([sock])
            finally:
                server.ready.set()

        thread = threading.Thread(target=run, name="practice-server", daemon=True)
        thread.start()
        server.ready.wait()
        if not server.started:
            raise RuntimeError("The practice server could not start.")
        self._server, self._thread = server, thread
        return self

    def stop(self) -> None:
        """Cut all connections, drop requests under way, and stop listening. Harmless when stopped."""
        if self._thread is None or self._server is None:
            return
        self._server.end()
        self._thread.join()
        self._server = self._thread = None

    def serve(self, announce: Callable[[str], object]) -> None:
        """Serve in this thread until SIGINT or SIGTERM; ``announce`` gets the URL once it listens."""
        server, sock = self._prepare()
        server.on_ready = lambda: announce(self.url)
        server.run([sock])

    def _bind(self) -> socket.socket:
        sock = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )  # else asyncio sets no TCP_NODELAY
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((HOST, self._port))
            sock.listen(2048)
        except OSError:
            sock.close()
            raise
        self._port = sock.getsockname()[1]
        return sock

    def _prepare(self) -> tuple[_Server, socket.socket]:
        config = uvicorn.Config(
            create_app(self.world),
            http=PracticeProtocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
        )
        return _Server(config), self._bind()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """uvicorn's server without its polling: wakes at once to stop, and waits for nobody."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.on_ready: Callable[[], object] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()

    def end(self) -> None:
        """Stop; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.end()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()
        if self.on_ready is not None:
            self.on_ready()

    async def main_loop(self) -> None:
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A connection that was just accepted needs two rounds of the loop and an open listener to become known.
        with suppress(NotImplementedError):  # Windows: its loop has no readers
            for sock in sockets or []:
                asyncio.get_running_loop().remove_reader(sock)
        for _ in range(2):
            await asyncio.sleep(0)
        for listener in self.servers:
            listener.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # what was aborted closes in the next round
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
