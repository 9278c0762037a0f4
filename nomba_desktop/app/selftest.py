"""The self-test inside the shipped program: `nomba-desktop --selftest [--output FILE]`.

It runs every layer once in a temporary directory, on a practice server of its own, and prints one JSON object:

    {"schema": 1, "program": "nomba-desktop", "version": "0.1.0", "frozen": true, "python": "3.11.7",
     "system": "Linux-…", "ok": true, "seconds": 1.2,
     "checks": [{"name": "qt", "ok": true, "seconds": 0.05, "problem": "", "facts": {"platform": "xcb"}}, …],
     "noise": ["Qt: …"]}

`checks` are in the order they ran; their names are stable: qt, window, resources, event-loop, keyring, database,
lock, trust, round-trip, clean-exit. `problem` is a plain sentence, empty when `ok`; `facts` are for whoever reads
it. `noise` is what Qt and the logs said meanwhile. The exit code is 0 when everything is ok, else 1. The user's
own directories and keyring entries are not touched, and nothing secret is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.app.selftest_bench import Bench, Check, Outcome, program_version, try_out
from nomba_desktop.domain.text import clean

if TYPE_CHECKING:
    from nomba_desktop.services.ports import Clock

SCHEMA = 1
_MOST_NOISE = 20


class Result:
    """Outcomes and noise as they come in. `doing` names the check that is running."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._began = clock, clock.monotonic()
        self.outcomes: list[Outcome] = []
        self.noise: list[str] = []
        self.doing = "qt"

    @property
    def ok(self) -> bool:
        """Whether every check ran and was ok."""
        return bool(self.outcomes) and all(outcome.ok for outcome in self.outcomes)

    def heard(self, said: str) -> None:
        """Keep what Qt or a log said, up to a limit."""
        if len(self.noise) < _MOST_NOISE:
            self.noise.append(clean(said, 300))

    def as_json(self) -> str:
        """The result as documented above."""
        return json.dumps(
            {
                "schema": SCHEMA,
                "program": "nomba-desktop",
                "version": program_version(),
                "frozen": bool(getattr(sys, "frozen", False)),
                "python": platform.python_version(),
                "system": platform.platform(),
                "ok": self.ok,
                "seconds": round(self._clock.monotonic() - self._began, 3),
                "checks": [asdict(outcome) for outcome in self.outcomes],
                "noise": self.noise,
            },
            indent=2,
        )


def run(argv: Sequence[str] = (), out: TextIO | None = None) -> int:
    """Run everything, write the result to `--output` or `out` (stdout), return the exit code."""
    parser = argparse.ArgumentParser(prog="nomba-desktop --selftest")
    parser.add_argument("--selftest", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the result there instead of stdout"
    )
    options = parser.parse_args(list(argv))

    def write(result: Result) -> None:
        target = out if out is not None else sys.stdout
        if options.output is not None:
            options.output.write_text(result.as_json() + "\n", "utf-8")
        elif target is not None:  # a windowed program on Windows has no stdout
            print(result.as_json(), file=target, flush=True)

    return _run(write)


def _run(write: Callable[[Result], None]) -> int:
    from nomba_desktop.app import selftest_checks as checks
    from nomba_desktop.app import selftest_qt as qt

    clock = SystemClock()
    result = Result(clock)
    listener = _Listener(result)
    logging.getLogger().addHandler(listener)
    # Where Qt can't show a window it aborts the process: what is known until then is still told.
    qInstallMessageHandler(_qt_listener(result, write))
    try:
        began = clock.monotonic()
        loop = qt.make_loop()
        result.outcomes.append(Outcome("qt", True, round(clock.monotonic() - began, 3), "", qt.facts()))
        with tempfile.TemporaryDirectory(prefix="nomba-selftest-") as folder:
            bench = Bench(clock, SystemChance(), Path(folder))
            named: dict[str, Check] = {
                "window": qt.window,
                "resources": qt.resources,
                "event-loop": qt.event_loop,
                "keyring": checks.keyring,
                "database": checks.database,
                "lock": checks.lock,
                "trust": checks.trust_store,
                "round-trip": checks.round_trip,
            }
            with loop:
                for name, check in named.items():
                    result.doing = name
                    result.outcomes.append(loop.run_until_complete(try_out(name, check, bench)))
                left = len(asyncio.all_tasks(loop))
            result.outcomes.append(checks.clean_exit(left, clock))
    finally:
        logging.getLogger().removeHandler(listener)
        qInstallMessageHandler(None)
    write(result)
    return 0 if result.ok else 1


class _Listener(logging.Handler):
    def __init__(self, result: Result) -> None:
        super().__init__(logging.WARNING)
        self._result = result

    def emit(self, record: logging.LogRecord) -> None:
        self._result.heard(f"log: {record.name}: {record.levelname}")


def _qt_listener(
    result: Result, write: Callable[[Result], None]
) -> Callable[[QtMsgType, QMessageLogContext, str], None]:
    def hear(kind: QtMsgType, _context: QMessageLogContext, said: str) -> None:
        if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg):
            return
        result.heard(f"Qt: {said}")
        if kind is QtMsgType.QtFatalMsg:
            end(said)

    def end(said: str) -> NoReturn:
        result.outcomes.append(Outcome(result.doing, False, 0.0, f"Qt gave up: {clean(said, 600)}"))
        write(result)
        os._exit(1)

    return hear
