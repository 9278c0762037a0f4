"""Auth calls of a cut-off: under the lock and under the stop, with their own intents (session protocol 4, 6, 8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from nomba_desktop.domain.cutoff import Line, Step, WhatHappened
from nomba_desktop.domain.errors import ApiError, BadCredentials, Fate, KeyringError, StoreError
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.limits import Priority
from nomba_desktop.domain.moves_stop import (
    StopLifted,
    begin_under_stop,
    land_under_stop,
    note_control,
    refresh_dead,
    refused_under_stop,
)
from nomba_desktop.domain.record import CallKind, Intent, SessionRecord, SparedRefresh, StopKind
from nomba_desktop.domain.renewal import Policy
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.auth_calls import AuthCalls
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.cutoff_proof import Proofs, refusal_of
from nomba_desktop.services.ports import BeforeSend, Chance, Clock, Grant, NombaApi, SessionStore

_Send = Callable[[BeforeSend], Awaitable[Grant]]


@dataclass
class Run:
    """One walk of a cut-off: what it found and did so far. Lives as long as its lock is held."""

    key: ApiKey
    proofs: Proofs
    stop_count: int
    what: WhatHappened
    lines: dict[Step, Line] = field(default_factory=dict)
    dead: list[Secret] = field(default_factory=list)
    yielded: list[Secret] = field(default_factory=list)
    secret: Secret | None = None
    secret_trouble: KeyringError | None = None
    secret_refused: int = 0
    signed_in: bool = False
    takeovers: int = 0
    disabled: bool = False
    suspends: bool = False
    reason: str = ""
    operator: str = ""

    def put(self, line: Line) -> None:
        """A step came to something; what it came to before is replaced."""
        self.lines[line.step] = line

    def in_order(self) -> tuple[Line, ...]:
        """The lines so far, in the order they are shown."""
        return tuple(self.lines[step] for step in Step if step in self.lines)


class Unclear(Exception):
    """A call brought neither tokens nor a refusal. `in_doubt`: the server may have acted on it."""

    def __init__(self, error: ApiError, *, in_doubt: bool) -> None:
        super().__init__()
        self.error, self.in_doubt = error, in_doubt


class CutOffCalls:
    """Issue and refresh for a cut-off. They ignore budget, latch and back-off, and go first in the rate limit."""

    def __init__(
        self,
        *,
        store: SessionStore,
        api: NombaApi,
        targets: Targets,
        calls: AuthCalls,
        clock: Clock,
        chance: Chance,
        me: str,
        policy: Policy,
    ) -> None:
        self._store, self._api, self._targets, self._calls = store, api, targets, calls
        self._clock, self._chance, self._me, self._policy = clock, chance, me, policy

    def look(self, run: Run) -> SessionRecord:
        """The record now (3). Raises `StopLifted` where the stop of this walk doesn't stand any more."""
        record = self._store.read(run.key.session_id)
        if record.stop is StopKind.NONE or record.stop_count != run.stop_count or record.debt is None:
            raise StopLifted(record.stop.value)
        return record

    async def spare(self, run: Run, generation: int | None, *, seen: bool = False) -> None:
        """Before the act (5): note durably that a 200 was `seen`, and that the refresh token is to be tried."""
        if generation is None:
            return
        now = self._clock.now()
        await self._store.apply(
            run.key.session_id, lambda r: note_control(r, generation, run.stop_count, now, seen=seen)
        )

    async def issue(self, run: Run, secret: Secret) -> SessionRecord | int:
        """Sign in under the stop and store the session so that it can be ended; or the status of the refusal.

        Raises `Unclear`, `MoveRefused`, `StoreError`.
        """
        target = self._targets(run.key)

        async def send(before: BeforeSend) -> Grant:
            return await self._api.issue(target, secret, priority=Priority.CUT_OFF, before_send=before)

        return await self._call(run, CallKind.ISSUE, send, None)

    async def refresh(self, run: Run, spared: SparedRefresh) -> SessionRecord | int:
        """Try a refresh token, with its old bearer and without: what it yields is stored to be ended, without its
        successor; else the status of the refusal. Raises like `issue`."""
        target = self._targets(run.key)
        status = 0
        for bearer in (spared.bearer, None) if spared.bearer is not None else (None,):

            async def send(before: BeforeSend, bearer: Secret | None = bearer) -> Grant:
                return await self._api.refresh(
                    target, bearer, spared.refresh, priority=Priority.CUT_OFF, before_send=before
                )

            landed = await self._call(run, CallKind.REFRESH, send, spared)
            if isinstance(landed, SessionRecord):
                return landed
            status = status or landed
        return status

    async def refresh_is_dead(self, run: Run, spared: SparedRefresh) -> None:
        """It was refused in every way."""
        await self._store.apply(run.key.session_id, lambda r: refresh_dead(r, spared))

    async def _call(
        self, run: Run, kind: CallKind, send: _Send, spent: SparedRefresh | None
    ) -> SessionRecord | int:
        sid = run.key.session_id
        intent = Intent(kind, 0, self._me, self._clock.now(), self._chance.token())

        async def write_intent() -> None:
            nonlocal intent

            def move(record: SessionRecord) -> SessionRecord:
                nonlocal intent
                intent = replace(intent, generation=record.generation, at=self._clock.now())
                return begin_under_stop(record, intent, run.stop_count, self._policy)

            await self._store.apply(sid, move)
            self._calls.changed(sid)

        try:
            grant = await send(write_intent)
        except ApiError as error:
            status = _refused(error)
            unknown = not status and error.fate is Fate.UNKNOWN
            if not unknown:
                await self._store.apply(sid, lambda r: refused_under_stop(r, intent))
            if status:
                return status
            raise Unclear(error, in_doubt=unknown) from None
        return await self._landed(run, intent, grant, spent)

    async def _landed(
        self, run: Run, intent: Intent, grant: Grant, spent: SparedRefresh | None
    ) -> SessionRecord:
        key, displaces = run.key, self._calls.displaces(run.key)
        tokens = self._calls.tokens_of(grant)
        try:
            record = await self._store.apply(
                key.session_id,
                lambda r: land_under_stop(
                    r, intent, tokens, self._clock.now(), self._policy, displaces=displaces, spent=spent
                ),
            )
        except StoreError:
            # It can't be remembered, so it is ended at once; the intent stays open, and the next walk takes over.
            with suppress(ApiError):
                await self._api.revoke(self._targets(key), grant.access)
            raise
        self._calls.changed(key.session_id)
        return record


def _refused(error: ApiError) -> int:
    """The status where the credentials were refused; 200 where only the body says so (facts 11.2), else 0."""
    status = refusal_of(error)
    if (
        not status
        and isinstance(error, BadCredentials)
        and error.answer is not None
        and not error.answer.html
    ):
        return error.answer.status
    return status
