"""Planted values and how they are looked for: as they are, encoded, escaped, and in pieces."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The shortest piece that counts; hints show up to eight characters in a row.
PIECE = 12


def forms(value: str | bytes) -> Iterator[tuple[str, bytes]]:
    """Every form of a value that is looked for, by name. Base64 begins at any of its three places in a longer text."""
    raw = value.encode() if isinstance(value, str) else value
    yield "as it is", raw
    yield "hex", raw.hex().encode()
    yield "hex, upper case", raw.hex().upper().encode()
    for shift in range(3):
        # The first and the last group may hold bits of what stands around the value.
        text = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 :]
        whole = text[: len(text) // 4 * 4 - 4] if (len(raw) + shift) % 3 else text
        yield "base64", whole
        yield "urlsafe base64", whole.translate(bytes.maketrans(b"+/", b"-_"))
    if isinstance(value, str):
        yield "URL-escaped", quote(value, safe="").encode()
        yield "URL-escaped, lower case", quote(value, safe="").lower().encode()
        yield "URL-escaped as in a form", quote_plus(value).encode()
        yield "JSON-escaped", json.dumps(value)[1:-1].encode()
        yield "JSON-escaped with solidus", json.dumps(value)[1:-1].replace("/", "\\/").encode()
        yield "Python's repr", repr(value)[1:-1].encode()


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something was found. Says which value and form, never the value."""

    where: str
    name: str
    form: str

    def __str__(self) -> str:
        return f"{self.where}: {self.name}, {self.form}"


@dataclass
class Planted:
    """Named values, and their pieces for the search. Its repr shows names only."""

    _pieces: dict[bytes, tuple[str, str]] = field(default_factory=dict, repr=False)
    names: set[str] = field(default_factory=set)

    def add(self, name: str, value: str | bytes) -> None:
        """Look for this value from now on."""
        if len(value) < PIECE:
            raise ValueError("too short to be told from other text")
        self.names.add(name)
        for form, whole in forms(value):
            for start in range(len(whole) - PIECE + 1):
                self._pieces.setdefault(whole[start : start + PIECE], (name, form))

    def add_token(self, name: str, token: str) -> None:
        """Look for a JWT. Its first segment, the header, is the same in all of them and says nothing."""
        self.add(name, token.partition(".")[2])

    def search(self, where: str, text: str | bytes) -> list[Finding]:
        """What of the planted values is in there; UTF-16 is found too."""
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        found: dict[tuple[str, str], None] = {}
        for body in (raw, raw.replace(b"\0", b"")) if b"\0" in raw else (raw,):
            for start in range(len(body) - PIECE + 1):
                hit = self._pieces.get(body[start : start + PIECE])
                if hit is not None:
                    found[hit] = None
        return [Finding(where, name, form) for name, form in found]

    def search_all(self, places: Iterable[tuple[str, str | bytes]]) -> list[Finding]:
        """Every finding in all places; equal texts are searched once."""
        seen: set[str | bytes] = set()
        findings: list[Finding] = []
        for where, text in places:
            if text not in seen:
                seen.add(text)
                findings += self.search(where, text)
        return findings
