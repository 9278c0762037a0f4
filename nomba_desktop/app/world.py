"""The doors to the world that the core is wired to. Adapters are imported when they are first needed, so that the
window is painted before httpx, keyring and cryptography are loaded."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from nomba_desktop.app.membership import Membership
from nomba_desktop.app.paths import Paths, user_paths
from nomba_desktop.domain.environments import LIVE, SANDBOX, Environment, practice
from nomba_desktop.domain.settings import Settings
from nomba_desktop.domain.text import clean
from nomba_desktop.domain.who import Who
from nomba_desktop.services.ports import (
    Admission,
    Chance,
    Clock,
    KeyManagement,
    NombaApi,
    SettingsFile,
    Vault,
)


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside: clocks, chance, files, keyring, network. `executor` is for the database's thread, `team` the
    team that this desktop belongs to."""

    clock: Clock
    chance: Chance
    who: Who
    paths: Paths
    vault: Vault
    settings_file: SettingsFile
    api: Callable[[Admission, Settings], NombaApi]
    environments: Callable[[Settings], tuple[Environment, ...]]
    executor: Executor | None = None
    key_management: KeyManagement | None = None
    team: Membership | None = None


def environments_of(settings: Settings) -> tuple[Environment, ...]:
    """Live, Sandbox, and Practice at the address of the settings."""
    return (LIVE, SANDBOX, practice(settings.practice_url))


def http_api(clock: Clock) -> Callable[[Admission, Settings], NombaApi]:
    """Makes the HTTP adapter from the settings."""

    def make(admission: Admission, settings: Settings) -> NombaApi:
        from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi

        return HttpxNombaApi(
            admission, clock, proxy=settings.proxy, extra_ca=settings.extra_ca, user_agent=user_agent()
        )

    return make


def user_agent() -> str:
    """What servers are told about this program."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"nomba-desktop/{version('nomba-desktop')}"
    except PackageNotFoundError:
        return "nomba-desktop"


def this_process(program: str) -> Who:
    """Name of this process for the shared record."""
    return Who(clean(platform.node(), 60) or "this computer", program, os.getpid())


def real_world(program: str, paths: Paths | None = None) -> World:
    """The user's own computer: system clock, OS keyring, their directories."""
    from nomba_desktop.adapters.keyring_vault import KeyringVault
    from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
    from nomba_desktop.adapters.toml_settings import TomlSettings

    clock = SystemClock()
    where = paths or user_paths()
    return World(
        clock=clock,
        chance=SystemChance(),
        who=this_process(program),
        paths=where,
        vault=KeyringVault(clock, where.data, where.keyring),
        settings_file=TomlSettings(where.settings),
        api=http_api(clock),
        environments=environments_of,
    )
