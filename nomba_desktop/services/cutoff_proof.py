"""Seeing whether a token is accepted, so that its end can be proved (session protocol, "Cutting off" 5 and 7)."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from nomba_desktop.domain.errors import ApiError, BadCredentials, Forbidden, RateLimited, TokenRefused
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.limits import Priority
from nomba_desktop.domain.probes import liveness_probes
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.ports import BeforeSend, Clock, NombaApi

T = TypeVar("T")

#: Seconds between two probes of a token whose end was asked for, and how long it is given.
PROBE_EVERY = 0.25
PROBE_FOR = 10.0
#: Seconds that a rate limit may hold up one proof altogether: nobody waits for ever.
LONGEST_RATE_LIMIT = 600.0
#: A control or an act that failed and may pass is tried so often, so many seconds apart.
TRIES = 3
BETWEEN_TRIES = 1.0


class Look(enum.Enum):
    """What one probe said about a token."""

    ALIVE = "alive"
    REFUSED = "refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Sight:
    """One answer: HTTP `status` (0: none came), when, the `path` asked, and the error that made it unclear.

    `void`: the same path answers 200 without a token, so an `ALIVE` says nothing. `at` is monotonic, `wall` the time.
    """

    look: Look
    status: int
    at: float
    wall: float
    path: str = ""
    void: bool = False
    error: ApiError | None = None

    @property
    def counts(self) -> bool:
        """Whether it is a positive control."""
        return self.look is Look.ALIVE and not self.void


def refusal_of(error: ApiError) -> int:
    """The HTTP status where an answer is a refusal that proves something, else 0.

    401, or 403 with the server's JSON envelope. Never HTML, 429, 5xx, a timeout, or a 200 that means otherwise.
    """
    answer = error.answer
    if answer is None or answer.html or not isinstance(error, (TokenRefused, Forbidden, BadCredentials)):
        return 0
    if answer.status == 401 or (answer.status == 403 and answer.code):
        return answer.status
    return 0


class Proofs:
    """Probes for one cut-off; remembers which paths answer without a token."""

    def __init__(self, api: NombaApi, targets: Targets, clock: Clock) -> None:
        self._api, self._targets, self._clock = api, targets, clock
        self._open_paths: dict[tuple[str, str], Look] = {}

    async def control(self, key: ApiKey, access: Secret) -> Sight:
        """The positive control: is this token accepted now, by a path that refuses to answer without one?

        Every read of the key's role is tried. 403 at each of them is a refusal; a path that answers without a token
        comes last and is `void`.
        """
        sight = await self._control_once(key, access)
        for _ in range(TRIES - 1):
            if sight.look is not Look.UNCLEAR:
                break
            await self._clock.sleep(_pause(sight.error, BETWEEN_TRIES))
            sight = await self._control_once(key, access)
        return sight

    async def _control_once(self, key: ApiKey, access: Secret) -> Sight:
        void: Sight | None = None
        forbidden: Sight | None = None
        for probe in liveness_probes(key.role):
            without = await self._without_token(key, probe.path)
            if without is Look.UNCLEAR:
                sight = await self.ask(key, access, probe.path)
                if sight.look is Look.ALIVE:
                    return Sight(Look.UNCLEAR, 0, sight.at, sight.wall, probe.path, error=sight.error)
                return sight
            sight = await self.ask(key, access, probe.path)
            if sight.look is Look.ALIVE and without is Look.ALIVE:
                void = void or Sight(Look.ALIVE, sight.status, sight.at, sight.wall, probe.path, void=True)
            elif sight.look is Look.REFUSED and sight.status == 403:
                forbidden = forbidden or sight
            else:
                return sight
        seen = void or forbidden
        if seen is None:  # no role is without a probe
            raise Forbidden("There is no read that this key could be asked with.")
        return seen

    async def _without_token(self, key: ApiKey, path: str) -> Look:
        """Whether a path answers without a bearer: asked once for every cut-off."""
        place = (key.host, path)
        known = self._open_paths.get(place)
        if known is None:
            known = (await self.ask(key, None, path)).look
            if known is not Look.UNCLEAR:
                self._open_paths[place] = known
        return known

    async def ask(self, key: ApiKey, access: Secret | None, path: str) -> Sight:
        """One probe."""
        sight, _ = await self._ask(key, access, path)
        return sight

    async def _ask(self, key: ApiKey, access: Secret | None, path: str) -> tuple[Sight, float]:
        """One probe, and how many seconds it took from the moment it was let out."""
        sent = self._clock.monotonic()

        async def leaving() -> None:
            nonlocal sent
            sent = self._clock.monotonic()

        look, status, failed = Look.ALIVE, 200, None
        try:
            probed = await self._api.probe(
                self._targets(key), access, path=path, priority=Priority.CUT_OFF, before_send=leaving
            )
            status = probed.status
        except ApiError as error:
            refused = refusal_of(error)
            status = refused or (error.answer.status if error.answer else 0)
            look, failed = (Look.REFUSED, None) if refused else (Look.UNCLEAR, error)
        now = self._clock.monotonic()
        return Sight(look, status, now, self._clock.now(), path, error=failed), now - sent

    async def until_refused(self, key: ApiKey, access: Secret, path: str) -> Sight:
        """Probe until refused, at most `PROBE_FOR` seconds beyond what the rate limit asks; the last answer."""
        left, waited = PROBE_FOR, 0.0
        while True:
            sight, took = await self._ask(key, access, path)
            left -= took
            if sight.look is Look.REFUSED or left <= 0 or waited > LONGEST_RATE_LIMIT:
                return sight
            if isinstance(sight.error, RateLimited):
                pause = _pause(sight.error, BETWEEN_TRIES)
                waited += pause
                await self._clock.sleep(pause)
                continue
            await self._clock.sleep(PROBE_EVERY)
            left -= PROBE_EVERY

    async def tried(
        self, send: Callable[[BeforeSend], Awaitable[None]], fresh: BeforeSend
    ) -> ApiError | None:
        """Make a call that may be repeated, a few times while it fails and may pass; the last error, None if accepted.

        `fresh` is awaited when it is about to leave.
        """
        error: ApiError | None = None
        for number in range(TRIES):
            if number:
                await self._clock.sleep(_pause(error, BETWEEN_TRIES))
            try:
                await send(fresh)
            except ApiError as failed:
                error = failed
                if failed.permanent:
                    return error
            else:
                return None
        return error


def _pause(error: ApiError | None, usual: float) -> float:
    asked = error.retry_after if error is not None else None
    return max(usual, min(asked or 0.0, LONGEST_RATE_LIMIT))
