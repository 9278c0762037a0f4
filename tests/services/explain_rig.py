"""A desk over real HTTP: the real core against practice servers on sockets, with a clock that can be set."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.app.core import Core
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.world import World
from nomba_desktop.domain.causes import Explanation
from nomba_desktop.domain.environments import Environment, practice
from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.who import Who
from nomba_desktop.practice.keys import Persona, PracticeKey
from nomba_desktop.practice.log import LogEntry
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer
from nomba_desktop.practice.world import PracticeWorld
from nomba_desktop.services.auth_targets import targets_of
from nomba_desktop.services.explain import Explainer
from nomba_desktop.services.permissions import Permissions
from nomba_desktop.services.ports import NombaApi
from nomba_desktop.services.sessions import Sessions
from tests.adapters.httpx_rig import OpenGate
from tests.support.fakes.fake_vault import FakeVault
from tests.support.virtual_time import InlineExecutor
from tests.support.worlds import HeldSettings, draft_of

SAMPLE = next(key for key in sample_keys() if key.state == "active" and key.role == "Admin")


class SetClock(SystemClock):
    """The computer's clock, as somebody set it."""

    def __init__(self) -> None:
        self.moved = 0.0

    def now(self) -> float:
        return super().now() + self.moved


class HttpDesk:
    """One desk with one key on one practice server. `close` when done."""

    def __init__(self, root: Path) -> None:
        self._root, self._stack = root, ExitStack()
        self.clock = SetClock()
        self.vault = FakeVault(self.clock)
        self.at_server: PracticeKey = SAMPLE
        self._asked = 0

    async def open(
        self, persona: Persona = "live", *, anybody: bool = False, server_key: Any = None, **switches: Any
    ) -> HttpDesk:
        """`anybody`: the environment is known to answer without a token. `server_key`: changes to the key there."""
        self.at_server = replace(SAMPLE, **(server_key or {}))
        self._server = self._stack.enter_context(PracticeServer(persona=persona, keys=[self.at_server]))
        self.server.set_switches({"rate_limit": "off", **switches})
        environment = replace(practice(self._server.url), answers_without_token=anybody)
        await self._open_core(environment)
        return self

    async def _open_core(self, *environments: Environment) -> None:
        self.api: NombaApi = HttpxNombaApi(OpenGate(), self.clock)
        world = World(
            clock=self.clock,
            chance=SystemChance(),
            who=Who("ops-desk-1", "window", 1),
            paths=paths_below(self._root),
            vault=self.vault,
            settings_file=HeldSettings(),
            api=lambda admission, settings: self.api,
            environments=lambda settings: environments,
            executor=InlineExecutor(),
        )
        self.core = Core(world)
        await self.core.open()
        self.targets = targets_of(self.core.state)
        self.permissions = Permissions(
            state=self.core.state,
            peek=self.sessions.peek,
            api=self.api,
            targets=self.targets,
            clock=self.clock,
        )
        self.explainer = Explainer(
            state=self.core.state,
            record=self.sessions.record,
            api=self.api,
            targets=self.targets,
            vault=self.vault,
            clock=self.clock,
        )

    @property
    def server(self) -> PracticeWorld:
        return self._server.world

    @property
    def sessions(self) -> Sessions:
        assert self.core.sessions is not None
        return self.core.sessions

    async def add(self, secret: str | None = None, **changes: Any) -> ApiKey:
        """Add the key by the form, with what a person may have got wrong."""
        given = replace(draft_of(self.at_server), **changes)
        made = await self.core.keys.add(given, Secret(secret or self.at_server.client_secret))
        assert isinstance(made, ApiKey), made
        self.sessions.observe([made])
        return made

    async def edit(self, key: ApiKey, **changes: Any) -> ApiKey:
        made = await self.core.keys.edit(key.id, replace(draft_of(self.at_server), **changes), None)
        assert isinstance(made, ApiKey), made
        return made

    async def signed_in(self, **changes: Any) -> tuple[ApiKey, Secret]:
        """The key, signed in, and its token."""
        key = await self.add(**changes)
        held = await self.sessions.sign_in(key.id)
        return key, held.access

    async def use(self, key: ApiKey, access: Secret, path: str = "/v1/accounts/parent") -> NombaDesktopError:
        """The refusal that this read gets."""
        return await refused(self.api.probe(self.targets(key), access, path=path))

    async def explain(self, key: ApiKey, error: NombaDesktopError | None = None, **known: Any) -> Explanation:
        """Explain, and count what was asked for it."""
        before = len(self.server.log.entries())
        found = await self.explainer.explain(key.id, error, **known)
        self.asked: list[LogEntry] = self.server.log.entries()[before:]
        return found

    async def close(self) -> None:
        await self.core.aclose()
        await self.api.aclose()
        self._stack.close()


async def refused(call: Awaitable[object]) -> NombaDesktopError:
    """The error that a call ends in."""
    try:
        await call
    except NombaDesktopError as error:
        return error
    raise AssertionError("it was not refused")


def any_id() -> str:
    return str(uuid.uuid4())
