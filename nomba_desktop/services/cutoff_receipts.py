"""From a walk to its receipt."""

from __future__ import annotations

from nomba_desktop.domain.cutoff import Evidence, Line, Outcome, Receipt, Step, WhatHappened
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.moves_stop import state_of
from nomba_desktop.domain.record import SessionRecord, StopKind
from nomba_desktop.services.cutoff_calls import Run
from nomba_desktop.services.cutoff_proof import Proofs


def new_run(key: ApiKey, record: SessionRecord, proofs: Proofs) -> Run:
    """A walk that begins with this record: its stop is written and was read back."""
    debt = record.debt
    run = Run(key, proofs, record.stop_count, debt.what if debt is not None else WhatHappened.SUSPENDING)
    run.suspends = record.stop is StopKind.SUSPENDED
    if debt is not None:
        run.reason, run.operator = debt.reason, debt.operator
    if record.stop is not StopKind.NONE:
        words = "written and read back; every process here refuses it"
        run.put(Line(Step.STOP, Outcome.PROVED, Evidence(remark=words)))
    return run


def made(key: ApiKey, run: Run, record: SessionRecord, now: float, took: float) -> Receipt:
    """The receipt of a walk that took so many seconds, `record` being what stands after it."""
    return Receipt(
        key_name=key.name,
        masked_client_id=key.masked_client_id,
        revoke=record.stop is StopKind.REVOKED,
        what=run.what,
        reason=run.reason,
        operator=run.operator,
        at=now,
        took=took,
        lines=run.in_order(),
        steps_left=state_of(record)[1],
        lifted=record.stop is StopKind.NONE,
    )
