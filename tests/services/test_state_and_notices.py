"""The one holder of the snapshot, and what a person is told."""

from __future__ import annotations

import pytest

from nomba_desktop.domain.errors import (
    Action,
    BadCredentials,
    KeyringHung,
    KeyringLocked,
    SecretMissing,
    ServerFault,
    SignInNeeded,
    StoreUnavailable,
)
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.snapshot import NoticeDismissed, ServerHeard, Severity, Snapshot
from nomba_desktop.services.notices import Notices
from nomba_desktop.services.state import State
from tests.support.fakes.manual_clock import ManualClock

TILL, KIOSK = KeyId("till"), KeyId("kiosk")


# -- state -------------------------------------------------------------------------------------------------------------


def test_listeners_hear_before_and_after_once_per_change() -> None:
    state, heard = State(), []
    state.subscribe(lambda before, after: heard.append((before, after)))
    first = state.snapshot
    state.publish(ServerHeard("host", 5.0))
    assert heard == [(first, state.snapshot)]
    assert state.snapshot.last_contact == {"host": 5.0}


def test_an_equal_result_is_no_change() -> None:
    state, heard = State(), []
    state.publish(ServerHeard("host", 5.0))
    held = state.snapshot
    state.subscribe(lambda before, after: heard.append(after))
    state.publish(ServerHeard("host", 5.0))
    state.publish(NoticeDismissed("nothing"))
    assert heard == []
    assert state.snapshot is held


def test_a_listener_may_leave_while_it_is_told_and_leaving_twice_is_fine() -> None:
    state, heard = State(), []

    def once(before: Snapshot, after: Snapshot) -> None:
        heard.append("once")
        stop()
        stop()

    stop = state.subscribe(once)
    state.subscribe(lambda before, after: heard.append("always"))
    state.publish(ServerHeard("host", 1.0))
    state.publish(ServerHeard("host", 2.0))
    assert heard == ["once", "always", "always"]


def test_a_listener_sees_the_new_state_already_held() -> None:
    state, seen = State(Snapshot(clock_offset=1.0)), []
    state.subscribe(lambda before, after: seen.append(state.snapshot is after))
    state.publish(ServerHeard("host", 1.0, 3.0))
    assert seen == [True]
    assert state.snapshot.clock_offset == 3.0


# -- notices -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk() -> tuple[State, Notices]:
    state = State()
    return state, Notices(state, ManualClock())


def test_an_error_tells_title_sentence_hint_action_and_folds_the_rest(desk: tuple[State, Notices]) -> None:
    state, notices = desk
    notices.error("sign in", BadCredentials("Refused.", details="HTTP 401 · code 01"), key_id=TILL)
    (notice,) = state.snapshot.notices
    assert notice.title == BadCredentials.title
    assert (notice.sentence, notice.hint) == ("Refused.", BadCredentials.hint)
    assert (notice.severity, notice.action, notice.key_id) == (Severity.BAD, Action.EDIT_KEY, TILL)
    assert notice.reference == "ND-110"
    assert notice.details.splitlines() == ["while: sign in", "HTTP 401 · code 01"]


def test_the_same_cause_at_the_same_key_is_one_notice(desk: tuple[State, Notices]) -> None:
    state, notices = desk
    for sentence in ("First.", "Second."):
        notices.error("refresh", ServerFault(sentence), key_id=TILL)
    notices.error("refresh", ServerFault("Other key."), key_id=KIOSK)
    assert [n.sentence for n in state.snapshot.notices] == ["Second.", "Other key."]


def test_a_keyring_that_is_away_is_one_cause_however_many_keys_it_stops(desk: tuple[State, Notices]) -> None:
    state, notices = desk
    notices.error("sign in", KeyringLocked(), key_id=TILL)
    notices.error("refresh", KeyringHung(), key_id=KIOSK)
    (notice,) = state.snapshot.notices
    assert notice.id == "keyring"
    assert notice.severity is Severity.WARN
    assert notice.key_id is None
    notices.error("refresh", SecretMissing(), key_id=KIOSK)
    assert len(state.snapshot.notices) == 2, "one key's missing secret is its own"


@pytest.mark.parametrize(
    ("error", "severity"),
    [
        (ServerFault(), Severity.WARN),
        (StoreUnavailable(), Severity.WARN),
        (SignInNeeded(), Severity.WARN),
        (BadCredentials(), Severity.BAD),
    ],
)
def test_severity(desk: tuple[State, Notices], error: BadCredentials, severity: Severity) -> None:
    state, notices = desk
    notices.error("work", error)
    assert state.snapshot.notices[0].severity is severity


def test_a_sentence_that_repeats_the_title_is_left_out(desk: tuple[State, Notices]) -> None:
    state, notices = desk
    notices.error("work", ServerFault())
    assert state.snapshot.notices[0].sentence == ""


def test_telling_and_withdrawing(desk: tuple[State, Notices]) -> None:
    state, notices = desk
    notices.tell("copied", "Token copied.", key_id=TILL)
    notices.error("refresh", ServerFault(), key_id=TILL)
    notices.error("refresh", ServerFault(), key_id=KIOSK)
    notices.withdraw("copied")
    assert len(state.snapshot.notices) == 2
    notices.withdraw_for(TILL)
    assert [n.key_id for n in state.snapshot.notices] == [KIOSK]
    notices.withdraw("unknown")
