"""What is known of the keyring, the one notice about it, and who hears when it is back."""

from __future__ import annotations

import pytest

from nomba_desktop.domain.errors import (
    KeyringAbsent,
    KeyringDenied,
    KeyringError,
    KeyringHung,
    KeyringLocked,
    SecretBoundElsewhere,
    SecretMissing,
)
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.services.keyring_watch import KeyringWatch
from nomba_desktop.services.notices import Notices
from nomba_desktop.services.state import State
from tests.support.fakes.fake_vault import FakeVault
from tests.support.fakes.manual_clock import ManualClock

AWAY = [
    (KeyringState.LOCKED, KeyringLocked),
    (KeyringState.DENIED, KeyringDenied),
    (KeyringState.ABSENT, KeyringAbsent),
    (KeyringState.HUNG, KeyringHung),
]


class Hall:
    def __init__(self) -> None:
        clock = ManualClock()
        self.state, self.vault, self.back = State(), FakeVault(clock), 0
        self.watch = KeyringWatch(self.vault, self.state, Notices(self.state, clock), clock)
        self.watch.on_back(self._back)

    def _back(self) -> None:
        self.back += 1

    @property
    def shown(self) -> tuple[KeyringState, list[str]]:
        snapshot = self.state.snapshot
        return snapshot.keyring.state, [notice.reference for notice in snapshot.notices]


@pytest.mark.parametrize(("state", "error"), AWAY)
async def test_the_notice_comes_and_goes_with_the_state(
    state: KeyringState, error: type[KeyringError]
) -> None:
    hall = Hall()
    hall.vault.state = state
    assert (await hall.watch.test()).state is state
    assert hall.shown == (state, [error.reference])
    assert hall.back == 0
    hall.vault.state = KeyringState.OK
    await hall.watch.test()
    assert hall.shown == (KeyringState.OK, [])
    assert hall.back == 1


@pytest.mark.parametrize(("state", "error"), AWAY)
async def test_work_that_ran_into_it_is_told_with_its_own_words(
    state: KeyringState, error: type[KeyringError]
) -> None:
    hall = Hall()
    await hall.watch.test()
    hall.watch.failed(error("While refreshing."))
    assert hall.shown == (state, [error.reference])
    assert hall.state.snapshot.notices[0].sentence == "While refreshing."
    assert hall.state.snapshot.keyring.backend == "fake keyring"
    assert hall.back == 1


async def test_another_state_replaces_the_notice() -> None:
    hall = Hall()
    hall.watch.failed(KeyringLocked())
    hall.watch.failed(KeyringHung())
    assert hall.shown == (KeyringState.HUNG, ["ND-304"])


@pytest.mark.parametrize("error", [SecretMissing(), SecretBoundElsewhere()])
async def test_what_is_wrong_with_one_entry_says_nothing_about_the_keyring(error: KeyringError) -> None:
    hall = Hall()
    hall.watch.failed(error)
    assert hall.shown == (KeyringState.UNTRIED, [])


async def test_unlocking() -> None:
    hall = Hall()
    hall.vault.state = KeyringState.LOCKED
    await hall.watch.test()
    assert (await hall.watch.unlock()).state is KeyringState.OK
    assert hall.shown == (KeyringState.OK, [])
    assert hall.back == 1
    hall.vault.state, hall.vault.unlocks = KeyringState.LOCKED, KeyringState.DENIED
    assert (await hall.watch.unlock()).state is KeyringState.DENIED
    assert hall.shown == (KeyringState.DENIED, ["ND-302"])


async def test_memory_only_is_no_error() -> None:
    hall = Hall()
    hall.vault.state = KeyringState.MEMORY
    await hall.watch.test()
    assert hall.shown == (KeyringState.MEMORY, [])
    assert hall.state.snapshot.memory_only
    assert hall.back == 1
