"""One rate limit per lane."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.limits import (
    Lane,
    LaneState,
    Priority,
    RateHeaders,
    learned,
    opens_at,
    read_rate_headers,
    read_retry_after,
    took,
)


def headers(limit: str = "40", remaining: str = "39", window: str = "1s") -> dict[str, str]:
    return {"x-rate-limit-limit": limit, "x-rate-limit-remaining": remaining, "x-rate-limit-window": window}


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        (headers(), RateHeaders(40, 39, 1.0)),
        (headers(window="60s"), RateHeaders(40, 39, 60.0)),
        (headers(window="1000ms"), RateHeaders(40, 39, 1.0)),
        (headers(window="1 m"), RateHeaders(40, 39, 60.0)),
        (headers(window="1H"), RateHeaders(40, 39, 3600.0)),
        (headers(window="60"), RateHeaders(40, 39, 60.0)),
        (headers(window="1000"), RateHeaders(40, 39, 1.0)),
        (headers(window="99h"), RateHeaders(40, 39, 3600.0)),
        (headers(limit=" 15 ", remaining=" 0 "), RateHeaders(15, 0, 1.0)),
        (headers(limit=""), None),
        (headers(remaining="-1"), None),
        (headers(remaining="1.5"), None),
        (headers(limit="1" * 10), None),
        (headers(limit="²"), None),
        (headers(window="soon"), None),
        (headers(window=""), None),
        (headers(window="9" * 100_000), None),
        ({"x-rate-limit-limit": "40"}, None),
        ({}, None),
    ],
)
def test_read_rate_headers(given_: dict[str, str], read: RateHeaders | None) -> None:
    assert read_rate_headers(given_) == read


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_any_headers_are_read_or_none(limit: str, remaining: str, window: str) -> None:
    read = read_rate_headers(headers(limit, remaining, window))
    assert read is None or (read.limit >= 0 and read.remaining >= 0 and 0 <= read.window <= 3600)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("99999", 3600.0),
        ("1" * 10, None),
        ("-1", None),
        ("1.5", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_read_retry_after(value: str | None, seconds: float | None) -> None:
    assert read_retry_after(value) == seconds


def test_what_is_not_known_does_not_wait() -> None:
    state = LaneState()
    for _ in range(200):
        assert opens_at(state, 5.0) == 5.0
        state = took(state, 5.0)
    assert len(state.recent) <= 100


def test_a_spent_window_waits_for_its_end_and_so_does_the_next_one() -> None:
    state = learned(took(LaneState(), 9.9), RateHeaders(2, 1, 1.0), None, 10.0)
    assert opens_at(state, 10.0) == 10.0
    state = took(state, 10.0)
    assert opens_at(state, 10.2) == 11.0
    state = took(state, 11.0)
    assert opens_at(state, 11.0) == 11.0
    state = took(state, 11.1)
    assert opens_at(state, 11.2) == 12.0


@given(st.integers(1, 5), st.floats(0.1, 60), st.lists(st.floats(0, 30), min_size=1, max_size=30))
def test_no_window_wherever_it_begins_sees_more_than_the_limit(
    limit: int, window: float, pauses: list[float]
) -> None:
    state, now, sent = learned(LaneState(), RateHeaders(limit, limit, window), None, 0.0), 0.0, []
    for pause in pauses:
        now = opens_at(state, now + pause)
        state = took(state, now)
        sent.append(now)
    for begin in sent:
        assert sum(1 for at in sent if begin <= at < (begin + window) * (1 - 1e-9)) <= limit


def test_answers_that_overtake_each_other_only_lower_what_is_left() -> None:
    state = learned(LaneState(), RateHeaders(15, 3, 1.0), None, 10.0)
    state = learned(state, RateHeaders(15, 9, 1.0), None, 10.1)
    assert (state.remaining, state.resets_at) == (3, 11.0)
    assert learned(state, RateHeaders(15, 9, 1.0), None, 11.0).remaining == 9


def test_calls_under_way_are_counted_as_taken() -> None:
    state = learned(LaneState(), RateHeaders(15, 3, 1.0), None, 10.0, under_way=5)
    assert state.remaining == 0
    assert opens_at(state, 10.5) == 11.0


def test_retry_after_blocks_and_a_shorter_one_does_not_shorten_it() -> None:
    state = learned(LaneState(), None, 30.0, 10.0)
    state = learned(state, RateHeaders(40, 39, 1.0), 1.0, 11.0)
    assert opens_at(state, 11.0) == 40.0
    assert opens_at(state, 41.0) == 41.0
    assert learned(state, None, 0.0, 12.0) == learned(state, None, None, 12.0) == state


ANSWERS = st.tuples(
    st.none() | st.builds(RateHeaders, st.integers(0, 100), st.integers(0, 100), st.floats(0, 3600)),
    st.none() | st.floats(0, 3600),
    st.floats(0, 100),
    st.integers(0, 5),
)


@given(st.lists(ANSWERS | st.floats(0, 100), max_size=20))
def test_a_lane_is_never_open_in_the_past_nor_shut_for_longer_than_an_hour(steps: list[object]) -> None:
    state, now = LaneState(), 0.0
    for step in steps:
        if isinstance(step, tuple):
            answer, retry, passed, under_way = step
            now += passed
            before = opens_at(LaneState(blocked_until=state.blocked_until), now)
            state = learned(state, answer, retry, now, under_way)
            assert opens_at(state, now) >= before
        else:
            assert isinstance(step, float)
            now += step
            state = took(state, now)
        assert now <= opens_at(state, now) <= now + 3600
        assert opens_at(state, opens_at(state, now)) == opens_at(state, now)


def test_cut_off_goes_first() -> None:
    assert sorted(Priority) == [Priority.CUT_OFF, Priority.SIGN_IN, Priority.REFRESH, Priority.PROBE]


def test_posts_are_counted_apart() -> None:
    assert (
        len({Lane("h", "a"), Lane("h", "a", "GET"), Lane("h", "b"), Lane("i", "a"), Lane("h", "a", "POST")})
        == 4
    )
