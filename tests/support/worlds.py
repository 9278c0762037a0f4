"""Worlds for tests: the real core on a practice server, with what may be replaced handed in."""

from __future__ import annotations

import random
from pathlib import Path

import httpx

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi
from nomba_desktop.adapters.memory_vault import MemoryVault
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.world import World
from nomba_desktop.domain.environments import practice
from nomba_desktop.domain.keys import KeyDraft, Role, SharedUse
from nomba_desktop.domain.settings import DEFAULTS, Settings
from nomba_desktop.domain.who import Who
from nomba_desktop.practice.app import create_app
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.switches import Switches
from nomba_desktop.practice.world import PracticeWorld
from nomba_desktop.services.ports import Chance
from tests.support.virtual_time import InlineExecutor, VirtualClock

PRACTICE_URL = "http://127.0.0.1:8484"


class SeededChance:
    """`Chance` from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uniform(self) -> float:
        return self._random.random()

    def token(self) -> str:
        return f"{self._random.getrandbits(128):032x}"


class HeldSettings:
    """`SettingsFile` that holds what it was given."""

    def __init__(self, settings: Settings = DEFAULTS) -> None:
        self._settings = settings

    async def load(self) -> Settings:
        return self._settings

    async def save(self, settings: Settings) -> None:
        self._settings = settings


def practice_world(clock: VirtualClock, switches: Switches | None = None, seed: int = 7) -> PracticeWorld:
    """A practice server's world on virtual time."""
    return PracticeWorld(clock, random.Random(seed), switches, sleep=clock.sleep)


def in_process_world(
    root: Path, clock: VirtualClock, server: PracticeWorld, *, chance: Chance | None = None, process: int = 1
) -> World:
    """The app's world: real SQLite, lock and HTTP adapter; clock and transport replaced."""
    return World(
        clock=clock,
        chance=chance or SeededChance(process),
        who=Who("ops-desk-1", "window", process),
        paths=paths_below(root),
        vault=MemoryVault(clock),
        settings_file=HeldSettings(),
        api=lambda admission, settings: HttpxNombaApi(
            admission, clock, transport_factory=lambda: httpx.ASGITransport(create_app(server))
        ),
        environments=lambda settings: (practice(PRACTICE_URL),),
        executor=InlineExecutor(),
    )


def draft_of(key: PracticeKey, shared: SharedUse = SharedUse.ONLY_HERE) -> KeyDraft:
    """What a person would type for a key of the practice server."""
    return KeyDraft(
        name=key.name,
        environment_id="practice",
        account_id=key.account_id,
        client_id=key.client_id,
        secret_length=len(key.client_secret),
        role=Role(key.role),
        shared_use=shared,
    )
