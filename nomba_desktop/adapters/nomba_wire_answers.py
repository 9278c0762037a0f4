"""What Nomba says back: bytes to a `Grant`, a `Probed` or the one typed error (facts 2, 3, 6).

Nothing here raises. A raise would leave the answer's tokens among the local names of its traceback, so each
function returns its result or the error, and the caller raises from a frame that holds only a `Reply`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from nomba_desktop.adapters.masking import masked
from nomba_desktop.adapters.nomba_wire import Ask, fits_header
from nomba_desktop.domain.answers import failure, is_success, words_of
from nomba_desktop.domain.clocks import clock_offset
from nomba_desktop.domain.errors import Answer, ApiError, Fate, UnreadableAnswer
from nomba_desktop.domain.limits import RateHeaders, read_rate_headers, read_retry_after
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.text import clean
from nomba_desktop.services.ports import Grant, Probed

#: The largest answer that is read, in bytes, before and after decompression.
MAX_BODY = 1_048_576
#: The values of a probe's answer that may be shown. Never `bvn`, never bank account numbers.
SHOWN = ("accountName", "status", "currency")


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as received. Times are wall times; `cut` means that the body was longer than `MAX_BODY`.

    Header names are lower-case. The body may hold tokens and stays out of the repr.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    sent_at: float
    headers_at: float
    received_at: float
    reason: str = ""
    cut: bool = False

    @property
    def rate(self) -> RateHeaders | None:
        """The rate limit headers (facts 7)."""
        return read_rate_headers(self.headers)

    @property
    def retry_after(self) -> float | None:
        """`Retry-After` in seconds, where the status gives it a meaning (RFC 9110 10.2.3, RFC 6585 4)."""
        busy = self.status == 429 or self.status >= 500
        return read_retry_after(self.headers.get("retry-after")) if busy else None


def grant(ask: Ask, reply: Reply) -> Grant | ApiError:
    """The tokens of an issue or refresh, under `data` (facts 2.1)."""
    body = _success(ask, reply)
    if isinstance(body, ApiError):
        return body
    data = body.get("data")
    access = _token(data.get("access_token")) if isinstance(data, dict) else None
    if access is None or not isinstance(data, dict):
        answer = Answer(reply.status, _code(body.get("code")) or "")
        return UnreadableAnswer(
            "The answer has no access token where it belongs.", fate=Fate.UNKNOWN, answer=answer
        )
    return Grant(
        access=access,
        refresh=_token(data.get("refresh_token")),
        expires_at=data.get("expiresAt"),
        sent_at=reply.sent_at,
        received_at=reply.received_at,
        offset=clock_offset(reply.headers.get("date"), reply.sent_at, reply.headers_at),
    )


def revoked(ask: Ask, reply: Reply) -> ApiError | None:
    """None where the revocation was accepted; it has no `data` (facts 2.3)."""
    body = _success(ask, reply)
    return body if isinstance(body, ApiError) else None


def probed(ask: Ask, reply: Reply) -> Probed | ApiError:
    """A few harmless values of a read (facts 5)."""
    body = _success(ask, reply)
    if isinstance(body, ApiError):
        return body
    data = body.get("data")
    values = data if isinstance(data, dict) else {}
    summary = {
        name: clean(masked(value, ask.secrets), 80)
        for name in SHOWN
        if isinstance(value := values.get(name), str) and value.strip()
    }
    return Probed(reply.status, reply.received_at, summary)


def _success(ask: Ask, reply: Reply) -> dict[str, object] | ApiError:
    """The body of a success by the table of facts 6, else the error."""
    raw = _decoded(reply)
    body = _object(raw)
    good = 200 <= reply.status < 300
    if body is None and reply.status == 204 and not reply.body:
        return {}
    code = _code(body.get("code")) if body else None
    answer = Answer(
        status=reply.status,
        code=code or "",
        words=words_of(_words(body, ask.secrets), masked(reply.reason, ask.secrets)),
        html=body is None and _is_page(reply, raw),
        www_authenticate=clean(masked(reply.headers.get("www-authenticate", ""), ask.secrets), 120),
        offset=clock_offset(reply.headers.get("date"), reply.sent_at, reply.headers_at),
    )
    if good and body is None and not answer.html:
        return UnreadableAnswer(_why_unreadable(reply, raw), fate=Fate.UNKNOWN, answer=answer)
    if body is not None and is_success(reply.status, code):
        return body
    return failure(ask.context, answer, reply.retry_after)


def _why_unreadable(reply: Reply, raw: bytes | None) -> str:
    if reply.cut or raw is None:
        return "The answer is longer than 1 MiB or packed in a way the app does not know."
    return "The answer is not the JSON that Nomba sends." if raw else "The answer is empty."


def _is_page(reply: Reply, raw: bytes | None) -> bool:
    """HTML; or any text with a 403: an edge refuses in its own words, not in Nomba's envelope (facts 6.1, 6.3)."""
    start = (raw or b"").removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    html = "html" in reply.headers.get("content-type", "").lower() and bool(reply.body)
    return html or start == b"<" or (reply.status == 403 and bool(reply.body))


def _words(body: Mapping[str, object] | None, secrets: tuple[Secret, ...]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name in ("description", "message", "error"):
        value = body.get(name) if body else None
        if isinstance(value, str):
            kept[name] = masked(value, secrets)
    errors = body.get("errors") if body else None
    if isinstance(errors, list):
        kept["errors"] = [masked(text, secrets) for error in errors[:5] for text in _texts(error)]
    return kept


def _texts(error: object) -> list[str]:
    values = list(error.values())[:5] if isinstance(error, dict) else [error]
    return [value for value in values if isinstance(value, str)]


def _code(value: object) -> str | None:
    """Body `code` as text; None when absent. A number is read as its documented text: 0 is `00`, 400 is `400`."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1000:
        return f"{value:02d}"
    text = value.strip() if isinstance(value, str) else "?"
    return text if re.fullmatch(r"[A-Za-z0-9_-]{1,16}", text) else "?"


def _token(value: object) -> Secret | None:
    return Secret(value) if isinstance(value, str) and fits_header(value) else None


def _object(raw: bytes | None) -> dict[str, object] | None:
    if raw is None:
        return None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _decoded(reply: Reply) -> bytes | None:
    """The body without its Content-Encoding, which was not asked for. None where that is too long or not known."""
    encoding = reply.headers.get("content-encoding", "identity").strip().lower()
    if reply.cut:
        return None
    if encoding in ("", "identity"):
        return reply.body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return None
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib, by its first bytes
    try:
        raw = unpack.decompress(reply.body, MAX_BODY + 1)
    except zlib.error:
        return None
    return raw if len(raw) <= MAX_BODY and unpack.eof else None
