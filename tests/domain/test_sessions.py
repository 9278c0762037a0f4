"""What a record means to somebody who looks at it: each state, and which goes first."""

from __future__ import annotations

import dataclasses

import pytest

from nomba_desktop.domain.errors import RateLimited
from nomba_desktop.domain.record import EMPTY, Latch, LatchKind, SessionRecord, StopKind
from nomba_desktop.domain.sessions import (
    IDLE,
    Activity,
    Expired,
    Failing,
    HeldByOther,
    Refreshing,
    Session,
    SignedIn,
    SignedOut,
    SigningIn,
    TakenAway,
    Unknown,
    WaitFor,
    Waiting,
    derive_session,
    is_stopped,
    life_in,
    life_of,
)
from nomba_desktop.domain.tokens import describe
from tests.domain.records import FAILURE, intent, owed, tokens

ME, OTHER = "ops-1/window/1", "ops-2/window/7"
RECORD = SessionRecord(generation=3, tokens=tokens("c"), accepted_at=4.0)
LIFE = life_of(RECORD, ME)
THEIRS = intent(3, at=90.0, who=OTHER)
REFUSED = Latch(LatchKind.REFUSED, 3, 80.0)
TAKEN = Latch(LatchKind.TAKEN_ELSEWHERE, 3, 80.0, life_left=1700.0)
DISPLACED = Latch(LatchKind.DISPLACED, 3, 80.0, other="Till")
LIMITED = dataclasses.replace(FAILURE, reference=RateLimited.reference)
CALLING = Activity(calling_since=95.0)
WAITING = Activity(95.0, WaitFor.RATE_LIMIT, 101.0)


def test_a_life_shows_what_may_be_shown() -> None:
    tokens_ = RECORD.tokens
    assert tokens_ is not None
    assert LIFE is not None
    assert (LIFE.generation, LIFE.issued_at, LIFE.expires_at, LIFE.refresh_at) == (3, 0.0, 1800.0, 1440.0)
    assert LIFE.accepted_at == 4.0
    assert LIFE.renewed_by == "this desktop, ops-1"
    assert LIFE.facts == describe(tokens_.access, tokens_.refresh)
    assert "access-c" not in repr(LIFE)
    assert life_of(EMPTY) is None


EVERYTHING: dict[str, object] = {"intent": THEIRS, "failure": FAILURE, "attempts": 1, "latch": TAKEN}

# what differs from a signed-in record; what this process does; now; the state
STATES: list[tuple[dict[str, object], Activity, float, Session]] = [
    ({}, IDLE, 100.0, SignedIn(LIFE)),  # type: ignore[arg-type]
    ({}, IDLE, 1799.9, SignedIn(LIFE)),  # type: ignore[arg-type]
    ({}, IDLE, 1800.0, Expired(LIFE)),  # type: ignore[arg-type]
    ({"tokens": None}, IDLE, 100.0, SignedOut()),
    ({"tokens": None, "owed": (owed("a"), owed("b")), "lost": True}, IDLE, 100.0, SignedOut(2, True)),
    ({"tokens": None, "failure": FAILURE}, IDLE, 100.0, SignedOut(failure=FAILURE)),
    ({"tokens": None}, CALLING, 100.0, SigningIn(95.0)),
    ({}, CALLING, 100.0, Refreshing(LIFE, 95.0)),  # type: ignore[arg-type]
    ({}, CALLING, 1900.0, Refreshing(LIFE, 95.0)),  # type: ignore[arg-type]
    ({}, WAITING, 100.0, Waiting(WaitFor.RATE_LIMIT, 101.0, LIFE)),
    ({}, WAITING, 1900.0, Waiting(WaitFor.RATE_LIMIT, 101.0)),
    ({"tokens": None}, Activity(None, WaitFor.KEYRING), 100.0, Waiting(WaitFor.KEYRING)),
    ({"intent": THEIRS}, IDLE, 100.0, HeldByOther("ops-2", 90.0, LIFE)),
    ({"intent": THEIRS}, IDLE, 149.0, HeldByOther("ops-2", 90.0, LIFE)),
    ({"intent": THEIRS}, IDLE, 150.0, SignedIn(LIFE)),  # type: ignore[arg-type]
    ({"intent": THEIRS}, IDLE, 1900.0, Expired(LIFE)),  # type: ignore[arg-type]
    ({"intent": THEIRS, "tokens": None}, IDLE, 100.0, HeldByOther("ops-2", 90.0)),
    # after W the other's holder must be gone
    ({"intent": THEIRS}, IDLE, 149.9, HeldByOther("ops-2", 90.0, LIFE)),
    ({"intent": THEIRS}, IDLE, 150.0, SignedIn(LIFE)),  # type: ignore[arg-type]
    ({"intent": THEIRS, "tokens": None}, IDLE, 10.0, SignedOut()),
    # a limit is waited for, not failed at
    ({"failure": LIMITED, "attempts": 1, "next_try": 130.0}, IDLE, 100.0, Waiting(WaitFor.RATE_LIMIT, 130.0, LIFE)),
    ({"failure": LIMITED, "attempts": 1, "latch": REFUSED}, IDLE, 100.0, Failing(LIMITED, 1, 0.0, True, LIFE)),
    ({"intent": intent(3, who=ME)}, IDLE, 100.0, SignedIn(LIFE)),  # type: ignore[arg-type]
    (
        {"failure": FAILURE, "attempts": 2, "next_try": 130.0},
        IDLE,
        100.0,
        Failing(FAILURE, 2, 130.0, False, LIFE),
    ),
    ({"failure": FAILURE, "attempts": 2, "next_try": 130.0}, IDLE, 1900.0, Failing(FAILURE, 2, 130.0, False, LIFE)),
    ({"failure": FAILURE, "attempts": 0}, IDLE, 100.0, SignedIn(LIFE)),  # type: ignore[arg-type]
    (
        {"failure": FAILURE, "attempts": 3, "next_try": 130.0, "latch": REFUSED, "tokens": None},
        IDLE,
        100.0,
        Failing(FAILURE, 3, 0.0, True),
    ),
    ({"latch": TAKEN, "tokens": None}, IDLE, 100.0, TakenAway(80.0, 1700.0, False)),
    ({"latch": TAKEN, "tokens": None, "theft_generation": 3}, IDLE, 100.0, TakenAway(80.0, 1700.0, False)),
    ({"latch": TAKEN, "tokens": None, "theft_generation": 2}, IDLE, 100.0, TakenAway(80.0, 1700.0, True)),
    ({"latch": DISPLACED}, IDLE, 100.0, TakenAway(80.0, 0.0, False, "Till", LIFE)),
    # which goes first
    (EVERYTHING, WAITING, 100.0, Waiting(WaitFor.RATE_LIMIT, 101.0, LIFE)),
    (EVERYTHING, CALLING, 100.0, Refreshing(LIFE, 95.0)),  # type: ignore[arg-type]
    (EVERYTHING, IDLE, 100.0, TakenAway(80.0, 1700.0, False, "", LIFE)),
    ({"intent": THEIRS, "failure": FAILURE, "attempts": 1}, IDLE, 100.0, Failing(FAILURE, 1, 0.0, False, LIFE)),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "activity", "now", "state"), STATES)
def test_derive_session(changes: dict[str, object], activity: Activity, now: float, state: Session) -> None:
    record = dataclasses.replace(RECORD, **changes)  # type: ignore[arg-type]
    derived = derive_session(record, activity, now, me=ME)
    assert derived == state
    assert life_in(derived) == getattr(state, "life", None)
    given = life_of(record, ME)
    assert derive_session(record, activity, now, me=ME, life=given) == state


def test_between_deadlines_the_result_stays_equal() -> None:
    assert len({repr(derive_session(RECORD, IDLE, float(now), me=ME)) for now in range(0, 1800, 7)}) == 1


def test_no_state_of_a_record_shows_a_secret() -> None:
    for changes, activity, now, _ in STATES:
        record = dataclasses.replace(RECORD, **changes)  # type: ignore[arg-type]
        shown = repr(derive_session(record, activity, now, me=ME))
        assert "access-c" not in shown
        assert "refresh-c" not in shown


def test_life_in_states_without_one() -> None:
    for state in (Unknown(), SignedOut(), SigningIn(1.0)):
        assert life_in(state) is None


def test_is_stopped() -> None:
    assert [is_stopped(SessionRecord(stop=stop)) for stop in StopKind] == [False, True, True]
