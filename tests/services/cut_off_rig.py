"""What the tests of cutting off share."""

from __future__ import annotations

from dataclasses import dataclass

from nomba_desktop.domain.cutoff import Receipt, Step
from nomba_desktop.domain.errors import ApiError
from nomba_desktop.domain.keys import ApiKey, KeyState
from nomba_desktop.services.ports import Target
from tests.support.office import Desk, Office


def state(desk: Desk, key: ApiKey) -> tuple[KeyState, int]:
    """What the inventory of that process says."""
    now = desk.core.state.snapshot.keys[key.id]
    return now.state, now.steps_left


def words(receipt: Receipt, step: Step) -> str:
    """Outcome and evidence of a step."""
    line = receipt.line(step)
    return "" if line is None else f"{line.word()}: {line.evidence.words()}"


def nothing_lives(office: Office, key: ApiKey) -> bool:
    """Whether the server would accept no token of this key."""
    return not office.server.live_fingerprints(key.client_id)


def no_refresh_lives(office: Office, key: ApiKey) -> bool:
    """Whether the server would accept no refresh token of this key."""
    return not office.server.live_fingerprints(key.client_id, "refresh")


@dataclass
class InProcessManagement:
    """`KeyManagement` on the practice server's own methods: what its admin routes do. `trouble` is raised instead."""

    office: Office
    trouble: ApiError | None = None
    calls: int = 0

    async def disable(self, target: Target, *, for_good: bool) -> None:
        self._tried()
        server = self.office.server
        if for_good:
            server.revoke_key(target.client_id)
        else:
            server.suspend_key(target.client_id)

    async def enable(self, target: Target) -> None:
        self._tried()
        self.office.server.resume_key(target.client_id)

    def _tried(self) -> None:
        self.calls += 1
        if self.trouble is not None:
            raise self.trouble
