"""Child process: the store's hot read, and a durable write beside a bare SQLite commit on the same disk."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.profile import CACHE_KEY, seed, seeded_key
from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.app.paths import paths_below

READS = 20_000
WRITES = 300


def spread(times: list[float]) -> dict[str, float]:
    """Median and 95th percentile of seconds, in microseconds."""
    ordered = sorted(times)
    return {"median_us": statistics.median(ordered) * 1e6, "p95_us": ordered[int(len(ordered) * 0.95)] * 1e6}


def timed(act: Callable[[], object], times: int) -> list[float]:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return taken


def bare(path: Path) -> list[float]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, sealed BLOB)")
    blob = bytes(1200)

    def commit() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT OR REPLACE INTO t VALUES (1, ?)", (blob,))
        connection.execute("COMMIT")

    taken = timed(commit, WRITES)
    connection.close()
    return taken


async def measure(root: Path) -> dict[str, dict[str, float]]:
    await seed(root, 20)
    database = await Database.open(paths_below(root).database, SystemClock())
    store = SqliteSessionStore(database, Sealer(CACHE_KEY))
    session = seeded_key(0, 0.0).session_id
    store.read(session)
    found = {"hot_read": spread(timed(lambda: store.read(session), READS))}

    def opened() -> None:
        SqliteSessionStore(database, Sealer(CACHE_KEY)).read(session)

    found["opened_read"] = spread(timed(opened, READS // 10))
    writes = []
    for _ in range(WRITES):
        begun = time.perf_counter()
        await store.apply(session, lambda r: replace(r, accepted_at=r.accepted_at + 1))
        writes.append(time.perf_counter() - begun)
    found["apply"] = spread(writes)
    await database.aclose()
    found["commit"] = spread(bare(root / "bare.sqlite3"))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nomba-bench-") as directory:
        print(json.dumps(asyncio.run(measure(Path(directory)))), flush=True)


if __name__ == "__main__":
    sys.exit(main())
