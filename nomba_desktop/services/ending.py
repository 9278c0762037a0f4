"""Ending tokens at the server, and seeing that they ended (session protocol, "Cutting off" 6 and 7)."""

from __future__ import annotations

from nomba_desktop.domain.errors import (
    ApiError,
    BadRequest,
    Forbidden,
    SecretBoundElsewhere,
    TokenRefused,
    TransientApiError,
)
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.record import OwedEnd
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.ports import Clock, NombaApi
from nomba_desktop.services.probes import Prober

#: Seconds between two probes of a token that was revoked, and for how long (protocol, "Cutting off" 7).
PROBE_EVERY = 0.25
PROBE_FOR = 10.0


class Ender:
    """Revokes tokens and probes until they are refused."""

    def __init__(self, api: NombaApi, targets: Targets, prober: Prober, clock: Clock) -> None:
        self._api, self._targets, self._prober, self._clock = api, targets, prober, clock

    async def end(self, key: ApiKey, ends: tuple[OwedEnd, ...]) -> tuple[OwedEnd, ...]:
        """Revoke each unexpired token; those that are not known to have ended are returned."""
        now = self._clock.now
        return tuple([end for end in ends if end.expires_at > now() and not await self._ended(key, end)])

    async def _ended(self, key: ApiKey, end: OwedEnd) -> bool:
        """A 401 on the token is the proof. Where nobody can ask with it, the server's word has to do."""
        try:
            await self._api.revoke(self._targets(key), end.access)
            word = True
        except (TransientApiError, SecretBoundElsewhere):
            return False
        except (TokenRefused, BadRequest):
            word = True  # how a server may refuse to revoke what is dead already (facts 2.3)
        except ApiError:
            word = False
        if not self._prober.proves(key):
            return word
        deadline = self._clock.monotonic() + PROBE_FOR
        while True:
            try:
                await self._prober.alive(key, end.access)
            except TokenRefused:
                return True
            except Forbidden:
                return word
            except ApiError:
                return False
            if not word or self._clock.monotonic() >= deadline:
                return False
            await self._clock.sleep(PROBE_EVERY)
