"""Which moments of a session matter next."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nomba_desktop.domain.keys import ApiKey, KeyState
from nomba_desktop.domain.record import SessionRecord, StopKind


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


def moments(key: ApiKey, record: SessionRecord, now: float, probe_every: float) -> tuple[Due, ...]:
    """Every coming or overdue moment of a session.

    Renewal only for an active key with automatic refresh and no latch, at the planned refresh or the next try. A
    signed-in key is probed every `probe_every` seconds (0: never). An expiry is judged when it comes.
    """
    found: list[Due] = []
    tokens = record.tokens
    stopped = record.stop is not StopKind.NONE or key.state is not KeyState.ACTIVE
    if record.owed:
        found.append(Due(max(record.next_try, now), What.PAY))
    if stopped:
        return tuple(found)
    if key.auto_refresh and record.latch is None:
        if tokens is not None:
            found.append(Due(max(tokens.refresh_at, record.next_try), What.RENEW))
        elif record.attempts > 0 or (record.in_doubt and record.next_try > 0):
            found.append(Due(record.next_try, What.RENEW))
    if tokens is not None and tokens.expires_at > now:
        found.append(Due(tokens.expires_at, What.JUDGE))
        if probe_every > 0:
            last = max(record.accepted_at, tokens.issued_at)
            found.append(Due(last + probe_every, What.PROBE))
    return tuple(found)
