"""`python -m benchmarks`: measure, compare with a peer or limit of the same run, print; always exits with 0.

Start-up figures are medians over interleaved runs, each in a process of its own; byte code lies in a cache that a
first run has filled, as it does for an installed program. Nothing here is a test: a busy machine changes figures.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent


@dataclass(frozen=True)
class Line:
    """One figure: what it is, its value with unit, what it is compared with, and the limit (None: for information)."""

    what: str
    value: float
    unit: str
    peer: str = ""
    ratio: float | None = None
    limit: float | None = None

    @property
    def reached(self) -> bool | None:
        measured = self.value if self.ratio is None else self.ratio
        return None if self.limit is None else measured <= self.limit

    def __str__(self) -> str:
        shown = f"{self.value:.2f}" if self.value < 10 else f"{self.value:.0f}"
        against = f"{self.ratio:.2f} x {self.peer}" if self.ratio is not None else self.peer
        reach = ""
        if self.limit is not None:
            number = f"{self.limit:g} x" if self.ratio is not None else f"{self.limit:g} {self.unit}"
            reach = f"<= {number}: {'reached' if self.reached else 'NOT reached'}"
        return f"{self.what:<46} {shown:>7} {self.unit:<5} {against:<26} {reach}".rstrip()


class Children:
    """Starts the measuring processes, all with the same byte-code cache and display."""

    def __init__(self, below: Path) -> None:
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")},
            "PYTHONPYCACHEPREFIX": str(below / "bytecode"),
            "XDG_DATA_HOME": str(below / "data"),
            "XDG_CONFIG_HOME": str(below / "config"),
            "QT_API": "pyside6",
        }
        if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
            self.environment["QT_QPA_PLATFORM"] = "offscreen"
        # The real keyring is for the tests; here it would be asked for a person's own.
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"

    def told(self, *arguments: str) -> dict[str, Any]:
        """The JSON line that a child prints. Raises when it fails or hangs."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**self.environment, "BENCH_STARTED": str(time.monotonic())},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        if done.returncode or not done.stdout.strip():
            raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr}")
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))

    def practice(self, count: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.practice_process", str(count)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def start_up(children: Children, below: Path, times: int) -> list[Line]:
    profile = str(below / "profile")
    children.told("-m", "benchmarks.seed", profile, "20")
    script = str(HERE / "first_frame.py")
    kinds = {"empty": ("empty",), "app": ("app", "-"), "rows": ("rows", profile)}
    runs: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for number in range(times + 1):
        for kind, arguments in kinds.items():
            told = children.told(script, *arguments)
            if number:  # the first run fills the byte-code cache
                runs[kind].append(told)

    def median(kind: str, moment: str, what: str) -> float:
        return statistics.median(run[moment][what] for run in runs[kind])

    lines = []
    for measure, told in (("wall_ms", "wall"), ("cpu_ms", "CPU")):
        base = median("empty", "first", measure)
        lines.append(Line(f"an empty QMainWindow's first frame, {told}", base, "ms"))
        for what, kind, moment, limit in (
            ("first painted frame", "app", "first", 1.9),
            ("20 stored rows painted", "rows", "rows", 3.0),
            ("their sessions painted", "rows", "sessions", None),
        ):
            value = median(kind, moment, measure)
            lines.append(Line(f"{what}, {told}", value, "ms", "empty window", value / base, limit))
    base = median("empty", "first", "rss_mb")
    value = median("rows", "sessions", "rss_mb")
    lines.append(Line("memory with 20 rows (resident)", value, "MB", "empty window", value / base))
    return lines


def idle(children: Children, seconds: float) -> list[Line]:
    with children.practice(20) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        url = server.stdout.readline().strip()
        try:
            told = children.told("-m", "benchmarks.idle", url, str(seconds))
        finally:
            server.stdin.close()
    probes = told["probes_a_minute"] * told["probe"]
    note = f"from {seconds:g} s, {told['rows_visible']:.0f} rows"
    return [
        Line("CPU a minute, screen full of signed-in keys", told["shown"], "ms", note, None, 180),
        Line("CPU a minute, hidden", told["hidden"], "ms", f"from {seconds:g} s", None, 30),
        Line("20 keys' probes, a minute (beside these)", probes, "ms", f"4 x {told['probe']:.1f} ms"),
    ]


def lists(children: Children) -> list[Line]:
    few, many = (children.told("-m", "benchmarks.lists", count) for count in ("20", "1000"))
    ratio = many["tick_ms"] / few["tick_ms"]
    lines = [Line("a tick with 1,000 keys, CPU", many["tick_ms"], "ms", "with 20 keys", ratio, 1.2)]
    for what in ("loading", "searching", "filtering", "sorting", "scrolling", "one session changing"):
        told = many[what]
        note = f"worst {told['worst_ms']:.0f}, CPU {told['cpu_ms']:.0f}"
        lines.append(Line(f"1,000 keys, longest frame: {what}", told["wall_ms"], "ms", note, None, 50))
    return lines


def store(children: Children) -> list[Line]:
    told = children.told("-m", "benchmarks.store")
    hot, opened, apply, commit = (told[name] for name in ("hot_read", "opened_read", "apply", "commit"))
    return [
        Line("store: hot read, median", hot["median_us"], "us", "limit of a later issue", None, 8),
        Line("store: hot read, p95", hot["p95_us"], "us", "limit of a later issue", None, 25),
        Line("store: a read that opens the seal, median", opened["median_us"], "us"),
        Line(
            "store: a durable write, median",
            apply["median_us"],
            "us",
            "bare SQLite commit",
            apply["median_us"] / commit["median_us"],
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--only", choices=["start-up", "idle", "lists", "store"], help="measure one part")
    parser.add_argument("--times", type=int, default=11, help="runs of each start (default 11)")
    parser.add_argument("--seconds", type=float, default=20, help="length of the idle stretches (default 20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nomba-bench-") as directory:
        below = Path(directory)
        children = Children(below)
        parts = {
            "start-up": lambda: start_up(children, below, options.times),
            "idle": lambda: idle(children, options.seconds),
            "lists": lambda: lists(children),
            "store": lambda: store(children),
        }
        told = []
        for name, part in parts.items():
            if options.only in (None, name):
                lines = part()
                told += lines
                if not options.json:
                    print(*lines, sep="\n", flush=True)
    if options.json:
        print(json.dumps([{**asdict(line), "reached": line.reached} for line in told], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
