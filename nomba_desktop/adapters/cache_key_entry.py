"""The keyring entry of the cache key: its name and its text. Light, for whoever only reads."""

from __future__ import annotations

import base64
import binascii
import json

from nomba_desktop.domain.errors import KeyringDenied

CACHE_KEY_BYTES = 32
_VERSION = 1


def service_of_cache_key(profile: str) -> str:
    """The service name of the entry."""
    return f"nomba-desktop:{profile}:cache-key"


def cache_key_to_text(key: bytes) -> str:
    """The entry of the cache key."""
    return json.dumps({"v": _VERSION, "key": base64.b64encode(key).decode()})


def text_to_cache_key(text: str) -> bytes:
    """The cache key of an entry. Raises `KeyringDenied`: a new key would make every stored session unreadable."""
    try:
        told = json.loads(text)
        key = base64.b64decode(told["key"], validate=True)
        if told["v"] != _VERSION or len(key) != CACHE_KEY_BYTES:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise KeyringDenied(
            "The cache key in the keyring can't be read: it was changed outside this app or by a newer version. "
            "If you delete that entry, a new one is made and every key has to sign in again."
        ) from None
    return key
