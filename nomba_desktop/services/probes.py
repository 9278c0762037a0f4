"""Asking the server whether a token is accepted."""

from __future__ import annotations

from nomba_desktop.domain.errors import Forbidden
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.probes import liveness_probes
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.ports import NombaApi, Probed


class Prober:
    """Probes with a path the key is permitted to read, and remembers which one that was."""

    def __init__(self, api: NombaApi, targets: Targets) -> None:
        self._api, self._targets = api, targets
        self._permitted: dict[KeyId, str] = {}

    def proves(self, key: ApiKey) -> bool:
        """Whether a 200 there says anything about a token (facts 5: the sandbox answers without one)."""
        return not self._targets(key).environment.answers_without_token

    async def alive(self, key: ApiKey, access: Secret) -> Probed:
        """A 200 for this token. Raises `TokenRefused` when it is dead, `Forbidden` when the key may read nothing
        that we could ask with, another `ApiError` when nobody can tell."""
        paths = [probe.path for probe in liveness_probes(key.role)]
        known = self._permitted.get(key.id)
        if known is not None:
            paths.sort(key=lambda path: path != known)
        forbidden: Forbidden | None = None
        for path in paths:
            try:
                probed = await self._api.probe(self._targets(key), access, path=path)
            except Forbidden as error:
                forbidden = error
                continue
            self._permitted[key.id] = path
            return probed
        raise forbidden or Forbidden("Nomba permits this key none of the reads the app can ask with.")
