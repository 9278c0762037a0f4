"""A profile on the disk with keys that are signed in, and the app's world on it. No network, no keyring."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from pathlib import Path

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.memory_vault import MemoryVault
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_keys import SqliteInventory
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.world import World, http_api, this_process
from nomba_desktop.domain.environments import LIVE, SANDBOX, Environment, practice
from nomba_desktop.domain.keys import ApiKey, KeyId, Role, SharedUse
from nomba_desktop.domain.record import SessionRecord, Tokens
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import DEFAULTS, Settings
from nomba_desktop.services.ports import Clock

CACHE_KEY = bytes(range(32))
LIFE = 3000.0
NO_PROBES = replace(DEFAULTS, probe_every=0)
SECRET = "s3cr3t" * 14 + "abcd"
_NAMES = ("Checkout web", "Payouts service", "Reconciliation job", "Branch kiosk", "Terminal fleet")
_ROLES = (Role.ADMIN, Role.ACCOUNTS, Role.TRANSACTIONS, Role.TERMINALS)


class BenchVault(MemoryVault):
    """A vault whose cache key is the same in every run, so that a seeded profile opens."""

    async def cache_key(self) -> bytes:
        return CACHE_KEY


class HeldSettings:
    """Settings of one run."""

    def __init__(self, settings: Settings = DEFAULTS) -> None:
        self._settings = settings

    async def load(self) -> Settings:
        return self._settings

    async def save(self, settings: Settings) -> None:
        self._settings = settings


class SteppedClock:
    """The system's clock, brought forward by hand, so that a tick needs no waiting."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.ahead = 0.0

    def now(self) -> float:
        return self._clock.now() + self.ahead

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)


def world_on(
    root: Path,
    clock: Clock | None = None,
    *,
    practice_url: str = "http://127.0.0.1:9",
    settings: Settings = NO_PROBES,
) -> World:
    """The app's world on a profile."""
    clock = clock or SystemClock()

    def known(_: Settings) -> tuple[Environment, ...]:
        return (LIVE, SANDBOX, practice(practice_url))

    return World(
        clock=clock,
        chance=SystemChance(),
        who=this_process("window"),
        paths=paths_below(root),
        vault=BenchVault(clock),
        settings_file=HeldSettings(settings),
        api=http_api(clock),
        environments=known,
    )


def seeded_key(number: int, now: float) -> ApiKey:
    """The nth key of a seeded profile."""
    return ApiKey(
        id=KeyId(f"{number:032x}"),
        name=f"{_NAMES[number % len(_NAMES)]} {number}",
        environment_id="practice",
        host=practice("http://127.0.0.1:9").host,
        account_id=str(uuid.UUID(int=0xACC0 + number)),
        client_id=str(uuid.UUID(int=0xC11E0000 + number * 7919)),
        role=_ROLES[number % len(_ROLES)],
        tags=("till", "lagos") if number % 3 else (),
        shared_use=SharedUse.ONLY_HERE,
        auto_refresh=True,
        created_at=now - 1000 + number,
    )


def signed_in(number: int, now: float) -> SessionRecord:
    """A record whose token has the documented length and most of its life before it."""
    token = Secret("eyJ" + "a" * 780 + f"{number:08d}")
    issued = now - 5.0 * (number % 20)
    tokens = Tokens(
        token, Secret(f"refresh-{number:08d}"), issued, issued + LIFE, issued + LIFE - 300, "bench"
    )
    return SessionRecord(generation=1, tokens=tokens, login_at=issued, accepted_at=issued)


async def seed(root: Path, count: int) -> None:
    """Write `count` signed-in keys."""
    clock = SystemClock()
    database = await Database.open(paths_below(root).database, clock)
    inventory = SqliteInventory(database)
    store = SqliteSessionStore(database, Sealer(CACHE_KEY))
    now = clock.now()
    for number in range(count):
        key = seeded_key(number, now)
        await inventory.save(key)
        record = signed_in(number, now)
        await store.apply(key.session_id, lambda _, record=record: record)
    await database.aclose()


def make(root: Path, count: int) -> None:
    """`seed`, from plain code."""
    asyncio.run(seed(root, count))
