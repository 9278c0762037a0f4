"""Foreign text made safe to show: server descriptions, claims, pasted names."""

from __future__ import annotations

import unicodedata

#: Longest piece of a server's own words that is ever shown or stored, in characters.
MAX_FOREIGN = 300

# Letters and marks that draw nothing: they could hide text, or make a name that looks empty.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_NOT_TEXT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: str, limit: int = MAX_FOREIGN) -> str:
    """One line of plain text: control and bidi characters gone, white space folded, cut at `limit` characters.

    Bidi marks are format characters (Unicode category Cf); the zero-width ones, variation selectors and blank
    letters go as well, because they can hide text, and lone surrogates, because they can't be encoded.
    """
    text = text[: limit * 8]
    if not (text.isascii() and text.isprintable()):  # most text is, and then nothing has to go
        text = "".join(" " if ch.isspace() else ch for ch in text if ch.isspace() or _shows(ch))
    folded = " ".join(text.split())
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


def _shows(ch: str) -> bool:
    if ch in _BLANK or any(ord(ch) in variations for variations in _VARIATIONS):
        return False
    return unicodedata.category(ch) not in _NOT_TEXT


def clean_lines(text: str, limit: int) -> str:
    """Several lines of plain text, each made safe as by `clean`, no longer together than `limit` characters."""
    lines = "\n".join(clean(line, limit) for line in text[:limit].splitlines())
    return lines.strip()


def masked_email(address: str) -> str:
    """`o…@example.test`: enough to recognise, not enough to copy. Text without an @ is masked whole."""
    name, at, host = clean(address, 120).rpartition("@")
    return f"{name[:1]}…@{host}" if at else "…"


def short_id(value: str) -> str:
    """First four and last four characters of an identifier: `2242…9f0d`."""
    value = clean(value, 80)
    return value if len(value) <= 10 else f"{value[:4]}…{value[-4:]}"
