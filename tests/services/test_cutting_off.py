"""Suspending and revoking against servers of all kinds: what is said is what was proved (protocol, "Cutting off")."""

from __future__ import annotations

import pytest

from nomba_desktop.domain.cutoff import Outcome, Step, WhatHappened
from nomba_desktop.domain.errors import KeyStopped
from nomba_desktop.domain.keys import ApiKey, KeyState
from nomba_desktop.domain.record import StopKind
from nomba_desktop.practice.switches import Switches
from tests.support.office import Desk, Office

pytestmark = pytest.mark.virtual_time


def state(desk: Desk, key: ApiKey) -> tuple[KeyState, int]:
    """What the inventory says."""
    now = desk.core.state.snapshot.keys[key.id]
    return now.state, now.steps_left


async def test_an_honest_server_suspended_and_proved(office: Office) -> None:
    first, second, key = await office.two_desks()
    held = await second.use(key)
    receipt = await first.cut_off.suspend(key.id, "on leave", "Ada")
    assert not office.lives(held)
    access = receipt.line(Step.ACCESS)
    assert access is not None
    assert access.outcome is Outcome.PROVED
    assert access.evidence.words() == "200 before · revoke accepted · 401 after 0.0 s"
    assert receipt.outcome(Step.REFRESH) is Outcome.REFUSED
    assert receipt.proved
    assert receipt.title == "Suspended. Its token is dead; nothing on this computer uses the secret."
    assert state(first, key) == (KeyState.SUSPENDED, 0)
    for desk in (first, second):
        with pytest.raises(KeyStopped):
            desk.sessions.peek(key.id)
        with pytest.raises(KeyStopped):
            await desk.use(key)
    record = second.record(key)
    assert (record.stop, record.debt, record.tokens) == (StopKind.SUSPENDED, None, None)
    assert office.server.live_fingerprints(key.client_id) == ()
    assert office.calls() == ["issue 200", "revoke 200", "refresh 401", "refresh 401"]
    assert "Ada" in receipt.to_text()


async def test_revoked_as_on_nomba_is_cut_off_with_one_step_left(office: Office) -> None:
    desk, key = await office.one_desk()
    receipt = await desk.cut_off.revoke(key.id, WhatHappened.RETIRING, "old", "Ada")
    assert receipt.title == "Its token is dead. The secret still works."
    assert receipt.outcome(Step.REGENERATE) is Outcome.TO_DO
    assert receipt.outcome(Step.SECRET) is Outcome.WAITS
    assert state(desk, key) == (KeyState.REVOKING, 1)
    assert await office.keyring.get(key.id) is not None
    # nothing changed in the dashboard: the question opens a session, and that is ended
    again = await desk.cut_off.check_again(key.id)
    assert again.title == "Its token is dead. The secret still works."
    assert office.server.live_fingerprints(key.client_id) == ()
    assert office.server.live_fingerprints(key.client_id, "refresh") == ()
    office.server.regenerate_secret(key.client_id)
    done = await desk.cut_off.check_again(key.id)
    assert done.title == "Revoked, and proved."
    assert done.proved
    assert done.outcome(Step.REGENERATE) is Outcome.PROVED
    assert done.outcome(Step.SECRET) is Outcome.PROVED
    assert state(desk, key) == (KeyState.REVOKED, 0)
    assert await office.keyring.get(key.id) is None
    assert desk.record(key).debt is None


async def test_a_leaked_secret_takes_the_session_over_and_a_server_that_lies_is_not_believed(office: Office) -> None:
    office.server.switches = Switches(revoke_effect="never")
    desk, key = await office.one_desk()
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.title == "Not proved. Nomba accepted the end, and the token still works."
    assert receipt.outcome(Step.ACCESS) is Outcome.NOT_PROVED
    assert receipt.took >= 10.0
    assert state(desk, key) == (KeyState.SUSPENDED, 1)
    assert desk.record(key).debt is not None
