"""Verifying the activity log: the first broken entry, and what the keyring's anchor vouches for."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from nomba_desktop.domain.audit import Checkpoint, Entry, Head, Link, is_genuine, mac_of


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored row that is no entry of this version."""

    number: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found. `first`..`last` are the numbers that are there (0 where there are none).

    `broken` is the first entry that is not as it was written (0: none), `sentence` says how. Entries after `anchored`
    are the unanchored tail: each is genuine, but if some were cut off at the end nobody could tell.
    """

    first: int = 0
    last: int = 0
    dropped: int = 0
    anchored: int = 0
    broken: int = 0
    sentence: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.sentence

    @property
    def unanchored(self) -> int:
        """How many entries at the end the anchor doesn't vouch for."""
        return max(0, self.last - max(self.anchored, self.dropped))


class Verifier:
    """Takes a log's rows in order, in as many parts as the caller likes; the first finding stays."""

    def __init__(self, key: bytes, checkpoints: Sequence[Checkpoint], anchor: Head | None) -> None:
        self._key, self._anchor = key, anchor
        self._broken, self._sentence = 0, ""
        self._head, self._first = Head(), 0
        last: Checkpoint | None = None
        for checkpoint in checkpoints:
            if not is_genuine(key, last, checkpoint):
                self._find(
                    checkpoint.number, f"The checkpoint at entry {checkpoint.number} was not made here."
                )
                break
            last = checkpoint
        if last is not None:
            self._head = last.head
        self._dropped = self._head.number
        self._at_anchor()

    def take(self, rows: Sequence[Link | Unreadable]) -> bool:
        """Check these rows; False when something was found and more rows can't change that."""
        for row in rows:
            if self._sentence:
                return False
            number = row.number if isinstance(row, Unreadable) else row.entry.number
            expected = self._head.number + 1
            self._first = self._first or number
            if number != expected:
                self._find(expected, f"Entry {expected} is missing: {number} stands in its place.")
            elif isinstance(row, Unreadable):
                self._find(number, f"Entry {number} can't be read: it was altered.")
            elif not _is_next(self._key, self._head.mac, row.entry, row.mac):
                self._find(
                    number,
                    f"Entry {number} is not as it was written: it was altered, moved, or written without the key.",
                )
            else:
                self._head = Head(number, row.mac)
                self._at_anchor()
        return not self._sentence

    def verdict(self) -> Verdict:
        """What was found once every row was taken."""
        anchor = self._anchor
        if not self._sentence and anchor is not None and anchor.number > self._head.number:
            missing = self._head.number + 1
            self._find(
                missing,
                f"Entries {missing} to {anchor.number} are missing at the end: the keyring knows of them.",
            )
        vouched = anchor.number if anchor is not None and not self._sentence else 0
        return Verdict(self._first, self._head.number, self._dropped, vouched, self._broken, self._sentence)

    def _at_anchor(self) -> None:
        anchor = self._anchor
        if anchor is None or anchor.number != self._head.number or self._sentence:
            return
        if not hmac.compare_digest(anchor.mac, self._head.mac):
            self._find(
                anchor.number,
                f"Entry {anchor.number} is not the one that the keyring knows: the log was replaced up to there.",
            )

    def _find(self, number: int, sentence: str) -> None:
        self._broken, self._sentence = number, sentence


def _is_next(key: bytes, before: bytes, entry: Entry, mac: bytes) -> bool:
    try:
        return hmac.compare_digest(mac_of(key, before, entry), mac)
    except ValueError:  # no number: JSON has none for it, so it was never written
        return False
