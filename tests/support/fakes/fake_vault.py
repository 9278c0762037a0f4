"""A keyring whose state a test sets (mirrors `adapters/keyring_vault.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nomba_desktop.adapters.vault_entries import bound_to_text
from nomba_desktop.domain.errors import KeyringAbsent, KeyringDenied, KeyringHung, KeyringLocked
from nomba_desktop.domain.snapshot import KeyringState, KeyringStatus

if TYPE_CHECKING:
    from nomba_desktop.domain.audit import Head
    from nomba_desktop.domain.keys import KeyId
    from nomba_desktop.services.ports import BoundSecret, Clock

_ERRORS = {
    KeyringState.LOCKED: KeyringLocked,
    KeyringState.DENIED: KeyringDenied,
    KeyringState.ABSENT: KeyringAbsent,
    KeyringState.HUNG: KeyringHung,
}


class FakeVault:
    """`Vault`; in any `state` but OK every call raises its error. `unlocks`: what a locked one becomes by `unlock`."""

    def __init__(self, clock: Clock, *, unlocks: KeyringState = KeyringState.OK) -> None:
        self.state = KeyringState.OK
        self.unlocks = unlocks
        self.entries: dict[KeyId, BoundSecret] = {}
        self.anchored: Head | None = None
        self.gets = 0
        self._clock = clock

    async def get(self, key_id: KeyId) -> BoundSecret | None:
        self._check()
        self.gets += 1
        return self.entries.get(key_id)

    async def put(self, key_id: KeyId, bound: BoundSecret) -> None:
        bound_to_text(bound)
        self._check()
        self.entries[key_id] = bound

    async def delete(self, key_id: KeyId) -> None:
        self._check()
        self.entries.pop(key_id, None)

    async def cache_key(self) -> bytes:
        self._check()
        return b"k" * 32

    async def anchor(self, head: Head) -> None:
        self._check()
        self.anchored = head

    async def read_anchor(self) -> Head | None:
        self._check()
        return self.anchored

    async def test(self) -> KeyringStatus:
        return KeyringStatus(self.state, "fake keyring", self._clock.now())

    async def unlock(self) -> KeyringStatus:
        if self.state is KeyringState.LOCKED:
            self.state = self.unlocks
        return await self.test()

    def _check(self) -> None:
        if self.state in _ERRORS:
            raise _ERRORS[self.state]
