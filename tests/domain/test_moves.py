"""Each move of the shared record, one at a time. `test_moves_together` has the invariants over sequences."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from nomba_desktop.domain.moves import (
    GenerationMoved,
    StopStands,
    begin_call,
    blocked,
    call_failed,
    close_by_probe,
    issue_refused,
    land,
    nothing_left,
    put_forward,
    refresh_refused,
)
from nomba_desktop.domain.record import (
    CallKind,
    Debt,
    Latch,
    LatchKind,
    SessionRecord,
    StopKind,
)
from tests.domain.records import FAILURE, POLICY, W, intent, owed, tokens

SIGNED_IN = SessionRecord(generation=3, tokens=tokens("c"))
ABANDONED = dataclasses.replace(SIGNED_IN, intent=intent(3, at=10.0, nonce="dead"))


def but(record: SessionRecord, **changes: object) -> SessionRecord:
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


# -- begin -------------------------------------------------------------------------------------------------------------


def test_begin_writes_intent_stamp_and_login() -> None:
    begun = begin_call(SIGNED_IN, intent(3, at=7.0), POLICY)
    assert begun == but(SIGNED_IN, intent=intent(3, at=7.0), budget=(7.0,), login_at=7.0)
    refresh = intent(3, at=7.0, kind=CallKind.REFRESH)
    assert begin_call(SIGNED_IN, refresh, POLICY).login_at == 0.0


@pytest.mark.parametrize("generation", [0, 2, 4])
def test_begin_for_another_generation_is_refused(generation: int) -> None:
    with pytest.raises(GenerationMoved):
        begin_call(SIGNED_IN, intent(generation), POLICY)


@pytest.mark.parametrize("stop", [StopKind.SUSPENDED, StopKind.REVOKED])
def test_a_stop_forbids_the_call_but_the_cut_offs_own(stop: StopKind) -> None:
    stopped = but(SIGNED_IN, stop=stop, stop_count=1, budget=(1.0,))
    with pytest.raises(StopStands):
        begin_call(stopped, intent(3, at=5.0), POLICY)
    assert begin_call(stopped, intent(3, at=5.0), POLICY, under_stop=True).budget == (1.0,)


def test_overriding_an_intent_means_that_its_call_may_land() -> None:
    assert begin_call(ABANDONED, intent(3, at=30.0), POLICY).may_land_until == 10.0 + W
    later = but(ABANDONED, may_land_until=500.0)
    assert begin_call(later, intent(3, at=450.0), POLICY).may_land_until == 500.0


def test_a_clock_set_back_prolongs_no_doubt() -> None:
    from_the_future = but(ABANDONED, intent=intent(3, at=9000.0, nonce="dead"), may_land_until=9500.0)
    assert begin_call(from_the_future, intent(3, at=100.0), POLICY).may_land_until == 100.0 + W
    assert close_by_probe(from_the_future, 3, 100.0, POLICY).may_land_until == 100.0 + W


def test_begin_forgets_only_stamps_outside_the_window() -> None:
    record = but(SIGNED_IN, budget=(0.0, 1.0, 599.0))
    assert begin_call(record, intent(3, at=600.0), POLICY).budget == (1.0, 599.0, 600.0)


# -- land --------------------------------------------------------------------------------------------------------------


def test_land_writes_the_next_generation_and_clears_what_is_over() -> None:
    before = but(
        SIGNED_IN,
        intent=intent(3, at=7.0),
        budget=(1.0, 7.0),
        attempts=4,
        next_try=99.0,
        refusals=2,
        latch=Latch(LatchKind.REFUSED, 3, 1.0),
        failure=FAILURE,
        accepted_at=5.0,
        stop_count=4,
    )
    landed = land(before, intent(3, at=7.0), tokens("d"), 8.0, POLICY, displaces=True)
    assert landed == SessionRecord(generation=4, tokens=tokens("d"), budget=(1.0,), stop_count=4)


def test_land_clears_its_own_intent_only() -> None:
    before = but(SIGNED_IN, intent=intent(3, at=9.0, nonce="other"))
    assert land(before, intent(3, at=7.0), tokens("d"), 10.0, POLICY).intent == before.intent


def test_land_on_another_generation_is_refused() -> None:
    with pytest.raises(GenerationMoved):
        land(SIGNED_IN, intent(2), tokens("d"), 0.0, POLICY)


def test_land_under_a_stop_stores_and_leaves_the_stop() -> None:
    stopped = but(SIGNED_IN, stop=StopKind.REVOKED, stop_count=2, debt=Debt(StopKind.REVOKED, 1.0, 3))
    landed = land(stopped, intent(3), tokens("d"), 1.0, POLICY)
    assert landed.tokens == tokens("d")
    assert (landed.stop, landed.stop_count, landed.debt) == (stopped.stop, 2, stopped.debt)


# may land until, sent at, kind, displaces, lost before -> may land until, lost
LANDINGS = [
    (0.0, 7.0, CallKind.ISSUE, True, False, 0.0, False),
    (0.0, 7.0, CallKind.ISSUE, None, False, 0.0, False),
    (0.0, 7.0, CallKind.ISSUE, False, False, 0.0, False),
    # an issue sent after W clears `lost`, where displacing was observed
    (0.0, 7.0, CallKind.ISSUE, True, True, 0.0, False),
    (0.0, 7.0, CallKind.ISSUE, None, True, 0.0, True),
    (0.0, 7.0, CallKind.ISSUE, False, True, 0.0, True),
    (0.0, 7.0, CallKind.REFRESH, True, True, 0.0, True),
    (50.0, 50.1, CallKind.ISSUE, True, True, 0.0, False),
    # within W the abandoned call may still come after this one
    (50.0, 50.0, CallKind.ISSUE, True, True, 50.0, True),
    (50.0, 7.0, CallKind.ISSUE, True, False, 50.0, False),
    (50.0, 7.0, CallKind.REFRESH, True, True, 50.0, True),
    # after W: it displaced what the abandoned call made, or that lives on
    (50.0, 51.0, CallKind.REFRESH, True, False, 0.0, False),
    (50.0, 51.0, CallKind.ISSUE, False, False, 0.0, True),
    (50.0, 51.0, CallKind.REFRESH, False, False, 0.0, True),
]


@pytest.mark.parametrize(
    ("until", "sent", "kind", "displaces", "lost", "until_after", "lost_after"), LANDINGS
)
def test_may_land_and_lost_after_landing(
    until: float,
    sent: float,
    kind: CallKind,
    displaces: bool | None,
    lost: bool,
    until_after: float,
    lost_after: bool,
) -> None:
    call = intent(3, at=sent, kind=kind)
    before = but(SIGNED_IN, intent=call, may_land_until=until, lost=lost)
    landed = land(before, call, tokens("d"), sent + 1, POLICY, displaces=displaces)
    assert (landed.may_land_until, landed.lost) == (until_after, lost_after)


def test_a_token_that_does_not_last_keeps_its_stamp_and_counts_as_a_failure() -> None:
    before = but(SIGNED_IN, intent=intent(3, at=7.0), budget=(7.0,), attempts=1)
    short = land(before, intent(3, at=7.0), tokens("d", life=67.9), 8.0, POLICY)
    assert (short.budget, short.attempts) == ((7.0,), 2)
    lasting = land(before, intent(3, at=7.0), tokens("d", life=68.0), 8.0, POLICY)
    assert (lasting.budget, lasting.attempts) == ((), 0)


def test_two_calls_of_the_same_time_have_a_stamp_each() -> None:
    before = but(SIGNED_IN, intent=intent(3, at=7.0), budget=(7.0, 7.0, 8.0))
    assert land(before, intent(3, at=7.0), tokens("d"), 8.0, POLICY).budget == (7.0, 8.0)


@pytest.mark.parametrize("displaces", [None, False])
def test_what_the_server_may_not_have_ended_is_kept_as_superseded(displaces: bool | None) -> None:
    before = but(SIGNED_IN, superseded=(owed("gone", 5.0), owed("b", 900.0)))
    landed = land(before, intent(3), tokens("d"), 5.0, POLICY, displaces=displaces)
    assert landed.superseded == (owed("b", 900.0), owed("c", 1800.0))
    ended = land(before, intent(3), tokens("d"), 5.0, POLICY, displaces=True)
    assert ended.superseded == ()
    expired = land(SIGNED_IN, intent(3), tokens("d"), 1800.0, POLICY, displaces=displaces)
    assert expired.superseded == ()


def test_put_forward_makes_the_live_session_the_next_generation() -> None:
    moved_on = but(SIGNED_IN, generation=5, intent=intent(5, at=90.0, nonce="other"), may_land_until=67.0)
    forwarded = put_forward(moved_on, intent(3, at=7.0, nonce="mine"), tokens("mine"), 95.0, POLICY)
    assert (forwarded.generation, forwarded.tokens) == (6, tokens("mine"))
    assert forwarded.intent == moved_on.intent
    assert forwarded.may_land_until == 67.0
    assert forwarded.superseded == (owed("c"),)


# -- failures ----------------------------------------------------------------------------------------------------------


def test_a_call_that_failed() -> None:
    before = but(SIGNED_IN, intent=intent(3, at=7.0), attempts=1, next_try=50.0)
    known = call_failed(before, intent(3, at=7.0), FAILURE, 40.0, unknown=False)
    assert known == but(before, intent=None, attempts=2, failure=FAILURE)
    unknown = call_failed(before, intent(3, at=7.0), FAILURE, 60.0, unknown=True)
    assert unknown == but(before, attempts=2, next_try=60.0, failure=FAILURE)


LATE: list[tuple[str, Callable[[SessionRecord], SessionRecord]]] = [
    ("failed", lambda r: call_failed(r, intent(3), FAILURE, 99.0, unknown=False)),
    ("refresh refused", lambda r: refresh_refused(r, intent(3))),
    ("issue refused", lambda r: issue_refused(r, intent(3), FAILURE, 99.0, POLICY, final=True)),
    ("blocked", lambda r: blocked(r, intent(3), FAILURE)),
]


@pytest.mark.parametrize("name", dict(LATE))
def test_a_late_failure_leaves_a_newer_session_alone(name: str) -> None:
    newer = but(SIGNED_IN, generation=4)
    assert dict(LATE)[name](newer) == newer
    with_own = but(newer, intent=intent(3))
    assert dict(LATE)[name](with_own) == newer
    with_other = but(newer, intent=intent(4, nonce="other"))
    assert dict(LATE)[name](with_other) == with_other


def test_a_late_failure_of_unknown_fate_leaves_its_intent_open() -> None:
    newer = but(SIGNED_IN, generation=4, intent=intent(3))
    assert call_failed(newer, intent(3), FAILURE, 99.0, unknown=True) == newer


def test_a_refused_refresh_token_is_never_sent_again() -> None:
    refused = refresh_refused(but(SIGNED_IN, intent=intent(3)), intent(3))
    assert refused == but(SIGNED_IN, tokens=tokens("c", refresh=False))
    assert refresh_refused(but(SIGNED_IN, tokens=None, intent=intent(3)), intent(3)) == but(
        SIGNED_IN, tokens=None
    )


def test_issuing_is_refused_three_times_then_latched() -> None:
    record = SIGNED_IN
    for refusals in (1, 2):
        record = begin_call(record, intent(3, at=float(refusals)), POLICY)
        record = issue_refused(record, intent(3), FAILURE, 40.0, POLICY, final=False)
        assert (record.refusals, record.latch, record.tokens) == (refusals, None, SIGNED_IN.tokens)
        assert (record.intent, record.next_try) == (None, 40.0)
    record = issue_refused(record, intent(3), FAILURE, 40.0, POLICY, final=False)
    assert record.latch == Latch(LatchKind.REFUSED, 3, FAILURE.at)
    assert (record.tokens, record.next_try, record.attempts) == (None, 0.0, 3)


def test_issuing_is_refused_for_good() -> None:
    before = but(SIGNED_IN, intent=intent(3), superseded=(owed("b"),))
    record = issue_refused(before, intent(3), FAILURE, 40.0, POLICY, final=True)
    assert record.latch is not None
    assert not record.lost
    # the access token may live on: a sign-out or a cut-off has to know it
    assert record.superseded == (owed("b"), owed("c"))
    assert issue_refused(but(before, may_land_until=9.0), intent(3), FAILURE, 0.0, POLICY, final=True).lost
    other = but(before, intent=intent(3, nonce="other"))
    assert issue_refused(other, intent(3), FAILURE, 0.0, POLICY, final=True).lost


def test_blocked_keeps_the_tokens() -> None:
    record = blocked(but(SIGNED_IN, intent=intent(3), next_try=50.0), intent(3), FAILURE)
    assert record == but(
        SIGNED_IN, attempts=1, failure=FAILURE, latch=Latch(LatchKind.REFUSED, 3, FAILURE.at)
    )


def test_nothing_left() -> None:
    record = nothing_left(but(SIGNED_IN, next_try=9.0), 3)
    assert record == but(SIGNED_IN, tokens=None, superseded=(owed("c"),))
    doubtful = nothing_left(ABANDONED, 3)
    assert doubtful == but(
        SIGNED_IN, tokens=None, superseded=(owed("c"),), lost=True, may_land_until=10.0 + W
    )
    with pytest.raises(GenerationMoved):
        nothing_left(SIGNED_IN, 2)
