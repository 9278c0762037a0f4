"""One row of the table from a key and its session. What changes with time stays a deadline here."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, assert_never

from nomba_desktop.domain.countdown import Risk, span
from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState, Role
from nomba_desktop.domain.renewal import Policy
from nomba_desktop.domain.sessions import (
    Expired,
    Failing,
    HeldByOther,
    Life,
    Refreshing,
    Session,
    SignedIn,
    SignedOut,
    SigningIn,
    TakenAway,
    Unknown,
    WaitFor,
    Waiting,
    life_in,
)
from nomba_desktop.ui.derive.words import count, day

Tone = Literal["neutral", "ok", "warn", "bad", "info"]


class Offer(enum.Enum):
    """What a person can do about a key, in one gesture."""

    SIGN_IN = "sign_in"
    FIND_OUT_WHY = "find_out_why"
    RESUME = "resume"
    FINISH = "finish"


OFFER_WORDS = {
    Offer.SIGN_IN: "Sign in",
    Offer.FIND_OUT_WHY: "Find out why",
    Offer.RESUME: "Resume",
    Offer.FINISH: "Finish",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A token's life: start, end and planned refresh (None: none planned), and what its colour says."""

    issued_at: float
    expires_at: float
    refresh_at: float | None
    risk: Risk


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happens next: an offer to press, or words, in which `{}` stands for the time until `at`."""

    words: str = ""
    at: float = 0.0
    offer: Offer | None = None

    def text(self, now: float) -> str:
        """The words at `now`; once the moment has come, what is happening then."""
        if self.offer is not None:
            return OFFER_WORDS[self.offer]
        if not self.at:
            return self.words
        return self.words.format(span(self.at - now)) if self.at > now else "Due now"


@dataclass(frozen=True, slots=True)
class Row:
    """A row's props. `rank` 0 needs a person, 1 is ordinary, 2 is over; `search` is folded for comparing."""

    key_id: KeyId
    name: str
    environment: str
    environment_id: str
    live: bool
    masked_id: str
    role: Role
    state: str
    tone: Tone
    bar: Bar | None
    next: NextStep
    rank: int
    signed_in: bool
    key_state: KeyState
    search: str


@dataclass(frozen=True, slots=True)
class Status:
    """A session as one word, with what it means for countdown, next step and order."""

    state: str
    tone: Tone
    next: NextStep = NextStep()
    risk: Risk = Risk.OK
    refreshes: bool = True
    needs_person: bool = False


SIGN_IN = NextStep(offer=Offer.SIGN_IN)
FIND_OUT = NextStep(offer=Offer.FIND_OUT_WHY)
RESUME = NextStep(offer=Offer.RESUME)
FINISH = NextStep(offer=Offer.FINISH)
MAX_TRIES = Policy().budget_calls


def derive_row(
    key: ApiKey, session: Session, environment: Environment | None, now: float, zone: tzinfo | None = None
) -> Row:
    """The row of a key. `now` only decides whether a token has ended."""
    status = derive_status(key, session, now, zone)
    life = life_in(session) if key.state is KeyState.ACTIVE else None
    alive = life is not None and life.expires_at > now
    name = environment.name if environment else key.environment_id.capitalize()
    return Row(
        key_id=key.id,
        name=key.name,
        environment=name,
        environment_id=key.environment_id,
        live=key.environment_id == "live",
        masked_id=key.masked_client_id,
        role=key.role,
        state=status.state,
        tone=status.tone,
        bar=_bar(life, status) if life else None,
        next=status.next,
        rank=0 if status.needs_person else 2 if key.state is KeyState.REVOKED else 1,
        signed_in=alive,
        key_state=key.state,
        search=" ".join((key.name, key.client_id, key.role.value, name, *key.tags)).casefold(),
    )


def _bar(life: Life, status: Status) -> Bar:
    planned = life.refresh_at if status.refreshes and life.refresh_at else None
    return Bar(life.issued_at, life.expires_at, planned, status.risk)


def derive_status(key: ApiKey, session: Session, now: float, zone: tzinfo | None = None) -> Status:
    """The word, colour and next step of a key's state first, of its session otherwise."""
    match key.state:
        case KeyState.SUSPENDED:
            if key.steps_left:
                left = f"Suspended, {count(key.steps_left, 'step')} left"
                return Status(left, "bad", FINISH, needs_person=True)
            return Status("Suspended", "neutral", RESUME)
        case KeyState.REVOKING:
            left = f"Cut off, {count(key.steps_left, 'step')} left"
            return Status(left, "bad", FINISH, needs_person=True)
        case KeyState.REVOKED:
            return Status("Revoked", "neutral", _since(key, zone))
        case KeyState.ACTIVE:
            return _session_status(key, session, now)
        case _:
            assert_never(key.state)


def _since(key: ApiKey, zone: tzinfo | None) -> NextStep:
    return NextStep(f"Since {day(key.state_changed_at, zone)}" if key.state_changed_at else "")


def _session_status(key: ApiKey, session: Session, now: float) -> Status:  # noqa: C901, PLR0911, PLR0912 (one arm per state)
    match session:
        case Unknown():
            return Status("Not read yet", "neutral")
        case SignedOut():
            return Status("Signed out", "neutral", SIGN_IN)
        case SigningIn():
            return Status("Signing in", "info", NextStep("Signing in now"), Risk.REFRESHING)
        case SignedIn(life):
            if life.expires_at <= now:
                return _expired()
            if not key.auto_refresh:
                return Status("Signed in", "ok", NextStep("Refresh is off"), refreshes=False)
            return Status("Signed in", "ok", NextStep("Refresh in {}", life.refresh_at))
        case Refreshing():
            return Status("Refreshing", "info", NextStep("Refreshing now"), Risk.REFRESHING)
        case Failing():
            return _failing(session, now)
        case Waiting():
            return _waiting(session)
        case Expired():
            return _expired()
        case HeldByOther(who):
            words = f"{who} is renewing it" if who else "Another program is renewing it"
            return Status("Busy elsewhere", "info", NextStep(words), Risk.REFRESHING)
        case TakenAway():
            return Status("Taken elsewhere", "bad", FIND_OUT, Risk.RED, needs_person=True)
        case _:
            assert_never(session)


def _expired() -> Status:
    return Status("Expired", "bad", SIGN_IN, Risk.RED, refreshes=False, needs_person=True)


def _failing(session: Failing, now: float) -> Status:
    what = "Refresh" if session.life else "Sign-in"
    dead = session.life is None or session.life.expires_at <= now
    if session.latched:
        return Status(
            f"{what} refused",
            "bad",
            FIND_OUT,
            Risk.RED if dead else Risk.AMBER,
            refreshes=False,
            needs_person=True,
        )
    number = session.attempts + 1
    words = f"Try {number} of {MAX_TRIES} in {{}}" if number <= MAX_TRIES else "Next try in {}"
    step = NextStep(words, session.next_try) if session.next_try else FIND_OUT
    tone: Tone = "bad" if dead and session.life else "warn"
    return Status(f"{what} failing", tone, step, Risk.RED if dead else Risk.AMBER, needs_person=True)


def _waiting(session: Waiting) -> Status:
    match session.what:
        case WaitFor.KEYRING:
            words = "Unlock to refresh" if session.life else "Unlock to sign in"
            return Status("Waits for keyring", "warn", NextStep(words), Risk.AMBER)
        case WaitFor.RATE_LIMIT:
            step = (
                NextStep("Goes on in {}", session.until) if session.until else NextStep("Nomba asks to wait")
            )
            return Status("Waits for Nomba", "info", step)
        case _:
            assert_never(session.what)
