"""A countdown says the right thing, and says when it will say something else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nomba_desktop.domain.countdown import Countdown, ago, derive_countdown, next_tick, span

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (26 * 60 + 24, "26:24"),
        (26 * 60 + 23.2, "26:24"),
        (60, "1:00"),
        (59.5, "1:00"),
        (59, "59 s"),
        (1, "1 s"),
        (0.01, "1 s"),
        (0, "0 s"),
        (-5, "0 s"),
        (61, "1:01"),
        (3599, "59:59"),
        (3599.5, "1:00:00"),
        (3600, "1:00:00"),
        (3723, "1:02:03"),
        (2 * DAY - 1, "47:59:59"),
        (2 * DAY, "2 d 0 h"),
        (3 * DAY + 4 * 3600 + 59, "3 d 4 h"),
    ],
)
def test_span(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "just now"),
        (0, "just now"),
        (1.99, "just now"),
        (2, "2 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3 * 60 + 59, "3 min ago"),
        (3600, "1 h ago"),
        (2 * DAY - 1, "47 h ago"),
        (2 * DAY, "2 d ago"),
        (40 * DAY, "40 d ago"),
    ],
)
def test_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text


@pytest.mark.parametrize(
    ("deadline", "now", "issued", "refresh", "shown"),
    [
        (1800, 216, 0, 1500, Countdown("26:24", 0.88, 1 / 6, False)),
        (1800, 0, 0, None, Countdown("30:00", 1.0, None, False)),
        (1800, -60, 0, None, Countdown("31:00", 1.0, None, False)),
        (1800, 1800, 0, 1500, Countdown("expired just now", 0.0, 1 / 6, True)),
        (1800, 1980, 0, 1500, Countdown("expired 3 min ago", 0.0, 1 / 6, True)),
        (1800, 900, None, 1500, Countdown("15:00", 0.0, None, False)),
        (1800, 900, 1800, 1500, Countdown("15:00", 0.0, None, False)),
        (1800, 900, 0, 1800, Countdown("15:00", 0.5, None, False)),
        (1800, 900, 0, 0, Countdown("15:00", 0.5, None, False)),
    ],
)
def test_derive_countdown(
    deadline: float, now: float, issued: float | None, refresh: float | None, shown: Countdown
) -> None:
    assert derive_countdown(deadline, now, issued_at=issued, refresh_at=refresh) == shown


def amount(text: str) -> float:
    """What the text says in seconds: negative after the end."""
    words = text.split()
    if words[0] == "expired":
        return (
            0.0
            if words[1] == "just"
            else -float(words[1]) * {"s": 1, "min": 60, "h": 3600, "d": DAY}[words[2]]
        )
    if words[-1] == "s":
        return float(words[0])
    if words[-1] == "h":
        return float(words[0]) * DAY + float(words[2]) * 3600
    return float(sum(int(part) * 60**place for place, part in enumerate(reversed(text.split(":")))))


DEADLINES = st.sampled_from([0.0, 1_795_262_400.0, 1_795_262_400.123]) | st.floats(1.7e9, 1.9e9)


@given(DEADLINES, st.floats(-3 * DAY, 5 * DAY), st.floats(0, DAY))
def test_it_never_counts_up(deadline: float, left: float, later: float) -> None:
    first = derive_countdown(deadline, deadline - left, issued_at=deadline - 3600)
    second = derive_countdown(deadline, deadline - left + later, issued_at=deadline - 3600)
    assert amount(second.text) <= amount(first.text)
    assert second.fraction <= first.fraction
    assert second.expired >= first.expired
    assert 0 <= first.fraction <= 1


@given(DEADLINES, st.floats(-3 * DAY, 5 * DAY))
@example(1800.0, 1000.0)
@example(1800.0, 0.0)
@example(1800.0, -0.0004)
@example(1800.0, 60.0)
@example(1800.0, 999.0004)
@example(1800.0, 2 * DAY)
@example(1800.0, 2 * DAY + 0.5)
@example(1800.0, -2.0)
@example(1800.0, -59.5)
@example(1800.0, -60.0)
@example(1800.0, -2 * DAY)
def test_the_next_tick_is_when_the_text_changes(deadline: float, left: float) -> None:
    now = deadline - left
    wait = next_tick(deadline, now)
    assert 0.001 <= wait <= DAY + 1

    def text_after(seconds: float) -> str:
        return derive_countdown(deadline, now + seconds).text

    changed = {text_after(part * (wait - 0.002)) for part in (0.25, 0.5, 0.75, 1.0)} - {text_after(0)}
    assert wait < 0.005 or not changed
    assert text_after(wait + 0.002) != text_after(0)


def test_an_hour_is_crossed_second_by_second() -> None:
    deadline, now = 7200.0, 3597.0
    seen: list[str] = []
    while len(seen) < 6:
        seen.append(derive_countdown(deadline, now).text)
        now += next_tick(deadline, now)
    assert seen == ["1:00:03", "1:00:02", "1:00:01", "1:00:00", "59:59", "59:58"]


def test_after_the_end_it_wakes_once_a_minute_and_then_once_an_hour() -> None:
    now, waits = 1860.0, []
    for _ in range(62):
        waits.append(next_tick(1800.0, now))
        now += waits[-1]
    assert waits == [60.0] * 59 + [3600.0] * 3
