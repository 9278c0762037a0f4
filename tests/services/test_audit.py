"""The activity log on a real database: appending, anchoring, tampering, paging, retention."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.sqlite_audit import SqliteAudit
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.domain.audit import Fact, Head, Link, Place, Result, What, chain_key, entry_of, linked
from nomba_desktop.domain.errors import ActivityLogBroken, StoreUnavailable
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.services.audit import AuditLog
from nomba_desktop.services.audit_ports import Filter
from tests.support.fakes.fake_vault import FakeVault
from tests.support.fakes.manual_clock import EPOCH, ManualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

KEY = chain_key(b"k" * 32)
PLACE = Place("ada", "ops-desk-1", "window 42")
DAY = 86_400.0
ROOT = Path(__file__).parents[2]


class Rig:
    """A log, its parts, and a file that others can write to."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.path, self.clock = database.path, clock
        self.vault = FakeVault(clock)
        self.store = SqliteAudit(database)
        self.log = AuditLog(self.store, self.vault, clock, PLACE, KEY)

    async def fill(self, count: int) -> None:
        for number in range(count):
            await self.log.append(Fact(What.REFRESHED, key_id=f"k{number % 2}", evidence=f"fact {number}"))

    def tamper(self, *statements: str) -> None:
        """As somebody with an editor for databases: triggers are no obstacle."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for statement in (*(f"DROP TRIGGER {name}" for (name,) in names), *statements):
                connection.execute(statement)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    clock = ManualClock()
    database = await Database.open(tmp_path / "keys.db", clock)
    yield Rig(database, clock)
    await database.aclose()


async def test_an_entry_says_who_where_and_what(rig: Rig) -> None:
    fact = Fact(What.SUSPENDED, Result.OPEN, "k1", "Checkout", "Ada", "leaked", 0.25, "200 before")
    (entry,) = await rig.log.append(fact)
    (shown,) = (await rig.log.page()).entries
    assert shown == entry == entry_of(fact, 1, EPOCH, PLACE)
    assert (await rig.log.verify()).whole


async def test_the_keyring_is_told_every_fifty_entries(rig: Rig) -> None:
    await rig.fill(49)
    assert rig.vault.anchored is None
    await rig.fill(1)
    assert rig.vault.anchored is not None
    assert rig.vault.anchored.number == 50
    await rig.fill(9)
    verdict = await rig.log.verify()
    assert (verdict.whole, verdict.last, verdict.anchored, verdict.unanchored) == (True, 59, 50, 9)
    await rig.log.append(*[Fact(What.COPIED)] * 60)
    assert (await rig.log.verify()).unanchored == 0


@pytest.mark.parametrize(
    "what", [What.SUSPENDED, What.RESUMED, What.CUT_OFF, What.REVOKED, What.CUT_OFF_STEP]
)
async def test_the_keyring_is_told_at_each_cut_off(rig: Rig, what: What) -> None:
    await rig.fill(3)
    await rig.log.append(Fact(what))
    assert rig.vault.anchored is not None
    assert rig.vault.anchored.number == 4


async def test_a_keyring_that_is_away_leaves_the_tail_unanchored(rig: Rig) -> None:
    rig.vault.state = KeyringState.LOCKED
    await rig.log.append(Fact(What.REVOKED))
    rig.vault.state = KeyringState.OK
    assert (await rig.log.verify()).unanchored == 1
    await rig.log.append(Fact(What.COPIED))  # catches up
    assert (await rig.log.verify()).unanchored == 0


# -- tampering with the file

DELETE_4 = "DELETE FROM audit_log WHERE number = 4"


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        ([DELETE_4], 4),
        (["UPDATE audit_log SET reason = 'x' WHERE number = 4"], 4),
        (["UPDATE audit_log SET what = 'nothing_known' WHERE number = 4"], 4),
        (["UPDATE audit_log SET key_name = CAST(x'ff' AS TEXT) WHERE number = 4"], 4),
        (["UPDATE audit_log SET fingerprints = 'x' WHERE number = 4"], 4),
        (["UPDATE audit_log SET at = at + 1 WHERE number = 4"], 4),
        (
            [f"UPDATE audit_log SET number = {a} WHERE number = {b}" for a, b in ((99, 4), (4, 5), (5, 99))],
            4,
        ),
        (["DELETE FROM audit_log WHERE number > 7"], 8),
        (["DELETE FROM audit_log WHERE number < 4"], 1),
        (["DELETE FROM audit_log"], 1),
        (
            [
                "DELETE FROM audit_log WHERE number < 4",
                "INSERT INTO audit_checkpoints SELECT number - 1, mac, at, mac FROM audit_log WHERE number = 4",
            ],
            3,
        ),
        (["UPDATE audit_log SET number = -number WHERE number = 4"], 1),
    ],
)
async def test_tampering_is_found(rig: Rig, statements: list[str], broken: int) -> None:
    await rig.fill(9)
    await rig.log.append(Fact(What.REVOKED))
    rig.tamper(*statements)
    verdict = await rig.log.verify()
    assert (verdict.whole, verdict.broken) == (False, broken)


async def replaced(rig: Rig, key: bytes) -> None:
    rig.tamper("DELETE FROM audit_log")
    await AuditLog(rig.store, FakeVault(rig.clock), rig.clock, PLACE, key).append(*[Fact(What.COPIED)] * 10)


async def test_a_log_that_was_replaced_is_found(rig: Rig) -> None:
    await rig.fill(9)
    await rig.log.append(Fact(What.REVOKED))
    await replaced(rig, KEY)  # an older log of this very keyring
    assert (await rig.log.verify()).broken == 10
    await replaced(rig, b"f" * 32)
    assert (await rig.log.verify()).broken == 1


async def test_a_chain_recomputed_without_the_key_is_found(rig: Rig) -> None:
    await rig.fill(10)
    rows = [row for row in await rig.store.rows(0, 10) if isinstance(row, Link)]
    rig.tamper("DELETE FROM audit_log WHERE number >= 4")

    def forged(head: Head) -> Sequence[Link]:
        links = []
        for row in rows[3:]:
            links.append(linked(b"f" * 32, head, replace(row.entry, reason="nothing happened")))
            head = Head(links[-1].entry.number, links[-1].mac)
        return links

    await rig.store.append(forged)
    assert (await rig.log.verify()).broken == 4


async def test_an_anchor_that_contradicts_the_log_is_kept_as_proof(rig: Rig) -> None:
    await rig.fill(50)
    proof = rig.vault.anchored
    rig.tamper("DELETE FROM audit_log WHERE number > 30")
    with pytest.raises(ActivityLogBroken, match="knows of 50 entries; the log has 31"):
        await rig.log.append(Fact(What.REVOKED))
    await rig.fill(18)  # up to 49
    with pytest.raises(ActivityLogBroken):
        await rig.fill(1)
    await rig.fill(20)  # written all the same
    assert rig.vault.anchored == proof
    assert (await rig.log.verify()).broken == 50


# -- append-only


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET reason = 'x'",
        DELETE_4,
        "DELETE FROM audit_log",
        "INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log WHERE number = 4",
        "INSERT OR REPLACE INTO audit_checkpoints VALUES (2, x'00', 0, x'00')",
        "UPDATE audit_checkpoints SET number = 9",
        "DELETE FROM audit_checkpoints",
    ],
)
async def test_the_tables_refuse_anything_but_appending(rig: Rig, statement: str) -> None:
    await rig.fill(3)
    rig.clock.jump(DAY)
    assert await rig.log.retain(DAY / 2) == 3
    await rig.fill(3)
    with (
        closing(sqlite3.connect(rig.path, isolation_level=None)) as connection,
        pytest.raises(sqlite3.IntegrityError, match=r"append-only|checkpoints stay"),
    ):
        connection.execute(statement)
    assert (await rig.log.verify()).whole


# -- several processes

APPENDER = """
import asyncio, sys
from pathlib import Path
from nomba_desktop.adapters.memory_vault import MemoryVault
from nomba_desktop.adapters.sqlite_audit import SqliteAudit
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.domain.audit import Fact, Place, What, chain_key
from nomba_desktop.services.audit import AuditLog

async def main():
    clock = SystemClock()
    database = await Database.open(Path(sys.argv[1]), clock)
    place = Place("ada", "desk", sys.argv[2])
    log = AuditLog(SqliteAudit(database), MemoryVault(clock), clock, place, chain_key(b"k" * 32))
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(40):
        await log.append(Fact(What.REFRESHED, evidence=str(number)))
    await database.aclose()

asyncio.run(main())
"""


async def test_two_processes_append_to_one_chain(rig: Rig) -> None:
    def started(name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", APPENDER, str(rig.path), name]
        return subprocess.Popen(
            command,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )

    def both() -> None:
        children = [started(name) for name in ("one", "two")]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            _, err = child.communicate(timeout=50)
            assert (child.returncode, err) == (0, "")

    await asyncio.to_thread(both)
    page = await rig.log.page(limit=100)
    assert [entry.number for entry in page.entries] == list(range(80, 0, -1))
    for name in ("one", "two"):
        told = [entry.evidence for entry in reversed(page.entries) if entry.process == name]
        assert told == [str(number) for number in range(40)]
    assert (await rig.log.verify()).whole


# -- looking up


async def numbers(rig: Rig, chosen: Filter, limit: int = 1000) -> list[int]:
    found: list[int] = []
    before: int | None = None
    while True:
        page = await rig.log.page(chosen, before, limit)
        assert len(page.entries) <= limit
        found += [entry.number for entry in page.entries]
        if page.next_before is None:
            assert len(found) == await rig.log.count(chosen)
            return found
        before = page.next_before


async def test_a_hundred_thousand_entries(rig: Rig) -> None:
    whats = (What.REFRESHED, What.COPIED, What.REFRESH_FAILED)
    many = 100_000
    for start in range(0, many, 10_000):
        rig.clock.jump(DAY)
        facts = [
            Fact(
                whats[n % 3],
                Result.FAILED if n % 3 == 2 else Result.OK,
                key_id=f"k{n % 100}",
                evidence=f"100% of {n}_{n % 7}",
            )
            for n in range(start + 1, start + 10_001)
        ]
        await rig.log.append(*facts)
    page = await rig.log.page()
    assert ([entry.number for entry in page.entries], page.next_before) == (
        list(range(many, many - 200, -1)),
        many - 199,
    )
    assert await numbers(rig, Filter(), 30_000) == list(range(many, 0, -1))
    assert await numbers(rig, Filter(key_id="k7"), 300) == list(range(99_907, 0, -100))
    assert await numbers(rig, Filter(what=frozenset({What.COPIED})), 9000) == list(range(100_000, 0, -3))
    assert await rig.log.count(Filter(what=frozenset(whats[:2]))) == 66_667
    assert await rig.log.count(Filter(result=Result.FAILED)) == 33_333
    span = Filter(since=EPOCH + 2 * DAY, until=EPOCH + 3 * DAY)
    assert await numbers(rig, span, 9999) == list(range(20_000, 10_000, -1))
    assert await numbers(rig, Filter(text="OF 777_")) == [777]
    assert await rig.log.count(Filter(text="0% of 1_")) == 1
    both = Filter(key_id="k7", result=Result.FAILED, text="_5")
    assert await numbers(rig, both) == [
        n for n in range(many, 0, -1) if n % 100 == 7 and n % 3 == 2 and f"_{n % 7}" == "_5"
    ]
    verdict = await rig.log.verify()
    assert (verdict.whole, verdict.last, verdict.anchored) == (True, many, many)


async def test_pages_of_keys_and_events_use_an_index(rig: Rig) -> None:
    with closing(sqlite3.connect(rig.path)) as connection:
        for condition, index in (
            ("key_id = 'x'", "audit_log_by_key"),
            ("what IN ('x')", "audit_log_by_what"),
            ("number < 5", "PRIMARY KEY"),
        ):
            plan = connection.execute(
                f"EXPLAIN QUERY PLAN SELECT * FROM audit_log WHERE {condition} ORDER BY number DESC LIMIT 9"
            ).fetchall()
            assert index in str(plan)
            assert "TEMP B-TREE" not in str(plan)


async def test_rows_that_are_no_entries_are_named(rig: Rig) -> None:
    await rig.fill(3)
    rig.tamper("UPDATE audit_log SET what = 'x' WHERE number = 2")
    page = await rig.log.page()
    assert ([entry.number for entry in page.entries], page.unreadable) == ([3, 1], (2,))


# -- export and retention


async def test_export(rig: Rig) -> None:
    await rig.log.append(Fact(What.COPIED, key_id="a", operator="=cmd()"), Fact(What.COPIED, key_id="b"))
    rows = list(csv.DictReader(io.StringIO(await rig.log.export_csv(), newline="")))
    assert [(row["number"], row["operator"]) for row in rows] == [("2", ""), ("1", "'=cmd()")]
    told = json.loads(await rig.log.export_json(Filter(key_id="a")))
    assert [(row["number"], row["operator"]) for row in told] == [(1, "=cmd()")]


async def test_retention_leaves_a_chained_checkpoint(rig: Rig) -> None:
    for _ in range(3):
        await rig.fill(10)
        rig.clock.jump(DAY)
    assert await rig.log.retain(10 * DAY) == 0
    assert await rig.log.retain(2.5 * DAY, "Ada") == 10
    assert await rig.log.retain(1.5 * DAY) == 10
    verdict = await rig.log.verify()
    assert (verdict.whole, verdict.first, verdict.last, verdict.dropped) == (True, 21, 32, 20)
    assert verdict.anchored == 32
    pruned = (await rig.log.page(Filter(what=frozenset({What.PRUNED})))).entries
    assert [(entry.operator, entry.evidence) for entry in pruned] == [
        ("", "entries up to 20 dropped, older than 1.5 days"),
        ("Ada", "entries up to 10 dropped, older than 2.5 days"),
    ]
    rig.tamper("DELETE FROM audit_checkpoints WHERE number = 10")
    assert not (await rig.log.verify()).whole


async def test_nothing_is_dropped_from_a_log_that_was_tampered_with(rig: Rig) -> None:
    await rig.fill(10)
    rig.clock.jump(DAY)
    rig.tamper("UPDATE audit_log SET reason = 'x' WHERE number = 4")
    with pytest.raises(ActivityLogBroken, match="Entry 4"):
        await rig.log.retain(1.0)
    assert await rig.log.count() == 10


async def test_the_log_goes_on_after_everything_was_dropped(rig: Rig) -> None:
    await rig.fill(3)
    rig.clock.jump(DAY)
    assert await rig.log.retain(1.0) == 3
    rig.clock.jump(DAY)
    assert await rig.log.retain(1.0) == 1
    (last,) = (await rig.log.page()).entries
    assert last.number == 5
    assert (await rig.log.verify()).whole


async def test_a_write_that_fails_is_told(rig: Rig) -> None:
    rig.path.unlink()
    with pytest.raises(StoreUnavailable):
        await rig.log.append(Fact(What.COPIED))
