"""Finding out why a call was refused, with at most two harmless reads: never an auth call, never a write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from nomba_desktop.domain.answers import CallContext
from nomba_desktop.domain.causes import Cause, Explanation, named
from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.errors import ApiError, KeyringError, NombaDesktopError, StoreError, UnknownKey
from nomba_desktop.domain.explain import judge
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.record import LatchKind, SessionRecord, StopKind
from nomba_desktop.domain.refusal import (
    Known,
    Observation,
    Question,
    Refusal,
    SecretShape,
    refusal_in,
    refusal_of,
)
from nomba_desktop.domain.secret import Secret, has_white_space
from nomba_desktop.domain.sessions import Life, life_in, life_of
from nomba_desktop.domain.snapshot import Snapshot
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.ports import Clock, NombaApi, Vault
from nomba_desktop.services.state import State


class Explainer:
    """Names the cause of a refusal. Remembers, without secrets, what was seen of tokens that are gone by now."""

    def __init__(
        self,
        *,
        state: State,
        record: Callable[[ApiKey], SessionRecord],
        api: NombaApi,
        targets: Targets,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._state, self._record, self._api = state, record, api
        self._targets, self._vault, self._clock = targets, vault, clock
        self._lives: dict[KeyId, Life] = {}
        self._accepted: set[KeyId] = set()
        self._remember(Snapshot(), state.snapshot)
        state.subscribe(self._remember)

    async def explain(
        self,
        key_id: KeyId,
        error: NombaDesktopError | None = None,
        *,
        path: str | None = None,
        generation: int | None = None,
    ) -> Explanation:
        """The cause of `error`; without one, of the failure that the key's record shows.

        `path`: the read that was refused; `generation`: that of the refused token; both where the caller knows them.
        Raises `UnknownKey`, `StoreError`, and `SecretBoundElsewhere` where the key may be sent nowhere.
        """
        key = self._state.snapshot.keys.get(key_id)
        if key is None:
            raise UnknownKey
        record = self._record(key)
        refusal = _refusal(record, error)
        if refusal is None:
            said = (error.sentence, error.hint) if error is not None else ("Nothing was refused.", "")
            return named(Cause.UNKNOWN, said[0], next_step=said[1])
        refusal = replace(refusal, path=path, generation=generation)
        access = self._access(refusal, record)
        known = await self._known(key, record, refusal, access)
        seen: dict[Question, Observation] = {}
        while isinstance(verdict := judge(refusal, known, seen), Question):
            seen[verdict] = await self._ask(key, verdict, access)
        return verdict

    async def _ask(self, key: ApiKey, question: Question, access: Secret | None) -> Observation:
        target = replace(self._targets(key), account_id=question.account_id)
        try:
            probed = await self._api.probe(target, access if question.bearer else None, path=question.path)
        except ApiError as error:
            answer = error.answer
            if answer is None:
                return Observation()
            return Observation(answer.status, answer.code, answer.words, answer.html)
        return Observation(probed.status)

    # -- what is known without asking ----------------------------------------------------------------------------

    def _remember(self, before: Snapshot, after: Snapshot) -> None:
        if after.sessions is before.sessions:
            return
        for key_id, session in after.sessions.items():
            if session is before.sessions.get(key_id):
                continue
            life = life_in(session)
            if life is not None:
                self._lives[key_id] = life
                if life.accepted_at > 0:
                    self._accepted.add(key_id)
        for gone in self._lives.keys() - after.keys.keys():
            del self._lives[gone]
            self._accepted.discard(gone)

    def _access(self, refusal: Refusal, record: SessionRecord) -> Secret | None:
        """The token to ask with: the present one; for a refused sign-in also one that was set aside and still lives."""
        if record.tokens is not None:
            return record.tokens.access
        now = self._clock.now()
        aside = [end.access for end in record.superseded if end.expires_at > now]
        return aside[-1] if aside and refusal.context is CallContext.ISSUE else None

    async def _known(
        self, key: ApiKey, record: SessionRecord, refusal: Refusal, access: Secret | None
    ) -> Known:
        environment = self._state.snapshot.environments.get(key.environment_id)
        life = life_of(record) or self._lives.get(key.id)
        latch = record.latch
        displaced = latch is not None and latch.kind is LatchKind.DISPLACED
        return Known(
            now=self._clock.now(),
            account_id=key.account_id,
            environment=environment.name if environment else key.environment_id,
            role=key.role,
            answers_without_token=_answers_anybody(environment),
            generation=record.generation,
            stop=record.stop,
            signed_out=record.tokens is None
            and latch is None
            and record.failure is None
            and record.generation > 0,
            has_token=access is not None,
            issued_at=life.issued_at if life else 0.0,
            expires_at=life.expires_at if life else 0.0,
            claims=life.facts.claims if life else None,
            ever_accepted=record.accepted_at > 0 or key.id in self._accepted,
            certain_theft=_stolen_twice(record),
            displaced_by=latch.other if latch is not None and displaced else "",
            account_seen=self._neighbour(key),
            twin=self._twin(key),
            secret=await self._shape(key) if refusal.context is CallContext.ISSUE else None,
        )

    async def _shape(self, key: ApiKey) -> SecretShape | None:
        """The shape of the stored secret; None where the keyring can't be read now."""
        with suppress(KeyringError):
            bound = await self._vault.get(key.id)
            if bound is not None:
                return SecretShape(len(bound.secret), has_white_space(bound.secret))
        return None

    def _neighbour(self, key: ApiKey) -> str:
        for other in self._state.snapshot.keys.values():
            same = other.id != key.id and (other.host, other.account_id) == (key.host, key.account_id)
            if same and other.id in self._accepted:
                return other.name
        return ""

    def _twin(self, key: ApiKey) -> str:
        """Another key with this client id, of another environment, that has signed in."""
        for other in self._state.snapshot.keys.values():
            if other.host == key.host or other.client_id.lower() != key.client_id.lower():
                continue
            with suppress(StoreError):
                if self._record(other).generation > 0:
                    return other.name
        return ""


def _refusal(record: SessionRecord, error: NombaDesktopError | None) -> Refusal | None:
    if error is not None and (refusal := refusal_of(error)) is not None:
        return refusal
    if isinstance(error, ApiError):
        return None  # no network, 429, 5xx: nobody refused
    if record.latch is not None and record.latch.kind is not LatchKind.REFUSED:
        return Refusal(401)
    if record.failure is not None:
        return refusal_in(record.failure)
    return Refusal(0) if record.stop is not StopKind.NONE else None


def _answers_anybody(environment: Environment | None) -> bool:
    return environment is None or environment.answers_without_token


def _stolen_twice(record: SessionRecord) -> bool:
    latch, theft = record.latch, record.theft_generation
    return latch is not None and theft is not None and theft < latch.generation
