"""What a screen reader hears: crossings, never ticks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from nomba_desktop.domain.countdown import Crossing
from nomba_desktop.domain.sessions import Failing, Session
from nomba_desktop.ui.derive.rows import Row

ONE_MINUTE = 60.0


class Crossings:
    """The coming crossings of all rows in order of time; asking what has passed costs what has passed."""

    def __init__(self, now: float) -> None:
        self._seen = now
        self._due: list[tuple[float, str, Crossing]] = []

    def plan(self, rows: Iterable[Row]) -> None:
        """Take the rows' deadlines."""
        due: list[tuple[float, str, Crossing]] = []
        for row in rows:
            if row.bar is not None:
                due.append((row.bar.expires_at - ONE_MINUTE, row.name, Crossing.ONE_MINUTE))
                due.append((row.bar.expires_at, row.name, Crossing.EXPIRED))
        due.sort(key=lambda entry: entry[:2])
        self._due = due

    @property
    def next_at(self) -> float | None:
        """When the next crossing comes; None when there is none."""
        index = bisect_right(self._due, self._seen, key=lambda entry: entry[0])
        return self._due[index][0] if index < len(self._due) else None

    def passed(self, now: float) -> list[str]:
        """Sentences for what was crossed since the last call; a clock set back says nothing twice."""
        if now <= self._seen:
            return []
        first = bisect_right(self._due, self._seen, key=lambda entry: entry[0])
        last = bisect_right(self._due, now, key=lambda entry: entry[0])
        self._seen = now
        return [_sentence(name, crossing) for _, name, crossing in self._due[first:last]]


def _sentence(name: str, crossing: Crossing) -> str:
    return f"{name}: {'one minute left' if crossing is Crossing.ONE_MINUTE else 'the token expired'}"


def failure_began(name: str, before: Session, after: Session) -> str:
    """The sentence for a session that began to fail; empty otherwise."""
    if isinstance(after, Failing) and not isinstance(before, Failing):
        return f"{name}: {'refresh' if after.life else 'sign-in'} failed"
    return ""
