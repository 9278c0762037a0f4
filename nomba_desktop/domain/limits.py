"""One rate limit per (host, account): what the X-Rate-Limit headers say, and who goes first (facts 7)."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace


class Priority(enum.IntEnum):
    """Order in which waiting calls are let through; smaller goes first."""

    CUT_OFF = 0
    SIGN_IN = 1
    REFRESH = 2
    PROBE = 3


@dataclass(frozen=True, slots=True)
class Lane:
    """What a limit is counted for: a host, an account, and a method, since POST counts apart from the rest."""

    host: str
    account_id: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """`X-Rate-Limit-Limit`, `-Remaining`, `-Window` of one answer; window in seconds."""

    limit: int
    remaining: int
    window: float


_WINDOW = re.compile(r"(\d{1,9})\s*(ms|s|m|h)?")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders | None:
    """The three headers, or None when any is missing or can't be read. A bare window
    number is seconds, from 1000 on milliseconds (Nomba counts in windows of 1 s and 60 s, facts 7)."""
    limit, remaining = headers.get("x-rate-limit-limit", ""), headers.get("x-rate-limit-remaining", "")
    window = _WINDOW.fullmatch(headers.get("x-rate-limit-window", "").strip().lower())
    if not (limit.strip().isdecimal() and remaining.strip().isdecimal() and window):
        return None
    if len(limit) > 9 or len(remaining) > 9:
        return None
    size = int(window[1])
    unit = _UNIT[window[2] or ("s" if size < 1000 else "ms")]
    return RateHeaders(int(limit), int(remaining), min(3600.0, size * unit))


def read_retry_after(value: str | None) -> float | None:
    """`Retry-After` as seconds (RFC 9110 10.2.3, the delay form), capped at an hour; None for anything else."""
    text = (value or "").strip()
    return min(3600.0, float(text)) if text.isdecimal() and len(text) < 10 else None


#: So many calls are remembered while nobody has said how many are allowed.
_REMEMBERED = 100


@dataclass(frozen=True, slots=True)
class LaneState:
    """What is known of one lane, in monotonic seconds: free calls until `resets_at`, none before `blocked_until`.

    Where the server's windows begin is unknown, so besides that no `window` of seconds, wherever it begins, sees
    more than `limit` calls; `recent` holds their times.
    """

    remaining: int | None = None
    resets_at: float = 0.0
    blocked_until: float = 0.0
    limit: int = 0
    window: float = 0.0
    recent: tuple[float, ...] = ()


def opens_at(state: LaneState, now: float) -> float:
    """When the next call may go: `now`, or later."""
    wait = max(now, state.blocked_until)
    if state.remaining is not None and state.remaining <= 0 and state.resets_at > now:
        wait = max(wait, state.resets_at)
    if state.limit and len(state.recent) >= state.limit:
        wait = max(wait, state.recent[-state.limit] + state.window)
    return wait


def took(state: LaneState, now: float) -> LaneState:
    """A call goes out: one less is left of the window."""
    remaining = None if state.remaining is None or state.resets_at <= now else state.remaining - 1
    recent = (*state.recent, now)[-min(state.limit or _REMEMBERED, 10 * _REMEMBERED) :]
    return replace(state, remaining=remaining, recent=recent)


def learned(
    state: LaneState, headers: RateHeaders | None, retry_after: float | None, now: float, under_way: int = 0
) -> LaneState:
    """An answer came: its headers open a window or, within one, can only lower what is left of it, since answers
    overtake each other; a Retry-After blocks the lane.

    `under_way` calls have gone out and are not answered: the server may not have counted them yet.
    """
    if headers is not None:
        remaining, resets_at = max(0, headers.remaining - under_way), now + headers.window
        if state.remaining is not None and now < state.resets_at:
            remaining, resets_at = min(remaining, state.remaining), min(resets_at, state.resets_at)
        state = replace(
            state, remaining=remaining, resets_at=resets_at, limit=headers.limit, window=headers.window
        )
    if retry_after:
        state = replace(state, blocked_until=max(state.blocked_until, now + retry_after))
    return state
