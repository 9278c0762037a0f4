"""Testing what a signed-in key may read, and watching the role claims of its tokens. Never a write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nomba_desktop.domain.errors import ApiError, Forbidden, SignInNeeded, TokenRefused, UnknownKey
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.permissions import Outcome, ReadResult, token_seen
from nomba_desktop.domain.permissions import Permissions as Known
from nomba_desktop.domain.probes import PROBES, Probe
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import life_in
from nomba_desktop.domain.snapshot import PermissionsSeen, Snapshot
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.ports import Clock, NombaApi
from nomba_desktop.services.renewer import Held
from nomba_desktop.services.state import State


class Permissions:
    """Runs the read probes; what they show is held in memory and published as `PermissionsSeen`."""

    def __init__(
        self,
        *,
        state: State,
        peek: Callable[[KeyId], Held | None],
        api: NombaApi,
        targets: Targets,
        clock: Clock,
    ) -> None:
        self._state, self._peek, self._api = state, peek, api
        self._targets, self._clock = targets, clock
        self._watch(Snapshot(), state.snapshot)
        state.subscribe(self._watch)

    async def test(self, key_id: KeyId) -> Known:
        """Ask the four reads, one after the other; each result is published as it comes.

        Raises `UnknownKey`, `SignInNeeded` where there is no token at hand (none is fetched for this), `KeyStopped`,
        and `TokenRefused` where the token is dead: then nothing is known about permissions.
        """
        key = self._state.snapshot.keys.get(key_id)
        if key is None:
            raise UnknownKey
        held = self._peek(key_id)
        if held is None:
            raise SignInNeeded("Permissions are tested with a token, and this key has none now.")
        for index, probe in enumerate(PROBES):
            tested = await self._read(key, probe, held.access)
            known = self._state.snapshot.permissions_of(key_id)
            tests = (*known.tests[:index], tested, *known.tests[index + 1 :])
            self._state.publish(PermissionsSeen({key_id: replace(known, tests=tests)}))
        return self._state.snapshot.permissions_of(key_id)

    async def _read(self, key: ApiKey, probe: Probe, access: Secret) -> ReadResult:
        target = self._targets(key)
        try:
            probed = await self._api.probe(target, access, path=probe.path)
        except TokenRefused:
            raise
        except Forbidden as error:
            status = error.answer.status if error.answer else 403
            return ReadResult(probe, Outcome.REFUSED, status, self._clock.now())
        except ApiError as error:
            status = error.answer.status if error.answer else 0
            return ReadResult(probe, Outcome.NOT_TESTED, status, self._clock.now(), error.title)
        if target.environment.answers_without_token and await self._answers_anybody(key, probe):
            why = "It is answered without a token as well: this proves nothing."
            return ReadResult(probe, Outcome.NOT_TESTED, probed.status, probed.at, why)
        return ReadResult(probe, Outcome.ALLOWED, probed.status, probed.at)

    async def _answers_anybody(self, key: ApiKey, probe: Probe) -> bool:
        """Whether the same read is not clearly refused without a token (facts 5)."""
        try:
            await self._api.probe(self._targets(key), None, path=probe.path)
        except (TokenRefused, Forbidden):
            return False
        except ApiError:
            return True
        return True

    def _watch(self, before: Snapshot, after: Snapshot) -> None:
        """Note the role claims of tokens that are new."""
        if after.sessions is before.sessions:
            return
        changed: dict[KeyId, Known] = {}
        for key_id, session in after.sessions.items():
            if session is before.sessions.get(key_id):
                continue
            life = life_in(session)
            if life is None:
                continue
            known = after.permissions_of(key_id)
            seen = token_seen(known, life.facts.claims.roles, life.generation)
            if seen != known:
                changed[key_id] = seen
        if changed:
            self._state.publish(PermissionsSeen(changed))
