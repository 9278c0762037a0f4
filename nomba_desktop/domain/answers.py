"""Reading an answer: (HTTP status, body code) together decide, by one table (facts 6, 11.4)."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from nomba_desktop.domain.errors import (
    Answer,
    ApiError,
    BadCredentials,
    BadRequest,
    Blocked,
    Fate,
    Forbidden,
    RateLimited,
    ServerFault,
    TokenRefused,
    UnreadableAnswer,
)
from nomba_desktop.domain.text import clean

SUCCESS_CODES = frozenset({"00", "200"})


class CallContext(enum.Enum):
    """Which kind of call was answered: codes 01 and 02 mean different things by it (facts 6.2)."""

    ISSUE = "issue"
    REFRESH = "refresh"
    REVOKE = "revoke"
    USE = "use"


def words_of(body: Mapping[str, object], reason: str = "") -> str:
    """The server's own words, cleaned: `description`, `message`, `error`, `errors` joined, HTTP reason (6.1)."""
    for name in ("description", "message", "error"):
        value = body.get(name)
        if isinstance(value, str) and value.strip():
            return clean(value)
    errors = body.get("errors")
    if isinstance(errors, list) and errors:
        return clean("; ".join(str(e) for e in errors[:5]))
    return clean(reason)


def is_success(status: int, code: str | None) -> bool:
    """HTTP 2xx and code `00`, `200` or absent. `status: false` is no sign of failure (6.1)."""
    return 200 <= status < 300 and (code is None or code in SUCCESS_CODES)


def is_pending(status: int, code: str | None) -> bool:
    """201 with code `201`: accepted, still running; not an error (6.1)."""
    return status == 201 and code == "201"


_CREDENTIAL_SENTENCE = "Nomba does not accept this client ID and secret for this account."
_TOKEN_SENTENCE = "Nomba says this token is expired, ended or replaced."  # noqa: S105
_REFRESH_SENTENCE = "Nomba does not accept the refresh token any more."


def failure(context: CallContext, answer: Answer, retry_after: float | None = None) -> ApiError:
    """The one typed error for an answer that is no success.

    Transient: 429, 5xx, HTML where JSON belongs, body code 429/500. Permanent: credentials, token, permission, fields.
    `fate` is UNKNOWN only where the server may have acted although it did not say so (5xx, unreadable 2xx).
    """
    status, code = answer.status, answer.code
    mirrored = (
        int(code) if 200 <= status < 300 and code in ("400", "401", "403", "404", "429", "500") else status
    )
    if mirrored == 429:
        return RateLimited("Too many requests in a short time.", answer=answer, retry_after=retry_after)
    if mirrored == 403 and answer.html:
        return Blocked(
            "A web page came back where Nomba answers in JSON: a block by address or country.", answer=answer
        )
    if mirrored >= 500:
        return ServerFault(
            f"Nomba answered {mirrored}.", fate=Fate.UNKNOWN, answer=answer, retry_after=retry_after
        )
    if answer.html:
        fate = Fate.UNKNOWN if 200 <= status < 300 else Fate.NOT_HANDLED
        return UnreadableAnswer("A web page came back where Nomba answers in JSON.", fate=fate, answer=answer)
    if mirrored == 401 or code in ("01", "02"):
        return _unauthorized(context, answer)
    if mirrored == 403:
        if context is CallContext.ISSUE:
            return BadCredentials(
                "Nomba answered 403. A wrong secret, another environment's key or a sub-account ID gets this answer.",
                answer=answer,
            )
        return Forbidden("Nomba answered 403: not permitted.", answer=answer)
    if mirrored in (400, 404, 422):
        return BadRequest(f"Nomba answered {mirrored}.", answer=answer)
    if 300 <= status < 400:
        return UnreadableAnswer(
            "Nomba's address answered with a redirect; the app follows none.", answer=answer
        )
    fate = Fate.UNKNOWN if 200 <= status < 300 else Fate.NOT_HANDLED
    return UnreadableAnswer(f"Nomba answered {status} with the code “{code}”.", fate=fate, answer=answer)


def _unauthorized(context: CallContext, answer: Answer) -> ApiError:
    if context is CallContext.ISSUE:
        return BadCredentials(_CREDENTIAL_SENTENCE, answer=answer)
    sentence = _REFRESH_SENTENCE if context is CallContext.REFRESH else _TOKEN_SENTENCE
    return TokenRefused(sentence, answer=answer)
