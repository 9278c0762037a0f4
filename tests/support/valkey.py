"""A Valkey or Redis server of a test's own, on a free loopback port, with nothing left behind."""

from __future__ import annotations

import asyncio
import ctypes
import shutil
import signal
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_the_test() -> None:
    """A test run that is killed leaves no server behind, where the system can see to that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Server:
    """Keeps its port over restarts. Its dump is in `folder`; nothing is written there unless `save` is called."""

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.port = folder, free_port()
        self._options = options
        self._process: asyncio.subprocess.Process | None = None

    @property
    def dump(self) -> Path:
        return self.folder / "dump.rdb"

    async def start(self) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program, "packaging/prepare-system.sh team installs a server"
        self._process = await asyncio.create_subprocess_exec(
            program,
            *("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
            *("--dir", str(self.folder), "--daemonize", "no", *self._options),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=_die_with_the_test,
        )
        assert self._process.stdout
        async for line in self._process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("the server did not start")

    async def kill(self) -> None:
        """As a power cut: nothing is saved."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.communicate()

    async def restart(self, *, empty: bool = False) -> None:
        await self.kill()
        if empty:
            self.dump.unlink(missing_ok=True)
        await self.start()

    async def say(self, *command: str | bytes | int) -> Any:
        """What an operator with full rights types."""
        client = Redis(host="127.0.0.1", port=self.port, protocol=2)
        try:
            return await client.execute_command(*command)
        finally:
            await client.aclose()

    async def save(self) -> None:
        await self.say("SAVE")


@asynccontextmanager
async def running(folder: Path, *options: str) -> AsyncIterator[Server]:
    server = Server(folder, *options)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
