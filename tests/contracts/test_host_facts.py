"""What every `HostFacts` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_host_facts import SqliteHostFacts
from tests.support.fakes.manual_clock import ManualClock
from tests.support.fakes.memory_host_facts import MemoryHostFacts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nomba_desktop.services.ports import HostFacts


class HostFactsContract:
    async def test_the_last_observation_counts(self, facts: HostFacts) -> None:
        assert facts.read("a", "displaces") is None
        await facts.note("a", "displaces", "no")
        await facts.note("b", "displaces", "other")
        await facts.note("a", "displaces", "yes")
        assert facts.read("a", "displaces") == "yes"
        assert facts.read("a", "else") is None


class TestMemory(HostFactsContract):
    @pytest.fixture
    def facts(self) -> HostFacts:
        return MemoryHostFacts()


class TestSqlite(HostFactsContract):
    @pytest.fixture
    async def facts(self, tmp_path: Path) -> AsyncIterator[HostFacts]:
        database = await Database.open(tmp_path / "keys.db", ManualClock())
        yield SqliteHostFacts(database)
        await database.aclose()
