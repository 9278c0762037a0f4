"""Which moments of a session matter next."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nomba_desktop.domain.keys import ApiKey, KeyState
from nomba_desktop.domain.record import SessionRecord, StopKind, Tokens
from nomba_desktop.domain.renewal import CLOCK_SLACK, DEFAULT_POLICY, Policy, try_opens_at


class What(enum.Enum):
    """What is due."""

    RENEW = "renew"
    PROBE = "check"
    PAY = "end an old token of"
    JUDGE = "look at"


@dataclass(frozen=True, slots=True)
class Due:
    """Something due at a wall time (epoch seconds)."""

    at: float
    what: What


def moments(
    key: ApiKey, record: SessionRecord, now: float, probe_every: float, policy: Policy = DEFAULT_POLICY
) -> tuple[Due, ...]:
    """Every coming or overdue moment of a session.

    Renewal only for an active key with automatic refresh and no latch. A signed-in key is probed every `probe_every`
    seconds (0: never). An expiry is judged when it comes, and an open intent when its holder must be gone.
    """
    found: list[Due] = []
    tokens, intent = record.tokens, record.intent
    stopped = record.stop is not StopKind.NONE or key.state is not KeyState.ACTIVE
    if record.owed:
        found.append(Due(now, What.PAY))
    if stopped:
        return tuple(found)
    if key.auto_refresh and record.latch is None:
        renew_at = _renew_at(record, now, policy)
        if renew_at is not None:
            found.append(Due(renew_at, What.RENEW))
    if intent is not None and intent.at + policy.w > now:
        found.append(Due(intent.at + policy.w, What.JUDGE))
    if tokens is not None and tokens.expires_at > now:
        found.append(Due(tokens.expires_at, What.JUDGE))
        if probe_every > 0 and intent is None:
            found.append(Due(_probe_at(record.accepted_at, tokens, now, probe_every), What.PROBE))
    return tuple(found)


def _renew_at(record: SessionRecord, now: float, policy: Policy) -> float | None:
    """The planned refresh; after a failure the next try; an intent whose holder is gone when it must be gone."""
    failure, intent, tokens = record.failure, record.intent, record.tokens
    opens = try_opens_at(record.next_try, failure.at if failure else None, now)
    if intent is not None and (failure is None or failure.at < intent.at):
        return min(intent.at, now) + policy.w
    if intent is not None or (failure is not None and record.attempts > 0):
        return opens
    if tokens is None:
        return opens if record.in_doubt and record.next_try > 0 else None
    if tokens.issued_at > now + CLOCK_SLACK:
        return opens  # the clock was set back: when this token ends, nobody knows
    return max(tokens.refresh_at, opens)


def _probe_at(accepted_at: float, tokens: Tokens, now: float, probe_every: float) -> float:
    last = max(accepted_at, tokens.issued_at)
    return now if last > now + CLOCK_SLACK else last + probe_every
