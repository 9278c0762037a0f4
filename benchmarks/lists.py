"""Child process: what a tick costs, and the longest frame while a list of `COUNT` keys is used."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer

from benchmarks.profile import CACHE_KEY, SteppedClock, make, seeded_key, world_on
from benchmarks.program import run
from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.window_app import WindowApp
from nomba_desktop.domain.snapshot import InventoryLoaded
from nomba_desktop.ui.derive.views import EVERYTHING, Column, Filter, Sort, View

TICKS = 150
TIMES = 7


class Frames:
    """Turns the event loop without a pause and notes the longest turn: wall, and CPU of this thread."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.timeout.connect(self._turn)
        self._wall, self._cpu = 0.0, 0.0
        self.longest, self.longest_cpu = 0.0, 0.0

    def start(self) -> None:
        self.longest = self.longest_cpu = 0.0
        self._wall, self._cpu = time.perf_counter(), time.thread_time()
        self._timer.start(0)

    def stop(self) -> tuple[float, float]:
        self._turn()
        self._timer.stop()
        return self.longest * 1000, self.longest_cpu * 1000

    def _turn(self) -> None:
        wall, cpu = time.perf_counter(), time.thread_time()
        self.longest = max(self.longest, wall - self._wall)
        self.longest_cpu = max(self.longest_cpu, cpu - self._cpu)
        self._wall, self._cpu = wall, cpu


async def longest(frames: Frames, act: Callable[[int], object]) -> dict[str, float]:
    """The median over repetitions of the longest frame in the quarter second after a gesture."""
    walls, cpus = [], []
    for number in range(TIMES):
        frames.start()
        act(number)
        await asyncio.sleep(0.25)
        wall, cpu = frames.stop()
        walls.append(wall)
        cpus.append(cpu)
    return {"wall_ms": statistics.median(walls), "cpu_ms": statistics.median(cpus), "worst_ms": max(walls)}


async def tick_cost(program: WindowApp, clock: SteppedClock) -> float:
    """CPU of one tick with everything it paints, in milliseconds."""
    program.window.ticker.set_running(False)
    cpu = time.process_time()
    for _ in range(TICKS):
        clock.ahead += 1.0
        program.window.ticker.set_running(True)
        program.window.ticker.set_running(False)
        await asyncio.sleep(0.012)
    cost = (time.process_time() - cpu) * 1000 / TICKS
    program.window.ticker.set_running(True)
    return cost


async def gestures(program: WindowApp, root: Path, count: int) -> dict[str, dict[str, float]]:
    frames, window = Frames(), program.window
    found = {}
    words = ("c", "ch", "checkout", "", "terminal", "zzz", "")
    found["searching"] = await longest(frames, lambda n: window.search.setText(words[n % len(words)]))
    window.search.clear()
    filters = (Filter(View.SIGNED_IN), Filter(View.NEEDS_PERSON), EVERYTHING)
    found["filtering"] = await longest(frames, lambda n: window.rail.filtered.emit(filters[n % 3]))
    window.rail.filtered.emit(EVERYTHING)
    sorts = (Sort(Column.STATE), Sort(Column.EXPIRES, descending=True), Sort(Column.KEY), Sort())
    found["sorting"] = await longest(frames, lambda n: window.table.sort_asked.emit(sorts[n % 4]))
    bar = window.table.verticalScrollBar()
    found["scrolling"] = await longest(frames, lambda n: bar.setValue(bar.maximum() * (n % 4) // 3))
    bar.setValue(0)
    found["one session changing"] = await another_process(frames, root, count)
    return found


async def another_process(frames: Frames, root: Path, count: int) -> dict[str, float]:
    """Another connection writes one record; the watcher sees it and looks at all of them."""
    database = await Database.open(paths_below(root).database, SystemClock())
    store = SqliteSessionStore(database, Sealer(CACHE_KEY))
    walls, cpus = [], []
    for number in range(TIMES):
        key = seeded_key(number * 7 % count, 0.0)
        frames.start()
        await store.apply(key.session_id, lambda r: replace(r, accepted_at=r.accepted_at + 1))
        await asyncio.sleep(1.2)
        wall, cpu = frames.stop()
        walls.append(wall)
        cpus.append(cpu)
    await database.aclose()
    return {"wall_ms": statistics.median(walls), "cpu_ms": statistics.median(cpus), "worst_ms": max(walls)}


async def loading(program: WindowApp) -> dict[str, float]:
    """The longest frame while the inventory and then the sessions are read, once for each repetition."""
    frames, core = Frames(), program.core
    walls, cpus = [], []
    for _ in range(TIMES):
        core.state.publish(InventoryLoaded(()))
        await asyncio.sleep(0.3)
        frames.start()
        await core.keys.load()
        await asyncio.sleep(0.05)
        assert core.sessions is not None
        core.sessions.observe()
        await asyncio.sleep(0.3)
        wall, cpu = frames.stop()
        walls.append(wall)
        cpus.append(cpu)
    return {"wall_ms": statistics.median(walls), "cpu_ms": statistics.median(cpus), "worst_ms": max(walls)}


def main(count: int) -> None:
    found: dict[str, object] = {}
    clock = SteppedClock()
    with tempfile.TemporaryDirectory(prefix="nomba-bench-") as directory:
        root = Path(directory)
        make(root, count)

        async def drive(program: WindowApp) -> None:
            found["tick_ms"] = await tick_cost(program, clock)
            if count > 100:
                found["loading"] = await loading(program)
                found.update(await gestures(program, root, count))

        run(world_on(root, clock), drive)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
