"""What holds over any sequence of moves by any number of processes (session protocol, "Invariants")."""

from __future__ import annotations

import dataclasses
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nomba_desktop.domain.moves import (
    MoveRefused,
    accepted,
    begin_call,
    blocked,
    call_failed,
    close_by_probe,
    displaced,
    ends_paid,
    held_back,
    issue_refused,
    land,
    nothing_left,
    put_forward,
    refresh_refused,
    session_ended_outside,
    session_lost,
    signed_out,
    suspected,
    token_ended,
    try_not_before,
    unlatch,
)
from nomba_desktop.domain.record import EMPTY, CallKind, Intent, SessionRecord, StopKind
from tests.domain.records import FAILURE, POLICY, W, intent, kinds, tokens

LIVES = st.sampled_from([10.0, 59.0, 60.0, 1800.0])
PICK = st.integers(0, 30)
DISPLACES = st.sampled_from([None, True, False])


class Moves(RuleBasedStateMachine):
    """Processes that begin, land and fail out of turn. Time never stands still, so that each call has its stamp."""

    def __init__(self) -> None:
        super().__init__()
        self.record: SessionRecord = EMPTY
        self.now = 1000.0
        self.calls: list[Intent] = []  # begun and not landed
        self.unpaid: Counter[float] = Counter()  # stamps of calls that brought no lasting token
        self.unknown: dict[str, float] = {}  # calls abandoned or overridden: until when they may land

    @initialize(stop=st.sampled_from(StopKind))
    def begin(self, stop: StopKind) -> None:
        self.record = dataclasses.replace(EMPTY, stop=stop, stop_count=3)

    def _become(self, after: SessionRecord, *, lands: bool = False) -> None:
        before = self.record
        assert after.generation == before.generation + (1 if lands else 0)
        assert (after.stop, after.stop_count, after.debt) == (before.stop, before.stop_count, before.debt)
        if before.lost and not after.lost:
            assert lands, "only an issue that landed clears lost"
        self.record = after

    def _call(self, pick: int) -> Intent | None:
        return self.calls[pick % len(self.calls)] if self.calls else None

    @rule(seconds=st.sampled_from([0.5, 5.0, 61.0, 599.0, 1801.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(kind=kinds(), behind=st.sampled_from([0, 0, 0, 1, -1]), under_stop=st.booleans())
    def begin_call(self, kind: CallKind, behind: int, under_stop: bool) -> None:
        self.now += 0.25
        call = intent(self.record.generation - behind, self.now, f"n{self.now}", kind)
        over = self.record.intent
        try:
            after = begin_call(self.record, call, POLICY, under_stop=under_stop)
        except MoveRefused:
            assert behind or (self.record.stop is not StopKind.NONE and not under_stop)
            return
        assert not behind
        assert self.record.stop is StopKind.NONE or under_stop
        if over is not None:
            assert after.may_land_until >= over.at + W
            assert after.in_doubt
        if not under_stop:
            self.unpaid[call.at] += 1
        self.calls.append(call)
        self._become(after)
        assert after.intent == call

    @rule(pick=PICK, life=LIVES, displaces=DISPLACES, by_person=st.booleans(), forward=st.booleans())
    def land(self, pick: int, life: float, displaces: bool | None, by_person: bool, forward: bool) -> None:
        call, before = self._call(pick), self.record
        if call is None:
            return
        fresh = tokens(call.nonce, self.now, life)
        try:
            after = land(before, call, fresh, self.now, POLICY, displaces=displaces, by_person=by_person)
        except MoveRefused:
            assert before.generation != call.generation
            if not forward:
                return
            after = put_forward(before, call, fresh, self.now, POLICY)
            displaces = None
        else:
            assert before.generation == call.generation
        self.calls.remove(call)
        if life >= POLICY.lasting:
            del self.unpaid[call.at]
        if before.lost and not after.lost:
            assert call.kind is CallKind.ISSUE
            assert displaces is True
            assert call.at > before.may_land_until
        if before.may_land_until > 0 and after.may_land_until == 0:
            assert call.at > before.may_land_until
            assert after.lost or displaces is not False
        assert after.tokens == fresh
        assert after.intent is None or after.intent.nonce != call.nonce
        assert before.intent in (after.intent, call)
        if displaces is not True and before.tokens is not None and before.tokens.expires_at > self.now:
            assert after.superseded[-1].access == before.tokens.access
        self._become(after, lands=True)

    @rule(pick=PICK, how=st.sampled_from(["failed", "unknown", "refresh", "issue", "final", "blocked"]))
    def fail(self, pick: int, how: str) -> None:
        call, before = self._call(pick), self.record
        if call is None:
            return
        match how:
            case "failed" | "unknown":
                after = call_failed(before, call, FAILURE, self.now + 5, unknown=how == "unknown")
            case "refresh":
                after = refresh_refused(before, call)
            case "blocked":
                after = blocked(before, call, FAILURE)
            case _:
                after = issue_refused(before, call, FAILURE, self.now + 5, POLICY, final=how == "final")
        if before.generation != call.generation:
            assert dataclasses.replace(after, intent=before.intent) == before, (
                "an older failure marks a newer session"
            )
        if before.intent != call or how == "unknown":
            assert after.intent == before.intent
        else:
            assert after.intent is None
        if before.tokens is not None and after.tokens is None:
            assert after.superseded[-1].access == before.tokens.access
            assert after.latch is not None
        self._become(after)

    @rule(displaces=DISPLACES)
    def probe(self, displaces: bool | None) -> None:
        after = accepted(self.record, self.record.generation, self.now, displaces=displaces)
        if self.record.may_land_until > 0 and after.may_land_until == 0:
            assert self.now > self.record.may_land_until
        self._become(after)

    @rule(behind=st.integers(0, 1))
    def settle(self, behind: int) -> None:
        over = self.record.intent
        try:
            after = close_by_probe(self.record, self.record.generation - behind, self.now, POLICY)
        except MoveRefused:
            assert behind
            return
        assert after.intent is None
        assert over is None or after.in_doubt
        self._become(after)

    @rule(behind=st.integers(0, 1))
    def end_outside(self, behind: int) -> None:
        before = self.record
        after = session_ended_outside(before, before.generation - behind, self.now)
        if behind or before.in_doubt or before.stop is not StopKind.NONE:
            assert after == before
        self._become(after)

    @rule(behind=st.integers(0, 1), sign_out=st.booleans())
    def let_go(self, behind: int, sign_out: bool) -> None:
        before, generation = self.record, self.record.generation - behind
        try:
            after = signed_out(before, generation, ()) if sign_out else nothing_left(before, generation)
        except MoveRefused:
            assert behind
            return
        assert after.tokens is None
        assert after.in_doubt is before.in_doubt
        if before.intent is not None:
            assert after.lost
            assert after.may_land_until >= before.intent.at + W
        self._become(after)

    @rule(
        which=st.sampled_from(["unlatch", "lost", "wait", "displaced", "paid", "held", "ended", "suspected"])
    )
    def small(self, which: str) -> None:
        record = self.record
        self._become(
            {
                "unlatch": unlatch(record),
                "lost": session_lost(record),
                "wait": try_not_before(record, self.now + 60),
                "displaced": displaced(record, record.generation, self.now, "Till"),
                "paid": ends_paid(record, (), self.now),
                "held": held_back(record, FAILURE, self.now + 60),
                "ended": token_ended(record, record.generation, self.now),
                "suspected": suspected(record, "client-2"),
            }[which]
        )

    @invariant()
    def the_budget_lost_no_stamp_of_a_call_without_a_lasting_token(self) -> None:
        kept = Counter(self.record.budget)
        for at, count in self.unpaid.items():
            if self.now < at + POLICY.budget_window:
                assert kept[at] >= count

    @invariant()
    def numbers_stay_sound(self) -> None:
        assert self.record.may_land_until <= self.now + W
        assert self.record.attempts >= 0
        assert len(self.record.superseded) <= POLICY.max_superseded + 20


Moves.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestMoves = Moves.TestCase
