"""A vault that forgets everything when the program ends: "only in memory for this run", and the demo."""

from __future__ import annotations

import secrets

from nomba_desktop.adapters.cache_key_entry import CACHE_KEY_BYTES
from nomba_desktop.adapters.vault_entries import bound_to_text
from nomba_desktop.domain.audit import Head
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.snapshot import KeyringState, KeyringStatus
from nomba_desktop.services.ports import BoundSecret, Clock


class MemoryVault:
    """`Vault` in this process. Its cache key is new in every run, so sealed records of another run don't open."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: dict[KeyId, BoundSecret] = {}
        self._anchor: Head | None = None
        self._cache_key = secrets.token_bytes(CACHE_KEY_BYTES)

    async def get(self, key_id: KeyId) -> BoundSecret | None:
        """The entry of a key, None when there is none."""
        return self._entries.get(key_id)

    async def put(self, key_id: KeyId, bound: BoundSecret) -> None:
        """Store, replacing. Raises `SecretTooLong`, as a keyring would."""
        bound_to_text(bound)
        self._entries[key_id] = bound

    async def delete(self, key_id: KeyId) -> None:
        """Delete; what isn't there is fine."""
        self._entries.pop(key_id, None)

    async def cache_key(self) -> bytes:
        """The 32-byte cache key of this run."""
        return self._cache_key

    async def anchor(self, head: Head) -> None:
        """Remember where the activity log of this run ends."""
        self._anchor = head

    async def read_anchor(self) -> Head | None:
        """What `anchor` was told last; None before."""
        return self._anchor

    async def test(self) -> KeyringStatus:
        """Always `MEMORY`."""
        return KeyringStatus(KeyringState.MEMORY, "memory", self._clock.now())

    async def unlock(self) -> KeyringStatus:
        """There is nothing to unlock."""
        return await self.test()
