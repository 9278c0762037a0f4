"""Sessions as the window needs them: sign in, refresh now, sign out, look, probe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import (
    ApiError,
    Displaced,
    Forbidden,
    KeyringError,
    KeyStopped,
    SealBroken,
    SessionError,
    StoreError,
    TakenElsewhere,
    TokenRefused,
    TransientApiError,
    UnknownKey,
)
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.limits import Lane
from nomba_desktop.domain.moves import displaced, ends_paid, restored, session_lost, signed_out, suspected
from nomba_desktop.domain.record import CallKind, Failure, Intent, OwedEnd, SessionRecord
from nomba_desktop.domain.renewal import CLOCK_SLACK
from nomba_desktop.domain.sessions import (
    IDLE,
    Activity,
    Failing,
    Life,
    Session,
    WaitFor,
    derive_session,
    life_of,
)
from nomba_desktop.domain.snapshot import ServerHeard, SessionsSeen
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.ending import Ender
from nomba_desktop.services.keyring_watch import KeyringWatch
from nomba_desktop.services.locking import hold
from nomba_desktop.services.ports import Clock, NombaApi, SessionLock, SessionStore
from nomba_desktop.services.probes import Prober
from nomba_desktop.services.renewer import Asked, Held, Renewer
from nomba_desktop.services.state import State

T = TypeVar("T")

#: Seconds between acceptance and refusal within which our own sign-in counts as the cause.
SEEN_WITHIN = 60.0


class Sessions:
    """What a person and the schedule do with sessions; publishes what it sees after it is durable."""

    def __init__(
        self,
        *,
        state: State,
        store: SessionStore,
        lock: SessionLock,
        renewer: Renewer,
        api: NombaApi,
        targets: Targets,
        prober: Prober,
        keyring: KeyringWatch,
        clock: Clock,
        me: str,
    ) -> None:
        self._state, self._store, self._lock, self._renewer = state, store, lock, renewer
        self._keyring, self._clock, self._me = keyring, clock, me
        self._prober, self._ender = prober, Ender(api, targets, prober, clock)
        self._activity: dict[SessionId, Activity] = {}
        self._seen: dict[SessionId, SessionRecord] = {}
        self._lives: dict[SessionId, tuple[int, float, Life]] = {}
        self._listeners: list[Callable[[Sequence[ApiKey]], None]] = []

    # -- seeing ----------------------------------------------------------------------------------------------------

    def on_change(self, listener: Callable[[Sequence[ApiKey]], None]) -> None:
        """Hear which keys were looked at anew: their deadlines may have moved."""
        self._listeners.append(listener)

    def record(self, key: ApiKey) -> SessionRecord:
        """The shared record of a key, read now; with the tokens of this process that could not be saved yet."""
        return self._renewer.record(key)

    def observe(self, keys: Iterable[ApiKey] | None = None) -> None:
        """Look at these sessions (all when None) and publish what changed. Synchronous, no server is asked."""
        chosen = list(self._state.snapshot.keys.values() if keys is None else keys)
        now = self._clock.now()
        self._state.publish(SessionsSeen({key.id: self._session(key, now) for key in chosen}))
        for listener in self._listeners:
            listener(chosen)

    async def doubt_all(self) -> None:
        """Every stored session came out of an older copy of the database: in doubt until probed or renewed."""
        for key in self._state.snapshot.keys.values():
            generation = self._store.read(key.session_id).generation
            intent = Intent(CallKind.RESTORED, generation, self._me, self._clock.now(), "restored")
            await self._store.apply(key.session_id, partial(restored, intent=intent))

    def observe_session(self, session: SessionId) -> None:
        """Look at the one key that has this session."""
        self.observe([k for k in self._state.snapshot.keys.values() if k.session_id == session])

    def observe_if_changed(self) -> None:
        """Look again at what any process wrote to the store: nothing is done for records that are the same."""
        if self._store.changed():
            self.observe([key for key in self._state.snapshot.keys.values() if self._moved(key)])

    def _moved(self, key: ApiKey) -> bool:
        try:
            return self._store.read(key.session_id) is not self._seen.get(key.session_id)
        except StoreError:
            return True

    def _session(self, key: ApiKey, now: float) -> Session:
        try:
            stored = self._seen[key.session_id] = self._store.read(key.session_id)
        except StoreError as error:
            self._seen.pop(key.session_id, None)
            told = error.hint if isinstance(error, SealBroken) else error.sentence
            failure = Failure(error.reference, error.title, told, error.details, 0.0)
            return Failing(failure, 1, 0.0, latched=True)
        record = self._renewer.with_unsaved(key, stored)
        activity = self._activity.get(key.session_id, IDLE)
        return derive_session(record, activity, now, me=self._me, life=self._life(key.session_id, record))

    def _life(self, session: SessionId, record: SessionRecord) -> Life | None:
        if record.tokens is None:
            return None
        known = self._lives.get(session)
        if known is None or known[:2] != (record.generation, record.accepted_at):
            life = life_of(record, self._me)
            if life is None:
                return None
            known = self._lives[session] = (record.generation, record.accepted_at, life)
        return known[2]

    def lane_waits(self, lane: Lane, until: float) -> None:
        """Calls of this lane wait for the rate limit until that wall time: shown as waiting, not as failed."""
        for key in self._state.snapshot.keys.values():
            if Lane(key.host, key.account_id) == lane and key.session_id in self._activity:
                since = self._activity[key.session_id].calling_since
                self._activity[key.session_id] = Activity(since, WaitFor.RATE_LIMIT, until)
                self.observe([key])

    def keyring_is_back(self) -> None:
        """Sessions that waited for the keyring don't any more."""
        waiting = [s for s, a in self._activity.items() if a.waiting is WaitFor.KEYRING]
        for session in waiting:
            del self._activity[session]
        if waiting:
            self.observe()

    # -- doing -----------------------------------------------------------------------------------------------------

    def key(self, key_id: KeyId) -> ApiKey:
        """A key of the inventory. Raises `UnknownKey`."""
        key = self._state.snapshot.keys.get(key_id)
        if key is None:
            raise UnknownKey
        return key

    async def sign_in(self, key_id: KeyId, *, confirmed: bool = False) -> Held:
        """Sign in; a session that lives already is taken as it is. Raises like `Renewer.token_for`."""
        key = self.key(key_id)
        neighbours = [
            k for k in self._state.snapshot.keys.values() if k.id != key_id and self._neighbours(k, key)
        ]
        await self._check_each(neighbours)
        held = await self._doing(key, lambda: self._sign_in(key, confirmed))
        await self._check_each([key, *neighbours])
        return held

    def _neighbours(self, one: ApiKey, other: ApiKey) -> bool:
        """Whether two keys share an account: a server may keep one session for it (facts 3.4)."""
        return one.host == other.host and one.account_id == other.account_id

    async def _check_each(self, keys: Sequence[ApiKey]) -> None:
        for key in keys:
            # What they find is their state's to show, and the schedule asks again.
            with suppress(ApiError, SessionError):
                await self.check(key.id)

    async def _sign_in(self, key: ApiKey, confirmed: bool) -> Held:
        try:
            self._store.read(key.session_id)
        except SealBroken:
            # Nobody can read what it held; a live session of it may be left at the server.
            await self._store.forget(key.session_id)
            await self._store.apply(key.session_id, session_lost)
        return await self._renewer.token_for(key, asked=Asked.PERSON, confirmed=confirmed)

    async def refresh_now(self, key_id: KeyId, generation: int, *, confirmed: bool = False) -> Held:
        """Replace the generation that was on the screen; a newer one is adopted."""
        key = self.key(key_id)
        return await self._doing(
            key,
            lambda: self._renewer.token_for(
                key, replacing=generation, asked=Asked.PERSON, confirmed=confirmed
            ),
        )

    async def renew_due(self, key_id: KeyId) -> None:
        """The scheduled refresh: replace the present generation when its moment has come."""
        key = self.key(key_id)
        record = self.record(key)
        now, tokens = self._clock.now(), record.tokens
        failed = record.failure is not None and record.attempts > 0
        asked = failed and not self._renewer.saving(key)  # a refresh that failed before
        due = tokens is not None and (
            tokens.refresh_at <= now or asked or tokens.issued_at > now + CLOCK_SLACK
        )
        replacing = record.generation if due else None
        await self._doing(
            key, lambda: self._renewer.token_for(key, replacing=replacing, asked=Asked.SCHEDULE)
        )

    async def token(self, key_id: KeyId) -> Held:
        """A token for a person to use, probed before: what Nomba refuses is not handed out."""
        key = self.key(key_id)
        held = await self._doing(key, lambda: self._renewer.token_for(key, asked=Asked.PROGRAM))
        try:
            await self._probe(key, held)
        except TokenRefused:
            before = self.record(key)
            held = await self._doing(key, lambda: self._refused(key, before, held.generation, Asked.PROGRAM))
        except (TransientApiError, Forbidden):
            pass  # Nomba can't be asked now, or not with this key's permissions; the token is unexpired
        # It may have been renewed or stopped while Nomba was asked.
        return await self._doing(key, lambda: self._renewer.token_for(key, min_life=0.0, asked=Asked.PROGRAM))

    async def for_program(
        self, key_id: KeyId, *, min_life: float | None = None, confirmed: bool = False
    ) -> Held:
        """A token for a program: the one at hand, else a renewed one. Raises like `Renewer.token_for`."""
        key = self.key(key_id)
        return await self._doing(
            key,
            lambda: self._renewer.token_for(key, min_life=min_life, asked=Asked.PROGRAM, confirmed=confirmed),
        )

    def peek(self, key_id: KeyId) -> Held | None:
        """The token at hand, without asking anybody; None when there is none. Raises `KeyStopped`."""
        return self._renewer.read(self.key(key_id))

    async def check(self, key_id: KeyId) -> None:
        """Probe a signed-in key and note when it was accepted; a 401 is followed up. Transient errors raise."""
        key = self.key(key_id)
        try:
            held = self._renewer.read(key)
        except KeyStopped:
            return
        if held is None:
            return
        before = self.record(key)
        try:
            await self._probe(key, held)
        except Forbidden:
            return
        except TokenRefused:
            try:
                await self._refused(key, before, held.generation, Asked.SCHEDULE)
            except Displaced:
                return  # both keys show it
            finally:
                self.observe([key])

    async def _refused(self, key: ApiKey, before: SessionRecord, generation: int, asked: Asked) -> Held:
        """Follow a 401 up; raises `Displaced` in place of `TakenElsewhere` when another key of ours did it."""
        try:
            return await self._renewer.after_refusal(key, generation, asked=asked)
        except TakenElsewhere:
            other = await self._displaced(key, before)
            if other is None:
                raise
            raise Displaced(f"“{other.name}” and “{key.name}” end each other's session.") from None

    async def _probe(self, key: ApiKey, held: Held) -> None:
        probed = await self._prober.alive(key, held.access)
        self._state.publish(ServerHeard(key.host, probed.at))
        if self._prober.proves(key):
            with suppress(StoreError):  # the token is good, whether or not that can be written down
                await self._renewer.accepted(key, held.generation)
        self.observe([key])

    async def _displaced(self, key: ApiKey, before: SessionRecord) -> ApiKey | None:
        """The other key of ours, if there is exactly one, that ended this session: then both stop, named.

        That key must have renewed between this one's last acceptance and its refusal. It counts as seen when those
        two are at most a minute apart, or when each has ended the other's session once; otherwise it is suspected.
        """
        since = max(before.accepted_at, before.tokens.issued_at if before.tokens else 0.0)
        others = [
            other
            for other in self._state.snapshot.keys.values()
            if other.id != key.id and other.host == key.host and self._issued_at(other) >= since > 0
        ]
        if len(others) != 1:
            return None
        other = others[0]
        seen = self._clock.now() - since <= SEEN_WITHIN
        if not seen and self.record(other).suspect != key.client_id:
            await self._store.apply(key.session_id, lambda r: suspected(r, other.client_id))
            return None
        await self._stop_both(key, before.generation, other)
        return other

    def _issued_at(self, key: ApiKey) -> float:
        """When a key's present token was issued; 0 where there is none, or none that can be read."""
        try:
            tokens = self.record(key).tokens
        except StoreError:
            return 0.0
        return tokens.issued_at if tokens is not None else 0.0

    async def _stop_both(self, key: ApiKey, generation: int, other: ApiKey) -> None:
        now, theirs = self._clock.now(), self.record(other).generation
        await self._store.apply(key.session_id, lambda r: displaced(r, generation, now, other.name))
        await self._store.apply(other.session_id, lambda r: displaced(r, theirs, now, key.name))
        self.observe([key, other])

    async def sign_out(self, key_id: KeyId) -> bool:
        """Clear the token here, then end it at the server; whether the server is seen to refuse it now.

        When the server can't be reached, or the end is not proved, the end is owed, shown, and paid later: it is
        written as owed before the call, so that a crash in between loses nothing.
        """
        key = self.key(key_id)
        try:
            return await self._sign_out(key)
        finally:
            with suppress(StoreError):
                self.observe([key])

    async def _sign_out(self, key: ApiKey) -> bool:
        async with hold(self._lock, key.session_id, self._clock, key.name):
            record = self._store.read(key.session_id)
            ends = record.superseded
            if record.tokens is not None:
                ends = (*ends, OwedEnd(record.tokens.access, record.tokens.expires_at))
            after = await self._store.apply(key.session_id, lambda r: signed_out(r, record.generation, ends))
            return not await self._pay(key, after.owed)

    async def pay_owed_ends(self, key_id: KeyId) -> bool:
        """End what is still owed at the server; whether nothing is left. Expired tokens have ended by themselves."""
        key = self.key(key_id)
        async with hold(self._lock, key.session_id, self._clock, key.name):
            left = await self._pay(key, self._store.read(key.session_id).owed)
        self.observe([key])
        return not left

    async def _pay(self, key: ApiKey, owed: tuple[OwedEnd, ...]) -> tuple[OwedEnd, ...]:
        left = await self._ender.end(key, owed)
        paid = tuple(o for o in owed if o not in left)
        after = await self._store.apply(key.session_id, lambda r: ends_paid(r, paid, self._clock.now()))
        return after.owed

    async def _doing(self, key: ApiKey, work: Callable[[], Awaitable[T]]) -> T:
        """Run a piece of work and show it while it runs; a keyring that is away means waiting."""
        session = key.session_id
        waited = self._activity.get(session, IDLE).waiting is WaitFor.KEYRING
        self._activity[session] = Activity(self._clock.now())
        try:
            result = await work()
            if waited:
                await self._keyring.test()
        except KeyringError as error:
            self._activity.pop(session, None)
            if not error.permanent:
                self._activity[session] = Activity(None, WaitFor.KEYRING)
                self._keyring.failed(error)
            raise
        except BaseException:
            self._activity.pop(session, None)
            raise
        else:
            self._activity.pop(session, None)
            return result
        finally:
            with suppress(StoreError):
                self.observe([key])
