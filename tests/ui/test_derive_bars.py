"""The status bar, the notices and what a screen reader hears."""

from __future__ import annotations

import pytest

from nomba_desktop.domain.errors import Action
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.record import Failure
from nomba_desktop.domain.sessions import Failing, Refreshing, SignedOut
from nomba_desktop.domain.snapshot import (
    EnvironmentsKnown,
    KeyringSeen,
    KeyringState,
    KeyringStatus,
    Notice,
    NoticeRaised,
    ServerHeard,
    SessionsSeen,
    Severity,
)
from nomba_desktop.services.state import State
from nomba_desktop.ui.derive.banners import ACTION_WORDS, derive_notices
from nomba_desktop.ui.derive.crossings import Crossings, failure_began
from nomba_desktop.ui.derive.rows import derive_row
from nomba_desktop.ui.derive.statusbar import StatusProps, derive_statusbar
from tests.support.gallery import FAILED, NOW, ZONE, filled_state, life, lock_keyring

OFFLINE = Failure("ND-101", "No connection to Nomba", "No connection could be made.", "", NOW)


def bar(state: State) -> StatusProps:
    shot = state.snapshot
    rows = [
        derive_row(k, shot.session(i), shot.environments.get(k.environment_id), NOW, ZONE)
        for i, k in shot.keys.items()
    ]
    return derive_statusbar(shot, rows, ZONE)


def texts(state: State) -> list[str]:
    return [item.text(NOW) for item in bar(state).items]


def test_the_bar_of_the_picture() -> None:
    props = bar(filled_state())
    assert [(i.text(NOW), i.tone) for i in props.items] == [("Keyring: Secret Service", "ok")]
    assert props.next.text(NOW) == "Next refresh: Terminal fleet in 7:41"
    assert props.next.spoken == "Next refresh: Terminal fleet at 18:23:27"
    assert props.next.text(NOW + 461) == "Next refresh: Terminal fleet now"


def test_without_keys_it_says_when_the_keyring_was_tested() -> None:
    empty = filled_state([])
    assert texts(empty) == ["Keyring: Secret Service, tested just now"]
    assert bar(empty).items[0].text(NOW + 17) == "Keyring: Secret Service, tested 10 s ago"
    assert bar(empty).items[0].next_change(NOW + 17) == 3.0
    assert bar(empty).items[0].text(NOW + 61) == "Keyring: Secret Service, tested 1 min ago"


def test_waiting_refreshes_are_counted() -> None:
    state = filled_state()
    lock_keyring(state)
    assert texts(state) == ["Keyring: locked"]
    assert bar(state).next.text(NOW) == "2 refreshes wait for the keyring"


@pytest.mark.parametrize("keyring", list(KeyringState))
def test_every_keyring_state_has_words_and_an_explanation(keyring: KeyringState) -> None:
    state = filled_state()
    state.publish(KeyringSeen(KeyringStatus(keyring)))
    item = bar(state).items[0]
    assert item.text(NOW).startswith("Keyring: ")
    assert len(item.explanation) > 30


@pytest.mark.parametrize(
    ("offset", "shown"),
    [(5.0, []), (-5.0, []), (6.0, ["Clock 6 s behind Nomba's"]), (-75.0, ["Clock 1:15 ahead of Nomba's"])],
)
def test_the_clock_is_shown_above_five_seconds(offset: float, shown: list[str]) -> None:
    state = filled_state()
    state.publish(ServerHeard("api.nomba.com", NOW, offset))
    assert texts(state)[1:] == shown


def test_settings_that_differ_are_always_there() -> None:
    state = filled_state()
    state.publish(EnvironmentsKnown((), ("proxy", "extra_ca", "practice_url", "something_new")))
    assert texts(state)[1:] == [
        "Proxy in use", "Extra CA certificate", "Practice address changed", "something_new changed",
    ]  # fmt: skip


def test_offline_says_when_nomba_was_last_heard() -> None:
    state = filled_state()
    state.publish(ServerHeard("api.nomba.com", NOW - 60))
    assert len(texts(state)) == 1
    state.publish(SessionsSeen({KeyId("virtual"): Failing(OFFLINE, 1, NOW + 5, life=life(182))}))
    assert texts(state)[1:] == ["No connection to Nomba, last contact 18:14:46"]


# -- notices -----------------------------------------------------------------------------------------------------


def notice(number: int, severity: Severity = Severity.INFO, **more: object) -> NoticeRaised:
    return NoticeRaised(Notice(f"n{number}", severity, f"Title {number}", at=NOW + number, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "keyring", [KeyringState.LOCKED, KeyringState.DENIED, KeyringState.ABSENT, KeyringState.HUNG]
)
def test_a_keyring_that_does_not_work_is_told_once_with_two_ways_out(keyring: KeyringState) -> None:
    state = filled_state()
    state.publish(KeyringSeen(KeyringStatus(keyring)))
    state.publish(notice(1, Severity.WARN, reference="ND-301", action=Action.UNLOCK_KEYRING))
    shown = derive_notices(state.snapshot).notices
    assert [n.id for n in shown] == ["keyring-state"]
    assert [a.action for a in shown[0].actions] == [Action.UNLOCK_KEYRING, Action.MEMORY_ONLY]
    assert not shown[0].dismissable


def test_the_words_of_the_locked_keyring_are_those_of_the_picture() -> None:
    state = filled_state()
    lock_keyring(state)
    shown = derive_notices(state.snapshot).notices[0]
    assert shown.title == "The keyring is locked."
    assert shown.actions[0].text == "Unlock keyring"
    assert shown.actions[1].text == "Only in memory for now"


def test_the_worst_and_newest_first_two_at_most_until_asked() -> None:
    state = filled_state()
    for event in (notice(1), notice(2, Severity.BAD), notice(3, Severity.WARN), notice(4, Severity.BAD)):
        state.publish(event)
    few = derive_notices(state.snapshot)
    assert ([n.id for n in few.notices], few.more) == (["n4", "n2"], 2)
    every = derive_notices(state.snapshot, expanded=True)
    assert ([n.id for n in every.notices], every.more) == (["n4", "n2", "n3", "n1"], 0)


def test_a_notice_of_a_key_names_it_and_folds_the_details() -> None:
    state = filled_state()
    told = notice(
        1, Severity.BAD, sentence="Nomba answered 403.", hint="Look.", details="HTTP 403", reference="ND-110",
        action=Action.EDIT_KEY, key_id=KeyId("payouts"),
    )  # fmt: skip
    state.publish(told)
    shown = derive_notices(state.snapshot).notices[0]
    assert shown.title == "Payouts service: Title 1."
    assert shown.sentence == "Nomba answered 403. Look."
    assert shown.details == "HTTP 403 · ND-110"
    assert [(a.action, a.key_id) for a in shown.actions] == [(Action.EDIT_KEY, "payouts")]


def test_an_action_that_needs_a_key_is_not_offered_without_one() -> None:
    state = filled_state()
    state.publish(notice(1, action=Action.SIGN_IN))
    assert derive_notices(state.snapshot).notices[0].actions == ()


def test_every_action_has_words() -> None:
    assert set(ACTION_WORDS) == set(Action)


# -- what is heard -----------------------------------------------------------------------------------------------


def test_crossings_are_said_once_and_ticks_never() -> None:
    state = filled_state()
    shot = state.snapshot
    rows = [derive_row(k, shot.session(i), None, NOW, ZONE) for i, k in shot.keys.items()]
    crossings = Crossings(NOW)
    crossings.plan(rows)
    assert crossings.next_at == NOW + 122
    assert crossings.passed(NOW + 121) == []
    assert crossings.passed(NOW + 122) == ["Virtual accounts: one minute left"]
    assert crossings.passed(NOW + 122) == []
    assert crossings.passed(NOW + 100) == []
    assert crossings.passed(NOW + 182) == ["Virtual accounts: the token expired"]
    crossings.plan(rows)
    assert crossings.passed(NOW + 190) == []


def test_the_beginning_of_a_failure_is_said() -> None:
    failing = Failing(FAILED, 1, NOW + 5, life=life(60))
    assert failure_began("A", Refreshing(life(60), NOW), failing) == "A: refresh failed"
    assert failure_began("A", SignedOut(), Failing(FAILED, 1, NOW + 5)) == "A: sign-in failed"
    assert failure_began("A", failing, Failing(FAILED, 2, NOW + 9, life=life(60))) == ""
    assert failure_began("A", failing, SignedOut()) == ""
