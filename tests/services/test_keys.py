"""The inventory: secret and row stay together, whatever fails between them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from nomba_desktop.domain.environments import LIVE, practice
from nomba_desktop.domain.errors import (
    DraftRejected,
    KeyringDenied,
    KeyringLocked,
    StoreUnavailable,
    UnknownKey,
)
from nomba_desktop.domain.keys import ApiKey, Field, KeyDraft, KeyId, Role, SharedUse
from nomba_desktop.domain.record import EMPTY, SessionRecord
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.snapshot import EnvironmentsKnown, KeyringState
from nomba_desktop.services.keyring_watch import KeyringWatch
from nomba_desktop.services.keys import Keys
from nomba_desktop.services.notices import Notices
from nomba_desktop.services.ports import Binding
from nomba_desktop.services.state import State
from tests.support.fakes.fake_lock import FakeLock, SharedLocks
from tests.support.fakes.fake_vault import FakeVault
from tests.support.fakes.fixed_chance import FixedChance
from tests.support.fakes.manual_clock import ManualClock
from tests.support.fakes.memory_keys import MemoryInventory
from tests.support.fakes.memory_sessions import MemorySessionStore
from tests.support.qtloop import turn

PRACTICE = practice()
ACCOUNT, CLIENT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
OTHER = "33333333-3333-4333-8333-333333333333"
SECRET = Secret("S" * 88)
NEWER = Secret("N" * 88)
FULL = StoreUnavailable("The disk is full.")
DRAFT = KeyDraft(
    name=" Till ",
    environment_id="practice",
    account_id=ACCOUNT,
    client_id=f" {CLIENT}",
    secret_length=88,
    role=Role.TERMINALS,
    shared_use=SharedUse.ONLY_HERE,
)


class Shop:
    def __init__(self) -> None:
        clock = ManualClock()
        self.state = State()
        self.vault, self.inventory, self.store = FakeVault(clock), MemoryInventory(), MemorySessionStore()
        self.records: MemorySessionStore | None = self.store
        self.clock, self.lock = clock, FakeLock(clock, "window", SharedLocks())
        notices = Notices(self.state, clock)
        self.keys = Keys(
            state=self.state,
            inventory=self.inventory,
            vault=self.vault,
            keyring=KeyringWatch(self.vault, self.state, notices, clock),
            records=lambda: self.records,
            clock=clock,
            chance=FixedChance(),
            lock=lambda: self.lock,
        )
        self.state.publish(EnvironmentsKnown((LIVE, PRACTICE)))

    async def added(self) -> ApiKey:
        key = await self.keys.add(DRAFT, SECRET)
        assert isinstance(key, ApiKey), key
        return key

    @property
    def listed(self) -> list[KeyId]:
        return list(self.state.snapshot.keys)


@pytest.fixture
async def shop() -> Shop:
    return Shop()


# -- adding ------------------------------------------------------------------------------------------------------------


async def test_adding_stores_secret_with_its_binding_then_the_row_then_tells(shop: Shop) -> None:
    key = await shop.added()
    assert (key.name, key.client_id, key.role) == ("Till", CLIENT, Role.TERMINALS)
    assert key.auto_refresh
    assert shop.listed == [key.id]
    assert shop.inventory.keys == {key.id: key}
    entry = shop.vault.entries[key.id]
    assert entry.secret == SECRET
    assert entry.binding == Binding(PRACTICE.host, CLIENT, ACCOUNT)


async def test_a_key_a_server_may_use_has_no_automatic_refresh(shop: Shop) -> None:
    key = await shop.keys.add(replace(DRAFT, shared_use=SharedUse.YES_OR_NOT_SURE), SECRET)
    assert isinstance(key, ApiKey)
    assert not key.auto_refresh


async def test_remarks_that_block_save_nothing(shop: Shop) -> None:
    remarks = await shop.keys.add(replace(DRAFT, client_id="short", name=""), SECRET)
    assert isinstance(remarks, tuple)
    assert [r.field for r in remarks] == [Field.NAME, Field.CLIENT_ID]
    assert all(r.blocks for r in remarks)
    assert (shop.vault.entries, shop.inventory.keys, shop.listed) == ({}, {}, [])


async def test_an_odd_length_warns_and_saves(shop: Shop) -> None:
    draft = replace(DRAFT, secret_length=50)
    assert [r.blocks for r in shop.keys.check(draft)] == [False]
    assert isinstance(await shop.keys.add(draft, Secret("S" * 50)), ApiKey)


async def test_a_keyring_that_is_away_saves_nothing_and_is_told(shop: Shop) -> None:
    shop.vault.state = KeyringState.LOCKED
    with pytest.raises(KeyringLocked):
        await shop.added()
    assert (shop.inventory.keys, shop.listed) == ({}, [])
    assert shop.state.snapshot.keyring.state is KeyringState.LOCKED
    assert [n.id for n in shop.state.snapshot.notices] == ["keyring"]


async def test_a_row_that_cannot_be_written_takes_the_secret_out_again(shop: Shop) -> None:
    shop.inventory.fail_writes = FULL
    with pytest.raises(StoreUnavailable):
        await shop.added()
    assert (shop.vault.entries, shop.listed) == ({}, [])


async def test_a_client_id_added_by_another_program_meanwhile_leaves_no_secret(shop: Shop) -> None:
    rival = replace(await shop.added(), id=KeyId("rival"))
    await shop.keys.forget(shop.listed[0])
    shop.inventory.keys[rival.id] = rival
    with pytest.raises(DraftRejected):
        await shop.added()
    assert shop.vault.entries == {}
    assert shop.inventory.keys == {rival.id: rival}


async def test_the_stores_error_is_the_one_that_is_told_when_both_fail(shop: Shop) -> None:
    class Fails(MemoryInventory):
        async def save(self, key: ApiKey) -> None:
            shop.vault.state = KeyringState.DENIED
            raise FULL

    shop.keys._inventory = Fails()
    with pytest.raises(StoreUnavailable):
        await shop.added()
    assert shop.state.snapshot.keyring.state is KeyringState.DENIED


async def test_loading_shows_what_is_stored(shop: Shop) -> None:
    key = await shop.added()
    shop.state.publish(EnvironmentsKnown((PRACTICE,)))
    again = Shop()
    again.keys._inventory = shop.inventory
    await again.keys.load()
    assert again.listed == [key.id]
    assert again.state.snapshot.loaded


# -- editing -----------------------------------------------------------------------------------------------------------


async def test_editing_words_leaves_the_keyring_alone(shop: Shop) -> None:
    key = await shop.added()
    shop.vault.state = KeyringState.LOCKED
    edited = await shop.keys.edit(key.id, replace(DRAFT, name="Front till", secret_length=0), None)
    assert isinstance(edited, ApiKey)
    assert (edited.name, edited.id, edited.created_at) == ("Front till", key.id, key.created_at)
    assert shop.state.snapshot.keys[key.id].name == "Front till"


@pytest.mark.parametrize("field", ["account_id", "client_id"])
async def test_correcting_an_id_binds_the_stored_secret_anew(shop: Shop, field: str) -> None:
    key = await shop.added()
    edited = await shop.keys.edit(key.id, replace(DRAFT, secret_length=0, **{field: OTHER}), None)  # type: ignore[arg-type]
    assert isinstance(edited, ApiKey)
    entry = shop.vault.entries[key.id]
    assert entry.secret == SECRET
    assert entry.binding == Binding(edited.host, edited.client_id, edited.account_id)


async def test_a_secret_that_was_bound_elsewhere_is_not_bound_anew_by_itself(shop: Shop) -> None:
    key = await shop.added()
    entry = shop.vault.entries[key.id]
    moved = replace(entry, binding=replace(entry.binding, host="evil.example"))
    shop.vault.entries[key.id] = moved
    await shop.keys.edit(key.id, replace(DRAFT, secret_length=0, account_id=OTHER), None)
    assert shop.vault.entries[key.id] == moved
    await shop.keys.edit(key.id, replace(DRAFT, account_id=OTHER), NEWER)
    assert shop.vault.entries[key.id].binding == Binding(PRACTICE.host, CLIENT, OTHER)


async def test_a_new_secret_replaces_the_old(shop: Shop) -> None:
    key = await shop.added()
    await shop.keys.edit(key.id, DRAFT, NEWER)
    assert shop.vault.entries[key.id].secret == NEWER


@pytest.mark.parametrize("secret", [None, NEWER])
async def test_a_row_that_cannot_be_written_puts_the_earlier_entry_back(
    shop: Shop, secret: Secret | None
) -> None:
    key = await shop.added()
    before = dict(shop.vault.entries)
    shop.inventory.fail_writes = FULL
    with pytest.raises(StoreUnavailable):
        await shop.keys.edit(key.id, replace(DRAFT, account_id=OTHER), secret)
    assert shop.vault.entries == before
    assert shop.state.snapshot.keys[key.id] == key


async def test_a_row_that_cannot_be_written_leaves_no_entry_where_there_was_none(shop: Shop) -> None:
    key = await shop.added()
    await shop.vault.delete(key.id)
    shop.inventory.fail_writes = FULL
    with pytest.raises(StoreUnavailable):
        await shop.keys.edit(key.id, DRAFT, NEWER)
    assert shop.vault.entries == {}


async def test_editing_what_is_not_there(shop: Shop) -> None:
    with pytest.raises(UnknownKey):
        await shop.keys.edit(KeyId("none"), DRAFT, None)
    with pytest.raises(UnknownKey):
        await shop.keys.set_auto_refresh(KeyId("none"), True)


async def test_automatic_refresh_is_saved_before_it_is_shown(shop: Shop) -> None:
    key = await shop.added()
    shop.inventory.fail_writes = FULL
    with pytest.raises(StoreUnavailable):
        await shop.keys.set_auto_refresh(key.id, False)
    assert shop.state.snapshot.keys[key.id].auto_refresh
    shop.inventory.fail_writes = None
    await shop.keys.set_auto_refresh(key.id, False)
    assert not shop.state.snapshot.keys[key.id].auto_refresh
    assert not shop.inventory.keys[key.id].auto_refresh


# -- forgetting --------------------------------------------------------------------------------------------------------


async def with_record(shop: Shop) -> ApiKey:
    key = await shop.added()
    await shop.store.apply(key.session_id, lambda r: SessionRecord(generation=4))
    return key


async def test_forgetting_leaves_nothing(shop: Shop) -> None:
    key = await with_record(shop)
    await shop.keys.forget(key.id)
    assert (shop.vault.entries, shop.inventory.keys, shop.listed) == ({}, {}, [])
    assert shop.store.read(key.session_id) == EMPTY
    with pytest.raises(UnknownKey):
        await shop.keys.forget(key.id)


async def test_the_secret_goes_first_and_nothing_else_goes_without_it(shop: Shop) -> None:
    key = await with_record(shop)
    shop.vault.state = KeyringState.DENIED
    with pytest.raises(KeyringDenied):
        await shop.keys.forget(key.id)
    assert shop.listed == [key.id]
    assert shop.store.read(key.session_id) != EMPTY
    assert key.id in shop.inventory.keys
    shop.vault.state = KeyringState.OK
    await shop.keys.forget(key.id)
    assert shop.listed == []


@pytest.mark.parametrize("what", ["store", "inventory"])
async def test_what_was_not_deleted_stays_listed_and_forgetting_can_be_repeated(
    shop: Shop, what: str
) -> None:
    key = await with_record(shop)
    getattr(shop, what).fail_writes = FULL
    with pytest.raises(StoreUnavailable):
        await shop.keys.forget(key.id)
    assert shop.vault.entries == {}
    assert shop.listed == [key.id]
    getattr(shop, what).fail_writes = None
    await shop.keys.forget(key.id)
    assert (shop.listed, shop.inventory.keys) == ([], {})
    assert shop.store.read(key.session_id) == EMPTY


async def test_forgetting_while_the_sessions_are_closed(shop: Shop) -> None:
    key = await shop.added()
    shop.records = None
    await shop.keys.forget(key.id)
    assert shop.listed == []


async def test_forgetting_waits_for_a_refresh_under_way(shop: Shop) -> None:
    key = await with_record(shop)
    elsewhere = FakeLock(shop.clock, "refresh", shop.lock.shared)
    async with elsewhere.try_hold(key.session_id) as owner:
        assert owner is None
        forgetting = asyncio.create_task(shop.keys.forget(key.id))
        await turn(3)
        assert shop.store.read(key.session_id) != EMPTY
        forgetting.cancel()
        await asyncio.gather(forgetting, return_exceptions=True)
    await shop.keys.forget(key.id)
    assert shop.store.read(key.session_id) == EMPTY


async def test_a_corrected_client_id_leaves_no_session_of_the_old_one(shop: Shop) -> None:
    key = await with_record(shop)
    edited = await shop.keys.edit(key.id, replace(DRAFT, client_id=OTHER), None)
    assert isinstance(edited, ApiKey)
    assert shop.store.read(key.session_id) == EMPTY


async def test_a_secret_is_not_bound_to_another_host_by_itself(shop: Shop) -> None:
    key = await shop.added()
    shop.state.publish(EnvironmentsKnown((LIVE, practice("http://127.0.0.1:9999"))))
    refused = await shop.keys.edit(key.id, DRAFT, None)
    assert not isinstance(refused, ApiKey)
    assert [remark.field for remark in refused] == [Field.SECRET]
    before = await shop.vault.get(key.id)
    assert before is not None
    assert before.binding.host == PRACTICE.host
    moved = await shop.keys.edit(key.id, replace(DRAFT, secret_length=88), NEWER)
    assert isinstance(moved, ApiKey)
    after = await shop.vault.get(key.id)
    assert after is not None
    assert (after.binding.host, after.secret) == ("127.0.0.1:9999", NEWER)
