"""One vault for everybody, whichever keyring is behind it: "only in memory for now" changes it for this run."""

from __future__ import annotations

from nomba_desktop.domain.audit import Head
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.snapshot import KeyringStatus
from nomba_desktop.services.ports import BoundSecret, Vault


class VaultSwitch:
    """Passes every call on to the vault in use."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def use(self, vault: Vault) -> None:
        """From now on this one."""
        self._vault = vault

    async def get(self, key_id: KeyId) -> BoundSecret | None:
        """See `Vault.get`."""
        return await self._vault.get(key_id)

    async def put(self, key_id: KeyId, bound: BoundSecret) -> None:
        """See `Vault.put`."""
        await self._vault.put(key_id, bound)

    async def delete(self, key_id: KeyId) -> None:
        """See `Vault.delete`."""
        await self._vault.delete(key_id)

    async def cache_key(self) -> bytes:
        """See `Vault.cache_key`."""
        return await self._vault.cache_key()

    async def anchor(self, head: Head) -> None:
        """See `Vault.anchor`."""
        await self._vault.anchor(head)

    async def read_anchor(self) -> Head | None:
        """See `Vault.read_anchor`."""
        return await self._vault.read_anchor()

    async def test(self) -> KeyringStatus:
        """See `Vault.test`."""
        return await self._vault.test()

    async def unlock(self) -> KeyringStatus:
        """See `Vault.unlock`."""
        return await self._vault.unlock()
