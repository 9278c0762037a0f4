"""An office: desks (real cores, as if processes) that share one data directory, one keyring and one practice server."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio._backends._asyncio  # noqa: F401 - else the first call imports it on a thread that virtual time can't see
import httpcore  # noqa: F401
import httpx
import truststore  # noqa: F401

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi
from nomba_desktop.app.core import Core
from nomba_desktop.domain.environments import Environment, practice
from nomba_desktop.domain.keys import ApiKey, SharedUse
from nomba_desktop.domain.record import SessionRecord
from nomba_desktop.domain.renewal import DEFAULT_POLICY, Policy
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import Session
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.log import CallKind, LogEntry
from nomba_desktop.practice.switches import Switches
from nomba_desktop.practice.world import PracticeWorld, new_secret
from nomba_desktop.services.cutoff import CutOff
from nomba_desktop.services.ports import KeyManagement, Move, SessionStore
from nomba_desktop.services.renewer import Asked, Held, Renewer
from nomba_desktop.services.sessions import Sessions
from tests.practice.inprocess import InProcessTransport
from tests.support.fakes.fake_vault import FakeVault
from tests.support.virtual_time import InlineExecutor, VirtualClock
from tests.support.worlds import PRACTICE_URL, draft_of, in_process_world, practice_world

Trouble = Callable[[], BaseException | None]


class Died(BaseException):
    """The process ended at this very point."""


class Disk(InlineExecutor):
    """The database's thread. `trouble` is asked before every write to it: what it returns is raised instead."""

    def __init__(self) -> None:
        self.trouble: Trouble = lambda: None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        writes = "Database.write." in getattr(fn, "__qualname__", "")  # locks go by the same thread
        trouble = self.trouble() if writes else None
        if trouble is None:
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        future.set_exception(trouble)
        return future


class Traffic:
    """How many auth calls clients have under way, over all desks; a call that was given up is not."""

    def __init__(self) -> None:
        self.now = self.peak = 0

    @contextmanager
    def call(self, path: str) -> Iterator[None]:
        """Count one request while its client waits for it."""
        auth = path.startswith("/v1/auth/")
        self.now += auth
        self.peak = max(self.peak, self.now)
        try:
            yield
        finally:
            self.now -= auth


class Line(InProcessTransport):
    """The network. `trouble` is asked before every request: what it returns is raised, and nothing is sent."""

    def __init__(self, server: PracticeWorld, traffic: Traffic) -> None:
        super().__init__(server)
        self.trouble: Trouble = lambda: None
        self._traffic = traffic

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        trouble = self.trouble()
        if trouble is not None:
            raise trouble
        with self._traffic.call(request.url.path):
            return await super().handle_async_request(request)


class Desk:
    """One process: a core with its own disk thread and connections."""

    def __init__(self, core: Core, disk: Disk, line: Line) -> None:
        self.core, self.disk, self.line = core, disk, line
        self.closed = False

    @property
    def sessions(self) -> Sessions:
        assert self.core.sessions is not None, "this desk has no sessions open"
        return self.core.sessions

    @property
    def cut_off(self) -> CutOff:
        assert self.core.cut_off is not None, "this desk has no sessions open"
        return self.core.cut_off

    @property
    def renewer(self) -> Renewer:
        return self.sessions._renewer

    @property
    def store(self) -> SessionStore:
        return self.sessions._store

    async def add(self, key: PracticeKey, shared: SharedUse = SharedUse.ONLY_HERE) -> ApiKey:
        """Add a key of the practice server by the form; the sessions look at it."""
        added = await self.core.keys.add(draft_of(key, shared), Secret(key.client_secret))
        assert isinstance(added, ApiKey), added
        self.sessions.observe([added])
        return added

    async def use(
        self,
        key: ApiKey,
        *,
        replacing: int | None = None,
        asked: Asked = Asked.PROGRAM,
        min_life: float | None = None,
    ) -> Held:
        """A token as a program on this computer gets it."""
        return await self.renewer.token_for(key, replacing=replacing, asked=asked, min_life=min_life)

    def record(self, key: ApiKey) -> SessionRecord:
        return self.store.read(key.session_id)

    async def write(self, key: ApiKey, move: Move) -> SessionRecord:
        """Change the shared record from outside the walk."""
        return await self.store.apply(key.session_id, move)

    def state(self, key: ApiKey) -> Session:
        """What this desk's window shows."""
        self.sessions.observe([key])
        return self.core.state.snapshot.session(key.id)

    def notices(self) -> list[str]:
        """References of the notices shown, oldest first; the id where there is none."""
        return [notice.reference or notice.id for notice in self.core.state.snapshot.notices]

    async def close(self) -> None:
        """The process ends: its tasks, its locks, its connections. What is under way at the server goes on."""
        if not self.closed:
            self.closed = True
            self.disk.trouble = self.line.trouble = lambda: None
            await self.core.aclose()


class Office:
    """Desks on one directory. `environment` replaces the Practice environment; `server` is the practice world."""

    def __init__(self, root: Path, switches: Switches | None = None, seed: int = 7) -> None:
        self.root = root
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.server = practice_world(self.clock, switches, seed)
        self.keyring = FakeVault(self.clock)
        self.environment: Environment = practice(PRACTICE_URL)
        self.desks: list[Desk] = []
        self.traffic = Traffic()
        self.management: KeyManagement | None = None

    async def desk(self, policy: Policy = DEFAULT_POLICY, *, schedule: bool = False) -> Desk:
        """Start another process."""
        disk, number = Disk(), len(self.desks) + 1
        line = Line(self.server, self.traffic)
        world = replace(
            in_process_world(self.root, self.clock, self.server, process=number),
            vault=self.keyring,
            executor=disk,
            key_management=self.management,
            environments=lambda settings: (self.environment,),
            api=lambda admission, settings: HttpxNombaApi(
                admission, self.clock, transport_factory=lambda: line
            ),
        )
        core = Core(world, policy)
        await core.open()
        desk = Desk(core, disk, line)
        self.desks.append(desk)
        if schedule:
            core.run_schedule()
        return desk

    def new_key(self, name: str = "Till", **changes: Any) -> PracticeKey:
        """A key of the practice server, alone in its account unless told."""
        rng = self.server.rng
        fields: dict[str, Any] = {
            "client_id": _uuid(rng.randbytes(16)),
            "account_id": _uuid(rng.randbytes(16)),
            "client_secret": new_secret(rng),
            **changes,
        }
        return self.server.add_key(PracticeKey(name=name, **fields))

    async def two_desks(
        self, *, signed_in: bool = True, policy: Policy = DEFAULT_POLICY
    ) -> tuple[Desk, Desk, ApiKey]:
        """Two processes that know one key, signed in by the first."""
        first = await self.desk(policy)
        key = await first.add(self.new_key())
        second = await self.desk(policy)
        if signed_in:
            await first.sessions.sign_in(key.id)
        return first, second, key

    async def one_desk(
        self,
        *,
        signed_in: bool = True,
        schedule: bool = False,
        policy: Policy = DEFAULT_POLICY,
        shared: SharedUse = SharedUse.ONLY_HERE,
    ) -> tuple[Desk, ApiKey]:
        """One process with one key."""
        desk = await self.desk(policy)
        key = await desk.add(self.new_key(), shared)
        if signed_in:
            await desk.sessions.sign_in(key.id, confirmed=True)
        if schedule:
            desk.core.run_schedule()
        return desk, key

    # -- the server's side -------------------------------------------------------------------------------------------

    def fault(self, kind: Any, path: str = "/v1/auth/*", **fields: Any) -> int:
        """Something goes wrong with auth calls (or those of `path`), once unless `times` says otherwise."""
        return self.server.inject(Fault(kind, path, **fields))

    def count(self, *kinds: CallKind) -> int:
        """Requests of these kinds that came so far."""
        return sum(self.server.log.count(kind) for kind in kinds)

    def calls(self) -> list[str]:
        """Auth calls so far: kind and status."""
        return [f"{entry.kind} {entry.status}" for entry in self.auth_entries()]

    def auth_entries(self) -> list[LogEntry]:
        return [e for e in self.server.log.entries() if e.kind in ("issue", "refresh", "revoke")]

    def forget_calls(self) -> None:
        self.server.log.reset()

    def lives(self, held: Held | Secret) -> bool:
        """Whether the server would accept this token now."""
        access = held.access if isinstance(held, Held) else held
        return self.server.is_live(hashlib.sha256(access.reveal().encode()).hexdigest())

    async def drain(self) -> None:
        """Let the server finish what clients gave up."""
        for desk in self.desks:
            await desk.line.drain()

    async def close(self) -> None:
        """Every process ends, and the server has finished."""
        for desk in self.desks:
            await desk.close()
        await self.drain()


def _uuid(raw: bytes) -> str:
    import uuid

    return str(uuid.UUID(bytes=raw, version=4))
