"""From the shared state to the activity log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.sqlite_audit import SqliteAudit
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.domain.audit import Fact, Place, Result, What, chain_key
from nomba_desktop.domain.cutoff import Evidence, Line, Outcome, Receipt, Step, WhatHappened
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.record import EMPTY
from nomba_desktop.domain.sessions import SignedOut, TakenAway
from nomba_desktop.domain.snapshot import InventoryLoaded, SessionsSeen
from nomba_desktop.services.audit import AuditLog
from nomba_desktop.services.audit_trail import Trail, facts_of_receipt
from nomba_desktop.services.state import State
from nomba_desktop.services.tasks import Tasks
from tests.support.fakes.fake_vault import FakeVault
from tests.support.fakes.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nomba_desktop.domain.errors import NombaDesktopError

KEY = ApiKey(KeyId("k1"), "Checkout", "live", "api.nomba.com", "a", "c")


class Rig:
    """A trail on a real database."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.state, self.reported = State(), list[str]()
        self.tasks = Tasks(self.report)
        place = Place("ada", "desk", "window 1")
        log = AuditLog(SqliteAudit(database), FakeVault(clock), clock, place, chain_key(b"k" * 32))
        self.trail = Trail(
            log=log,
            state=self.state,
            tasks=self.tasks,
            clock=clock,
            record=lambda _: EMPTY,
            fingerprint=lambda _: "0" * 12,
            me="desk/window/1",
            report=self.report,
        )

    def report(self, what: str, error: NombaDesktopError) -> None:
        self.reported.append(f"{what}: {error.reference}")

    async def written(self) -> list[tuple[What, Result, str]]:
        await self.trail.settle()
        entries = (await self.trail.log.page()).entries
        return [(entry.what, entry.result, entry.evidence) for entry in reversed(entries)]


@pytest.fixture
async def rig(tmp_path: Path, _no_leaked_tasks: None) -> AsyncIterator[Rig]:
    clock = ManualClock()
    database = await Database.open(tmp_path / "keys.db", clock)
    rig = Rig(database, clock)
    yield rig
    await rig.tasks.aclose()
    await database.aclose()


async def test_what_is_read_at_the_start_is_no_event(rig: Rig) -> None:
    rig.state.publish(InventoryLoaded((KEY,)))
    rig.state.publish(SessionsSeen({KEY.id: TakenAway(1.0, 2.0, certain=False)}))
    assert await rig.written() == []


async def test_taken_elsewhere_is_written_once(rig: Rig) -> None:
    rig.state.publish(InventoryLoaded((KEY,)))
    for session in (SignedOut(), TakenAway(1.0, 2.0, certain=False), TakenAway(1.0, 2.0, certain=True)):
        rig.state.publish(SessionsSeen({KEY.id: session}))
    assert await rig.written() == [(What.TAKEN_ELSEWHERE, Result.FAILED, "cause not known")]


async def test_what_could_not_be_written_is_reported(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "keys.db").unlink()
    rig.trail.tell(Fact(What.COPIED))
    await rig.trail.settle()
    assert rig.reported == ["write the activity log: ND-321"]


def test_a_receipt_is_one_fact_for_each_step() -> None:
    lines = (
        Line(Step.STOP, Outcome.PROVED),
        Line(Step.ACCESS, Outcome.NOT_PROVED, Evidence(200, 1.0, "revoke accepted", 2.0, 200, 0.5)),
    )
    receipt = Receipt("Checkout", "c", True, WhatHappened.RETIRING, "left", "Ada", 5.0, 1.5, lines, 1)
    told = [(f.what, f.result, f.operator, f.reason, f.evidence) for f in facts_of_receipt(KEY, receipt)]
    step = What.CUT_OFF_STEP
    assert told == [
        (step, Result.OK, "Ada", "left", "stop: proved"),
        (
            step,
            Result.OPEN,
            "Ada",
            "left",
            "access: not proved; 200 before · revoke accepted · 200 after 0.5 s",
        ),
    ]
