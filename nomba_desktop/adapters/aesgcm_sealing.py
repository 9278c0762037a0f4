"""Sealing records with AES-256-GCM (NIST SP 800-38D), bound to where and what they are."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nomba_desktop.domain.errors import SealBroken
from nomba_desktop.domain.secret import Secret

KEY_BYTES = 32
_FORMAT = b"\x01"
_NONCE_BYTES = 12
_DOMAIN = b"nomba-desktop sealed record"


class Sealer:
    """Seals and opens under the cache key (32 bytes).

    Each use has its own key derived from the cache key by HMAC-SHA256, so that a fingerprint says nothing about the
    sealing. Nonces are random: SP 800-38D allows 2^32 of them per key, a write a second for 136 years.
    """

    def __init__(self, cache_key: bytes) -> None:
        if len(cache_key) != KEY_BYTES:
            raise ValueError(f"the cache key has {KEY_BYTES} bytes")
        self._aead = AESGCM(_derived(cache_key, b"seal"))
        self._fingerprints = _derived(cache_key, b"fingerprint")

    def seal(
        self,
        plain: bytes,
        *,
        host: str,
        client_id: str,
        kind: str,
        schema: int,
        generation: int,
        revision: int,
    ) -> bytes:
        """One format byte, a fresh 96-bit nonce, ciphertext and tag. It opens with equal bindings only."""
        nonce = os.urandom(_NONCE_BYTES)
        bound = _associated(host, client_id, kind, schema, generation, revision)
        return _FORMAT + nonce + self._aead.encrypt(nonce, plain, bound)

    def open(
        self,
        sealed: bytes,
        *,
        host: str,
        client_id: str,
        kind: str,
        schema: int,
        generation: int,
        revision: int,
    ) -> bytes:
        """The plain bytes. Raises `SealBroken` when altered, moved, or sealed under another key."""
        head = len(_FORMAT) + _NONCE_BYTES
        if sealed[: len(_FORMAT)] != _FORMAT or len(sealed) <= head:
            raise SealBroken("A stored session has a form that this version does not know.")
        bound = _associated(host, client_id, kind, schema, generation, revision)
        try:
            return self._aead.decrypt(sealed[len(_FORMAT) : head], sealed[head:], bound)
        except InvalidTag:
            raise SealBroken(
                "A stored session does not open: it was altered, moved, or sealed under another keyring's key."
            ) from None

    def fingerprint(self, secret: Secret) -> str:
        """12 hexadecimal digits that tell two secrets apart in a log; worthless without the cache key."""
        value = secret.reveal().encode()
        return hmac.new(self._fingerprints, value, hashlib.sha256).hexdigest()[:12]


def _derived(cache_key: bytes, use: bytes) -> bytes:
    return hmac.new(cache_key, b"nomba-desktop " + use, hashlib.sha256).digest()


def _associated(*bindings: str | int) -> bytes:
    """Length before each part: no two different bindings give the same bytes."""
    parts = (_DOMAIN, *(str(binding).encode() for binding in bindings))
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
