"""Processes of one user on one directory, and the practice server they share, as the tests see them."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_opening import Opened
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.app.core import Core
from nomba_desktop.app.paths import paths_below
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.record import SessionRecord
from nomba_desktop.domain.renewal import DEFAULT_POLICY
from nomba_desktop.domain.secret import Secret
from nomba_desktop.practice.log import LogEntry
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer
from nomba_desktop.services.ports import BoundSecret
from tests.processes.worker import Given, SharedVault, ShiftedClock, command, fingerprint, world_of
from tests.support.virtual_time import InlineExecutor
from tests.support.worlds import draft_of

ROOT = Path(__file__).parents[2]
#: An answer that takes longer is no answer.
PATIENCE = 40.0
#: Seconds after which nothing abandoned lands any more, and calls that brought nothing are no longer counted: six in
#: ten minutes are the most, and a call whose sender was killed is one of them.
LONG_AFTER = max(DEFAULT_POLICY.w, DEFAULT_POLICY.budget_window) + 1.0


class Talk:
    """JSON lines over a socket pair's end."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.settimeout(PATIENCE)
        self._read = b""

    def say(self, **told: Any) -> None:
        self._sock.sendall(json.dumps(told).encode() + b"\n")

    def hand_over(self, descriptor: int, **told: Any) -> None:
        """One line that brings an open file along."""
        socket.send_fds(self._sock, [json.dumps(told).encode() + b"\n"], [descriptor])

    def hear(self) -> dict[str, Any]:
        """The next line; `AssertionError` when the other side ended instead."""
        heard = self.hear_or_end()
        assert heard is not None, "the process ended instead of answering"
        return heard

    def hear_or_end(self) -> dict[str, Any] | None:
        """The next line, None after the last."""
        while b"\n" not in self._read:
            try:
                more = self._sock.recv(65536)
            except ConnectionResetError:  # killed with a command unread
                more = b""
            if not more:
                assert not self._read, "the process died in the middle of a line"
                return None
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        heard = json.loads(line)
        assert isinstance(heard, dict)
        return heard

    def quiet_for(self, seconds: float) -> bool:
        """Whether nothing more was said within that time."""
        if self._read:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            return not selector.select(seconds)

    def close(self) -> None:
        self._sock.close()


class Process:
    """One worker: asked, answering, killed."""

    def __init__(self, pid: int, talk: Talk, place: Place) -> None:
        self.pid, self.talk, self._place = pid, talk, place
        self.buried = False

    def begin(self, do: str, **told: Any) -> None:
        """Ask; the answer is heard later."""
        self.talk.say(do=do, ahead=self._place.ahead, **told)

    def ask(self, do: str, **told: Any) -> dict[str, Any]:
        """Ask and hear the answer."""
        self.begin(do, **told)
        return self.talk.hear()

    def kill(self) -> None:
        """SIGKILL; the process id is not anybody else's before it is buried."""
        assert not self.buried
        os.kill(self.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as record or answer name it: generation and fingerprints of the access and refresh token."""

    generation: int
    access: str
    refresh: str = ""


class Place:
    """A data directory, a key with its secret, and the server."""

    def __init__(self, root: Path, server: PracticeServer) -> None:
        self.root, self.server, self.world = root, server, server.world
        self.row = next(k for k in sample_keys() if k.name == "Checkout web")
        self.world.add_key(self.row)
        self.client_id = self.row.client_id
        self.cache_key = secrets.token_bytes(32)
        self.key, bound = asyncio.run(self._sign_in())
        binding = (bound.binding.host, bound.binding.client_id, bound.binding.account_id)
        self.given = Given(
            str(root), server.url, self.cache_key.hex(), self.key.id, self.row.client_secret, binding
        )

    async def _sign_in(self) -> tuple[ApiKey, BoundSecret]:
        vault = SharedVault(self.cache_key)
        core = Core(world_of(self.root, self.server.url, vault, ShiftedClock(), None))
        await core.open()
        key = await core.keys.add(draft_of(self.row), Secret(self.row.client_secret))
        assert isinstance(key, ApiKey)
        assert core.sessions is not None
        await core.sessions.sign_in(key.id)
        await core.aclose()
        return key, vault.entries[key.id]

    @property
    def ahead(self) -> float:
        """Seconds by which everybody's clock is ahead of the computer's."""
        return self.world.clock.offset

    def record(self) -> SessionRecord:
        """The record as a process that starts now finds it; the file is whole, and nothing had to be put back."""

        async def read() -> SessionRecord:
            clock = ShiftedClock()
            clock.ahead = self.ahead
            database = await Database.open(paths_below(self.root).database, clock, InlineExecutor())
            try:
                assert database.opened == Opened()
                return SqliteSessionStore(database, Sealer(self.cache_key)).read(self.key.session_id)
            finally:
                await database.aclose()

        return asyncio.run(read())

    def seen(self, record: SessionRecord | None = None) -> Seen:
        """What the record holds (read now unless given): a pair that the server gave out together."""
        record = record or self.record()
        assert record.tokens is not None
        assert record.tokens.refresh is not None
        seen = Seen(record.generation, fingerprint(record.tokens.access), fingerprint(record.tokens.refresh))
        assert (seen.access, seen.refresh) in {(e.issued_access, e.issued_refresh) for e in self.auth()}
        return seen

    def granted(self, generation: int) -> Seen:
        """What the server gave out last, as that generation."""
        entry = [e for e in self.auth() if e.issued_access][-1]
        assert entry.issued_access
        assert entry.issued_refresh
        return Seen(generation, entry.issued_access, entry.issued_refresh)

    def auth(self) -> list[LogEntry]:
        """Issues and refreshes so far."""
        entries = self.world.log.entries(client_id=self.client_id)
        return [e for e in entries if e.kind in ("issue", "refresh")]

    def calls(self) -> tuple[int, int]:
        """Refreshes and issues so far."""
        kinds = [e.kind for e in self.auth()]
        return kinds.count("refresh"), kinds.count("issue")

    def idle(self, calls: int = 0) -> None:
        """Wait until the server has nothing under way, and has seen `calls` issues and refreshes."""
        assert self.world.log.wait_for(
            lambda entries: all(e.outcome != "in_flight" for e in entries) and len(self.auth()) >= calls
        )

    def lives(self, answer: dict[str, Any]) -> bool:
        """Whether the server would accept that token now."""
        assert "error" not in answer, answer
        return self.world.is_live(answer["fingerprint"])

    def start(self, role: str, stderr: Any) -> tuple[subprocess.Popen[bytes], Talk]:
        """A process with an interpreter of its own; secret and cache key go over its socket."""
        ours, theirs = socket.socketpair()
        environ = {**os.environ, "PYTHONWARNINGS": "error"}
        started = subprocess.Popen(
            [sys.executable, *command()],
            stdin=theirs.fileno(), stdout=stderr, stderr=stderr, cwd=ROOT, env=environ,
        )  # fmt: skip
        theirs.close()
        talk = Talk(ours)
        talk.say(**{"as": role, "given": asdict(self.given)})
        return started, talk


class Started:
    """Processes with interpreters of their own. Said nothing to standard error, all of them, when it is over."""

    def __init__(self, place: Place, count: int) -> None:
        self._place = place
        self._errors = place.root / f"stderr-{secrets.token_hex(4)}"
        with self._errors.open("wb") as stderr:
            self._popen = [place.start("worker", stderr) for _ in range(count)]
        self.all = [Process(popen.pid, talk, place) for popen, talk in self._popen]
        for process in self.all:
            assert process.talk.hear()["notices"] == []

    def __enter__(self) -> list[Process]:
        return self.all

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for popen, _ in self._popen:
                popen.kill()
        for popen, talk in self._popen:
            if error is None:
                talk.say(do="exit")
            popen.wait(PATIENCE)
            talk.close()
        assert error is not None or self._errors.read_text() == ""
        assert error is not None or {popen.returncode for popen, _ in self._popen} == {0}


class Nursery:
    """Makes workers by fork, and says how they ended."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._errors = place.root / f"stderr-{secrets.token_hex(4)}"
        with self._errors.open("wb") as stderr:
            self._popen, self._talk = place.start("nursery", stderr)
        self._talk.hear()

    def __enter__(self) -> Self:
        return self

    @contextmanager
    def born(self) -> Iterator[Process]:
        """A process that has opened the store and ends by SIGKILL, its own or ours, before the block does."""
        ours, theirs = socket.socketpair()
        self._talk.hand_over(theirs.fileno(), do="born")
        theirs.close()
        process = Process(self._talk.hear()["pid"], Talk(ours), self._place)
        try:
            process.begin("token")
            heard = process.talk.hear()
            assert heard["notices"] == []
            yield process
        except BaseException:
            if not process.buried:
                process.kill()
                self.bury(process)
            raise
        finally:
            process.talk.close()

    def bury(self, process: Process) -> None:
        """Wait until it is gone, its locks with it: killed, and not ended otherwise."""
        process.buried = True
        self._talk.say(do="bury", pid=process.pid)
        assert self._talk.hear()["signal"] == signal.SIGKILL

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._talk.say(do="exit")
        self._popen.wait(PATIENCE)
        self._talk.close()
        said = self._errors.read_text()
        assert error is not None or said == "", said


def seconds() -> float:
    """The computer's monotonic clock."""
    return SystemClock().monotonic()
