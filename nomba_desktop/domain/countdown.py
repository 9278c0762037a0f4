"""A countdown is a pure function of a deadline and now; nothing of it is stored."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass


class Risk(enum.Enum):
    """What a countdown's colour says: risk, not time."""

    OK = "ok"
    REFRESHING = "refreshing"
    AMBER = "amber"
    RED = "red"


class Crossing(enum.Enum):
    """What a screen reader hears; never a tick."""

    ONE_MINUTE = "one_minute"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Countdown:
    """What to paint: text, the share of life left (0 to 1), and where the planned refresh sits (0 to 1 or None)."""

    text: str
    fraction: float
    notch: float | None
    expired: bool


#: From this many seconds on, days and hours are shown.
_DAYS_FROM = 48 * 3600
#: Unit, its size, and the length from which the next unit is used, in seconds.
_UNITS = (("s", 1, 60), ("min", 60, 3600), ("h", 3600, _DAYS_FROM))


def span(seconds: float) -> str:
    """A length of time as an operator says it: `26:24`, `1:02:03`, `3 d 4 h`; under a minute `42 s`."""
    whole = max(0, math.ceil(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, secs = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{secs:02d}"
    hours, minutes = divmod(minutes, 60)
    if whole < _DAYS_FROM:
        return f"{hours}:{minutes:02d}:{secs:02d}"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def ago(seconds: float) -> str:
    """`just now`, `6 s ago`, `3 min ago`, `2 h ago`, `4 d ago`."""
    whole = max(0, int(seconds))
    if whole < 2:
        return "just now"
    for unit, size, limit in _UNITS:
        if whole < limit:
            return f"{whole // size} {unit} ago"
    return f"{whole // 86_400} d ago"


def derive_countdown(
    deadline: float, now: float, *, issued_at: float | None = None, refresh_at: float | None = None
) -> Countdown:
    """What a countdown to `deadline` shows at `now` (epoch seconds)."""
    left = deadline - now
    life = deadline - issued_at if issued_at is not None and deadline > issued_at else None
    fraction = min(1.0, max(0.0, left / life)) if life else 0.0
    notch = None
    if life and refresh_at is not None and deadline - life < refresh_at < deadline:
        notch = (deadline - refresh_at) / life
    text = span(left) if left > 0 else f"expired {ago(-left)}"
    return Countdown(text, fraction, notch, left <= 0)


def next_tick(deadline: float, now: float) -> float:
    """Seconds until the text of the countdown changes; at least a millisecond, so that no timer spins."""
    left = deadline - now
    if left > 0:
        shown = math.ceil(left)
        # from two days up the text names whole hours
        step = 3600 if shown >= _DAYS_FROM else 1
        return max(left - (shown // step * step - 1), 0.001)
    gone = -left
    if gone < 2:
        return max(2 - gone, 0.001)
    step = next((size for _, size, limit in _UNITS if gone < limit), 86_400)
    return max((gone // step + 1) * step - gone, 0.001)
