"""The inventory: add, edit, forget; secret and row stay together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import TypeVar

from nomba_desktop.domain.errors import DraftRejected, KeyringError, StoreError, UnknownKey
from nomba_desktop.domain.keys import (
    ApiKey,
    Field,
    FieldRemark,
    KeyDraft,
    KeyId,
    KeyState,
    check_draft,
    key_from_draft,
)
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.snapshot import InventoryLoaded, KeyForgotten, KeySaved
from nomba_desktop.services.keyring_watch import KeyringWatch
from nomba_desktop.services.locking import hold
from nomba_desktop.services.ports import (
    Binding,
    BoundSecret,
    Chance,
    Clock,
    Inventory,
    SessionLock,
    SessionStore,
    Vault,
)
from nomba_desktop.services.state import State

T = TypeVar("T")


class Keys:
    """Adds, edits and forgets keys. A fact is published after it is durable."""

    def __init__(
        self,
        *,
        state: State,
        inventory: Inventory,
        vault: Vault,
        keyring: KeyringWatch,
        records: Callable[[], SessionStore | None],
        clock: Clock,
        chance: Chance,
        lock: Callable[[], SessionLock | None] = lambda: None,
    ) -> None:
        self._lock = lock
        self._state, self._inventory, self._vault, self._keyring = state, inventory, vault, keyring
        self._records, self._clock, self._chance = records, clock, chance
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Hear whenever the stored inventory changed."""
        self._listeners.append(listener)

    def _publish(self, event: KeySaved | KeyForgotten) -> None:
        self._state.publish(event)
        for listener in self._listeners:
            listener()

    async def load(self) -> None:
        """Read the inventory. Raises `StoreError`."""
        self._state.publish(InventoryLoaded(tuple(await self._inventory.load())))

    def check(self, draft: KeyDraft, editing: KeyId | None = None) -> tuple[FieldRemark, ...]:
        """Every remark on the form as it stands."""
        snapshot = self._state.snapshot
        return check_draft(draft, self._host(draft), snapshot.keys.values(), editing=editing)

    def _host(self, draft: KeyDraft) -> str | None:
        environment = self._state.snapshot.environments.get(draft.environment_id or "")
        return environment.host if environment else None

    async def add(self, draft: KeyDraft, secret: Secret) -> ApiKey | tuple[FieldRemark, ...]:
        """Save a new key: first the secret, read back, then the row. The remarks that block when it wasn't saved.

        When the row can't be written the secret is taken out again. Raises `KeyringError`, `StoreError`, and
        `DraftRejected` when another program added the same client id meanwhile.
        """
        blocking = self._blocking(draft, None)
        host = self._host(draft)
        if blocking or host is None:
            return blocking
        key = key_from_draft(draft, KeyId(self._chance.token()), host, self._clock.now())
        await self._put(key, secret)
        try:
            await self._inventory.save(key)
        except (StoreError, DraftRejected):
            await self._put_back(key.id, None)
            raise
        self._publish(KeySaved(key))
        return key

    async def edit(
        self, key_id: KeyId, draft: KeyDraft, secret: Secret | None
    ) -> ApiKey | tuple[FieldRemark, ...]:
        """Save changes. The stored secret is bound anew when the ids it belongs to were corrected, never to another
        host: that needs the secret again. The session of a client id that is no more is forgotten."""
        old = self._key(key_id)
        blocking = self._blocking(draft, key_id)
        host = self._host(draft)
        if blocking or host is None:
            return blocking
        key = key_from_draft(draft, key_id, host, self._clock.now(), base=old)
        if key.host != old.host and secret is None:
            return (
                FieldRemark(
                    Field.SECRET, f"The address is {key.host} now: enter the secret again to send it there."
                ),
            )
        rebound = (key.host, key.client_id, key.account_id) != (old.host, old.client_id, old.account_id)
        before = await self._guard(self._vault.get(key_id)) if secret is not None or rebound else None
        if secret is None and rebound and before is not None and before.binding == _binding(old):
            secret = before.secret
        if secret is not None:
            await self._put(key, secret)
        try:
            await self._inventory.save(key)
        except (StoreError, DraftRejected):
            if secret is not None:
                await self._put_back(key_id, before)
            raise
        if key.session_id != old.session_id:
            await self._forget_session(old)
        self._publish(KeySaved(key))
        return key

    async def set_auto_refresh(self, key_id: KeyId, on: bool) -> ApiKey:
        """Switch automatic refresh."""
        key = replace(self._key(key_id), auto_refresh=on)
        await self._inventory.save(key)
        self._publish(KeySaved(key))
        return key

    async def set_state(self, key_id: KeyId, state: KeyState, steps_left: int = 0) -> ApiKey:
        """Write what a cut-off made of a key; nothing is written where it is known already. Raises `StoreError`."""
        key = self._key(key_id)
        if (key.state, key.steps_left) == (state, steps_left):
            return key
        changed = self._clock.now() if key.state is not state else key.state_changed_at
        key = replace(key, state=state, steps_left=steps_left, state_changed_at=changed)
        await self._inventory.save(key)
        self._publish(KeySaved(key))
        return key

    async def forget(self, key_id: KeyId) -> None:
        """Delete the secret (read back), the session record and the row, in this order.

        Raises `KeyringError` or `StoreError`; what was not deleted yet stays listed, so it can be repeated.
        """
        key = self._key(key_id)
        await self._guard(self._vault.delete(key_id))
        await self._forget_session(key)
        await self._inventory.forget(key_id)
        self._publish(KeyForgotten(key_id))

    async def _forget_session(self, key: ApiKey) -> None:
        """Delete the session record, under its lock: a refresh under way would write it again."""
        store, lock = self._records(), self._lock()
        if store is None:
            return
        async with AsyncExitStack() as held:
            if lock is not None:
                await held.enter_async_context(hold(lock, key.session_id, self._clock, key.name))
            await store.forget(key.session_id)

    def _key(self, key_id: KeyId) -> ApiKey:
        key = self._state.snapshot.keys.get(key_id)
        if key is None:
            raise UnknownKey
        return key

    def _blocking(self, draft: KeyDraft, editing: KeyId | None) -> tuple[FieldRemark, ...]:
        return tuple(remark for remark in self.check(draft, editing) if remark.blocks)

    async def _put(self, key: ApiKey, secret: Secret) -> None:
        await self._guard(self._vault.put(key.id, BoundSecret(secret, _binding(key))))

    async def _put_back(self, key_id: KeyId, before: BoundSecret | None) -> None:
        """The row was not written: the keyring gets its earlier entry again, None for none.

        The store's error goes to the caller; one of the keyring here is a notice.
        """
        with suppress(KeyringError):
            if before is None:
                await self._guard(self._vault.delete(key_id))
            else:
                await self._guard(self._vault.put(key_id, before))

    async def _guard(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except KeyringError as error:
            self._keyring.failed(error)
            raise


def _binding(key: ApiKey) -> Binding:
    return Binding(key.host, key.client_id, key.account_id)
