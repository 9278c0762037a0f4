"""Token strings of the documented shape, made by hand (facts 3.1, 3.3; RFC 7519)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random

from nomba_desktop.practice.keys import ROLE_CLAIMS, Persona, PracticeKey

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_PERSONAS: tuple[Persona, ...] = ("live", "sandbox")


def fingerprint(token: str) -> str:
    """SHA-256 of a token as 64 hex digits: what the log and the admin routes show in its place."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def mint_access_token(
    key: PracticeKey, *, issued: int, expires: int, environment: Persona, role_claim: bool, rng: random.Random
) -> str:
    """An access token: HS256, claims whose key is their value, ``iat``, ``sub``, ``exp`` in epoch seconds.

    ``jti`` (RFC 7519 4.1.7) is the one claim beyond the documented sample: it keeps two tokens of the same
    second apart.
    """
    group, role, email = f"G:{key.group_id}", f"R:{ROLE_CLAIMS[key.role]}", f"Email:{key.email}"
    claims: dict[str, str | int] = {group: group}
    if role_claim:
        claims[role] = role
    claims |= {email: email, "iat": issued, "sub": key.account_id, "exp": expires}
    claims["jti"] = rng.randbytes(12).hex()
    header = _encode(_compact({"alg": "HS256"}))
    signing_input = f"{header}.{_encode(_compact(claims))}"
    return f"{signing_input}.{_signature(signing_input, environment)}"


def environment_of(token: str) -> Persona | None:
    """Which persona signed this token; None where neither did."""
    signing_input, _, signature = token.rpartition(".")
    for persona in _PERSONAS:
        if hmac.compare_digest(signature.encode(), _signature(signing_input, persona).encode()):
            return persona
    return None


def mint_refresh_token(now: float, rng: random.Random) -> str:
    """A lower-case ULID and the same moment as 13 digits of epoch milliseconds: 39 characters (facts 3.3)."""
    millis = int(now * 1000)
    number = (millis << 80) | rng.getrandbits(80)
    ulid = "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
    return f"{ulid}{millis:013d}"


def _signature(signing_input: str, environment: Persona) -> str:
    # The keys are no secret: a token counts because it is in the session table, not because of its signature.
    # They are fixed so that one practice server recognises the tokens of another.
    secret = hashlib.sha256(f"practice server, {environment}".encode()).digest()
    return _encode(hmac.digest(secret, signing_input.encode(), "sha256"))


def _compact(value: dict[str, str | int]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
