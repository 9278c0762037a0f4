"""The moves of a cut-off (session protocol, "Cutting off", "Resume")."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nomba_desktop.domain.cutoff import WhatHappened
from nomba_desktop.domain.keys import KeyState
from nomba_desktop.domain.moves import GenerationMoved, begin_call, land
from nomba_desktop.domain.moves_stop import (
    StillInDoubt,
    StopLifted,
    begin_under_stop,
    close_cut_off,
    closed_knowingly,
    displacement_seen,
    land_under_stop,
    note_control,
    owed_again,
    refresh_dead,
    refused_under_stop,
    resume,
    secret_deleted,
    secret_refused,
    state_of,
    stop,
    stop_remembered,
)
from nomba_desktop.domain.record import CallKind, SessionRecord, StopKind
from tests.domain.records import POLICY, W, intent, owed, tokens

SIGNED_IN = SessionRecord(generation=3, tokens=tokens("a"))


def stopped(record: SessionRecord = SIGNED_IN, kind: StopKind = StopKind.SUSPENDED) -> SessionRecord:
    what = WhatHappened.SUSPENDING if kind is StopKind.SUSPENDED else WhatHappened.RETIRING
    return stop(record, kind, 10.0, what, reason="r", operator="Ada")


def revoked(record: SessionRecord = SIGNED_IN) -> SessionRecord:
    return stopped(record, StopKind.REVOKED)


def test_a_stop_has_its_own_counter_and_touches_no_token() -> None:
    after = stopped()
    assert (after.stop, after.stop_count, after.generation) == (StopKind.SUSPENDED, 1, 3)
    assert after.tokens == SIGNED_IN.tokens
    assert stopped(after) == after
    landed = land(after, intent(3), tokens("b"), 11.0, POLICY)
    assert (landed.stop, landed.stop_count, landed.debt) == (after.stop, 1, after.debt)


def test_revoked_is_final_and_a_suspension_can_become_one() -> None:
    first = note_control(stopped(), 3, 1, 11.0)
    after = revoked(first)
    assert (after.stop, after.stop_count) == (StopKind.REVOKED, 2)
    assert after.debt is not None
    assert (after.debt.control, after.debt.secret_left, after.debt.tokens_left) == (3, True, True)
    assert stopped(after) == after


def test_a_secret_told_to_have_leaked_later_makes_the_tokens_owed_again() -> None:
    closed = close_cut_off(revoked(), 3, 1, ())
    worse = stop(closed, StopKind.REVOKED, 20.0, WhatHappened.SECRET_LEAKED)
    assert worse.debt is not None
    assert worse.debt.tokens_left
    assert worse.stop_count == 2


@pytest.mark.parametrize("count", [0, 2])
def test_nothing_of_a_walk_is_written_once_its_stop_is_gone(count: int) -> None:
    record = stopped()
    for move in (
        lambda: note_control(record, 3, count, 11.0),
        lambda: begin_under_stop(record, intent(3, 11.0), count, POLICY),
        lambda: close_cut_off(record, 3, count, ()),
        lambda: secret_refused(record, count),
        lambda: secret_deleted(record, count, ()),
    ):
        with pytest.raises(StopLifted):
            move()


def test_a_control_is_of_one_generation_and_takes_the_refresh_token_out_of_use() -> None:
    record = stopped()
    with pytest.raises(GenerationMoved):
        note_control(record, 2, 1, 11.0)
    after = note_control(record, 3, 1, 11.0)
    assert after.tokens is not None
    assert after.tokens.refresh is None
    assert after.debt is not None
    assert (after.debt.control, after.debt.acted, after.debt.control_at) == (3, 3, 11.0)
    assert [spared.yields for spared in after.debt.refreshes] == [0]
    assert note_control(after, 3, 1, 11.0) == after
    unseen = note_control(record, 3, 1, 11.0, seen=False)
    assert unseen.debt is not None
    assert (unseen.debt.control, unseen.debt.acted) == (None, 3)


def test_calls_of_a_cut_off_spend_no_budget_and_need_the_stop() -> None:
    after = begin_under_stop(stopped(), intent(3, 11.0), 1, POLICY)
    assert after.budget == ()
    assert refused_under_stop(after, intent(3, 11.0)).intent is None
    assert refused_under_stop(after, intent(3, 11.0, nonce="other")) == after


def test_what_lands_under_a_stop_keeps_every_token_to_be_ended() -> None:
    record = begin_under_stop(stopped(), intent(3, 11.0), 1, POLICY)
    after = land_under_stop(record, intent(3, 11.0), tokens("b"), 12.0, POLICY, displaces=True)
    assert after.generation == 4
    assert [end.access for end in after.superseded] == [tokens("a").access]
    assert after.debt is not None
    assert [spared.refresh for spared in after.debt.refreshes] == [tokens("a").refresh]
    assert after.stop is StopKind.SUSPENDED


def test_a_successor_refresh_token_is_never_stored() -> None:
    record = note_control(stopped(), 3, 1, 11.0)
    assert record.debt is not None
    (spared,) = record.debt.refreshes
    call = intent(3, 12.0, kind=CallKind.REFRESH)
    record = begin_under_stop(record, call, 1, POLICY)
    after = land_under_stop(record, call, tokens("b"), 13.0, POLICY, spent=spared)
    assert after.tokens is not None
    assert after.tokens.refresh is None
    assert after.debt is not None
    assert [(s.refresh, s.yields) for s in after.debt.refreshes] == [(tokens("a").refresh, 1)]
    assert refresh_dead(after, spared).debt is not None
    gone = refresh_dead(after, spared).debt
    assert gone is not None
    assert gone.refreshes == ()


@pytest.mark.parametrize(("displaces", "lost"), [(True, False), (False, True), (None, True)])
def test_an_abandoned_call_is_known_to_be_displaced_only_where_that_was_seen(
    displaces: bool | None, lost: bool
) -> None:
    record = begin_call(SIGNED_IN, intent(3, 5.0, nonce="dead"), POLICY)
    call = intent(3, 5.0 + W + 1.0)
    record = begin_under_stop(stopped(record), call, 1, POLICY)
    after = land_under_stop(record, call, tokens("b"), 70.0, POLICY, displaces=displaces)
    assert after.lost is lost
    assert not displacement_seen(after, after.generation).lost
    assert displacement_seen(after, 3) == after


def test_closing_needs_the_generation_that_was_looked_at_and_no_doubt() -> None:
    record = replace(revoked(), superseded=(owed("s"),), owed=(owed("o"),))
    with pytest.raises(GenerationMoved):
        close_cut_off(record, 2, 1, ())
    for doubt in ({"lost": True}, {"may_land_until": 9.0}, {"intent": intent(3)}):
        with pytest.raises(StillInDoubt):
            close_cut_off(replace(record, **doubt), 3, 1, ())
    after = close_cut_off(record, 3, 1, ())
    assert (after.tokens, after.superseded, after.owed) == (None, (), ())
    assert state_of(after) == (KeyState.REVOKING, 1)
    assert after.stop is StopKind.REVOKED
    assert close_cut_off(stopped(), 3, 1, ()).debt is None


def test_a_disabled_key_takes_what_is_unknown_with_it_for_good_only_when_revoked() -> None:
    doubt = {"lost": True, "may_land_until": 9.0, "intent": intent(3)}
    gone = close_cut_off(replace(revoked(), **doubt), 3, 1, (), key_disabled=True)  # type: ignore[arg-type]
    assert not gone.in_doubt
    kept = close_cut_off(replace(stopped(), **doubt), 3, 1, (), key_disabled=True)  # type: ignore[arg-type]
    assert (kept.intent, kept.lost, kept.may_land_until) == (None, True, 9.0)


def test_the_secret_goes_last_and_then_the_debt() -> None:
    record = secret_refused(close_cut_off(revoked(), 3, 1, ()), 1)
    assert state_of(record) == (KeyState.REVOKING, 1)
    assert state_of(secret_deleted(record, 1, ())) == (KeyState.REVOKED, 0)


def test_a_named_person_closes_what_is_in_doubt_and_the_doubt_is_kept() -> None:
    record = closed_knowingly(replace(revoked(), lost=True), 1, "Ada", ())
    assert state_of(record) == (KeyState.REVOKED, 0)
    assert record.lost


def test_resuming_keeps_a_token_only_if_it_lives_and_nobody_asked_for_its_end() -> None:
    record = stopped()
    kept = resume(record, 3, 1, 20.0, POLICY, alive=True)
    assert (kept.tokens, kept.stop, kept.stop_count, kept.debt) == (record.tokens, StopKind.NONE, 2, None)
    assert kept.may_land_until == 20.0 + W
    for each, alive in (
        (record, False),
        (note_control(record, 3, 1, 11.0), True),
        (note_control(record, 3, 1, 11.0, seen=False), True),
        (replace(record, intent=intent(3, 11.0)), True),
    ):
        dropped = resume(each, 3, 1, 20.0, POLICY, alive=alive)
        assert (dropped.tokens, dropped.lost) == (None, True)
        assert [end.access for end in dropped.superseded] == [tokens("a").access]
    clean = resume(close_cut_off(record, 3, 1, ()), 3, 1, 20.0, POLICY, alive=False)
    assert not clean.in_doubt


def test_resuming_needs_the_suspension_that_was_looked_at() -> None:
    for record, generation, count in ((revoked(), 3, 1), (stopped(), 3, 2), (SIGNED_IN, 3, 0)):
        with pytest.raises(StopLifted):
            resume(record, generation, count, 20.0, POLICY, alive=True)
    with pytest.raises(GenerationMoved):
        resume(stopped(), 2, 1, 20.0, POLICY, alive=True)


def test_a_stop_that_was_seen_is_not_forgotten_with_its_record() -> None:
    empty = SessionRecord()
    assert state_of(stop_remembered(empty, KeyState.REVOKED, 0, 5.0)) == (KeyState.REVOKED, 0)
    assert state_of(stop_remembered(empty, KeyState.SUSPENDED, 0, 5.0)) == (KeyState.SUSPENDED, 0)
    half = stop_remembered(empty, KeyState.REVOKING, 1, 5.0)
    assert state_of(half) == (KeyState.REVOKING, 2)
    assert half.lost
    assert stop_remembered(empty, KeyState.ACTIVE, 0, 5.0) == empty
    resumed = replace(empty, stop_count=2)
    assert stop_remembered(resumed, KeyState.SUSPENDED, 0, 5.0) == resumed


def test_only_a_proved_suspension_is_owed_again() -> None:
    closed = close_cut_off(stopped(), 3, 1, ())
    assert owed_again(closed, 30.0).debt is not None
    for record in (SIGNED_IN, stopped(), close_cut_off(revoked(), 3, 1, ())):
        assert owed_again(record, 30.0) == record
