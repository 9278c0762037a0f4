"""One auth call under the lock: intent, send, write what came of it (session protocol 7 to 12)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import (
    ApiError,
    BadCredentials,
    BadRequest,
    Blocked,
    BudgetSpent,
    Fate,
    Forbidden,
    NotAToken,
    SecretBoundElsewhere,
    StoreError,
    StoreUnavailable,
    TlsFailed,
    TokenRefused,
    TransientApiError,
)
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.moves import (
    LeaseLost,
    MoveRefused,
    begin_call,
    blocked,
    call_failed,
    close_by_probe,
    held_back,
    issue_refused,
    land,
    put_forward,
    refresh_refused,
    session_lost,
    token_ended,
    try_not_before,
)
from nomba_desktop.domain.record import CallKind, Failure, Intent, SessionRecord, Tokens
from nomba_desktop.domain.renewal import DEFAULT_POLICY, Policy, backoff, refresh_moment
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.tokens import expiry, read_claims
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.ports import (
    Binding,
    Chance,
    Clock,
    Grant,
    HostFacts,
    Leasing,
    Move,
    NombaApi,
    SessionStore,
    Vault,
)
from nomba_desktop.services.probes import Prober
from nomba_desktop.services.tasks import Tasks


class RefreshTokenRefused(Exception):
    """The refresh token was refused for good; `record` is what the store holds now."""

    def __init__(self, record: SessionRecord) -> None:
        super().__init__()
        self.record = record


class Unsaved(Exception):
    """A reply came and could not be made durable (12): `record` holds it, `move` writes it."""

    def __init__(
        self, key: ApiKey, record: SessionRecord, intent: Intent, tokens: Tokens, move: Move
    ) -> None:
        super().__init__()
        self.key, self.record, self.intent, self.tokens, self.move = key, record, intent, tokens, move


Changed = Callable[[SessionId], None]

#: Title of what every window shows while a token lives in memory only.
UNSAVED = "The new token is not saved yet"
#: The host fact "a new session ends the one before".
_DISPLACES = "new session ends the one before"


class AuthCalls:
    """Makes auth calls for the walk, which holds the lock meanwhile."""

    def __init__(
        self,
        *,
        store: SessionStore,
        api: NombaApi,
        vault: Vault,
        facts: HostFacts,
        targets: Targets,
        prober: Prober,
        clock: Clock,
        chance: Chance,
        tasks: Tasks,
        me: str,
        changed: Changed,
        heard: Callable[[str, float, float | None], None],
        policy: Policy = DEFAULT_POLICY,
        lease: Leasing | None = None,
    ) -> None:
        self._store, self._api, self._vault, self._facts = store, api, vault, facts
        self._lease = lease
        self._targets, self._clock, self._chance, self._tasks = targets, clock, chance, tasks
        self._me, self._policy, self._prober = me, policy, prober
        self.changed = changed
        self._heard = heard
        self._unsaved: dict[SessionId, SessionRecord] = {}

    def unsaved(self, session: SessionId) -> SessionRecord | None:
        """A record that lives in memory only because the disk refused it (12)."""
        return self._unsaved.get(session)

    async def secret_of(self, key: ApiKey) -> Secret | None:
        """The client secret, None when the keyring has none. Raises `SecretBoundElsewhere` when the entry was made
        for another host, client id or account id than the inventory now says."""
        bound = await self._vault.get(key.id)
        if bound is None:
            return None
        if bound.binding != Binding(key.host, key.client_id, key.account_id):
            raise SecretBoundElsewhere(f"The entry for “{key.name}” was made for {bound.binding.host}.")
        return bound.secret

    async def call(
        self,
        key: ApiKey,
        record: SessionRecord,
        kind: CallKind,
        *,
        secret: Secret | None = None,
        by_person: bool,
    ) -> SessionRecord:
        """One refresh or issue. Returns the record with the new generation.

        Raises `RefreshTokenRefused`, `Unsaved`, `MoveRefused` (look again), an `ApiError`, or a `StoreError` when
        the intent could not be written (then nothing was sent).
        """
        sid = key.session_id
        intent = Intent(kind, record.generation, self._me, self._clock.now(), self._chance.token())

        async def write_intent() -> None:
            nonlocal intent
            intent = replace(intent, at=self._clock.now())
            await self._store.apply(sid, lambda r: begin_call(r, intent, self._policy))
            self.changed(sid)
            if self._lease is not None and not self._lease.still_held(sid):
                raise LeaseLost  # not sent (8); the next look is in doubt

        target = self._targets(key)
        try:
            if kind is CallKind.REFRESH:
                tokens = record.tokens
                if tokens is None or tokens.refresh is None:
                    raise MoveRefused(record.generation)
                grant = await self._api.refresh(
                    target, tokens.access, tokens.refresh, before_send=write_intent
                )
            else:
                if secret is None:
                    raise MoveRefused(record.generation)
                grant = await self._api.issue(target, secret, before_send=write_intent)
        except ApiError as error:
            await self._failed(key, record, intent, error)
            raise
        return await self._land(key, record, intent, grant, by_person=by_person)

    async def settle(self, key: ApiKey, record: SessionRecord) -> SessionRecord:
        """Probe the stored access token while an intent is open: a 200 closes it (5), a 401 means that it ended.

        Other answers change nothing. Where probes answer without a token, a 200 proves nothing: the intent stays open.
        """
        tokens, generation = record.tokens, record.generation
        if tokens is None or not self._prober.proves(key):
            return record

        def close(current: SessionRecord) -> SessionRecord:
            return close_by_probe(current, generation, self._clock.now(), self._policy)

        def end(current: SessionRecord) -> SessionRecord:
            return token_ended(current, generation, self._clock.now())

        move: Move = close
        try:
            await self._prober.alive(key, tokens.access)
        except TokenRefused:
            move = end
        except ApiError:
            return record
        settled = await self._store.apply(key.session_id, move)
        self.changed(key.session_id)
        return settled

    async def wait_until(self, key: ApiKey, moment: float) -> None:
        """Nothing is tried before that moment."""
        await self._store.apply(key.session_id, lambda r: try_not_before(r, moment))
        self.changed(key.session_id)

    async def hold_back(self, key: ApiKey, error: BudgetSpent, moment: float) -> None:
        """The budget is spent until that moment: every process shows it and waits."""
        failure = Failure(error.reference, error.title, error.sentence, error.details, self._clock.now())
        await self._store.apply(key.session_id, lambda r: held_back(r, failure, moment))
        self.changed(key.session_id)

    # -- what came of it -----------------------------------------------------------------------------------------

    def tokens_of(self, grant: Grant) -> Tokens:
        """A grant as the record keeps it: times of this computer, the planned refresh among them."""
        try:
            claims = read_claims(grant.access)
        except NotAToken:
            claims = None
        offset = grant.offset or 0.0
        ends, _ = expiry(grant.expires_at, claims, grant.received_at, offset)
        issued = grant.sent_at
        if claims and claims.issued_at and claims.issued_at - offset < ends:
            issued = min(grant.received_at, claims.issued_at - offset)
        refresh_at = refresh_moment(issued, ends, self._chance.uniform())
        return Tokens(grant.access, grant.refresh, issued, ends, refresh_at, self._me)

    async def _land(
        self, key: ApiKey, record: SessionRecord, intent: Intent, grant: Grant, *, by_person: bool
    ) -> SessionRecord:
        sid, tokens = key.session_id, self.tokens_of(grant)
        displaces = self.displaces(key)
        self._heard(key.host, grant.received_at, grant.offset)

        def move(current: SessionRecord) -> SessionRecord:
            now = self._clock.now()
            return land(current, intent, tokens, now, self._policy, displaces=displaces, by_person=by_person)

        try:
            landed = await self._written(key, intent, tokens, move)
        except StoreError as error:
            now = self._clock.now()
            failure = Failure(error.reference, UNSAVED, error.sentence, error.details, now)
            kept = replace(move(replace(record, intent=intent)), failure=failure, attempts=1)
            self._unsaved[sid] = kept
            self.changed(sid)
            raise Unsaved(key, kept, intent, tokens, move) from None
        self.changed(sid)
        if intent.kind is CallKind.ISSUE and displaces is None:
            await self._observe(key, record)
        return landed

    async def _written(self, key: ApiKey, intent: Intent, tokens: Tokens, move: Move) -> SessionRecord:
        try:
            return await self._store.apply(key.session_id, move)
        except MoveRefused:
            pass
        for _ in range(3):
            with suppress(LeaseLost):
                return await self._rejected(key, intent, tokens)
        raise StoreUnavailable("The lease on the session keeps getting lost.")

    async def _rejected(self, key: ApiKey, intent: Intent, tokens: Tokens) -> SessionRecord:
        """The write was rejected (10): we hold a session that Nomba issued. Lock again, probe it, go by the answer."""
        sid = key.session_id
        if self._lease is not None and not await self._lease.hold_again(sid):
            raise StoreUnavailable("Another desktop has had the lock for too long.")
        try:
            await self._prober.alive(key, tokens.access)
        except TokenRefused:
            raise MoveRefused from None
        except ApiError:
            await self._store.apply(sid, session_lost)
            raise
        return await self._store.apply(
            sid, lambda r: put_forward(r, intent, tokens, self._clock.now(), self._policy)
        )

    def displaces(self, key: ApiKey) -> bool | None:
        """Whether it was seen at this key's host that a new session ends the one before (13)."""
        seen = self._facts.read(key.host, _DISPLACES)
        return None if seen is None else seen == "yes"

    async def note_displaces(self, key: ApiKey, displaces: bool) -> None:
        """It was seen at this key's host whether a new session ends the one before."""
        await self._facts.note(key.host, _DISPLACES, "yes" if displaces else "no")

    async def _observe(self, key: ApiKey, before: SessionRecord) -> None:
        """Learn once per host whether a new session ends the one before (13): ask with the replaced token.

        Not while an abandoned call could have ended that token; an unknown session beside it changes nothing.
        """
        now, old = self._clock.now(), before.tokens
        fresh = before.accepted_at > 0 and now - before.accepted_at < 600
        known_good = fresh and before.intent is None and before.may_land_until == 0
        if old is None or old.expires_at <= now or not known_good or not self._prober.proves(key):
            return
        try:
            await self._prober.alive(key, old.access)
        except TokenRefused:
            await self.note_displaces(key, True)
        except ApiError:
            return
        else:
            await self.note_displaces(key, False)

    async def _failed(self, key: ApiKey, record: SessionRecord, intent: Intent, error: ApiError) -> None:
        """Write what a failed call means for everybody; raises `RefreshTokenRefused` where issuing may still help."""
        sid, now = key.session_id, self._clock.now()
        failure = Failure(error.reference, error.title, error.sentence, error.details, now)
        wait = backoff(record.attempts + 1, self._policy, self._chance.uniform(), error.retry_after)
        unknown = error.fate is Fate.UNKNOWN
        try:
            if isinstance(error, Blocked):
                await self._store.apply(sid, lambda r: blocked(r, intent, failure))
            elif isinstance(error, (TransientApiError, TlsFailed)):
                after = await self._store.apply(
                    sid, lambda r: call_failed(r, intent, failure, now + wait, unknown=unknown)
                )
                if unknown and after.tokens is not None and after.tokens.expires_at > now:
                    await self.settle(key, after)
            elif intent.kind is CallKind.REFRESH:
                after = await self._store.apply(sid, lambda r: refresh_refused(r, intent))
                raise RefreshTokenRefused(after) from None
            else:
                final = isinstance(error, (Forbidden, BadRequest)) or _is_403(error)
                await self._store.apply(
                    sid, lambda r: issue_refused(r, intent, failure, now + wait, self._policy, final=final)
                )
        finally:
            self.changed(sid)

    # -- a reply that could not be written -------------------------------------------------------------------------

    async def save_later(self, unsaved: Unsaved, lock: AsyncExitStack) -> None:
        """Keep the lock and the intent, and write the reply as soon as the disk lets us (12)."""
        if self._tasks.spawn(self._save(unsaved, lock), name="save a token") is None:
            await lock.aclose()  # the app is closing: the intent stays open, and the next reader is in doubt

    async def _save(self, unsaved: Unsaved, lock: AsyncExitStack) -> None:
        sid, attempts, saved = unsaved.key.session_id, 0, False
        async with lock:
            while not saved:
                attempts += 1
                await self._clock.sleep(backoff(attempts, replace(self._policy, backoff_cap=15.0), 0.0))
                saved = await self._saved(unsaved)
            self._unsaved.pop(sid, None)
            self.changed(sid)

    async def _saved(self, unsaved: Unsaved) -> bool:
        with suppress(MoveRefused, ApiError):
            try:
                await self._written(unsaved.key, unsaved.intent, unsaved.tokens, unsaved.move)
            except StoreError:
                return False
        return True


def _is_403(error: ApiError) -> bool:
    return isinstance(error, BadCredentials) and error.answer is not None and error.answer.status == 403
