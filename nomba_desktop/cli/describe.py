"""Keys and sessions in the words and the JSON fields of the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never

from nomba_desktop.domain.countdown import span
from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.keys import ApiKey, KeyState
from nomba_desktop.domain.record import Failure, SessionRecord
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
from nomba_desktop.domain.text import clean

Json = dict[str, object]


def moment(at: float) -> str | None:
    """`2026-11-21T17:42:10Z`; None for a moment that never was."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at > 0 else None


def key_json(key: ApiKey) -> Json:
    """The documented fields of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "environment": key.environment_id,
        "host": key.host,
        "account_id": key.account_id,
        "client_id": key.client_id,
        "role": key.role.value,
        "role_note": key.role_note,
        "tags": list(key.tags),
        "notes": key.notes,
        "shared_use": key.shared_use.value,
        "auto_refresh": key.auto_refresh,
        "state": key.state.value,
        "added_at": moment(key.created_at),
    }


def environment_name(key: ApiKey, environment: Environment | None) -> str:
    """As people call it."""
    return environment.name if environment else clean(key.environment_id, 20)


def session_json(session: Session, record: SessionRecord, now: float) -> Json:
    """The documented fields of a session."""
    life = life_in(session)
    failure = record.failure
    return {
        "state": _STATES[type(session)],
        "alive": life is not None and life.expires_at > now,
        "generation": record.generation,
        **_life_json(life, now),
        "failure": _failure_json(failure) if failure else None,
        "next_try": moment(record.next_try) if record.attempts else None,
        "held_by": session.who if isinstance(session, HeldByOther) else None,
        "displaced_by": session.other or None if isinstance(session, TakenAway) else None,
        "ends_owed": len(record.owed),
        "stop": record.stop.value,
    }


def _life_json(life: Life | None, now: float) -> Json:
    names = ("issued_at", "expires_at", "refresh_at", "accepted_at")
    times: Json = {name: moment(getattr(life, name)) if life else None for name in names}
    left = max(0, int(life.expires_at - now)) if life else 0
    return {**times, "expires_in": left, "renewed_by": life.renewed_by if life else None}


def _failure_json(failure: Failure) -> Json:
    return {
        "reference": failure.reference,
        "title": failure.title,
        "sentence": failure.sentence,
        "at": moment(failure.at),
    }


_STATES: dict[type, str] = {
    Unknown: "unknown",
    SignedOut: "signed_out",
    SigningIn: "signing_in",
    SignedIn: "signed_in",
    Refreshing: "refreshing",
    Failing: "failing",
    Waiting: "waiting",
    Expired: "expired",
    HeldByOther: "held_elsewhere",
    TakenAway: "taken_elsewhere",
}


def row(key: ApiKey, session: Session, now: float) -> tuple[str, str, str]:
    """State, time left, what comes next: the columns of `nomba status`."""
    if key.state is not KeyState.ACTIVE:
        return key.state.value, "-", ""
    life = life_in(session)
    left = "-"
    if life is not None:
        left = span(life.expires_at - now) if life.expires_at > now else "expired"
    state, following = _words(key, session, now)
    return state, left, following


def _words(key: ApiKey, session: Session, now: float) -> tuple[str, str]:
    match session:
        case Unknown():
            return "not read", ""
        case SignedOut(owed):
            return "signed out", f"{owed} owed at Nomba" if owed else ""
        case SigningIn() | Refreshing():
            return "signing in", ""
        case SignedIn(life):
            if not key.auto_refresh:
                return "signed in", "refresh is off"
            due = life.refresh_at - now
            return "signed in", f"refresh in {span(due)}" if due > 0 else "refresh is due"
        case Failing():
            return ("refused" if session.latched else "failing"), clean(session.failure.title, 60)
        case Waiting(what):
            return "waiting", "for the keyring" if what is WaitFor.KEYRING else "for Nomba's rate limit"
        case Expired():
            return "expired", "sign in, or use its token"
        case HeldByOther(who):
            return "busy elsewhere", clean(who, 60)
        case TakenAway():
            other = f"displaced by “{clean(session.other, 60)}”" if session.other else ""
            return "taken elsewhere", other or "its session was ended outside this app"
        case _:
            assert_never(session)
