"""The shared record of one session and the questions a reader asks it (session protocol, "The record").

Everything is a frozen value; the moves are pure functions in `moves`. Times are epoch seconds of this computer.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nomba_desktop.domain.cutoff import Line, WhatHappened
from nomba_desktop.domain.secret import Secret


class CallKind(enum.Enum):
    """A call that changes the session at the server."""

    ISSUE = "issue"
    REFRESH = "refresh"
    RESTORED = "restored"


class StopKind(enum.Enum):
    """The stop mark: the record says that the key must not be used."""

    NONE = "none"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class LatchKind(enum.Enum):
    """Why nothing is tried until a person acts."""

    REFUSED = "refused"
    TAKEN_ELSEWHERE = "taken_elsewhere"
    DISPLACED = "displaced"


@dataclass(frozen=True, slots=True)
class Tokens:
    """One session's tokens. `expires_at` is the earlier of `expiresAt` and `exp`, in this computer's time."""

    access: Secret
    refresh: Secret | None
    issued_at: float
    expires_at: float
    refresh_at: float
    renewed_by: str = ""

    @property
    def life(self) -> float:
        """Seconds from issue to expiry."""
        return max(0.0, self.expires_at - self.issued_at)


@dataclass(frozen=True, slots=True)
class Intent:
    """A call that changes the session is under way. `nonce` lets its writer clear its own intent only."""

    kind: CallKind
    generation: int
    who: str
    at: float
    nonce: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failed try, for every process to show: `reference` and `sentence` of its error."""

    reference: str
    title: str
    sentence: str
    details: str
    at: float


@dataclass(frozen=True, slots=True)
class Latch:
    """Nothing is tried by itself. `other` names the key that displaces this one, where that is the reason."""

    kind: LatchKind
    generation: int
    at: float
    life_left: float = 0.0
    other: str = ""


@dataclass(frozen=True, slots=True)
class SparedRefresh:
    """A refresh token whose session was ended; it may have been spared. `bearer` is the access token it came with,
    `yields` how often it gave a session after that: twice means that it is not single-use."""

    refresh: Secret
    bearer: Secret | None = None
    yields: int = 0


@dataclass(frozen=True, slots=True)
class Debt:
    """An unfinished cut-off; `control` is the generation for which a 200 was noted before the act, at `control_at`,
    `acted` the one whose end may have been asked for.

    `tokens_left`: tokens have to be ended and proved dead. `secret_left`: the secret has to be proved dead and deleted;
    `secret_dead`: signing in with it was refused, deleting it is left; `secret_worked`: it did sign in before.
    `refreshes` are to be tried once their session was ended. `lines` is what was shown last.
    """

    kind: StopKind
    since: float
    control: int | None = None
    what: WhatHappened = WhatHappened.SUSPENDING
    reason: str = ""
    operator: str = ""
    tokens_left: bool = True
    secret_left: bool = False
    secret_dead: bool = False
    secret_worked: bool = False
    control_at: float = 0.0
    acted: int | None = None
    refreshes: tuple[SparedRefresh, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def steps_left(self) -> int:
        """How many things are still to be done or proved."""
        survivors = not self.tokens_left and bool(self.refreshes)
        return int(self.tokens_left) + int(self.secret_left) + int(survivors)


@dataclass(frozen=True, slots=True)
class OwedEnd:
    """An access token that still has to be ended at the server: after an offline sign-out, or superseded."""

    access: Secret
    expires_at: float


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """Everything that processes share about one session.

    `generation` rises by one with every write of tokens. `stop_count` rises with every stop or resume; token
    writes never touch it. `may_land_until`: until then the server may still handle a call whose fate nobody
    knows; it stays set afterwards until something proves which token lives (0 = nothing abandoned).
    `lost`: a session may exist at the server that nobody here knows. `budget` holds the times of auth calls that
    have not yielded a lasting token; `login_at` is the time of the last issue;
    `suspect` the client id of our own key that may have ended this session.
    """

    generation: int = 0
    tokens: Tokens | None = None
    stop: StopKind = StopKind.NONE
    stop_count: int = 0
    intent: Intent | None = None
    may_land_until: float = 0.0
    lost: bool = False
    debt: Debt | None = None
    superseded: tuple[OwedEnd, ...] = ()
    owed: tuple[OwedEnd, ...] = ()
    attempts: int = 0
    next_try: float = 0.0
    refusals: int = 0
    latch: Latch | None = None
    theft_generation: int | None = None
    budget: tuple[float, ...] = ()
    failure: Failure | None = None
    accepted_at: float = 0.0
    suspect: str = ""
    login_at: float = 0.0

    @property
    def in_doubt(self) -> bool:
        """Whether the stored tokens may not be the live ones: intent open, or may_land, or lost."""
        return self.intent is not None or self.may_land_until > 0 or self.lost


EMPTY = SessionRecord()


class Verdict(enum.Enum):
    """What a look at the record says to somebody who wants a token."""

    USABLE = "usable"
    STOPPED = "stopped"
    PENDING = "pending"
    STALE = "stale"
    ABSENT = "absent"


def look(record: SessionRecord, now: float, min_life: float, replacing: int | None = None) -> Verdict:
    """The three questions of the hot read, in order (protocol, "Reading" 1 and 3).

    `min_life` is in seconds; `replacing` is the generation that the caller wants replaced. A stop refuses; an open
    intent is not usable; then a token that lives long enough and isn't the one to be replaced is handed out.
    """
    if record.stop is not StopKind.NONE:
        return Verdict.STOPPED
    if record.intent is not None:
        return Verdict.PENDING
    if record.tokens is None:
        return Verdict.ABSENT
    if replacing is not None and record.generation <= replacing:
        return Verdict.STALE
    return Verdict.USABLE if record.tokens.expires_at - now > min_life else Verdict.STALE
