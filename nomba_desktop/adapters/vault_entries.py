"""What stands inside a keyring entry: JSON with a version. Windows stores 2,560 bytes as UTF-16 (platform notes 6)."""

from __future__ import annotations

import json

from nomba_desktop.domain.errors import SecretBoundElsewhere, SecretTooLong
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import Binding, BoundSecret

#: Most UTF-16 code units of one entry.
MOST_UNITS = 1280
_VERSION = 1


def bound_to_text(bound: BoundSecret) -> str:
    """The entry of a client secret. Raises `SecretTooLong` when not every platform could store it."""
    text = json.dumps(
        {
            "v": _VERSION,
            "secret": bound.secret.reveal(),
            "host": bound.binding.host,
            "client_id": bound.binding.client_id,
            "account_id": bound.binding.account_id,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if units > MOST_UNITS:
        raise SecretTooLong(
            f"With the IDs it belongs to, this secret needs {units} characters; a keyring entry holds {MOST_UNITS}."
        )
    return text


def text_to_bound(text: str) -> BoundSecret:
    """The client secret of an entry. Raises `SecretBoundElsewhere` on anything this version didn't write."""
    try:
        told = json.loads(text)
        if told["v"] != _VERSION:
            raise ValueError
        secret, *binding = (told[name] for name in ("secret", "host", "client_id", "account_id"))
        if not all(isinstance(part, str) and part for part in (secret, *binding)):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SecretBoundElsewhere(
            "The keyring entry of this key can't be read: it was changed outside this app or by a newer version."
        ) from None
    return BoundSecret(Secret(secret), Binding(*binding))
