"""What tokens say about themselves: for showing only, never for deciding (facts 3.1)."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from nomba_desktop.domain.errors import NotAToken
from nomba_desktop.domain.secret import Secret, hint
from nomba_desktop.domain.text import clean, masked_email

_MAX_TOKEN = 16_384
_FAR = 253_402_300_800.0  # year 10000
_MILLISECONDS_FROM = 20_000_000_000


@dataclass(frozen=True, slots=True)
class Claims:
    """The payload of an access token, cleaned for showing. E-mail addresses are masked; times are epoch seconds."""

    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    subject: str = ""
    issued_at: float | None = None
    expires_at: float | None = None
    algorithm: str = ""
    others: tuple[tuple[str, str], ...] = ()


def _segment(part: str) -> dict[str, object]:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        value = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError):
        raise NotAToken("One of its parts can't be decoded.") from None
    if not isinstance(value, dict):
        raise NotAToken("One of its parts is not an object.")
    return value


def _moment(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        moment = float(value)
    except OverflowError:
        return None
    return moment if math.isfinite(moment) and 0 < moment < _FAR else None


_EMAIL = re.compile(r"[^\s@:,;<>\"'(){}\[\]]{1,64}@[^\s@:,;<>\"'(){}\[\]]{1,255}")


def _shown(text: str, limit: int) -> str:
    """Cleaned, with every e-mail address in it masked before anything is cut off."""
    return clean(_EMAIL.sub(lambda found: masked_email(found[0]), clean(text, _MAX_TOKEN)), limit)


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"


def read_claims(token: Secret) -> Claims:
    """Decode an access token. Nobody but Nomba can verify it: HS256 is symmetric (facts 3.1).

    Grants are claims whose key equals their value, with a prefix before the first `:`. Raises `NotAToken`.
    """
    text = token.reveal().strip()
    if len(text) > _MAX_TOKEN:
        raise NotAToken(f"A token has at most {_MAX_TOKEN} characters; this has {len(text)}.")
    parts = text.split(".")
    if len(parts) != 3 or not all(parts):
        raise NotAToken(f"A token has three parts; this has {len([p for p in parts if p])}.")
    header, payload = _segment(parts[0]), _segment(parts[1])
    found: dict[str, list[str]] = {"R": [], "G": [], "Email": []}
    others: list[tuple[str, str]] = []
    for key, value in payload.items():
        prefix, colon, rest = key.partition(":")
        if colon and prefix in found and value == key:
            found[prefix].append(rest)
        elif key not in ("iat", "exp", "sub"):
            others.append((_shown(key, 60), _shown(_as_text(value), 120)))
    subject, algorithm = payload.get("sub"), header.get("alg")
    return Claims(
        roles=tuple(_shown(r, 60) for r in found["R"]),
        groups=tuple(_shown(g, 60) for g in found["G"]),
        emails=tuple(masked_email(e) for e in found["Email"]),
        subject=_shown(subject, 80) if isinstance(subject, str) else "",
        issued_at=_moment(payload.get("iat")),
        expires_at=_moment(payload.get("exp")),
        algorithm=clean(algorithm, 20) if isinstance(algorithm, str) else "",
        others=tuple(others[:20]),
    )


_REFRESH_SHAPE = re.compile(r"[0-9a-hjkmnp-tv-z]{26}([0-9]{13})")


def refresh_token_made_at(token: Secret) -> float | None:
    """When a refresh token was made, read from its shape (ULID, then epoch milliseconds; facts 3.3), else None."""
    match = _REFRESH_SHAPE.fullmatch(token.reveal())
    return int(match[1]) / 1000 if match else None


def parse_expires_at(value: object) -> float | None:
    """`expiresAt` in every listed form (facts 3.5): ISO with Z, offset or naive (UTC), epoch seconds, milliseconds.

    None when it is missing or can't be read.
    """
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"[0-9]{9,14}", text):
            return parse_expires_at(int(text))
        try:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return _moment(moment.timestamp())
        except (ValueError, OverflowError):
            return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # seconds of the year 2603 and later are milliseconds of this century
        return _moment(value / 1000 if _MILLISECONDS_FROM < value < 1000 * _FAR else value)
    return None


#: Life assumed when a reply names no end at all, in seconds (facts 3.5: "fall back to a short life").
FALLBACK_LIFE = 300.0


def expiry(
    expires_at: object, claims: Claims | None, received_at: float, offset: float
) -> tuple[float, bool]:
    """When a token ends in this computer's time, and whether its two sources disagree by more than a minute.

    The earlier of `expiresAt` and `exp` counts (facts 3.1). `offset` is server time minus this computer's.
    """
    stated = parse_expires_at(expires_at)
    claimed = claims.expires_at if claims else None
    ends = [end for end in (stated, claimed) if end is not None]
    if not ends:
        return received_at + FALLBACK_LIFE, False
    return min(ends) - offset, max(ends) - min(ends) > 60


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What may be shown of the stored tokens; holds no secret, only hints of them."""

    access_hint: str
    refresh_hint: str
    claims: Claims
    refresh_made_at: float | None = None


def describe(access: Secret, refresh: Secret | None) -> TokenFacts:
    """The facts to show. A token that is no JWT has empty claims."""
    try:
        claims = read_claims(access)
    except NotAToken:
        claims = Claims()
    return TokenFacts(
        hint(access),
        hint(refresh, 8, 4) if refresh else "",
        claims,
        refresh_token_made_at(refresh) if refresh else None,
    )
