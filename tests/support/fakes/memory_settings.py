"""Settings in memory (mirrors `adapters/toml_settings.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nomba_desktop.domain.errors import SettingsInvalid
from nomba_desktop.domain.settings import DEFAULTS, Settings

if TYPE_CHECKING:
    from nomba_desktop.domain.errors import NombaDesktopError


class MemorySettings:
    """`SettingsFile`; `fail` is raised by every call while set."""

    def __init__(self) -> None:
        self.settings = DEFAULTS
        self.fail: NombaDesktopError | None = None

    async def load(self) -> Settings:
        if self.fail is not None:
            raise self.fail
        return self.settings

    async def save(self, settings: Settings) -> None:
        if self.fail is not None:
            raise self.fail
        if settings.proxy and not settings.proxy.startswith(("http://", "https://")):
            raise SettingsInvalid("“proxy”: a proxy looks like http://proxy.example:3128.")
        self.settings = settings
