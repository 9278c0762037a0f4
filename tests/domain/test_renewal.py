"""When to renew, how long to wait, how many tries there are."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.renewal import (
    DEFAULT_POLICY,
    Policy,
    backoff,
    budget_opens_at,
    refresh_margin,
    refresh_moment,
    try_opens_at,
    within_window,
)


def test_the_limits_of_the_protocol() -> None:
    assert dataclasses.asdict(DEFAULT_POLICY) | {"w": 60, "budget_calls": 6, "budget_window": 600} == (
        dataclasses.asdict(DEFAULT_POLICY)
    )
    assert (DEFAULT_POLICY.lasting, DEFAULT_POLICY.max_refusals) == (60.0, 3)


@pytest.mark.parametrize(
    ("life", "margin"),
    [
        (10_800, 1800),  # 3 h: a sixth
        (3600, 600),  # 60 min: a sixth
        (1800, 300),  # 30 min: five minutes, which is a sixth too
        (1200, 300),  # five minutes
        (900, 300),  # a third and five minutes
        (600, 200),  # a third
        (60, 20),
        (0, 0),
        (-5, 0),
    ],
)
def test_refresh_margin(life: float, margin: float) -> None:
    assert refresh_margin(life) == pytest.approx(margin)


@pytest.mark.parametrize(
    ("jitter", "moment"),
    [(0.0, 1500.0), (0.5, 1485.0), (1.0, 1470.0), (-3.0, 1500.0), (7.0, 1470.0)],
)
def test_refresh_moment(jitter: float, moment: float) -> None:
    assert refresh_moment(0.0, 1800.0, jitter) == pytest.approx(moment)


@given(st.floats(0, 2e9), st.floats(0.5, 1e8), st.floats(0, 1))
def test_the_refresh_moment_lies_in_the_life(issued: float, life: float, jitter: float) -> None:
    expires = issued + life
    moment = refresh_moment(issued, expires, jitter)
    margin = min(max(300, life / 6), life / 3)
    slack = 1e-6 * max(1, expires)
    assert expires - 1.1 * margin - slack <= moment <= expires - margin + slack
    assert issued < moment < expires or life < 1e-6 * expires


@pytest.mark.parametrize(
    ("attempts", "jitter", "retry_after", "wait"),
    [
        (1, 0.0, None, 5),
        (2, 0.0, None, 10),
        (3, 0.0, None, 20),
        (6, 0.0, None, 160),
        (7, 0.0, None, 300),
        (100_000, 0.0, None, 300),
        (0, 0.0, None, 5),
        (-1, 0.0, None, 5),
        (1, 1.0, None, 6.25),
        (7, 1.0, None, 375),
        (1, 0.0, 42.0, 42),
        (7, 0.0, 42.0, 300),
        (1, 0.0, 3600.0, 3600),
        (1, 0.0, 0.0, 5),
    ],
)
def test_backoff(attempts: int, jitter: float, retry_after: float | None, wait: float) -> None:
    assert backoff(attempts, DEFAULT_POLICY, jitter, retry_after) == pytest.approx(wait)


@given(st.integers(1, 10_000), st.floats(0, 1), st.none() | st.floats(0, 3600))
def test_backoff_honours_retry_after_and_never_ends(
    attempts: int, jitter: float, retry: float | None
) -> None:
    wait = backoff(attempts, DEFAULT_POLICY, jitter, retry)
    assert wait >= max(DEFAULT_POLICY.backoff_base, retry or 0.0)
    assert wait <= max(1.25 * DEFAULT_POLICY.backoff_cap, retry or 0.0)
    assert backoff(attempts + 1, DEFAULT_POLICY, jitter, retry) >= wait


@pytest.mark.parametrize(
    ("stamps", "now", "kept"),
    [
        ((), 0, ()),
        ((0, 1, 599), 600, (1, 599)),
        ((700, 900), 600, (600, 600)),
        ((5, 3), 4, (4, 3)),
    ],
)
def test_within_window(stamps: tuple[float, ...], now: float, kept: tuple[float, ...]) -> None:
    assert within_window(stamps, now, 600) == kept


@pytest.mark.parametrize(
    ("stamps", "now", "opens"),
    [
        ((), 0, None),
        ((0, 1, 2, 3, 4), 5, None),
        ((0, 1, 2, 3, 4, 5), 5, 600),
        ((5, 4, 3, 2, 1, 0), 5, 600),
        ((0, 1, 2, 3, 4, 5, 6), 6, 601),
        ((0, 1, 2, 3, 4, 5), 600, None),
        ((900,) * 6, 100, 700),
    ],
)
def test_six_in_ten_minutes(stamps: tuple[float, ...], now: float, opens: float | None) -> None:
    assert budget_opens_at(stamps, now, DEFAULT_POLICY) == opens


def test_a_sleeper_that_wakes_at_the_named_moment_finds_the_budget_open() -> None:
    stamp = 1713.733125988427  # plus 600, minus itself, is a little less than 600
    opens = budget_opens_at((stamp,) * 6, stamp, DEFAULT_POLICY)
    assert opens is not None
    assert budget_opens_at((stamp,) * 6, opens, DEFAULT_POLICY) is None


STAMPS = st.lists(st.floats(1.7e9, 1.7e9 + 700), max_size=12).map(tuple)


@given(STAMPS, st.floats(1.7e9, 1.7e9 + 1400), st.integers(1, 8))
def test_the_budget_opens_exactly_when_it_says(stamps: tuple[float, ...], now: float, calls: int) -> None:
    policy = Policy(budget_calls=calls)
    opens = budget_opens_at(stamps, now, policy)
    recent = within_window(stamps, now, policy.budget_window)
    assert (opens is None) is (len(recent) < calls)
    if opens is not None:
        assert now < opens <= now + policy.budget_window
        seen = within_window(stamps, now, policy.budget_window)
        # a sleeper that wakes at that very moment must not find it closed, or it would spin
        assert budget_opens_at(seen, opens, policy) is None
        assert budget_opens_at(seen, opens - 0.001, policy) is not None


@given(STAMPS, st.floats(1.7e9, 1.7e9 + 700), st.floats(0, 700))
def test_a_stamp_inside_the_window_is_never_lost(stamps: tuple[float, ...], now: float, back: float) -> None:
    kept = within_window(stamps, now, 600)
    assert len(kept) == sum(1 for s in stamps if now < s + 600)
    assert all(s <= now for s in kept)
    assert len(within_window(kept, now - back, 600)) == len(kept)  # a clock set back forgets nothing


@pytest.mark.parametrize(
    ("next_try", "failed_at", "now", "opens"),
    [
        (130.0, 100.0, 110.0, 130.0),
        (130.0, None, 110.0, 130.0),
        (0.0, None, 110.0, 0.0),
        (130.0, 115.0, 110.0, 130.0),
        (130.0, 115.1, 110.0, 0.0),  # the clock was set back since the failure
        (99_999.0, None, 110.0, 3710.0),
    ],
)
def test_the_next_try_by_a_clock_that_may_have_been_set_back(
    next_try: float, failed_at: float | None, now: float, opens: float
) -> None:
    assert try_opens_at(next_try, failed_at, now) == opens
