"""Which step a desktop takes about a row it finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nomba_desktop.adapters.redis_judgement import Judgement, Step, judge
from nomba_desktop.adapters.redis_rows import Row
from nomba_desktop.adapters.sqlite_mirror import Mark
from nomba_desktop.domain.record import EMPTY, SessionRecord, StopKind

SOME = SessionRecord(3)
REVOKED = SessionRecord(3, stop=StopKind.REVOKED, stop_count=2)


def row(epoch: str, revision: int, base: int = 0, name: bytes = b"") -> Row:
    return Row(epoch, revision, 3, base, 1, b"\x01" + (name or f"{epoch}{revision}".encode()).ljust(20))


def mark(epoch: str, revision: int, *, alone: bool = False) -> Mark:
    return Mark(epoch, revision, row(epoch, revision).head, alone)


@pytest.mark.parametrize(
    ("found", "known_at", "known", "want"),
    [
        (None, None, EMPTY, Judgement(Step.NOTHING)),
        (None, None, SOME, Judgement(Step.SEND)),
        (None, mark("", 0, alone=True), SOME, Judgement(Step.SEND)),
        (None, mark("E1", 5), SOME, Judgement(Step.PUT_BACK, lost=True)),
        (None, mark("E2", 5), SOME, Judgement(Step.PUT_BACK, lost=True, renew=True)),
        (row("E2", 5), None, EMPTY, Judgement(Step.ADOPT)),
        (row("E1", 5), None, EMPTY, Judgement(Step.CONFIRM)),
        (row("E2", 5), mark("E2", 5), SOME, Judgement(Step.NOTHING)),
        (row("E1", 5), mark("E1", 5), SOME, Judgement(Step.CONFIRM)),
        (row("E2", 6), mark("E2", 5), SOME, Judgement(Step.ADOPT)),
        (row("E2", 4), mark("E2", 5), SOME, Judgement(Step.FOLD, lost=True, renew=True)),
        (row("E2", 5, name=b"fork"), mark("E2", 5), SOME, Judgement(Step.FOLD, lost=True, renew=True)),
        (row("E1", 4), mark("E1", 5), SOME, Judgement(Step.FOLD, lost=True)),
        (row("E2", 9, base=5), mark("E1", 5), SOME, Judgement(Step.ADOPT)),
        (row("E2", 9, base=4), mark("E1", 5), SOME, Judgement(Step.FOLD)),
        (row("E2", 9, base=5), mark("E1", 5), REVOKED, Judgement(Step.FOLD, lost=True)),
        (row("E2", 9), mark("E2", 5), REVOKED, Judgement(Step.FOLD, lost=True, renew=True)),
        (row("E2", 5), mark("E2", 5, alone=True), SOME, Judgement(Step.SEND)),
        (row("E2", 6), mark("E2", 5, alone=True), SOME, Judgement(Step.FOLD)),
        (row("E1", 5), mark("E1", 5, alone=True), SOME, Judgement(Step.FOLD)),
    ],
)
def test_steps_in_epoch_two(
    found: Row | None, known_at: Mark | None, known: SessionRecord, want: Judgement
) -> None:
    assert judge("E2", found, SOME if found else EMPTY, known_at, known) == want


def test_forgotten_on_purpose_is_adopted_with_its_stop() -> None:
    assert judge("E2", row("E2", 6, base=6), EMPTY, mark("E2", 5), REVOKED) == Judgement(Step.ADOPT)
    assert judge("E2", row("E2", 6), EMPTY, mark("E2", 5), REVOKED).lost


def test_an_older_generation_in_a_newer_row_is_an_alarm() -> None:
    """The store went back unseen, and somebody who knew nothing of it wrote on."""
    newer = replace(SOME, generation=7)
    assert judge("E2", row("E2", 9), SOME, mark("E2", 5), newer) == Judgement(
        Step.FOLD, lost=True, renew=True
    )
