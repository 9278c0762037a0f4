"""A server's words without the secrets it was sent, however it repeats them."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.text import MAX_FOREIGN, clean

_MASK = "••••"
#: As long as a token: ids have 36 characters.
_LONG = re.compile(r"[A-Za-z0-9+/_=.~-]{37,}")
#: A piece of a secret from this length on is masked; our own hints show as many characters in a row.
_PIECE = 8


def masked(text: str, secrets: tuple[Secret, ...]) -> str:
    """The words, cleaned and cut, every secret that was sent masked, and all that is as long as a token.

    Pieces of a secret count, and so do its forms: escaped for JSON, an address or a page, in hex, in base64.
    """
    text = clean(text, 2 * MAX_FOREIGN)
    for secret in secrets:
        if len(secret) >= 4 and len(text) >= 4:
            text = _without(text, secret.reveal())
    return _LONG.sub(_MASK, text)


def _without(text: str, value: str) -> str:
    text = text.replace(value, _MASK)
    if len(text) < _PIECE or len(value) < _PIECE:
        return text
    forms = tuple(_forms(value))
    hidden = [False] * len(text)
    for start in range(len(text) - _PIECE + 1):
        piece = text[start : start + _PIECE]
        if any(piece in form for form in forms):
            hidden[start : start + _PIECE] = [True] * _PIECE
    shown = "".join("\0" if hide else ch for ch, hide in zip(text, hidden, strict=True))
    return re.sub("\0+", _MASK, shown)


def _forms(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    yield quote(raw, safe="")
    yield quote(raw, safe="").lower()
    yield json.dumps(value)
    yield json.dumps(value).replace("/", "\\/")
    yield repr(value)
    yield html.escape(value)
    yield raw.hex()
    yield raw.hex().upper()
    for shift in range(3):  # base64 of a longer text with the secret in it
        inside = base64.b64encode(b"\0" * shift + raw).decode()
        yield inside
        yield inside.translate(str.maketrans("+/", "-_"))
