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
        told = [clean(_error_words(error)) for error in errors[:5]]
        if any(told):
            return clean("; ".join(words for words in told if words))
    return clean(reason)


def _error_words(error: object) -> str:
    if isinstance(error, dict):
        error = next((w for name in ("description", "message", "error") if (w := error.get(name))), "")
    return str(error) if isinstance(error, (str, int)) else ""


def is_success(status: int, code: str | None) -> bool:
    """HTTP 2xx and code `00`, `200` or absent. `status: false` is no sign of failure (6.1)."""
    return 200 <= status < 300 and (code is None or code in SUCCESS_CODES)


def is_pending(status: int, code: str | None) -> bool:
    """HTTP 2xx with code `201`: accepted, still running; neither success nor error (6.1, 11.4)."""
    return 200 <= status < 300 and code == "201"


_CREDENTIAL_SENTENCE = "Nomba does not accept this client ID and secret for this account."
_TOKEN_SENTENCE = "Nomba says this token is expired, ended or replaced."
_REFRESH_SENTENCE = "Nomba does not accept the refresh token any more."


def failure(context: CallContext, answer: Answer, retry_after: float | None = None) -> ApiError:
    """The one typed error for an answer that is no success.

    Transient: 429, 5xx, HTML where JSON belongs, body code 429/500. Permanent: credentials, token, permission, fields.
    In a call of `/v1/auth/`, or with HTTP 401, code 01 means bad credentials and 02 an expired token; elsewhere 01 is a
    general error that may pass, and 02 a field that is wrong (6.2). An HTTP status of 403, 404, 422 outweighs both.
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
    auth = context is not CallContext.USE and mirrored not in (403, 404, 422)
    if mirrored == 401 or (auth and (code == "01" or (code == "02" and context is not CallContext.ISSUE))):
        return _unauthorized(context, answer)
    if mirrored == 403 or code == "05":
        if context is CallContext.ISSUE:
            return BadCredentials(
                f"Nomba answered {_named(mirrored, code)}. A wrong secret, another environment's key or a "
                "sub-account ID gets this answer.",
                answer=answer,
            )
        return Forbidden(f"Nomba answered {_named(mirrored, code)}: not permitted.", answer=answer)
    if mirrored in (400, 404, 422) or code in ("02", "06"):
        return BadRequest(f"Nomba answered {_named(mirrored, code)}.", answer=answer)
    if code == "01" and 200 <= status < 300:
        return ServerFault(
            "Nomba answered with the code 01, a general error.", fate=Fate.UNKNOWN, answer=answer
        )
    sentence = f"Nomba answered {status} with the code “{code}”." if code else f"Nomba answered {status}."
    if 300 <= status < 400:
        sentence = "Nomba's address answered with a redirect; the app follows none."
    fate = Fate.UNKNOWN if 200 <= status < 300 else Fate.NOT_HANDLED
    return UnreadableAnswer(sentence, fate=fate, answer=answer)


def _named(mirrored: int, code: str) -> str:
    return f"with the code {code}" if 200 <= mirrored < 300 else str(mirrored)


def _unauthorized(context: CallContext, answer: Answer) -> ApiError:
    if context is CallContext.ISSUE:
        return BadCredentials(_CREDENTIAL_SENTENCE, answer=answer)
    sentence = _REFRESH_SENTENCE if context is CallContext.REFRESH else _TOKEN_SENTENCE
    return TokenRefused(sentence, answer=answer)
