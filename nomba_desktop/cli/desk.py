"""Opening the services for one command, and closing them in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from nomba_desktop.cli.report import Failed, Result, Told, told, told_notice
from nomba_desktop.domain.errors import KeyringLocked, SettingsInvalid, StoreUnavailable
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.settings import Settings
from nomba_desktop.services.audit_trail import Trail
from nomba_desktop.services.keys import Keys
from nomba_desktop.services.sessions import Sessions
from nomba_desktop.services.state import State


class Services(Protocol):
    """What commands need of the wiring; `sessions` is None until the keyring let the store be opened."""

    state: State
    settings: Settings
    settings_mistaken: bool

    @property
    def keys(self) -> Keys:
        """The inventory. Raises `StoreError` while it isn't open."""
        ...

    @property
    def sessions(self) -> Sessions | None:
        """The sessions, once opened."""
        ...

    @property
    def trail(self) -> Trail | None:
        """The activity log, once opened."""
        ...

    def note_signed_out(self, key: ApiKey, *, ended: bool) -> None:
        """Write it into the activity log."""
        ...

    async def open_inventory(self) -> bool:
        """Settings, database and keys; whether that went well."""
        ...

    async def open_secrets(self) -> None:
        """Keyring and sessions."""
        ...

    async def save_settings(self, settings: Settings) -> None:
        """Save and apply."""
        ...

    async def aclose(self) -> None:
        """End everything in order."""
        ...


OnKeys = Callable[[Services], Awaitable[Result]]
OnSessions = Callable[[Services, Sessions], Awaitable[Result]]


class Desk:
    """Runs work on the services, each time on new ones and in a loop of its own."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services

    def with_keys(self, work: OnKeys) -> Result:
        """Work that needs the inventory alone; no keyring is asked."""
        return asyncio.run(self._with_keys(work))

    def with_sessions(self, work: OnSessions) -> Result:
        """Work that needs the sessions too. Raises `Failed` while something doesn't let them be opened."""

        async def secretly(services: Services) -> Result:
            if services.settings_mistaken:  # a proxy or CA may be missing: nobody is there to see a notice
                raise Failed(_told_of(services, "ND-330") or told(SettingsInvalid()))
            await services.open_secrets()
            if services.sessions is None:
                raise Failed(_keyring_told(services))
            return await work(services, services.sessions)

        return asyncio.run(self._with_keys(secretly))

    async def _with_keys(self, work: OnKeys) -> Result:
        services = self._services()
        try:
            if not await services.open_inventory():
                raise Failed(_store_told(services))
            result = await work(services)
            warnings = [told_notice(notice) for notice in services.state.snapshot.notices]
            return replace(result, warnings=(*result.warnings, *warnings))
        finally:
            await services.aclose()


def _store_told(services: Services) -> Told:
    return _told_of(services, "ND-32") or told(StoreUnavailable())


def _keyring_told(services: Services) -> Told:
    return _told_of(services, "ND-30") or told(KeyringLocked())


def _told_of(services: Services, start: str) -> Told | None:
    """The last notice whose reference starts so."""
    notices = [n for n in services.state.snapshot.notices if n.reference.startswith(start)]
    return told_notice(notices[-1]) if notices else None
