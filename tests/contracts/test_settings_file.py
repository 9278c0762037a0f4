"""What every `SettingsFile` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.toml_settings import TomlSettings
from nomba_desktop.domain.errors import SettingsInvalid
from nomba_desktop.domain.settings import DEFAULTS, Density, Settings, Theme
from tests.support.fakes.memory_settings import MemorySettings

if TYPE_CHECKING:
    from pathlib import Path

    from nomba_desktop.services.ports import SettingsFile

OTHERS = Settings(
    theme=Theme.DARK,
    density=Density.COMPACT,
    reduce_motion=True,
    probe_every=600,
    clipboard_clear=20,
    proxy="http://proxy.example:3128",
    practice_url="http://127.0.0.1:9000",
    secrets_warning_seen=True,
)


class SettingsFileContract:
    async def test_without_a_file_the_defaults_apply(self, file: SettingsFile) -> None:
        assert await file.load() == DEFAULTS

    async def test_what_was_saved_comes_back(self, file: SettingsFile) -> None:
        await file.save(OTHERS)
        assert await file.load() == OTHERS
        await file.save(DEFAULTS)
        assert await file.load() == DEFAULTS

    async def test_a_wrong_value_is_refused_and_the_file_stays(self, file: SettingsFile) -> None:
        await file.save(OTHERS)
        with pytest.raises(SettingsInvalid, match="proxy"):
            await file.save(Settings(proxy="ftp://proxy.example"))
        assert await file.load() == OTHERS


class TestMemory(SettingsFileContract):
    @pytest.fixture
    def file(self) -> SettingsFile:
        return MemorySettings()


class TestToml(SettingsFileContract):
    @pytest.fixture
    def file(self, tmp_path: Path) -> SettingsFile:
        return TomlSettings(tmp_path / "config" / "settings.toml")
