"""The life of a sign-in, as every window shows it. Holds no secret; times are epoch seconds."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nomba_desktop.domain.errors import RateLimited
from nomba_desktop.domain.record import Failure, Intent, LatchKind, SessionRecord, StopKind
from nomba_desktop.domain.renewal import DEFAULT_POLICY
from nomba_desktop.domain.tokens import TokenFacts, describe
from nomba_desktop.domain.who import describe_who


@dataclass(frozen=True, slots=True)
class Life:
    """One token's life and what may be shown of it; present in every state that still has a token.

    `accepted_at` is when the server last answered 200 for it (0 = not asked yet).
    """

    generation: int
    issued_at: float
    expires_at: float
    refresh_at: float
    renewed_by: str
    accepted_at: float
    facts: TokenFacts


class WaitFor(enum.Enum):
    """What a session waits for; waiting is not failing."""

    KEYRING = "keyring"
    RATE_LIMIT = "rate_limit"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The store has not been opened yet."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """No token. `owed` ends at the server are still to be made; `lost`: an unknown session may live there."""

    owed: int = 0
    lost: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The first token is being fetched."""

    since: float


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token is at hand."""

    life: Life


@dataclass(frozen=True, slots=True)
class Refreshing:
    """The token is being renewed."""

    life: Life
    since: float


@dataclass(frozen=True, slots=True)
class Failing:
    """The last try failed. `next_try` is 0 when nothing is tried by itself (`latched`)."""

    failure: Failure
    attempts: int
    next_try: float
    latched: bool = False
    life: Life | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Waiting for the keyring or the rate limit."""

    what: WaitFor
    until: float = 0.0
    life: Life | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """The token ended and nothing renews it by itself."""

    life: Life


@dataclass(frozen=True, slots=True)
class HeldByOther:
    """Another process is signing in or refreshing; `who` and `since` come from its intent."""

    who: str
    since: float
    life: Life | None = None


@dataclass(frozen=True, slots=True)
class TakenAway:
    """The session was ended outside this app. `certain` only after the second time (protocol 4).

    `other` names the key of this app that displaces it, where that is the cause; then its own token may still live.
    """

    at: float
    life_left: float
    certain: bool
    other: str = ""
    life: Life | None = None


Session = (
    Unknown
    | SignedOut
    | SigningIn
    | SignedIn
    | Refreshing
    | Failing
    | Waiting
    | Expired
    | HeldByOther
    | TakenAway
)


@dataclass(frozen=True, slots=True)
class Activity:
    """What this process is doing for a session right now; None in every field means nothing."""

    calling_since: float | None = None
    waiting: WaitFor | None = None
    waiting_until: float = 0.0


IDLE = Activity()


def life_of(record: SessionRecord, me: str = "") -> Life | None:
    """The part of a record's tokens that may be shown, to the process named `me`."""
    tokens = record.tokens
    if tokens is None:
        return None
    return Life(
        record.generation,
        tokens.issued_at,
        tokens.expires_at,
        tokens.refresh_at,
        describe_who(tokens.renewed_by, me),
        record.accepted_at,
        describe(tokens.access, tokens.refresh),
    )


def derive_session(
    record: SessionRecord, activity: Activity, now: float, *, me: str, life: Life | None = None
) -> Session:
    """The session a record means at `now`, seen from the process named `me`.

    `now` matters only at the deadlines that wake the scheduler anyway; between them the result stays equal.
    `life` may be handed in when it is known already (describing a token costs a decode).
    """
    life = life or life_of(record, me)
    alive = life is not None and life.expires_at > now
    if activity.waiting is not None:
        return Waiting(activity.waiting, activity.waiting_until, life if alive else None)
    if activity.calling_since is not None:
        if life is not None:
            return Refreshing(life, activity.calling_since)
        return SigningIn(activity.calling_since)
    if record.latch is not None and record.latch.kind is not LatchKind.REFUSED:
        certain = record.theft_generation is not None and record.theft_generation < record.latch.generation
        return TakenAway(record.latch.at, record.latch.life_left, certain, record.latch.other, life)
    if (intent := _others_call(record, now, me)) is not None:
        return HeldByOther(describe_who(intent.who, me), intent.at, life if alive else None)
    if record.failure is not None and (record.latch is not None or record.attempts > 0):
        if record.latch is None and record.failure.reference == RateLimited.reference:
            return Waiting(WaitFor.RATE_LIMIT, record.next_try, life if alive else None)
        return Failing(
            record.failure,
            record.attempts,
            0.0 if record.latch else record.next_try,
            record.latch is not None,
            life,
        )
    if life is not None:
        return SignedIn(life) if alive else Expired(life)
    return SignedOut(len(record.owed), record.lost, record.failure)


def _others_call(record: SessionRecord, now: float, me: str) -> Intent | None:
    """Another process's call that is under way: after W its holder must be gone (protocol, "The record")."""
    intent = record.intent
    if intent is None or intent.who == me or record.failure is not None:
        return None
    return intent if abs(now - intent.at) < DEFAULT_POLICY.w else None


def is_stopped(record: SessionRecord) -> bool:
    """Whether a stop mark stands."""
    return record.stop is not StopKind.NONE


def life_in(session: Session) -> Life | None:
    """The token's life that a session state carries, if any."""
    match session:
        case SignedIn(life) | Expired(life):
            return life
        case Refreshing() | Failing() | Waiting() | HeldByOther() | TakenAway():
            return session.life
        case _:
            return None
