"""Folding what a member knows into what the team's store holds: nothing newer, no stop and no token gets lost."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.record import CallKind, Debt, Intent, OwedEnd, SessionRecord, StopKind, Tokens
from nomba_desktop.domain.renewal import DEFAULT_POLICY
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.team import folded, is_older

NOW = 1000.0
RESTORED = Intent(CallKind.RESTORED, 0, "me", NOW, "nonce")


def tokens(name: str, issued: float = 900.0, ends: float = 3000.0) -> Tokens:
    return Tokens(Secret(name), Secret(f"r {name}"), issued, ends, 2500.0)


def fold(found: SessionRecord, known: SessionRecord) -> SessionRecord:
    return folded(found, known, RESTORED, NOW, DEFAULT_POLICY)


def names(ends: tuple[OwedEnd, ...]) -> list[str]:
    return [end.access.reveal() for end in ends]


def test_the_higher_generation_wins_and_the_other_token_is_kept_as_superseded() -> None:
    older, newer = SessionRecord(4, tokens("old")), SessionRecord(5, tokens("new"))
    for record in (fold(older, newer), fold(newer, older)):
        assert (record.generation, record.tokens) == (5, newer.tokens)
        assert names(record.superseded) == ["old"]
        assert record.intent == replace(RESTORED, generation=5)


def test_of_two_tokens_of_one_generation_the_later_one_is_a_generation_of_its_own() -> None:
    one, two = SessionRecord(5, tokens("one", 900)), SessionRecord(5, tokens("two", 901))
    for record in (fold(one, two), fold(two, one)):
        assert (record.generation, record.tokens) == (6, two.tokens)
        assert names(record.superseded) == ["one"]


def test_signed_out_on_one_side_is_signed_out() -> None:
    on, out = SessionRecord(5, tokens("one")), SessionRecord(5)
    for record in (fold(on, out), fold(out, on)):
        assert (record.generation, record.tokens, record.intent) == (5, None, None)
        assert names(record.superseded) == ["one"]


def test_the_later_stop_stands_and_of_equal_ones_the_stricter() -> None:
    revoked = SessionRecord(5, tokens("t"), StopKind.REVOKED, 3, debt=Debt(StopKind.REVOKED, 1.0))
    resumed = SessionRecord(6, tokens("u"), StopKind.NONE, 2)
    suspended = SessionRecord(6, tokens("u"), StopKind.SUSPENDED, 3)
    for other in (resumed, suspended):
        for record in (fold(revoked, other), fold(other, revoked)):
            assert (record.stop, record.stop_count, record.debt) == (StopKind.REVOKED, 3, revoked.debt)
            assert record.tokens == other.tokens
    lifted = SessionRecord(5, tokens("t"), StopKind.NONE, 4)
    assert fold(revoked, lifted).stop is StopKind.NONE


def test_a_call_that_is_not_carried_on_may_still_land() -> None:
    calling = SessionRecord(4, tokens("old"), intent=Intent(CallKind.REFRESH, 4, "b", NOW - 10, "x"))
    record = fold(calling, SessionRecord(5, tokens("new")))
    assert record.may_land_until == NOW - 10 + DEFAULT_POLICY.w
    assert fold(calling, calling).intent == calling.intent, "its own intent is doubt enough"
    assert fold(calling, calling).may_land_until == 0


def test_folding_a_record_into_itself_only_doubts_it() -> None:
    record = SessionRecord(5, tokens("t"), accepted_at=990.0, budget=(1.0, 2.0))
    assert fold(record, record) == replace(record, intent=replace(RESTORED, generation=5), accepted_at=0.0)
    assert fold(SessionRecord(), SessionRecord()) == SessionRecord()


def test_what_is_owed_is_owed_once_and_what_has_expired_is_gone() -> None:
    owed, dead = OwedEnd(Secret("owed"), 2000.0), OwedEnd(Secret("dead"), NOW)
    record = fold(
        SessionRecord(5, owed=(owed,), superseded=(dead,)), SessionRecord(5, owed=(owed,), lost=True)
    )
    assert names(record.owed) == ["owed"]
    assert record.superseded == ()
    assert record.lost


records = st.builds(
    SessionRecord,
    generation=st.integers(0, 4),
    tokens=st.none() | st.builds(tokens, st.sampled_from("abcd"), st.sampled_from([800.0, 900.0])),
    stop=st.sampled_from(StopKind),
    stop_count=st.integers(0, 3),
    lost=st.booleans(),
    may_land_until=st.sampled_from([0.0, NOW + 5, NOW + 50]),
)


@given(records, records)
def test_nothing_gets_lost_whatever_is_folded(found: SessionRecord, known: SessionRecord) -> None:
    record = fold(found, known)
    assert not is_older(record, found)
    assert not is_older(record, known)
    kept = names(record.superseded) + ([record.tokens.access.reveal()] if record.tokens else [])
    for side in (found, known):
        assert side.tokens is None or side.tokens.access.reveal() in kept
        assert (
            record.stop_count > side.stop_count
            or side.stop is StopKind.NONE
            or record.stop is not StopKind.NONE
        )
        assert record.lost or not side.lost
        assert record.may_land_until >= side.may_land_until
    assert record.tokens is None or record.in_doubt
    again = fold(record, known)
    assert (again.stop, again.stop_count) == (record.stop, record.stop_count), "folding again changes no stop"
    assert again.tokens == record.tokens
