"""What the answers around an act prove (session protocol, "Cutting off" 5 and 7). Pure."""

from __future__ import annotations

import enum
from dataclasses import replace

from nomba_desktop.domain.cutoff import Evidence, Line, Outcome, Step
from nomba_desktop.services.cutoff_proof import Look, Sight


class Known(enum.Enum):
    """What came of the tokens that the record knows."""

    PROVED = "proved"
    NO_BEFORE = "refused before anything was done"
    NONE = "there is none"
    OPEN = "not proved"


def judged(control: Sight, evidence: Evidence, after: Sight, took: float) -> tuple[Known, Line]:
    """What was seen before and after the act, put together (5, 7)."""
    remark = ""
    if control.void:
        remark = "the same read answers 200 without a token, so this is no proof"
    elif not control.counts:
        remark = "nobody could ask before, so this is no proof"
    elif after.look is Look.UNCLEAR and after.error is not None:
        remark = after.error.title
    seen = replace(evidence, after=after.status, after_seconds=max(0.0, took), remark=remark)
    if after.look is not Look.REFUSED:
        return Known.OPEN, Line(Step.ACCESS, Outcome.NOT_PROVED, seen)
    if control.counts:
        return Known.PROVED, Line(Step.ACCESS, Outcome.PROVED, seen)
    return Known.OPEN if control.void else Known.NO_BEFORE, Line(Step.ACCESS, Outcome.REFUSED, seen)


def failed_line(evidence: Evidence, told: str) -> Line:
    """Nothing could be done or asked; `told` says why."""
    words = Evidence(evidence.before, evidence.before_at, evidence.act, evidence.act_at, 0, 0.0, told)
    return Line(Step.ACCESS, Outcome.FAILED, words)
