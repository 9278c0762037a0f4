"""What every `Inventory` does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_keys import SqliteInventory
from nomba_desktop.domain.errors import DraftRejected
from nomba_desktop.domain.keys import KeyId
from tests.contracts.samples import KEY
from tests.support.fakes.manual_clock import ManualClock
from tests.support.fakes.memory_keys import MemoryInventory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nomba_desktop.services.ports import Inventory

SECOND = replace(
    KEY, id=KeyId("k-0"), name="b", client_id="other", created_at=9.0, tags=(), auto_refresh=False
)


class InventoryContract:
    async def test_it_begins_empty(self, inventory: Inventory) -> None:
        assert list(await inventory.load()) == []

    async def test_every_field_comes_back_oldest_first(self, inventory: Inventory) -> None:
        await inventory.save(KEY)
        await inventory.save(SECOND)
        assert list(await inventory.load()) == [SECOND, KEY]

    async def test_saving_again_replaces(self, inventory: Inventory) -> None:
        await inventory.save(KEY)
        renamed = replace(KEY, name="new name", steps_left=0)
        await inventory.save(renamed)
        assert list(await inventory.load()) == [renamed]

    async def test_one_entry_per_session(self, inventory: Inventory) -> None:
        await inventory.save(KEY)
        await inventory.save(SECOND)
        with pytest.raises(DraftRejected):
            await inventory.save(replace(SECOND, client_id=KEY.client_id.upper()))
        assert list(await inventory.load()) == [SECOND, KEY]
        await inventory.save(replace(SECOND, client_id=KEY.client_id, host="sandbox.example.test"))

    async def test_forgetting(self, inventory: Inventory) -> None:
        await inventory.save(KEY)
        await inventory.forget(KEY.id)
        await inventory.forget(KEY.id)
        assert list(await inventory.load()) == []
        await inventory.save(replace(KEY, id=KeyId("k-2")))


class TestMemory(InventoryContract):
    @pytest.fixture
    def inventory(self) -> Inventory:
        return MemoryInventory()


class TestSqlite(InventoryContract):
    @pytest.fixture
    async def inventory(self, tmp_path: Path) -> AsyncIterator[Inventory]:
        database = await Database.open(tmp_path / "keys.db", ManualClock())
        yield SqliteInventory(database)
        await database.aclose()
