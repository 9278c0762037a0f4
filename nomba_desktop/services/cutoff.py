"""Cutting a key off and proving it: suspend, revoke, resume, and paying what a crash left owed.

`session-protocol.md`, "Cutting off", is the contract; the walk under the lock is in `cutoff_walk`. Every step can be
repeated: what is owed stands in the shared record, and each run goes by that alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from nomba_desktop.domain.cutoff import Evidence, Line, Outcome, Receipt, Step, WhatHappened
from nomba_desktop.domain.errors import (
    ApiError,
    DraftRejected,
    HeldElsewhere,
    KeyringError,
    KeyStopped,
    NombaDesktopError,
    SealBroken,
    StoreError,
    UnknownKey,
)
from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState
from nomba_desktop.domain.moves import MoveRefused, session_lost
from nomba_desktop.domain.moves_stop import (
    closed_knowingly,
    note_lines,
    owed_again,
    resume,
    secret_deleted,
    state_of,
    stop,
    stop_remembered,
)
from nomba_desktop.domain.record import SessionRecord, StopKind
from nomba_desktop.domain.renewal import DEFAULT_POLICY, Policy
from nomba_desktop.services.auth_calls import AuthCalls
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.cutoff_calls import CutOffCalls, Run
from nomba_desktop.services.cutoff_proof import Proofs
from nomba_desktop.services.cutoff_receipts import made, new_run
from nomba_desktop.services.cutoff_secret import SecretStep
from nomba_desktop.services.cutoff_walk import CutOffWalk
from nomba_desktop.services.keys import Keys
from nomba_desktop.services.locking import hold
from nomba_desktop.services.ports import (
    Chance,
    Clock,
    KeyManagement,
    NombaApi,
    SessionLock,
    SessionStore,
    Vault,
)
from nomba_desktop.services.state import State

Seen = Callable[[ApiKey], None]


class CutOff:
    """Suspends, revokes and resumes keys. Ignores budget, latch and back-off; its calls go first.

    `seen` is told of a key whose record changed. What a cut-off came to is a `Receipt`, also where it could not be
    finished: then the debt stays in the record, and `pay_debts` or `check_again` go on with it.
    """

    def __init__(
        self,
        *,
        state: State,
        keys: Keys,
        store: SessionStore,
        lock: SessionLock,
        api: NombaApi,
        vault: Vault,
        auth: AuthCalls,
        targets: Targets,
        clock: Clock,
        chance: Chance,
        me: str,
        seen: Seen,
        policy: Policy = DEFAULT_POLICY,
        management: KeyManagement | None = None,
    ) -> None:
        self._state, self._keys, self._store, self._lock = state, keys, store, lock
        self._api, self._targets, self._clock, self._seen = api, targets, clock, seen
        self._policy, self._management = policy, management
        calls = CutOffCalls(
            store=store,
            api=api,
            targets=targets,
            calls=auth,
            clock=clock,
            chance=chance,
            me=me,
            policy=policy,
        )
        self._secret = SecretStep(store=store, vault=vault, auth=auth, calls=calls)
        self._walk = CutOffWalk(
            store=store,
            api=api,
            targets=targets,
            auth=auth,
            calls=calls,
            clock=clock,
            policy=policy,
            management=management,
        )
        self._last: dict[KeyId, Receipt] = {}

    # -- what a person asks for --------------------------------------------------------------------------------------

    async def suspend(self, key_id: KeyId, reason: str = "", operator: str = "") -> Receipt:
        """Stop a key until it is resumed: stop mark, then its token ended and proved.

        Raises `StoreError` where the stop could not be written: then nothing was done.
        """
        return await self._cut(
            key_id, StopKind.SUSPENDED, WhatHappened.SUSPENDING, reason=reason, operator=operator
        )

    async def revoke(
        self, key_id: KeyId, what: WhatHappened, reason: str = "", operator: str = ""
    ) -> Receipt:
        """Stop a key for good: stop mark, its token ended and proved, the secret kept until it is proved dead.

        Raises as `suspend`.
        """
        return await self._cut(key_id, StopKind.REVOKED, what, reason=reason, operator=operator)

    async def check_again(self, key_id: KeyId) -> Receipt:
        """Finish what is left: end what lives, then ask whether signing in with the stored secret is refused.

        A session that the question gives is ended at once. Once refused, the secret is deleted and read back.
        """
        key = self._key(key_id)
        await self._store.apply(key.session_id, lambda r: owed_again(r, self._clock.now()))
        return await self._pay(key, ask=True)

    async def delete_secret_unproved(self, key_id: KeyId, operator: str) -> Receipt:
        """Delete the stored secret although nobody knows whether it still signs in; `operator` answers for it.

        Raises `DraftRejected` without a name, `KeyStopped` for a key that isn't revoked, `KeyringError`, `StoreError`.
        """
        key = self._named(key_id, operator)
        began = self._clock.monotonic()
        async with hold(self._lock, key.session_id, self._clock, key.name):
            record = self._store.read(key.session_id)
            debt = record.debt
            if record.stop is not StopKind.REVOKED or debt is None or not debt.secret_left:
                raise KeyStopped(f"“{key.name}” has no secret that waits for its proof.")
            run = new_run(key, record, self._proofs())
            run.lines.update({line.step: line for line in debt.lines})
            if not await self._secret.delete(key):
                raise KeyringError("The keyring still has the secret after deleting it.")
            words = Evidence(remark=f"by {operator}; it may still sign in elsewhere")
            run.put(Line(Step.REGENERATE, Outcome.CLOSED, words))
            run.put(Line(Step.SECRET, Outcome.CLOSED, Evidence(remark=f"deleted unproved by {operator}")))
            lines, told = run.in_order(), replace(debt, operator=operator)
            record = await self._store.apply(
                key.session_id,
                lambda r: secret_deleted(replace(r, debt=told), run.stop_count, lines),
            )
        return await self._receipt(key, run, began, record, operator=operator)

    async def close_knowingly(self, key_id: KeyId, operator: str) -> Receipt:
        """A named person closes a revocation that can't be proved: the secret is deleted, the debt is gone.

        Raises as `delete_secret_unproved`.
        """
        key = self._named(key_id, operator)
        began = self._clock.monotonic()
        async with hold(self._lock, key.session_id, self._clock, key.name):
            record = self._store.read(key.session_id)
            debt = record.debt
            if record.stop is not StopKind.REVOKED or debt is None:
                raise KeyStopped(f"“{key.name}” has no unfinished revocation.")
            run = new_run(key, record, self._proofs())
            run.lines.update({line.step: line for line in debt.lines})
            if debt.secret_left:
                if not await self._secret.delete(key):
                    raise KeyringError("The keyring still has the secret after deleting it.")
                run.put(Line(Step.SECRET, Outcome.CLOSED, Evidence(remark=f"deleted unproved by {operator}")))
            run.put(
                Line(Step.KNOWINGLY, Outcome.CLOSED, Evidence(remark=f"{operator} knows what is not proved"))
            )
            lines = run.in_order()
            record = await self._store.apply(
                key.session_id, lambda r: closed_knowingly(r, run.stop_count, operator, lines)
            )
        return await self._receipt(key, run, began, record, operator=operator)

    async def resume(self, key_id: KeyId) -> bool:
        """Lift a suspension; whether a stored token was kept. A person then signs in anew.

        Raises `KeyStopped` for a revoked key, `HeldElsewhere`, `ApiError` where the environment did not enable the key,
        `StoreError`.
        """
        key = self._key(key_id)
        async with hold(self._lock, key.session_id, self._clock, key.name, wait=self._patience()):
            record = self._store.read(key.session_id)
            if record.stop is StopKind.REVOKED or key.state in (KeyState.REVOKING, KeyState.REVOKED):
                raise KeyStopped(f"“{key.name}” is revoked, and that is final.")
            if record.stop is StopKind.SUSPENDED:
                if self._management is not None and self._walk.manages(key):
                    await self._management.enable(self._targets(key))
                alive = await self._lives(key, record)
                record = await self._store.apply(
                    key.session_id,
                    lambda r: resume(
                        r, record.generation, record.stop_count, self._clock.now(), self._policy, alive=alive
                    ),
                )
        await self._follow(key, record)
        return record.tokens is not None

    async def _lives(self, key: ApiKey, record: SessionRecord) -> bool:
        """Whether a probe shows the stored token alive, where it may be kept at all."""
        debt = record.debt
        asked = debt is not None and debt.acted == record.generation
        if record.tokens is None or record.intent is not None or asked:
            return False
        control = await self._proofs().control(key, record.tokens.access)
        return control.counts

    def last(self, key_id: KeyId) -> Receipt | None:
        """The receipt to show again: of this run of the app, else what the record of an unfinished cut-off says."""
        known = self._last.get(key_id)
        if known is not None:
            return known
        key = self._key(key_id)
        record = self._store.read(key.session_id)
        if record.debt is None:
            return None
        run = new_run(key, record, self._proofs())
        run.lines.update({line.step: line for line in record.debt.lines})
        return made(key, run, record, self._clock.now(), 0.0)

    # -- what a start does -------------------------------------------------------------------------------------------

    async def pay_debts(self) -> tuple[Receipt, ...]:
        """At start: a stop that the store forgot is put back, and every unfinished cut-off is walked again from 2.

        What waits for a person (the dashboard) goes on waiting. A key whose record can't be read is left out.
        """
        owing: list[ApiKey] = []
        for key in tuple(self._state.snapshot.keys.values()):
            try:
                record = await self._remembered(key)
                if state_of(record) != (key.state, key.steps_left):
                    await self._follow(key, record)
            except StoreError:
                continue  # shown as the session's state
            debt = record.debt
            if debt is not None and (debt.tokens_left or debt.secret_dead or self._walk.manages(key)):
                owing.append(key)
        async with asyncio.TaskGroup() as group:
            paying = [group.create_task(self._pay(key)) for key in owing]
        return tuple(task.result() for task in paying)

    async def _remembered(self, key: ApiKey) -> SessionRecord:
        record = self._store.read(key.session_id)
        if key.state is KeyState.ACTIVE or record.stop is not StopKind.NONE or record.stop_count:
            return record
        now = self._clock.now()
        return await self._store.apply(
            key.session_id, lambda r: stop_remembered(r, key.state, key.steps_left, now)
        )

    # -- the walk ----------------------------------------------------------------------------------------------------

    async def _cut(
        self, key_id: KeyId, kind: StopKind, what: WhatHappened, *, reason: str, operator: str
    ) -> Receipt:
        """Stop first, without the lock (1); then the rest under it."""
        key = self._key(key_id)
        sid, now = key.session_id, self._clock.now()

        def move(record: SessionRecord) -> SessionRecord:
            return stop(record, kind, now, what, reason=reason, operator=operator)

        try:
            record = await self._store.apply(sid, move)
        except SealBroken:
            # Nobody can read what it held: it is stopped all the same, and what it held may live.
            await self._store.forget(sid)
            record = await self._store.apply(sid, lambda r: move(session_lost(r)))
        await self._follow(key, record)
        return await self._pay(key)

    async def _pay(self, key: ApiKey, *, ask: bool = False) -> Receipt:
        began = self._clock.monotonic()
        run = new_run(key, self._store.read(key.session_id), self._proofs())
        try:
            async with hold(self._lock, key.session_id, self._clock, key.name, wait=self._patience()):
                run = await self._under_lock(key, run, ask=ask)
        except HeldElsewhere as error:
            run.put(Line(Step.ACCESS, Outcome.WAITS, Evidence(remark=error.sentence)))
        except (ApiError, KeyringError, StoreError) as error:
            self._failed(run, error)
        record = self._store.read(key.session_id)
        return await self._receipt(key, run, began, record)

    @staticmethod
    def _failed(run: Run, error: NombaDesktopError) -> None:
        line = run.lines.get(Step.ACCESS)
        if line is None or line.outcome is not Outcome.PROVED:
            run.put(Line(Step.ACCESS, Outcome.FAILED, Evidence(remark=error.sentence)))
        else:
            run.put(Line(Step.SECRET, Outcome.FAILED, Evidence(remark=error.sentence)))

    async def _under_lock(self, key: ApiKey, run: Run, *, ask: bool) -> Run:
        """Look, walk, close; begin again where the record moved on (3, 9)."""
        for _ in range(4):
            record = self._store.read(key.session_id)
            run = new_run(key, record, self._proofs())
            if record.stop is StopKind.NONE or record.debt is None:
                return run
            try:
                await self._once(run, record, ask=ask)
            except MoveRefused:
                continue
            return run
        return run

    async def _once(self, run: Run, record: SessionRecord, *, ask: bool) -> None:
        """One walk: tokens first, then, where it is asked for or the key is disabled, the secret."""
        debt = record.debt
        if debt is None:
            return
        await self._secret.take(run)
        if not debt.tokens_left:
            run.lines.update({line.step: line for line in debt.lines})
        else:
            await self._walk.end_tokens(run)
        if ask or (debt.secret_left and self._walk.manages(run.key)):
            await self._ask(run)
        await self._secret.finish(run)
        after = self._store.read(run.key.session_id)
        if after.debt is not None:
            lines = run.in_order()
            await self._store.apply(run.key.session_id, lambda r: note_lines(r, run.stop_count, lines))

    async def _ask(self, run: Run) -> None:
        record = self._store.read(run.key.session_id)
        if record.debt is None:
            return
        await self._secret.ask(run)
        record = self._store.read(run.key.session_id)
        if record.debt is not None and (record.debt.tokens_left or record.debt.refreshes):
            await self._walk.end_tokens(run)

    # -- showing -----------------------------------------------------------------------------------------------------

    async def _receipt(
        self, key: ApiKey, run: Run, began: float, record: SessionRecord, *, operator: str = ""
    ) -> Receipt:
        await self._follow(key, record)
        if record.stop is not StopKind.NONE and record.debt is None and len(run.lines) == 1:
            known = self._last.get(key.id)
            if known is not None and known.done:
                return known
            run.put(Line(Step.ACCESS, Outcome.PROVED, Evidence(remark="proved before")))
        run.operator = operator or run.operator
        receipt = made(key, run, record, self._clock.now(), self._clock.monotonic() - began)
        self._last[key.id] = receipt
        return receipt

    async def _follow(self, key: ApiKey, record: SessionRecord) -> None:
        """The inventory says what the record says; durable, then told. A stop is never lifted by a lost record."""
        state, left = state_of(record)
        current = self._state.snapshot.keys.get(key.id)
        if current is None:
            return
        if state is KeyState.ACTIVE and current.state is not KeyState.ACTIVE and not record.stop_count:
            return
        await self._keys.set_state(key.id, state, left)
        self._seen(self._key(key.id))

    def _proofs(self) -> Proofs:
        return Proofs(self._api, self._targets, self._clock)

    def _patience(self) -> float:
        """Seconds to wait for the lock: a call that its holder makes has ended by then."""
        return self._policy.w + self._policy.lock_wait

    def _key(self, key_id: KeyId) -> ApiKey:
        key = self._state.snapshot.keys.get(key_id)
        if key is None:
            raise UnknownKey
        return key

    def _named(self, key_id: KeyId, operator: str) -> ApiKey:
        if not operator.strip():
            raise DraftRejected("Say who closes it: what is not proved needs a name.")
        return self._key(key_id)
