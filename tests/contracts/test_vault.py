"""What every `Vault` does; the keyring's on a real Secret Service."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.adapters.memory_vault import MemoryVault
from nomba_desktop.domain.audit import Head
from nomba_desktop.domain.errors import SecretTooLong
from nomba_desktop.domain.keys import MAX_SECRET_LENGTH, KeyId
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.snapshot import KeyringState
from tests.contracts.samples import BOUND
from tests.support.fakes.fake_vault import FakeVault
from tests.support.fakes.manual_clock import EPOCH, ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nomba_desktop.services.ports import Vault

ID = KeyId("k-1")


class VaultContract:
    state = KeyringState.OK

    async def test_what_was_put_comes_back_with_its_binding(self, vault: Vault) -> None:
        assert await vault.get(ID) is None
        await vault.put(ID, BOUND)
        assert await vault.get(ID) == BOUND
        assert await vault.get(KeyId("k-2")) is None

    async def test_putting_again_replaces(self, vault: Vault) -> None:
        await vault.put(ID, BOUND)
        other = replace(BOUND, secret=Secret("other"))
        await vault.put(ID, other)
        assert await vault.get(ID) == other

    async def test_deleting(self, vault: Vault) -> None:
        await vault.put(ID, BOUND)
        await vault.delete(ID)
        await vault.delete(ID)
        assert await vault.get(ID) is None

    async def test_the_longest_secret_a_form_takes_fits(self, vault: Vault) -> None:
        longest = replace(BOUND, secret=Secret("x" * MAX_SECRET_LENGTH))
        await vault.put(ID, longest)
        assert await vault.get(ID) == longest

    async def test_one_that_windows_could_not_store_is_refused_everywhere(self, vault: Vault) -> None:
        with pytest.raises(SecretTooLong, match="1280"):
            await vault.put(ID, replace(BOUND, secret=Secret("x" * 1280)))
        with pytest.raises(SecretTooLong):  # each of these counts twice in UTF-16
            await vault.put(ID, replace(BOUND, secret=Secret("𝄞" * 600)))
        assert await vault.get(ID) is None

    async def test_the_cache_key_stays(self, vault: Vault) -> None:
        first, second = await asyncio.gather(vault.cache_key(), vault.cache_key())
        assert len(first) == 32
        assert first == second == await vault.cache_key()

    async def test_the_anchor_is_the_last_one(self, vault: Vault) -> None:
        assert await vault.read_anchor() is None
        await vault.anchor(Head(50, b"a" * 32))
        await vault.anchor(Head(100, b"b" * 32))
        assert await vault.read_anchor() == Head(100, b"b" * 32)

    async def test_it_says_how_it_is(self, vault: Vault) -> None:
        for status in (await vault.test(), await vault.unlock()):
            assert (status.state, status.tested_at) == (self.state, EPOCH)
            assert status.backend


class TestFake(VaultContract):
    @pytest.fixture
    def vault(self) -> Vault:
        return FakeVault(ManualClock())


class TestMemory(VaultContract):
    state = KeyringState.MEMORY

    @pytest.fixture
    def vault(self) -> Vault:
        return MemoryVault(ManualClock())


class TestKeyring(VaultContract):
    @pytest.fixture
    def vault(self, tmp_path: Path, private_keyring: None) -> Iterator[Vault]:
        vault = KeyringVault(ManualClock(), tmp_path, f"test-{uuid4().hex[:8]}")
        yield vault
        vault.close()

    async def test_profiles_and_restarts(self, tmp_path: Path, private_keyring: None) -> None:
        name = f"test-{uuid4().hex[:8]}"
        first, again, other = (
            KeyringVault(ManualClock(), tmp_path, profile) for profile in (name, name, name + "-b")
        )
        await first.put(ID, BOUND)
        key = await first.cache_key()
        await first.anchor(Head(7, key))
        assert await again.get(ID) == BOUND
        assert await again.cache_key() == key
        assert await again.read_anchor() == Head(7, key)
        assert await other.read_anchor() is None
        assert await other.get(ID) is None
        assert await other.cache_key() != key
        for vault in (first, again, other):
            vault.close()
