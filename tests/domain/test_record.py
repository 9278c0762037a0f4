"""The hot read's three questions, in their order."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.record import (
    EMPTY,
    CallKind,
    Latch,
    LatchKind,
    SessionRecord,
    StopKind,
    Tokens,
    Verdict,
    look,
)
from tests.domain.records import FAILURE, intent, tokens

GOOD = SessionRecord(generation=3, tokens=tokens("c"))
LATCH = Latch(LatchKind.DISPLACED, 3, 1.0)


@pytest.mark.parametrize(
    ("changes", "now", "min_life", "replacing", "verdict"),
    [
        ({}, 0.0, 30.0, None, Verdict.USABLE),
        ({}, 1769.9, 30.0, None, Verdict.USABLE),
        ({}, 1770.0, 30.0, None, Verdict.STALE),
        ({}, 1799.9, 0.0, None, Verdict.USABLE),
        ({}, 1800.0, 0.0, None, Verdict.STALE),
        ({}, 0.0, 30.0, 2, Verdict.USABLE),
        ({}, 0.0, 30.0, 3, Verdict.STALE),
        ({}, 0.0, 30.0, 4, Verdict.STALE),
        ({"tokens": None}, 0.0, 30.0, None, Verdict.ABSENT),
        ({"tokens": None}, 0.0, 30.0, 3, Verdict.ABSENT),
        ({"intent": intent(3)}, 0.0, 30.0, None, Verdict.PENDING),
        ({"intent": intent(3), "tokens": None}, 0.0, 30.0, None, Verdict.PENDING),
        ({"stop": StopKind.SUSPENDED}, 0.0, 30.0, None, Verdict.STOPPED),
        ({"stop": StopKind.REVOKED, "intent": intent(3)}, 0.0, 30.0, None, Verdict.STOPPED),
        ({"stop": StopKind.REVOKED, "tokens": None}, 0.0, 30.0, 3, Verdict.STOPPED),
        ({"latch": LATCH, "failure": FAILURE, "attempts": 9}, 0.0, 30.0, None, Verdict.USABLE),
        ({"may_land_until": 60.0}, 0.0, 30.0, None, Verdict.USABLE),
    ],
)
def test_look(
    changes: dict[str, object], now: float, min_life: float, replacing: int | None, verdict: Verdict
) -> None:
    record = dataclasses.replace(GOOD, **changes)  # type: ignore[arg-type]
    assert look(record, now, min_life, replacing) is verdict


@given(
    st.builds(
        SessionRecord,
        generation=st.integers(0, 5),
        tokens=st.none() | st.floats(0, 3600).map(lambda life: tokens(life=life)),
        stop=st.sampled_from(StopKind),
        intent=st.none() | st.just(intent()),
        may_land_until=st.floats(0, 100),
        lost=st.booleans(),
    ),
    st.floats(0, 3600),
    st.floats(0, 100),
    st.none() | st.integers(0, 6),
)
def test_handed_out_only_what_may_be(
    record: SessionRecord, now: float, min_life: float, replacing: int | None
) -> None:
    verdict = look(record, now, min_life, replacing)
    if verdict is Verdict.USABLE:
        assert record.stop is StopKind.NONE
        assert record.intent is None
        assert record.tokens is not None
        assert record.tokens.expires_at > now + min_life or min_life == 0
        assert replacing is None or record.generation > replacing
    if record.stop is not StopKind.NONE:
        assert verdict is Verdict.STOPPED


def test_in_doubt() -> None:
    assert not EMPTY.in_doubt
    assert SessionRecord(intent=intent()).in_doubt
    assert SessionRecord(intent=intent(kind=CallKind.RESTORED)).in_doubt
    assert SessionRecord(may_land_until=0.5).in_doubt
    assert SessionRecord(lost=True).in_doubt


def test_life() -> None:
    assert tokens(issued=5.0, life=60.0).life == 60.0
    assert Tokens(tokens().access, None, 10.0, 4.0, 4.0).life == 0.0
