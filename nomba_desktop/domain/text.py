"""Foreign text made safe to show: server descriptions, claims, pasted names."""

from __future__ import annotations

import unicodedata

#: Longest piece of a server's own words that is ever shown or stored, in characters.
MAX_FOREIGN = 300

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str, limit: int = MAX_FOREIGN) -> str:
    """One line of plain text: control and bidi characters gone, white space folded, cut at `limit` characters.

    Zero-width and other format characters (Unicode category Cf) go as well, because they can hide text;
    lone surrogates go because they can't be encoded.
    """
    kept = []
    for ch in text[: limit * 8]:
        if ch.isspace():
            kept.append(" ")
        elif ch in _BIDI or unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            continue
        else:
            kept.append(ch)
    folded = " ".join("".join(kept).split())
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


def masked_email(address: str) -> str:
    """`o…@example.test`: enough to recognise, not enough to copy. Text without an @ is masked whole."""
    name, at, host = clean(address, 120).partition("@")
    return f"{name[:1]}…@{host}" if at else "…"


def short_id(value: str) -> str:
    """First four and last four characters of an identifier: `2242…9f0d`."""
    value = clean(value, 80)
    return value if len(value) <= 10 else f"{value[:4]}…{value[-4:]}"
