"""The walk of the session protocol: read, lock, look again, intent, call, write ("Reading and renewing").

Numbers in comments and docstrings are the steps of `session-protocol.md`.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeVar

from nomba_desktop.domain.errors import (
    AskFirst,
    BackingOff,
    BudgetSpent,
    Displaced,
    HeldElsewhere,
    KeyStopped,
    Latched,
    SignInNeeded,
    TakenElsewhere,
    TokenRefused,
)
from nomba_desktop.domain.keys import ApiKey, SharedUse
from nomba_desktop.domain.moves import MoveRefused, nothing_left, session_ended_outside, unlatch
from nomba_desktop.domain.record import CallKind, LatchKind, SessionRecord, Verdict, look
from nomba_desktop.domain.renewal import DEFAULT_POLICY, Policy, budget_opens_at
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.auth_calls import AuthCalls, RefreshTokenRefused, Unsaved
from nomba_desktop.services.ports import Clock, SessionLock, SessionStore

T = TypeVar("T")


class Asked(enum.Enum):
    """Who wants a token: a person may lift a latch, a program and the schedule may not."""

    PERSON = "person"
    PROGRAM = "program"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Held:
    """A token travels with the generation it was read from."""

    access: Secret
    generation: int
    expires_at: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants: a token living `min_life` seconds, not the generation `replacing`."""

    key: ApiKey
    min_life: float
    replacing: int | None
    asked: Asked
    confirmed: bool

    @property
    def may_call(self) -> bool:
        """Whether an auth call is agreed to: a server may use the key, so a person has to say so once."""
        return self.key.shared_use is SharedUse.ONLY_HERE or self.confirmed or self.key.auto_refresh


class Renewer:
    """Hands out tokens and renews them, one caller at a time across all processes."""

    def __init__(
        self,
        store: SessionStore,
        lock: SessionLock,
        calls: AuthCalls,
        clock: Clock,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._store = store
        self._lock = lock
        self._calls = calls
        self._clock = clock
        self._policy = policy

    def read(self, key: ApiKey) -> Held | None:
        """The hot read (1): a token at hand that still lives, or None. Raises `KeyStopped`."""
        return self._usable(self._store.read(key.session_id), Wish(key, 0.0, None, Asked.PROGRAM, False))

    async def token_for(
        self,
        key: ApiKey,
        *,
        min_life: float | None = None,
        replacing: int | None = None,
        asked: Asked = Asked.PROGRAM,
        confirmed: bool = False,
    ) -> Held:
        """A token that lives at least `min_life` seconds and isn't of the generation `replacing` or older.

        Raises a `SessionError` that says why there is none, an `ApiError` of the call that failed, a
        `KeyringError` when the secret can't be read, a `StoreError` when the intent can't be written.
        """
        life = self._policy.min_life if min_life is None else min_life
        wish = Wish(key, life, replacing, asked, confirmed)
        if held := self._usable(self._store.read(key.session_id), wish):
            return held
        deadline = self._clock.monotonic() + self._policy.lock_wait
        while True:
            async with AsyncExitStack() as stack:
                owner = await stack.enter_async_context(self._lock.try_hold(key.session_id))
                if owner is None:
                    try:
                        return await self._renew(wish)
                    except Unsaved as unsaved:
                        self._calls.save_later(unsaved, stack.pop_all())
                        return _held(unsaved.record)
            if held := self._usable(self._store.read(key.session_id), wish):
                return held
            if self._clock.monotonic() >= deadline:
                return self._overdue(wish, owner.who)
            await self._clock.sleep(self._policy.reread_every)

    async def use(
        self, key: ApiKey, request: Callable[[Secret], Awaitable[T]], *, asked: Asked = Asked.PROGRAM
    ) -> T:
        """Make a request with a token; on a 401 renew once as `after_refusal` allows and repeat it once."""
        held = await self.token_for(key, asked=asked)
        try:
            return await request(held.access)
        except TokenRefused:
            newer = await self.after_refusal(key, held.generation, asked=asked)
        return await request(newer.access)

    async def after_refusal(
        self, key: ApiKey, generation: int, *, asked: Asked, confirmed: bool = False
    ) -> Held:
        """A 401 came back for a token of `generation` (3, 4): adopt a newer one, renew, or say it was taken.

        On an unexpired token of the present generation that is not in doubt, a 401 is evidence that the session
        was ended outside: it is noted, and renewed only when a person asks. Raises like `token_for`.
        """
        sid = key.session_id
        record = self._store.read(sid)
        if record.generation == generation and not record.in_doubt and self._alive(record):
            record = await self._store.apply(
                sid, lambda r: session_ended_outside(r, generation, self._clock.now())
            )
            if record.latch is not None and asked is not Asked.PERSON:
                raise self._latched(record)
        return await self.token_for(key, replacing=generation, asked=asked, confirmed=confirmed)

    # -- looking -------------------------------------------------------------------------------------------------

    def _alive(self, record: SessionRecord) -> bool:
        return record.tokens is not None and record.tokens.expires_at > self._clock.now()

    def _usable(self, record: SessionRecord, wish: Wish) -> Held | None:
        unsaved = self._calls.unsaved(wish.key.session_id)
        if unsaved is not None and record.generation < unsaved.generation:
            record = unsaved
        match look(record, self._clock.now(), wish.min_life, wish.replacing):
            case Verdict.STOPPED:
                raise KeyStopped(f"“{wish.key.name}” is {record.stop.value}.")
            case Verdict.USABLE:
                return _held(record)
            case _:
                return None

    def _overdue(self, wish: Wish, owner: str) -> Held:
        """The lock did not come free (2): the old token if it surely still lives, else who holds the lock."""
        record = self._store.read(wish.key.session_id)
        if record.intent is None and wish.replacing is None and self._alive(record):
            return _held(record)
        who = (record.intent.who if record.intent else owner) or "another program"
        raise HeldElsewhere(f"{who} is signing in with “{wish.key.name}” and has not finished.")

    # -- renewing, under the lock ----------------------------------------------------------------------------------

    async def _renew(self, wish: Wish) -> Held:
        sid = wish.key.session_id
        for _ in range(4):
            record = self._store.read(sid)
            if held := self._usable(record, wish):
                return held
            if (held := await self._gate(record, wish)) is not None:
                return held
            if wish.asked is Asked.PERSON:
                record = await self._store.apply(sid, unlatch)
            try:
                return _held(await self._call(record, wish))
            except MoveRefused:
                continue
        raise HeldElsewhere(f"Other programs keep renewing “{wish.key.name}”.")

    async def _gate(self, record: SessionRecord, wish: Wish) -> Held | None:
        """Whether an auth call may be made now. While it may not, a probe can still end the doubt (5)."""
        blocked = self._forbidden(record, wish)
        if blocked is None:
            return None
        if record.intent is not None and self._alive(record):
            record = await self._calls.settle(wish.key, record)
            if held := self._usable(record, wish):
                return held
        raise blocked

    def _forbidden(
        self, record: SessionRecord, wish: Wish
    ) -> SignInNeeded | AskFirst | BackingOff | BudgetSpent | Latched | TakenElsewhere | Displaced | None:
        now, name = self._clock.now(), wish.key.name
        person = wish.asked is Asked.PERSON
        if record.latch is not None and not person:
            return self._latched(record)
        if record.tokens is None and not person and not record.in_doubt and record.attempts == 0:
            return SignInNeeded(f"“{name}” is signed out.")
        if not wish.may_call:
            return AskFirst(f"A server may sign in with “{name}” too.")
        taken = record.latch is not None and record.latch.kind is LatchKind.TAKEN_ELSEWHERE
        if taken and now < record.login_at + self._policy.theft_gap:
            wait = record.login_at + self._policy.theft_gap - now
            return BackingOff(f"This app signs in again at most once in 5 minutes; {wait:.0f} s are left.")
        if not person and record.next_try > now:
            return BackingOff(f"The next try for “{name}” is in {record.next_try - now:.0f} s.")
        opens = budget_opens_at(record.budget, now, self._policy)
        if opens is not None:
            calls, minutes = self._policy.budget_calls, self._policy.budget_window / 60
            return BudgetSpent(
                f"{calls} calls in {minutes:.0f} minutes brought no lasting token. "
                f"The next one is possible in {opens - now:.0f} s."
            )
        return None

    def _latched(self, record: SessionRecord) -> Latched | TakenElsewhere | Displaced:
        latch = record.latch
        if latch is not None and latch.kind is LatchKind.DISPLACED:
            return Displaced(f"“{latch.other}” and this key end each other's session.")
        if latch is not None and latch.kind is LatchKind.TAKEN_ELSEWHERE:
            minutes = latch.life_left / 60
            return TakenElsewhere(
                f"Nomba refused a token that had {minutes:.0f} min left; nobody here renewed it."
            )
        return Latched(record.failure.sentence if record.failure else "")

    async def _call(self, record: SessionRecord, wish: Wish) -> SessionRecord:
        key, by_person = wish.key, wish.asked is Asked.PERSON
        if record.in_doubt:
            return await self._resolve(record, wish)
        if record.tokens is not None and record.tokens.refresh is not None:
            try:
                return await self._calls.call(key, record, CallKind.REFRESH, by_person=by_person)
            except RefreshTokenRefused as refused:
                record = refused.record
        secret = await self._calls.secret_of(key)
        if secret is not None:
            return await self._calls.call(key, record, CallKind.ISSUE, secret=secret, by_person=by_person)
        return await self._give_up(record, wish)

    async def _resolve(self, record: SessionRecord, wish: Wish) -> SessionRecord:
        """In doubt (5): with a secret issue; without one probe, wait for W, try the refresh token once."""
        key, by_person = wish.key, wish.asked is Asked.PERSON
        secret = await self._calls.secret_of(key)
        if secret is not None:
            return await self._calls.call(key, record, CallKind.ISSUE, secret=secret, by_person=by_person)
        if self._alive(record):
            record = await self._calls.settle(key, record)
            if record.intent is None and self._usable(record, wish):
                return record
        now = self._clock.now()
        lands_until = max(record.may_land_until, record.intent.at + self._policy.w if record.intent else 0.0)
        if now < lands_until:
            await self._calls.wait_until(key, lands_until)
            raise BackingOff(
                f"A call may still arrive at Nomba; the next try is in {lands_until - now:.0f} s."
            )
        if record.tokens is not None and record.tokens.refresh is not None:
            try:
                return await self._calls.call(key, record, CallKind.REFRESH, by_person=by_person)
            except RefreshTokenRefused as refused:
                record = refused.record
        return await self._give_up(record, wish)

    async def _give_up(self, record: SessionRecord, wish: Wish) -> SessionRecord:
        await self._store.apply(wish.key.session_id, lambda r: nothing_left(r, record.generation))
        self._calls.changed(wish.key.session_id)
        raise SignInNeeded(
            f"Nomba ended the session of “{wish.key.name}” and there is no secret to sign in with."
        )


def _held(record: SessionRecord) -> Held:
    tokens = record.tokens
    if tokens is None:
        raise SignInNeeded
    return Held(tokens.access, record.generation, tokens.expires_at)
