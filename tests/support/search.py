"""Looking for planted secrets after each step of a journey."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support import places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.support.desk import Desk, NotedSessions
    from tests.support.planted import Finding, Planted


class Everything(logging.Handler):
    """Every log record of every logger, formatted with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.args!r} {sorted(record.__dict__)}")


@contextmanager
def all_logs() -> Iterator[Everything]:
    """Every logger says everything while this runs."""
    root, handler = logging.getLogger(), Everything()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@dataclass
class Search:
    """Looks through all places after each step of a journey."""

    root: Path
    planted: Planted
    logs: Everything
    capfd: pytest.CaptureFixture[str]
    since: float
    issued: NotedSessions | None = None
    findings: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    _known: int = 0
    _logged: int = 0

    def _learn(self) -> None:
        """Plant what the server has issued since the last time."""
        handed_out = self.issued.handed_out if self.issued is not None else []
        for number, minted in enumerate(handed_out[self._known :], self._known):
            self.planted.add_token(f"access token {number}", minted.access_token)
            self.planted.add(f"refresh token {number}", minted.refresh_token)
        self._known = len(handed_out)

    def look(self, desk: Desk | None = None, *, typing: bool = False, copied: bool = False) -> list[Finding]:
        """Search everywhere now. `typing`: a form is open; `copied`: the clipboard holds a secret, as asked."""
        self._learn()
        wanted = list(places.files_below(self.root, "profile"))
        wanted += [
            *places.process(),
            *places.environment(),
            *places.widgets(typing=typing),
            *places.accessibility(),
        ]
        if not copied:
            wanted += places.clipboard()
        if desk is not None:
            shot = desk.program.core.state.snapshot
            wanted += [
                *places.snapshot(shot),
                *places.notices(shot),
                *(("words", text) for text in desk.words()),
            ]
            wanted += [("row", repr(desk.rows())), ("detail", repr(desk.program.presenter.detail))]
        self.printed += self.capfd.readouterr()
        wanted += [("stdout or stderr", "".join(self.printed)), ("logs", "\n".join(self.logs.lines))]
        return self.planted.search_all(wanted)

    def step(
        self, name: str, desk: Desk | None = None, *, typing: bool = False, copied: bool = False
    ) -> None:
        """A step of the journey is done: search, and go on."""
        self.steps.append(name)
        self.findings += [f"after {name}: {f}" for f in self.look(desk, typing=typing, copied=copied)]

    def end(self) -> None:
        """The journey is over: search what was left in the temporary directory, and fail on any finding."""
        left = self.planted.search_all(places.temporary_files(self.since, self.root))
        findings = [*self.findings, *(f"at the end: {f}" for f in left)]
        assert not findings, "\n".join(findings)
        assert self.steps
