"""The moves after probes, refusals from outside and signing out, one at a time."""

from __future__ import annotations

import dataclasses

import pytest

from nomba_desktop.domain.moves import (
    GenerationMoved,
    MoveRefused,
    StopStands,
    accepted,
    begin_call,
    close_by_probe,
    displaced,
    ends_paid,
    held_back,
    land,
    session_ended_outside,
    session_lost,
    signed_out,
    suspected,
    token_ended,
    try_not_before,
    unlatch,
)
from nomba_desktop.domain.record import (
    EMPTY,
    Failure,
    Latch,
    LatchKind,
    SessionRecord,
    StopKind,
    Verdict,
    look,
)
from tests.domain.records import FAILURE, POLICY, W, intent, owed, tokens

SIGNED_IN = SessionRecord(generation=3, tokens=tokens("c"))
ABANDONED = dataclasses.replace(SIGNED_IN, intent=intent(3, at=10.0, nonce="dead"))


def but(record: SessionRecord, **changes: object) -> SessionRecord:
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


# -- probes ------------------------------------------------------------------------------------------------------------


def test_closing_by_a_probe_leaves_the_call_to_land() -> None:
    closed = close_by_probe(ABANDONED, 3, 20.0, POLICY)
    assert closed == but(SIGNED_IN, may_land_until=10.0 + W, accepted_at=20.0)
    assert closed.in_doubt
    with pytest.raises(GenerationMoved):
        close_by_probe(ABANDONED, 2, 20.0, POLICY)


def test_accepted() -> None:
    assert accepted(SIGNED_IN, 3, 20.0) == but(SIGNED_IN, accepted_at=20.0)
    assert accepted(but(SIGNED_IN, accepted_at=30.0), 3, 20.0).accepted_at == 30.0
    assert accepted(SIGNED_IN, 2, 20.0) == SIGNED_IN
    assert accepted(but(SIGNED_IN, tokens=None), 3, 20.0) == but(SIGNED_IN, tokens=None)


@pytest.mark.parametrize(
    ("now", "open_intent", "displaces", "until", "lost"),
    [
        (70.0, False, None, 70.0, False),
        (70.1, False, None, 0.0, False),
        (70.1, False, True, 0.0, False),
        (70.1, False, False, 0.0, True),
        (70.0, False, False, 70.0, False),
        (70.1, True, None, 70.0, False),
    ],
)
def test_accepted_once_nothing_can_land(
    now: float, open_intent: bool, displaces: bool | None, until: float, lost: bool
) -> None:
    before = but(SIGNED_IN, may_land_until=70.0, intent=intent(3) if open_intent else None)
    after = accepted(before, 3, now, displaces=displaces)
    assert (after.may_land_until, after.lost) == (until, lost)
    assert accepted(but(before, lost=True), 3, now, displaces=displaces).lost


# -- taken elsewhere ---------------------------------------------------------------------------------------------------


def test_a_session_that_ended_outside_is_noted_and_the_second_time_certain() -> None:
    first = session_ended_outside(but(SIGNED_IN, accepted_at=90.0), 3, 100.0)
    assert first.latch == Latch(LatchKind.TAKEN_ELSEWHERE, 3, 100.0, life_left=1700.0)
    assert (first.tokens, first.theft_generation, first.accepted_at) == (None, 3, 0.0)
    assert not first.in_doubt
    # a person asks: one renewal
    call = intent(3, at=110.0)
    renewed = land(
        begin_call(unlatch(first), call, POLICY), call, tokens("d", 110.0), 111.0, POLICY, by_person=True
    )
    assert (renewed.latch, renewed.theft_generation) == (None, 3)
    second = session_ended_outside(renewed, 4, 120.0)
    assert second.latch is not None
    assert (second.latch.generation, second.theft_generation) == (4, 3)


def test_a_renewal_by_the_schedule_in_between_forgets_the_first_time() -> None:
    record = but(SIGNED_IN, theft_generation=2)
    landed = land(record, intent(3), tokens("d"), 1.0, POLICY)
    assert landed.theft_generation is None
    assert session_ended_outside(landed, 4, 2.0).theft_generation == 4


@pytest.mark.parametrize(
    ("changes", "generation", "now"),
    [
        ({}, 2, 100.0),
        ({}, 4, 100.0),
        ({"intent": intent(3)}, 3, 100.0),
        ({"may_land_until": 50.0}, 3, 100.0),
        ({"lost": True}, 3, 100.0),
        ({"tokens": None}, 3, 100.0),
        ({"stop": StopKind.SUSPENDED}, 3, 100.0),
        ({"stop": StopKind.REVOKED}, 3, 100.0),
        ({}, 3, 1800.0),
        ({}, 3, 2000.0),
    ],
)
def test_what_is_no_evidence_of_theft(changes: dict[str, object], generation: int, now: float) -> None:
    record = but(SIGNED_IN, **changes)
    assert session_ended_outside(record, generation, now) == record


def test_displaced_keeps_the_token_and_names_the_other() -> None:
    record = displaced(SIGNED_IN, 3, 50.0, "Till")
    assert record.latch == Latch(LatchKind.DISPLACED, 3, 50.0, other="Till")
    assert record.tokens == SIGNED_IN.tokens
    assert displaced(SIGNED_IN, 2, 50.0, "Till") == SIGNED_IN


def test_unlatch_keeps_the_budget() -> None:
    record = but(
        SIGNED_IN,
        latch=Latch(LatchKind.REFUSED, 3, 1.0),
        next_try=9.0,
        refusals=3,
        budget=(1.0, 2.0),
        attempts=3,
    )
    assert unlatch(record) == but(record, latch=None, next_try=0.0, refusals=0)


# -- signing out -------------------------------------------------------------------------------------------------------


def test_signed_out_clears_and_owes() -> None:
    before = but(
        SIGNED_IN,
        superseded=(owed("b"),),
        owed=(owed("a"),),
        failure=FAILURE,
        attempts=2,
        next_try=9.0,
        refusals=1,
        latch=Latch(LatchKind.REFUSED, 3, 1.0),
        theft_generation=2,
        accepted_at=4.0,
        budget=(1.0,),
        stop_count=7,
    )
    assert signed_out(before, 3, (owed("c"), owed("b"))) == SessionRecord(
        generation=3, owed=(owed("a"), owed("c"), owed("b")), budget=(1.0,), stop_count=7
    )
    with pytest.raises(GenerationMoved):
        signed_out(before, 2, ())


def test_signing_out_in_doubt_stays_in_doubt() -> None:
    out = signed_out(ABANDONED, 3, ())
    assert (out.intent, out.lost, out.may_land_until) == (None, True, 10.0 + W)
    assert signed_out(but(SIGNED_IN, lost=True), 3, ()).lost
    assert signed_out(but(SIGNED_IN, may_land_until=5.0), 3, ()).in_doubt
    # signing in again at once does not clear it: the dead holder's call may land after this one
    call = intent(3, at=20.0)
    again = land(begin_call(out, call, POLICY), call, tokens("d"), 21.0, POLICY, displaces=True)
    assert again.in_doubt
    assert session_ended_outside(again, 4, 30.0) == again


def test_paid_and_expired_ends_are_dropped() -> None:
    record = but(EMPTY, owed=(owed("a", 50.0), owed("b", 900.0), owed("c", 900.0)))
    assert ends_paid(record, (owed("b", 1.0),), 50.0).owed == (owed("c", 900.0),)
    assert ends_paid(record, (), 49.0) == record


def test_asking_lifts_no_taken_latch() -> None:
    taken = session_ended_outside(SIGNED_IN, 3, 100.0)
    asked = unlatch(but(taken, next_try=9.0, refusals=2))
    assert asked == taken


def test_a_clock_set_back_makes_no_theft() -> None:
    issued_later = but(SIGNED_IN, tokens=tokens("c", issued=1000.0))
    assert session_ended_outside(issued_later, 3, 900.0) == issued_later
    assert session_ended_outside(issued_later, 3, 996.0).latch is not None


def test_a_token_that_ended_in_doubt_is_not_handed_out_again() -> None:
    ended = token_ended(but(ABANDONED, accepted_at=5.0), 3, 100.0)
    assert ended.tokens == dataclasses.replace(tokens("c"), expires_at=100.0)
    assert (ended.accepted_at, ended.intent, ended.latch) == (0.0, ABANDONED.intent, None)
    assert look(but(ended, intent=None), 100.0, 0.0) is Verdict.STALE
    assert token_ended(ABANDONED, 2, 100.0) == ABANDONED
    assert token_ended(but(ABANDONED, tokens=None), 3, 100.0) == but(ABANDONED, tokens=None)
    over = token_ended(SIGNED_IN, 3, 5000.0)
    assert over.tokens is not None
    assert over.tokens.expires_at == 1800.0


def test_held_back_by_the_budget() -> None:
    spent = Failure("ND-207", "Too many tries", "Six.", "", 9.0)
    assert held_back(SIGNED_IN, spent, 600.0) == but(SIGNED_IN, next_try=600.0, failure=spent, attempts=1)
    failing = but(SIGNED_IN, next_try=700.0, failure=FAILURE, attempts=4)
    assert held_back(failing, spent, 600.0) == failing


def test_small_moves() -> None:
    assert suspected(SIGNED_IN, "client-2") == but(SIGNED_IN, suspect="client-2")
    assert session_lost(SIGNED_IN) == but(SIGNED_IN, lost=True)
    assert try_not_before(but(SIGNED_IN, next_try=9.0), 5.0).next_try == 9.0
    assert try_not_before(SIGNED_IN, 5.0).next_try == 5.0


def test_refusals_are_one_family_and_say_no_secret() -> None:
    assert issubclass(GenerationMoved, MoveRefused)
    assert issubclass(StopStands, MoveRefused)
    with pytest.raises(MoveRefused) as caught:
        land(SIGNED_IN, intent(2), tokens("d"), 0.0, POLICY)
    assert "access" not in f"{caught.value!r}"
