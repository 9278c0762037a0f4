"""Columns that line up, whatever is in them: wide letters take two places, marks none."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_GAP = "  "


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of aligned columns below their heads; values are cleaned by whoever made them."""
    every = [list(head), *(list(row) for row in rows)]
    wide = [max(width(row[at]) for row in every) for at in range(len(head))]
    return [
        _GAP.join(cell + " " * (size - width(cell)) for cell, size in zip(row, wide, strict=True)).rstrip()
        for row in every
    ]


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """`name  value` lines, values below each other."""
    size = max((width(name) for name, _ in pairs), default=0)
    return [f"{name}{' ' * (size - width(name))}{_GAP}{value}" for name, value in pairs]


def width(text: str) -> int:
    """How many places of a terminal the text takes (Unicode annex 11)."""
    return sum(
        0 if unicodedata.combining(ch) else 2 if unicodedata.east_asian_width(ch) in "WF" else 1
        for ch in text
    )
