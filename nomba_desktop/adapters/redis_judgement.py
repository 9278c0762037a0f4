"""What a desktop makes of a row it finds: the same it knows, newer, or older than it may be (protocol, "In a team")."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nomba_desktop.adapters.redis_rows import Row
from nomba_desktop.adapters.sqlite_mirror import Mark
from nomba_desktop.domain.record import EMPTY, SessionRecord, StopKind
from nomba_desktop.domain.team import is_older


class Step(enum.Enum):
    """What to do about a row."""

    NOTHING = "nothing"
    """It is what the mirror has."""
    ADOPT = "adopt"
    """It is newer: mirror it."""
    CONFIRM = "confirm"
    """It comes from an earlier epoch and nothing newer is known here: carry it over, in doubt."""
    SEND = "send"
    """Nobody wrote while this desktop wrote alone: write that."""
    FOLD = "fold"
    """Something that this desktop knows is not in it: fold that in."""
    PUT_BACK = "put back"
    """The store has none: write what is known here, in doubt."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`lost`: the store forgot something, which is an alarm. `renew`: it did so within one epoch, which is over."""

    step: Step
    lost: bool = False
    renew: bool = False


def judge(
    epoch: str, row: Row | None, found: SessionRecord, mark: Mark | None, known: SessionRecord
) -> Judgement:
    """`found` is the record of `row` (`EMPTY` for none), `known` the mirror's, of the version `mark`."""
    if row is None:
        return _missing(epoch, mark, known)
    if mark is None:
        return Judgement(Step.ADOPT if row.epoch == epoch else Step.CONFIRM)
    same = (row.epoch, row.revision, row.head) == (mark.epoch, mark.revision, mark.head)
    if mark.alone:
        return Judgement(Step.SEND if same and row.epoch == epoch else Step.FOLD)
    if same:
        return Judgement(Step.NOTHING if row.epoch == epoch else Step.CONFIRM)
    if _went_back(row, found, mark, known):
        return Judgement(Step.FOLD, lost=True, renew=row.epoch == epoch == mark.epoch)
    if row.epoch != mark.epoch and mark.revision > row.base:
        return Judgement(Step.FOLD)
    return Judgement(Step.ADOPT if row.epoch == epoch else Step.CONFIRM)


def _missing(epoch: str, mark: Mark | None, known: SessionRecord) -> Judgement:
    if mark is None:
        return Judgement(Step.NOTHING if known == EMPTY else Step.SEND)
    if mark.revision == 0:
        return Judgement(Step.SEND)
    return Judgement(Step.PUT_BACK, lost=True, renew=mark.epoch == epoch)


def _went_back(row: Row, found: SessionRecord, mark: Mark, known: SessionRecord) -> bool:
    """Whether the row is older than what was seen. `EMPTY` after `mark` means that somebody forgot it on purpose."""
    if row.epoch == mark.epoch and row.revision <= mark.revision:
        return True
    if found == EMPTY and row.base >= mark.revision:
        return False
    if known.stop is not StopKind.NONE and found.stop_count < known.stop_count:
        return True
    return mark.revision > row.base and is_older(found, known)
