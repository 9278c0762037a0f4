"""The panel beside the table: what one key's session is, until when, why, and what can be done."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import assert_never

from nomba_desktop.domain.clocks import SHOWN_OFFSET
from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState, SharedUse
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
from nomba_desktop.domain.text import short_id
from nomba_desktop.ui.derive.rows import Bar, Tone, derive_row
from nomba_desktop.ui.derive.token_tab import TokenLine, derive_token_lines
from nomba_desktop.ui.derive.words import clock_time, count, day, day_and_time


class Do(enum.Enum):
    """A button of the panel; they stand in this order."""

    COPY = "Copy token"
    REFRESH = "Refresh now"
    SIGN_IN = "Sign in"
    SIGN_IN_HERE = "Sign in here"
    LEAVE = "Leave it"
    UNLOCK = "Unlock keyring"
    EDIT = "Edit key"
    SIGN_OUT = "Sign out"
    SUSPEND = "Suspend…"
    RESUME = "Resume"
    FINISH = "Finish"
    REVOKE = "Revoke…"


@dataclass(frozen=True, slots=True)
class DoButton:
    """A button, and the reason why it is off (empty: it is on)."""

    do: Do
    off: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """An explanation: heading, what happened, what is ruled out, what acting costs, and the small print."""

    heading: str
    text: str
    ruled_out: str = ""
    warning: str = ""
    buttons: tuple[DoButton, ...] = ()
    footnote: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True)
class DetailProps:
    """The panel's props. `auto_refresh` None means that no switch is shown; `lines` are those of the Token tab;
    `cut_off` stands at the bottom."""

    key_id: KeyId
    generation: int
    name: str
    environment: str
    live: bool
    account: str
    state: str
    tone: Tone
    bar: Bar | None
    ring_words: str
    headline: str
    sub: str
    auto_refresh: bool | None = None
    buttons: tuple[DoButton, ...] = ()
    story: Story | None = None
    lines: tuple[TokenLine, ...] = ()
    shared: bool = False
    cut_off: tuple[DoButton, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    headline: str
    sub: str = ""
    switch: bool = False
    buttons: tuple[DoButton, ...] = ()
    story: Story | None = None
    ring_words: str = "no token"


def derive_detail(
    key: ApiKey,
    session: Session,
    environment: Environment | None,
    now: float,
    *,
    clock_offset: float = 0.0,
    zone: tzinfo | None = None,
) -> DetailProps:
    """The panel of one key. `now` decides whether the token has ended and which day a time belongs to."""
    row = derive_row(key, session, environment, now, zone)
    life = life_in(session) if key.state is KeyState.ACTIVE else None
    part = (
        _stopped(key, zone)
        if key.state is not KeyState.ACTIVE
        else _part(key, session, now, clock_offset, zone)
    )
    return DetailProps(
        key_id=key.id,
        generation=life.generation if life else 0,
        name=key.name,
        environment=row.environment,
        live=row.live,
        account=f"account {short_id(key.account_id)}",
        state=row.state,
        tone=row.tone,
        bar=row.bar,
        ring_words="left" if row.signed_in else part.ring_words,
        headline=part.headline,
        sub=part.sub,
        auto_refresh=key.auto_refresh if part.switch else None,
        buttons=part.buttons,
        story=part.story,
        lines=derive_token_lines(life, zone) if life else (),
        shared=key.shared_use is SharedUse.YES_OR_NOT_SURE,
        cut_off=_cut_off(key),
    )


def _cut_off(key: ApiKey) -> tuple[DoButton, ...]:
    match key.state:
        case KeyState.ACTIVE:
            return (DoButton(Do.SUSPEND), DoButton(Do.REVOKE))
        case KeyState.SUSPENDED:
            first = (DoButton(Do.FINISH),) if key.steps_left else ()
            return (*first, DoButton(Do.RESUME), DoButton(Do.REVOKE))
        case KeyState.REVOKING:
            return (DoButton(Do.FINISH),)
        case KeyState.REVOKED:
            return ()
        case _:
            assert_never(key.state)


def _stopped(key: ApiKey, zone: tzinfo | None) -> _Part:
    since = f" since {day(key.state_changed_at, zone)}" if key.state_changed_at else ""
    if key.state is KeyState.REVOKED:
        return _Part(f"Revoked{since}", "A revoked key can't be used here again.")
    if key.state is KeyState.REVOKING:
        return _Part(
            f"Cut off, {count(key.steps_left, 'step')} left", "Nothing signs in or refreshes with this key."
        )
    if key.steps_left:
        return _Part(f"Suspended{since}", "Its token may still work: the cut-off is not finished.")
    return _Part(f"Suspended{since}", "Nothing signs in or refreshes with this key.")


_ALIVE = (DoButton(Do.COPY), DoButton(Do.REFRESH), DoButton(Do.SIGN_OUT))
_BUSY = (DoButton(Do.COPY), DoButton(Do.REFRESH, "It is being refreshed now."), DoButton(Do.SIGN_OUT))


def _part(key: ApiKey, session: Session, now: float, offset: float, zone: tzinfo | None) -> _Part:  # noqa: PLR0911
    match session:
        case Unknown():
            return _Part("Not read yet", "The stored sessions are being read.", ring_words="reading")
        case SignedOut():
            return _signed_out(session)
        case SigningIn(since):
            return _Part("Signing in", f"Asking Nomba since {clock_time(since, zone)}.")
        case SignedIn(life):
            if life.expires_at <= now:
                return _expired(key, life, now, zone)
            return _Part(_expires(life, now, zone), _refreshes(key, life, zone), True, _ALIVE)
        case Refreshing(life):
            return _Part(_expires(life, now, zone), "Being refreshed now", True, _BUSY)
        case Failing():
            return _failing(session, now, zone)
        case Waiting():
            return _waiting(session, now, zone)
        case Expired(life):
            return _expired(key, life, now, zone)
        case HeldByOther(who, since, held):
            who = who or "Another program"
            sub = f"{who} is renewing it since {clock_time(since, zone)}. It usually takes seconds."
            headline = _expires(held, now, zone) if held else "No token here"
            buttons = tuple(replace(b, off="Another program is at it.") for b in _ALIVE[1:])
            return _Part(headline, sub, True, (_ALIVE[0], *buttons) if held else ())
        case TakenAway():
            return _taken(session, offset, now, zone)
        case _:
            assert_never(session)


def _expires(life: Life, now: float, zone: tzinfo | None) -> str:
    verb = "Expires" if life.expires_at > now else "Expired"
    return f"{verb} {day_and_time(life.expires_at, now, zone)}"


def _refreshes(key: ApiKey, life: Life, zone: tzinfo | None) -> str:
    if key.auto_refresh:
        return f"Refreshes by itself at {clock_time(life.refresh_at, zone)}"
    if key.shared_use is SharedUse.YES_OR_NOT_SURE:
        return "Not refreshed by itself: a server may use this key"
    return "Not refreshed by itself"


def _signed_out(session: SignedOut) -> _Part:
    story = None
    sub = "No token is kept here."
    if session.owed:
        sub = f"{count(session.owed, 'token')} still to be ended at Nomba. The app does it as soon as it can."
    if session.lost:
        sub = "A session that nobody here knows may be open at Nomba. Signing in ends it."
    if session.failure:
        failure = session.failure
        story = Story(failure.title, failure.sentence, details=_details(failure.details, failure.reference))
    return _Part("Signed out", sub, True, (DoButton(Do.SIGN_IN),), story)


def _expired(key: ApiKey, life: Life, now: float, zone: tzinfo | None) -> _Part:
    why = (
        "Automatic refresh is off for this key."
        if not key.auto_refresh
        else "Nothing renews it by itself any more."
    )
    return _Part(_expires(life, now, zone), why, True, (DoButton(Do.SIGN_IN), DoButton(Do.SIGN_OUT)))


def _failing(session: Failing, now: float, zone: tzinfo | None) -> _Part:
    failure, life = session.failure, session.life
    alive = life is not None and life.expires_at > now
    headline = _expires(life, now, zone) if life else "No token"
    buttons: tuple[DoButton, ...]
    if session.latched:
        sub = "Nothing is tried again until you act."
        footnote = "Check client ID, secret, account ID and environment against the dashboard, then sign in."
        buttons = (DoButton(Do.SIGN_IN), DoButton(Do.EDIT))
    else:
        tries = count(session.attempts, "try", "tries")
        again = f" Next at {clock_time(session.next_try, zone)}." if session.next_try else ""
        sub, footnote = f"{tries} failed.{again}", ""
        buttons = _ALIVE if alive else (DoButton(Do.SIGN_IN),)
    if alive and session.latched:
        buttons = (_ALIVE[0], *buttons)
    text = failure.sentence if failure.sentence != failure.title else ""
    story = Story(
        failure.title,
        f"{text} Last try at {clock_time(failure.at, zone)}.".strip(),
        footnote=footnote,
        details=_details(failure.details, failure.reference),
    )
    return _Part(headline, sub, True, buttons, story)


def _details(details: str, reference: str) -> str:
    return " · ".join(part for part in (details, reference) if part)


def _waiting(session: Waiting, now: float, zone: tzinfo | None) -> _Part:
    life = session.life
    headline = _expires(life, now, zone) if life else "No token yet"
    if session.what is WaitFor.KEYRING:
        sub, buttons = "Refreshing waits for the keyring.", (DoButton(Do.UNLOCK),)
        if life:
            return _Part(headline, sub, True, (DoButton(Do.COPY, "Unlock the keyring first."), *buttons))
        return _Part(headline, "Signing in waits for the keyring.", True, buttons)
    until = f"until {clock_time(session.until, zone)}" if session.until else "a moment"
    return _Part(
        headline, f"Nomba asks to slow down. The app waits {until}.", True, _ALIVE[:1] if life else ()
    )


_LIKELY = "Another program signed in with this key. Nomba keeps one live session per key."
_LIKELY_ONCE = "Another program signed in with this key, or Nomba ended the session. It happened once so far."
_WARNING = "Signing in here ends that program's session. If a server uses this key, it will get 401."
_AT_MOST = "This app signs in again at most once in 5 minutes, and never by itself."


def _taken(session: TakenAway, offset: float, now: float, zone: tzinfo | None) -> _Part:
    left = int(session.life_left // 60)
    had = f"that had {left} min left" if left else f"that had {int(session.life_left)} s left"
    sub = f"Nomba refused a token {had}. No program on this computer renewed it."
    likely = _LIKELY if session.certain else _LIKELY_ONCE
    warning = _WARNING
    if session.other:
        sub = f"“{session.other}” of this app ended it."
        likely = f"Nomba gave this key and “{session.other}” one session. Keep one of them signed in."
        warning = f"Signing in here ends the session of “{session.other}”."
    # A token had been issued and accepted: account and environment were right. It was refused before its end.
    ruled_out = ["wrong account ID", "wrong environment"]
    if abs(offset) <= SHOWN_OFFSET:
        ruled_out.append("clock (offset under 5 s)")
    if session.life_left > 0:
        ruled_out.append("expired")
    story = Story(
        "Most likely",
        likely,
        f"Ruled out: {', '.join(ruled_out)}.",
        warning,
        (DoButton(Do.SIGN_IN_HERE), DoButton(Do.LEAVE)),
        _AT_MOST,
    )
    return _Part(f"Ended at {day_and_time(session.at, now, zone)}", sub, story=story)
