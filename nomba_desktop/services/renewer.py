"""The walk of the session protocol: read, lock, look again, intent, call, write ("Reading and renewing").

Numbers in comments and docstrings are the steps of `session-protocol.md`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TypeVar

from nomba_desktop.domain.errors import (
    AskFirst,
    BackingOff,
    BudgetSpent,
    Displaced,
    HeldElsewhere,
    KeyringError,
    KeyStopped,
    Latched,
    SecretMissing,
    SignInNeeded,
    TakenElsewhere,
    TeamCacheAway,
    TeamRecordAwaited,
    TokenRefused,
)
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.moves import (
    LeaseLost,
    MoveRefused,
    accepted,
    nothing_left,
    session_ended_outside,
    token_ended,
    unlatch,
)
from nomba_desktop.domain.record import CallKind, LatchKind, SessionRecord, StopKind, Verdict, look
from nomba_desktop.domain.renewal import (
    CLOCK_SLACK,
    DEFAULT_POLICY,
    Policy,
    budget_opens_at,
    refresh_margin,
    try_opens_at,
)
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.auth_calls import AuthCalls, RefreshTokenRefused, Unsaved
from nomba_desktop.services.locking import news, next_news
from nomba_desktop.services.ports import Clock, Forgetting, Owner, SessionLock, SessionStore
from nomba_desktop.services.wishes import Asked, Held, Wish

T = TypeVar("T")


__all__ = ["Asked", "Held", "Renewer", "Wish"]


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
        return self._usable(self.record(key), Wish(key, 0.0, None, Asked.PROGRAM, False))

    async def token_for(
        self,
        key: ApiKey,
        *,
        min_life: float | None = None,
        replacing: int | None = None,
        asked: Asked = Asked.PROGRAM,
        confirmed: bool = False,
    ) -> Held:
        """A token that lives at least `min_life` seconds (by default 30, or what is left of a shorter life when its
        refresh is due) and isn't of the generation `replacing` or older.

        Raises a `SessionError` that says why there is none, an `ApiError` of the call that failed, a
        `KeyringError` when the secret can't be read, a `StoreError` when the intent can't be written.
        """
        wish = Wish(key, min_life, replacing, asked, confirmed)
        record = self.record(key)
        if held := self._usable(record, wish):
            if record.latch is not None and asked is Asked.PERSON:
                await self._store.apply(
                    key.session_id, unlatch
                )  # keys that displaced each other, a block that is over
                self._calls.changed(key.session_id)
            return held
        deadline = self._clock.monotonic() + self._policy.lock_wait
        while True:
            since = news(self._lock, key.session_id)
            tried = await self._try(wish)
            if isinstance(tried, Held):
                return tried
            if held := self._usable(self.record(key), wish):
                return held
            left = deadline - self._clock.monotonic()
            if left <= 0:
                return self._overdue(wish, tried.who)
            await next_news(
                self._lock,
                key.session_id,
                self._clock,
                since=since,
                longest=left,
                every=self._policy.reread_every,
            )
            if held := self._usable(self.record(key), wish):
                return held

    async def _try(self, wish: Wish) -> Held | Owner:
        """Renew under the lock, or say who has it.

        When the team can't be reached, nobody renews alone; a token that surely lives is good to its end.
        """
        key = wish.key
        try:
            async with AsyncExitStack() as stack:
                owner = await stack.enter_async_context(self._lock.try_hold(key.session_id))
                if owner is not None:
                    return owner
                try:
                    return await self._renew(wish)
                except Unsaved as unsaved:
                    await self._calls.save_later(unsaved, stack.pop_all())
                    return self._handed_out(self.record(key), wish)
        except LeaseLost:
            return Owner("another desktop", self._clock.now())
        except TeamCacheAway:
            record = self._store.read(key.session_id)
            if record.intent is not None or wish.replacing is not None or not self._alive(record):
                raise
            return self._handed_out(record, wish)

    async def accepted(self, key: ApiKey, generation: int) -> None:
        """A probe of that generation answered 200: noted for every process."""
        displaces = self._calls.displaces(key)
        await self._store.apply(
            key.session_id, lambda r: accepted(r, generation, self._clock.now(), displaces=displaces)
        )

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
        elif record.generation == generation and record.in_doubt:
            await self._store.apply(sid, lambda r: token_ended(r, generation, self._clock.now()))
        return await self.token_for(key, replacing=generation, asked=asked, confirmed=confirmed)

    # -- looking -------------------------------------------------------------------------------------------------

    def _alive(self, record: SessionRecord) -> bool:
        return record.tokens is not None and record.tokens.expires_at > self._clock.now()

    def record(self, key: ApiKey) -> SessionRecord:
        """The shared record, read now; with the tokens that could not be saved yet, where there are some (12)."""
        return self.with_unsaved(key, self._store.read(key.session_id))

    def with_unsaved(self, key: ApiKey, record: SessionRecord) -> SessionRecord:
        """A record just read, with the tokens that could not be saved yet. The stop mark is always the store's."""
        unsaved = self._calls.unsaved(key.session_id)
        if unsaved is None or record.generation >= unsaved.generation:
            return record
        return replace(unsaved, stop=record.stop, stop_count=record.stop_count)

    def saving(self, key: ApiKey) -> bool:
        """Whether its newest tokens are still to be saved (12): nothing is wrong with them."""
        return self._calls.unsaved(key.session_id) is not None

    def _usable(self, record: SessionRecord, wish: Wish) -> Held | None:
        match look(record, self._clock.now(), self._min_life(record, wish), wish.replacing):
            case Verdict.STOPPED | Verdict.USABLE:
                return self._handed_out(record, wish)
            case _:
                return None

    def _min_life(self, record: SessionRecord, wish: Wish) -> float:
        """What was asked for; else as much as a short-lived token has before its own refresh is due."""
        if wish.min_life is not None:
            return wish.min_life
        life = record.tokens.life if record.tokens is not None else 0.0
        return min(self._policy.min_life, refresh_margin(life))

    def _handed_out(self, record: SessionRecord, wish: Wish) -> Held:
        """The last look (9): a stop may have come up while the call was under way."""
        if record.stop is not StopKind.NONE:
            raise KeyStopped(f"“{wish.key.name}” is {record.stop.value}.")
        return _held(record)

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
                return self._handed_out(await self._call(record, wish), wish)
            except LeaseLost:
                raise
            except MoveRefused:
                continue
        raise HeldElsewhere(f"Other programs keep renewing “{wish.key.name}”.")

    async def _gate(self, record: SessionRecord, wish: Wish) -> Held | None:
        """Whether an auth call may be made now. While it may not, a probe can still end the doubt (5)."""
        blocked = self._forbidden(record, wish)
        if blocked is None:
            return None
        record = await self._settled(record, wish)
        if held := self._usable(record, wish):
            return held
        if isinstance(blocked, BudgetSpent):
            opens = budget_opens_at(record.budget, self._clock.now(), self._policy)
            await self._calls.hold_back(wish.key, blocked, opens or 0.0)
        raise blocked

    def _forbidden(
        self, record: SessionRecord, wish: Wish
    ) -> SignInNeeded | AskFirst | BackingOff | BudgetSpent | Latched | TakenElsewhere | Displaced | None:
        now, name = self._clock.now(), wish.key.name
        person = wish.asked is Asked.PERSON
        if record.latch is not None and not person:
            return self._latched(record)
        if record.tokens is None and not person and record.intent is None and record.attempts == 0:
            return self._signed_out(wish)
        if not wish.may_call:
            return AskFirst(f"A server may sign in with “{name}” too.")
        taken = record.latch is not None and record.latch.kind is LatchKind.TAKEN_ELSEWHERE
        if taken and record.login_at - CLOCK_SLACK <= now < record.login_at + self._policy.theft_gap:
            wait = record.login_at + self._policy.theft_gap - now
            return BackingOff(f"This app signs in again at most once in 5 minutes; {wait:.0f} s are left.")
        if budget_opens_at(record.budget, now, self._policy) is not None:
            calls, minutes = self._policy.budget_calls, self._policy.budget_window / 60
            return BudgetSpent(f"{calls} calls in {minutes:.0f} minutes brought no lasting token.")
        opens = try_opens_at(record.next_try, record.failure.at if record.failure else None, now)
        if not person and opens > now:
            return BackingOff(f"The next try for “{name}” is in {opens - now:.0f} s.")
        return None

    def _signed_out(self, wish: Wish) -> SignInNeeded:
        if isinstance(self._store, Forgetting) and self._store.waits_for_others(wish.key.session_id):
            return TeamRecordAwaited(
                f"The team cache began anew, and this desktop knows no session of “{wish.key.name}”."
            )
        return SignInNeeded(f"“{wish.key.name}” is signed out.")

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
                record = _still(record, refused)
        secret = await self._calls.secret_of(key)
        if secret is not None:
            return await self._calls.call(key, record, CallKind.ISSUE, secret=secret, by_person=by_person)
        return await self._give_up(record, wish)

    async def _resolve(self, record: SessionRecord, wish: Wish) -> SessionRecord:
        """In doubt (5): with a secret issue; without one probe, wait for W, try the refresh token once."""
        key, by_person = wish.key, wish.asked is Asked.PERSON
        if record.intent is not None and record.intent.kind is CallKind.RESTORED:
            # No call of ours stands behind it: the token may well be the live one (team, 3).
            record = await self._settled(record, wish)
            if self._usable(record, wish):
                return record
        try:
            secret = await self._calls.secret_of(key)
        except KeyringError:
            record = await self._settled(record, wish)
            if self._usable(record, wish):
                return record
            raise
        if secret is not None:
            return await self._calls.call(key, record, CallKind.ISSUE, secret=secret, by_person=by_person)
        record = await self._settled(record, wish)
        if self._usable(record, wish):
            return record
        now = self._clock.now()
        lands_until = max(record.may_land_until, record.intent.at + self._policy.w if record.intent else 0.0)
        lands_until = min(lands_until, now + self._policy.w)
        if now < lands_until:
            await self._calls.wait_until(key, lands_until)
            raise BackingOff(
                f"A call may still arrive at Nomba; the next try is in {lands_until - now:.0f} s."
            )
        if record.tokens is not None and record.tokens.refresh is not None:
            try:
                return await self._calls.call(key, record, CallKind.REFRESH, by_person=by_person)
            except RefreshTokenRefused as refused:
                record = _still(record, refused)
        return await self._give_up(record, wish)

    async def _settled(self, record: SessionRecord, wish: Wish) -> SessionRecord:
        """The record after a probe, where an intent is open and the token could still live (5)."""
        if record.intent is None or not self._alive(record):
            return record
        return await self._calls.settle(wish.key, record)

    async def _give_up(self, record: SessionRecord, wish: Wish) -> SessionRecord:
        if record.tokens is None:
            raise SecretMissing(f"There is none for “{wish.key.name}”, so it can't sign in.")
        await self._store.apply(wish.key.session_id, lambda r: nothing_left(r, record.generation))
        self._calls.changed(wish.key.session_id)
        raise SignInNeeded(
            f"Nomba ended the session of “{wish.key.name}” and there is no secret to sign in with."
        )


def _still(before: SessionRecord, refused: RefreshTokenRefused) -> SessionRecord:
    """The record to go on with after a refusal; raises `MoveRefused` when somebody renewed meanwhile (11)."""
    if refused.record.generation != before.generation:
        raise MoveRefused(refused.record.generation)
    return refused.record


def _held(record: SessionRecord) -> Held:
    tokens = record.tokens
    if tokens is None:
        raise SignInNeeded
    return Held(tokens.access, record.generation, tokens.expires_at)
