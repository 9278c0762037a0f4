"""An inventory in memory (mirrors `adapters/sqlite_keys.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nomba_desktop.domain.errors import DraftRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nomba_desktop.domain.errors import StoreError
    from nomba_desktop.domain.keys import ApiKey, KeyId


class MemoryInventory:
    """`Inventory`; `fail_writes` is raised by every write while set."""

    def __init__(self) -> None:
        self.keys: dict[KeyId, ApiKey] = {}
        self.fail_writes: StoreError | None = None

    async def load(self) -> Sequence[ApiKey]:
        return sorted(self.keys.values(), key=lambda key: (key.created_at, key.id))

    async def save(self, key: ApiKey) -> None:
        if self.fail_writes is not None:
            raise self.fail_writes
        mine = (key.host, key.client_id.lower())
        if any((k.host, k.client_id.lower()) == mine for k in self.keys.values() if k.id != key.id):
            raise DraftRejected("Another entry already has this client ID in this environment.")
        self.keys[key.id] = key

    async def forget(self, key_id: KeyId) -> None:
        if self.fail_writes is not None:
            raise self.fail_writes
        self.keys.pop(key_id, None)
