"""What is known of the keyring, and the one notice about it."""

from __future__ import annotations

from collections.abc import Callable

from nomba_desktop.domain.errors import KeyringAbsent, KeyringDenied, KeyringError, KeyringHung, KeyringLocked
from nomba_desktop.domain.snapshot import KeyringSeen, KeyringState, KeyringStatus
from nomba_desktop.services.notices import Notices
from nomba_desktop.services.ports import Clock, Vault
from nomba_desktop.services.state import State

_STATES: tuple[tuple[type[KeyringError], KeyringState], ...] = (
    (KeyringLocked, KeyringState.LOCKED),
    (KeyringDenied, KeyringState.DENIED),
    (KeyringAbsent, KeyringState.ABSENT),
    (KeyringHung, KeyringState.HUNG),
)
_ERRORS: dict[KeyringState, type[KeyringError]] = {state: kind for kind, state in _STATES}


class KeyringWatch:
    """Tests the keyring when asked, hears of failures, says when it is back."""

    def __init__(self, vault: Vault, state: State, notices: Notices, clock: Clock) -> None:
        self._vault, self._state, self._notices, self._clock = vault, state, notices, clock
        self._back: list[Callable[[], None]] = []

    def on_back(self, listener: Callable[[], None]) -> None:
        """Hear when the keyring works (again)."""
        self._back.append(listener)

    async def test(self) -> KeyringStatus:
        """Try it and publish what was found; the notice comes and goes with the state."""
        status = await self._vault.test()
        self._seen(status)
        return status

    async def unlock(self) -> KeyringStatus:
        """Let the keyring ask the person, and publish what came of it."""
        status = await self._vault.unlock()
        self._seen(status)
        return status

    def failed(self, error: KeyringError) -> None:
        """Some work ran into the keyring."""
        for kind, state in _STATES:
            if isinstance(error, kind):
                before = self._state.snapshot.keyring
                self._seen(KeyringStatus(state, before.backend, self._clock.now()), error)

    def _seen(self, status: KeyringStatus, error: KeyringError | None = None) -> None:
        self._state.publish(KeyringSeen(status))
        kind = _ERRORS.get(status.state)
        if kind is not None:
            self._notices.error("use the keyring", error or kind())
            return
        self._notices.withdraw("keyring")
        for listener in tuple(self._back):
            listener()
