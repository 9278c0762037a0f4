"""Two clocks compared."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.clocks import MAX_OFFSET, Instant, clock_jump, clock_offset

NOON = 1_795_262_400.0  # Sat, 21 Nov 2026 12:00:00 GMT
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("date", "sent_at", "received_at", "offset"),
    [
        (DATE, NOON, NOON, 0.0),
        (DATE, NOON + 0.9, NOON + 0.95, 0.0),
        (DATE, NOON - 3, NOON, 0.0),
        (DATE, NOON + 1, NOON + 9, 0.0),
        (DATE, NOON - 10, NOON - 10, 10.0),
        (DATE, NOON - 0.4, NOON - 0.2, 0.0),
        (DATE, NOON + 2, NOON + 4, -3.0),
        (DATE, NOON + 10, NOON + 11, -11.0),
        (DATE, NOON + 3600, NOON + 3600, -3600.0),
        (DATE, NOON - 10 * MAX_OFFSET, NOON - 10 * MAX_OFFSET, MAX_OFFSET),
        (DATE, NOON + 10 * MAX_OFFSET, NOON + 10 * MAX_OFFSET, -MAX_OFFSET),
        ("Sat, 21 Nov 2026 12:00:00 -0000", NOON, NOON, 0.0),
        ("Sat, 21 Nov 2026 12:00:00", NOON, NOON, 0.0),
        ("Sat, 21 Nov 2026 13:00:00 +0100", NOON, NOON, 0.0),
        ("Saturday, 21-Nov-26 12:00:00 GMT", NOON, NOON, 0.0),
        (None, NOON, NOON, None),
        ("", NOON, NOON, None),
        ("yesterday", NOON, NOON, None),
        ("1795262400", NOON, NOON, None),
        ("Sat, 31 Nov 2026 12:00:00 GMT", NOON, NOON, None),
        ("Sat, 21 Nov 99999 12:00:00 GMT", NOON, NOON, None),
        (DATE + " " * 100_000, NOON, NOON, None),
    ],
)
def test_clock_offset(date: str | None, sent_at: float, received_at: float, offset: float | None) -> None:
    assert clock_offset(date, sent_at, received_at) == offset


@given(st.floats(1e9, 3e9), st.floats(0, 30), st.integers(-100_000, 100_000))
def test_the_offset_is_whole_near_the_truth_and_capped(sent: float, took: float, truth: int) -> None:
    received = sent + took
    heard = formatdate(int(sent + took / 2 + truth), usegmt=True)
    offset = clock_offset(heard, sent, received)
    assert offset is not None
    assert offset == int(offset)
    assert abs(offset) <= MAX_OFFSET
    if abs(truth) < MAX_OFFSET - 60:
        assert abs(offset - truth) <= took / 2 + 2


@given(st.text(max_size=80), st.text(max_size=30))
def test_any_header_is_read_or_none(text: str, tail: str) -> None:
    for header in (text, f"Sat, 21 Nov 2026 {tail}", f"{tail} 12:00:00 GMT"):
        offset = clock_offset(header, NOON, NOON)
        assert offset is None or abs(offset) <= MAX_OFFSET


@pytest.mark.parametrize(
    ("before", "after", "jump"),
    [
        (Instant(100, 5), Instant(130, 35), 0),
        (Instant(100, 5), Instant(3700, 35), 3570),
        (Instant(100, 5), Instant(-50, 10), -155),
    ],
)
def test_clock_jump(before: Instant, after: Instant, jump: float) -> None:
    assert clock_jump(before, after) == jump
