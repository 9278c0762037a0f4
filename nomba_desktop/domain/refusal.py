"""A refusal, what is known beside it, and what was observed about it: the material of `explain`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nomba_desktop.domain.answers import CallContext
from nomba_desktop.domain.errors import (
    ApiError,
    BadCredentials,
    Blocked,
    Forbidden,
    NombaDesktopError,
    TakenElsewhere,
    TokenRefused,
)
from nomba_desktop.domain.keys import NORMAL_SECRET_LENGTHS, Role
from nomba_desktop.domain.record import Failure, StopKind
from nomba_desktop.domain.tokens import Claims


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to explain. `status` 0: no answer is at hand. `offset`: server time minus ours in seconds, where it
    was measured. `path` and `generation`: what was asked, and with which token, where that is known."""

    status: int
    code: str = ""
    words: str = ""
    html: bool = False
    context: CallContext = CallContext.USE
    offset: float | None = None
    path: str | None = None
    generation: int | None = None

    def line(self) -> str:
        """The answer in one sentence, as evidence."""
        if not self.status:
            return "The answer itself is not at hand any more."
        said = f", “{self.words}”" if self.words else ""
        code = f", code {self.code}" if self.code and self.code != str(self.status) else ""
        return f"Nomba answered {self.status}{code}{said}."


@dataclass(frozen=True, slots=True)
class SecretShape:
    """What may be told of a stored secret: its length, and whether white space or invisible characters are in it."""

    length: int
    white_space: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is unusual about it (facts 0.10)."""
        told = []
        if self.white_space:
            told.append("The stored secret has white space or invisible characters in it.")
        if self.length not in NORMAL_SECRET_LENGTHS:
            told.append(f"The stored secret has {self.length} characters; Nomba's have 88 or 44.")
        return tuple(told)


@dataclass(frozen=True, slots=True)
class Known:
    """What this app knows without asking anybody. Times are epoch seconds of this computer; 0 means never.

    `has_token`: one is at hand to ask with. `issued_at`, `expires_at`, `claims` are of the last token that was seen,
    even if it is gone. `ever_accepted`: any token of this key got a 200 that counts. `certain_theft`: it was ended
    outside for the second time. `displaced_by`: the key of this app that ended its session. `account_seen`: another key
    with this account id on this host that is signed in and accepted. `twin`: a key with this client id that signed
    in, in another environment.
    """

    now: float
    account_id: str
    environment: str
    role: Role = Role.ADMIN
    answers_without_token: bool = False
    generation: int = 0
    stop: StopKind = StopKind.NONE
    signed_out: bool = False
    has_token: bool = False
    issued_at: float = 0.0
    expires_at: float = 0.0
    claims: Claims | None = None
    ever_accepted: bool = False
    certain_theft: bool = False
    displaced_by: str = ""
    account_seen: str = ""
    twin: str = ""
    secret: SecretShape | None = None

    @property
    def claimed_account(self) -> str:
        """The account that the token names in `sub`, where it is another than the recorded one; else empty."""
        subject = self.claims.subject if self.claims else ""
        is_id = re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", subject)
        return subject if is_id and subject.lower() != self.account_id.lower() else ""


@dataclass(frozen=True, slots=True)
class Question:
    """One more harmless read: `account_id` goes in the header; `bearer` False sends no token."""

    path: str
    account_id: str
    bearer: bool = True


@dataclass(frozen=True, slots=True)
class Observation:
    """What came back. `status` 0: nothing did."""

    status: int = 0
    code: str = ""
    words: str = ""
    html: bool = False


_CONTEXTS: tuple[tuple[type[NombaDesktopError], int, CallContext], ...] = (
    (BadCredentials, 401, CallContext.ISSUE),
    (TokenRefused, 401, CallContext.USE),
    (TakenElsewhere, 401, CallContext.USE),
    (Forbidden, 403, CallContext.USE),
    (Blocked, 403, CallContext.USE),
)
_LINE = re.compile(r"HTTP (\d{3})(?: · code ([A-Za-z0-9_?-]{1,16}))?(?: · “(.*)”)?", re.DOTALL)


def refusal_of(error: NombaDesktopError) -> Refusal | None:
    """The refusal in an error; None where nothing was refused (no network, 429, 5xx)."""
    for kind, status, context in _CONTEXTS:
        if isinstance(error, kind):
            answer = error.answer if isinstance(error, ApiError) else None
            if answer is None:
                return Refusal(status, html=kind is Blocked, context=context)
            html = answer.html or kind is Blocked
            return Refusal(answer.status, answer.code, answer.words, html, context, answer.offset)
    return None


def refusal_in(failure: Failure) -> Refusal | None:
    """The refusal in a failure of the shared record, read from its details; None where nothing was refused."""
    for kind, status, context in _CONTEXTS:
        if failure.reference == kind.reference:
            found = _LINE.search(failure.details)
            if found is None:
                return Refusal(status, html=kind is Blocked, context=context)
            return Refusal(int(found[1]), found[2] or "", found[3] or "", kind is Blocked, context)
    return None
