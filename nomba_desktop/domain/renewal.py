"""When to renew, how long to wait after a failure, how many tries there are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits of the session protocol; all times in seconds.

    `w`: the longest time after which the server can still handle a call that its sender gave up.
    `budget_calls` auth calls in `budget_window` that brought no token living at least `lasting`.
    """

    w: float = 60.0
    budget_calls: int = 6
    budget_window: float = 600.0
    lasting: float = 60.0
    backoff_base: float = 5.0
    backoff_cap: float = 300.0
    max_refusals: int = 3
    lock_wait: float = 20.0
    reread_every: float = 0.05
    min_life: float = 30.0
    theft_gap: float = 300.0
    max_superseded: int = 6


DEFAULT_POLICY = Policy()
#: A stored time this many seconds ahead of the clock was written before the clock was set back.
CLOCK_SLACK = 5.0
#: No wait that a server or the back-off asks for is longer (seconds): see `read_retry_after`.
LONGEST_WAIT = 3600.0


def try_opens_at(next_try: float, failed_at: float | None, now: float) -> float:
    """When the next try may be made, by a clock that may have been set back since: `now` or earlier means at once.

    `failed_at` is the time of the failure that `next_try` was reckoned from, None where there was none.
    """
    if failed_at is not None and failed_at > now + CLOCK_SLACK:
        return 0.0
    return min(next_try, now + LONGEST_WAIT)


def refresh_margin(life: float) -> float:
    """Seconds before the end at which a token with that life is renewed: min(max(5 min, life/6), life/3)."""
    return max(0.0, min(max(300.0, life / 6), life / 3))


def refresh_moment(issued_at: float, expires_at: float, jitter: float) -> float:
    """The planned refresh: the margin before the end, and up to 10 % of the margin earlier (`jitter` 0 to 1)."""
    margin = refresh_margin(expires_at - issued_at)
    return expires_at - margin * (1 + 0.1 * min(max(jitter, 0.0), 1.0))


def backoff(attempts: int, policy: Policy, jitter: float, retry_after: float | None = None) -> float:
    """Seconds to wait after failure number `attempts` (1 is the first): doubling, capped, up to 25 % longer.

    A server's Retry-After is a lower bound.
    """
    wait = min(policy.backoff_cap, policy.backoff_base * 2.0 ** min(max(0, attempts - 1), 30))
    return max(wait * (1 + 0.25 * min(max(jitter, 0.0), 1.0)), retry_after or 0.0)


def within_window(stamps: tuple[float, ...], now: float, window: float) -> tuple[float, ...]:
    """The stamps of the last `window` seconds. Stamps from the future (a clock set back) count as now."""
    # written as in `budget_opens_at`: at the very moment it names, the stamp has to be outside
    return tuple(min(s, now) for s in stamps if now < s + window)


def budget_opens_at(stamps: tuple[float, ...], now: float, policy: Policy) -> float | None:
    """When the next auth call is allowed: None for now, else the time at which enough stamps are old."""
    recent = sorted(within_window(stamps, now, policy.budget_window))
    if len(recent) < policy.budget_calls:
        return None
    return recent[len(recent) - policy.budget_calls] + policy.budget_window
