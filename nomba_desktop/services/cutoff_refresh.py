"""Refresh tokens whose session was ended (session protocol, "Cutting off" 8): at most *refused*, never *proved*."""

from __future__ import annotations

from nomba_desktop.domain.cutoff import Evidence, Line, Outcome, Step
from nomba_desktop.domain.record import SessionRecord, SparedRefresh
from nomba_desktop.services.cutoff_calls import CutOffCalls, Run, Unclear


async def try_refreshes(calls: CutOffCalls, run: Run) -> bool:
    """Try the refresh tokens whose session was ended. Whether one gave a session, which is to be ended now."""
    record = calls.look(run)
    if record.tokens is not None and record.tokens.refresh is not None:
        await calls.spare(run, record.generation)
        record = calls.look(run)
    debt = record.debt
    left = debt.refreshes if debt is not None else ()
    if not left:
        run.lines.setdefault(
            Step.REFRESH, Line(Step.REFRESH, Outcome.NOTHING, Evidence(remark="none is stored"))
        )
    for spared in left:
        again = any(spared.refresh == seen for seen in run.yielded)
        if again and spared.yields >= 2:
            _cannot_be_killed(run)
            continue
        try:
            landed = await calls.refresh(run, spared)
        except Unclear as unclear:
            words = Evidence(remark=f"could not be tried: {unclear.error.title}")
            run.put(Line(Step.REFRESH, Outcome.FAILED, words))
            return unclear.in_doubt
        if isinstance(landed, SessionRecord):
            run.yielded.append(spared.refresh)
            return True
        await calls.refresh_is_dead(run, spared)
        _refused(run, spared, landed)
    return False


def _refused(run: Run, spared: SparedRefresh, status: int) -> None:
    line = run.lines.get(Step.REFRESH)
    if line is not None and line.red and spared.yields < 2:
        return
    words = f"answered {status}; it has no “before”, so this is no proof"
    if spared.yields >= 2:
        words = f"it gave new sessions for a while, and is refused now: {status}"
    elif spared.yields:
        words = (
            f"it outlived its access token and gave one more session, which was ended; now spent, {status}. "
            "The refresh token that came with it was thrown away unstored"
        )
    elif line is not None and "outlived" in line.evidence.remark:
        return
    run.put(Line(Step.REFRESH, Outcome.REFUSED, Evidence(after=0, remark=words)))


def _cannot_be_killed(run: Run) -> None:
    words = "it gives a new session each time; it can't be killed from here, regenerate the key"
    run.put(Line(Step.REFRESH, Outcome.NOT_PROVED, Evidence(remark=words), red=True))
