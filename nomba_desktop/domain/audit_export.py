"""The activity log as CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime

from nomba_desktop.domain.audit import Entry

COLUMNS = tuple(part.name for part in fields(Entry))
# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_QUOTED = frozenset('",\r\n')


def moment(at: float) -> str:
    """`2026-11-21T17:42:10.250Z`; empty for a time that no calendar has."""
    try:
        told = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return told.strftime("%Y-%m-%dT%H:%M:%S.") + f"{told.microsecond // 1000:03d}Z"


def csv_cell(text: str) -> str:
    """One cell: never a formula (a leading apostrophe says "text"), quoted where RFC 4180 2.6 asks for it."""
    if text.startswith(_FORMULA):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _QUOTED & set(text) else text


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """A header and one line per entry, each ended by CR LF (RFC 4180 2.1)."""
    yield ",".join(COLUMNS) + "\r\n"
    for entry in entries:
        plain = {**plain_of(entry), "fingerprints": " ".join(mark.digits for mark in entry.fingerprints)}
        yield ",".join(csv_cell(str(plain[name])) for name in COLUMNS) + "\r\n"


def json_text(entries: Iterable[Entry]) -> str:
    """A JSON list of objects, ASCII."""
    return json.dumps([plain_of(entry) for entry in entries], indent=2) + "\n"


def plain_of(entry: Entry) -> dict[str, object]:
    """An entry's fields with the time as text."""
    return {**entry.to_plain(), "at": moment(entry.at)}
