"""`python -m tests.processes.worker`: the real core in a process of its own, asked over the socket on descriptor 0.

JSON lines both ways. The first line brings place, secret and cache key (`Given`): never an argument, never the
environment. Answers name a token by generation and SHA-256. A *nursery* has imported everything and makes more such
processes by `fork`: a thousand may be killed in the time in which fifty could be started.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import importlib
import json
import os
import signal
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi
from nomba_desktop.adapters.memory_vault import MemoryVault
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.app.core import Core
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.world import World, this_process
from nomba_desktop.domain.environments import practice
from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import Settings
from nomba_desktop.services.ports import Admission, Binding, BoundSecret, NombaApi
from nomba_desktop.services.renewer import Held
from nomba_desktop.services.sessions import Sessions
from tests.processes.death import Death, MortalApi, MortalTransport
from tests.support.worlds import HeldSettings

#: What the core imports when it is first needed: a nursery has it already.
LATE = (
    "anyio._backends._asyncio", "httpcore", "truststore", "nomba_desktop.adapters.aesgcm_sealing",
    "nomba_desktop.adapters.filelock_lock", "nomba_desktop.adapters.sqlite_host_facts",
    "nomba_desktop.adapters.sqlite_keys", "nomba_desktop.adapters.sqlite_sessions",
    "nomba_desktop.app.session_wiring", "nomba_desktop.services.api_switch",
    "nomba_desktop.services.auth_calls", "nomba_desktop.services.cutoff",
    "nomba_desktop.services.rate_limit", "nomba_desktop.services.renewals",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """What a process is told before anything else."""

    root: str
    url: str
    cache_key: str
    key_id: str
    secret: str
    binding: tuple[str, str, str]

    def __repr__(self) -> str:
        return f"Given({self.url})"


class SharedVault(MemoryVault):
    """For processes without a keyring: all have the cache key and the entries they were given."""

    def __init__(self, cache_key: bytes, entries: dict[KeyId, BoundSecret] | None = None) -> None:
        super().__init__(SystemClock())
        self._cache_key = cache_key
        self._entries = self.entries = entries or {}


class ShiftedClock(SystemClock):
    """The computer's clock, ahead by what all processes and the server were told."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


def world_of(root: Path, url: str, vault: SharedVault, clock: ShiftedClock, death: Death | None) -> World:
    """Real files, locks, SQLite and HTTP; with a `death`, calls that may end the process."""

    def api(admission: Admission, settings: Settings) -> NombaApi:
        if death is None:
            return HttpxNombaApi(admission, clock)
        # No certificates are loaded for plain HTTP: a process that lives for milliseconds has no time for it.
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        inner = HttpxNombaApi(
            admission,
            clock,
            transport_factory=lambda: MortalTransport(httpx.AsyncHTTPTransport(verify=bare), death),
        )
        return MortalApi(inner, death)

    return World(
        clock=clock,
        chance=SystemChance(),
        who=this_process("worker"),
        paths=paths_below(root),
        vault=vault,
        settings_file=HeldSettings(),
        api=api,
        environments=lambda settings: (practice(url),),
    )


class Worker:
    """Answers commands until told to exit, or until it is killed."""

    def __init__(self, given: Given, death: Death | None) -> None:
        self._key_id = KeyId(given.key_id)
        self._clock, self._death = ShiftedClock(), death
        bound = BoundSecret(Secret(given.secret), Binding(*given.binding))
        vault = SharedVault(bytes.fromhex(given.cache_key), {self._key_id: bound})
        self.core = Core(world_of(Path(given.root), given.url, vault, self._clock, death))

    @property
    def sessions(self) -> Sessions:
        assert self.core.sessions is not None
        return self.core.sessions

    async def serve(self, sock: socket.socket) -> None:
        """Open the core, say so, then do as asked."""
        reader, writer = await asyncio.open_connection(sock=sock)
        await self.core.open()
        if self._death is not None:
            self._death.watch(self.core)
        notices = [f"{n.reference} {n.title}" for n in self.core.state.snapshot.notices]
        tell(writer, {"pid": os.getpid(), "notices": notices})
        while line := await reader.readline():
            asked = json.loads(line)
            self._clock.ahead = asked.get("ahead", self._clock.ahead)
            match asked["do"]:
                case "exit":
                    break
                case "rotate":
                    replacing = asked["replacing"]
                    while replacing is not None:
                        answer = await self._answer(replacing)
                        tell(writer, answer)
                        replacing = answer.get("generation")
                case "die":
                    assert self._death is not None
                    self._death.point = asked["point"]
                    tell(writer, await self._answer(asked["replacing"]))
                case _:
                    tell(writer, await self._answer(asked.get("replacing")))
        await self.core.aclose()
        writer.close()

    async def _answer(self, replacing: int | None) -> dict[str, Any]:
        try:
            if replacing is None:
                held = await self.sessions.for_program(self._key_id)
            else:
                renewer = self.sessions._renewer
                held = await renewer.token_for(self.sessions.key(self._key_id), replacing=replacing)
        except NombaDesktopError as error:
            return {"error": type(error).__name__, "sentence": error.sentence}
        return named(held)


def named(held: Held) -> dict[str, Any]:
    """A token by generation and fingerprint."""
    return {"generation": held.generation, "fingerprint": fingerprint(held.access)}


def fingerprint(token: Secret) -> str:
    """SHA-256 in hex, as the practice server's log has it."""
    return hashlib.sha256(token.reveal().encode()).hexdigest()


def tell(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    """One line; it is in the kernel's hands when this returns, whatever becomes of the process."""
    writer.write(json.dumps(answer).encode() + b"\n")


def nurse(control: socket.socket, given: Given) -> None:
    """Make processes until told to exit: `born` comes with the new one's socket, `bury` waits for its end."""
    for name in LATE:
        importlib.import_module(name)
    gc.freeze()
    control.sendall(b"{}\n")
    while True:
        line, sockets, _, _ = socket.recv_fds(control, 4096, 1)
        asked = json.loads(line or b'{"do": "exit"}')
        match asked["do"]:
            case "exit":
                return
            case "bury":
                _, status = os.waitpid(asked["pid"], 0)
                told = {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}
            case _:
                child = os.fork()
                if child == 0:
                    control.close()
                    live(sockets[0], given)
                os.close(sockets[0])
                told = {"pid": child}
        control.sendall(json.dumps(told).encode() + b"\n")


def live(descriptor: int, given: Given) -> None:
    """The life of a process that was born in a nursery; doesn't return."""
    code = 1
    try:
        with socket.socket(fileno=descriptor) as sock:
            asyncio.run(Worker(given, Death()).serve(sock))
        code = 0
    finally:
        if code:
            signal.raise_signal(signal.SIGABRT)
        os._exit(code)


def main() -> None:
    """Read what is given, then be a worker or a nursery."""
    with socket.socket(fileno=0) as sock:
        line = b""
        while not line.endswith(b"\n"):
            line += sock.recv(1)
        told = json.loads(line)
        given = Given(**{**told["given"], "binding": tuple(told["given"]["binding"])})
        if told["as"] == "nursery":
            nurse(sock, given)
        else:
            asyncio.run(Worker(given, None).serve(sock))


def command() -> Sequence[str]:
    """The arguments after the interpreter."""
    return ("-m", "tests.processes.worker")


if __name__ == "__main__":
    main()
