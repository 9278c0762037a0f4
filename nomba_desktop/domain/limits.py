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
    """What a limit is counted for."""

    host: str
    account_id: str


@dataclass(frozen=True, slots=True)
class RateHeaders:
    """`X-Rate-Limit-Limit`, `-Remaining`, `-Window` of one answer; window in seconds."""

    limit: int
    remaining: int
    window: float


_WINDOW = re.compile(r"(\d{1,9})\s*(ms|s|m|h)?")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders | None:
    """The three headers, or None when any is missing or can't be read. A bare window number is seconds."""
    limit, remaining = headers.get("x-rate-limit-limit", ""), headers.get("x-rate-limit-remaining", "")
    window = _WINDOW.fullmatch(headers.get("x-rate-limit-window", "").strip().lower())
    if not (limit.strip().isdecimal() and remaining.strip().isdecimal() and window):
        return None
    if len(limit) > 9 or len(remaining) > 9:
        return None
    return RateHeaders(int(limit), int(remaining), min(3600.0, int(window[1]) * _UNIT[window[2] or "s"]))


def read_retry_after(value: str | None) -> float | None:
    """`Retry-After` as seconds (RFC 9110 10.2.3, the delay form), capped at an hour; None for anything else."""
    text = (value or "").strip()
    return min(3600.0, float(text)) if text.isdecimal() and len(text) < 10 else None


@dataclass(frozen=True, slots=True)
class LaneState:
    """What is known of one lane, in monotonic seconds: free calls until `resets_at`, none before `blocked_until`."""

    remaining: int | None = None
    resets_at: float = 0.0
    blocked_until: float = 0.0


def opens_at(state: LaneState, now: float) -> float:
    """When the next call may go: `now`, or later."""
    wait = max(now, state.blocked_until)
    if state.remaining is not None and state.remaining <= 0 and state.resets_at > now:
        wait = max(wait, state.resets_at)
    return wait


def took(state: LaneState, now: float) -> LaneState:
    """A call goes out: one less is left of the window."""
    if state.remaining is None:
        return state
    if state.resets_at <= now:
        return replace(state, remaining=None)
    return replace(state, remaining=state.remaining - 1)


def learned(
    state: LaneState, headers: RateHeaders | None, retry_after: float | None, now: float
) -> LaneState:
    """An answer came: its headers count from now, a Retry-After blocks the lane."""
    if headers is not None:
        state = replace(state, remaining=headers.remaining, resets_at=now + headers.window)
    if retry_after:
        state = replace(state, blocked_until=max(state.blocked_until, now + retry_after))
    return state
