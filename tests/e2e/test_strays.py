"""Errors that nobody waited for, in the real program: told in the window, their values written nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.support.planted import Planted

SECRET = 'Pl4nted+/Q"z\\7kV&w=Lm9pT5dHn2bYcZrQ'

PROGRAM = """
import asyncio, gc, json, sys, threading
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QTimer
from nomba_desktop.adapters.memory_vault import MemoryVault
from nomba_desktop.app.opening import run_window
from tests.support.desk import desk_world
from tests.support.qtloop import wait_until

SECRET = sys.stdin.readline().strip()

def fail():
    raise KeyError(SECRET)

async def lost():
    raise ValueError(f"lost {SECRET}")

class Last:
    def __del__(self):
        raise OSError(SECRET)

async def prepare(core):
    def details():
        return [n.details for n in core.state.snapshot.notices if n.reference == "ND-999"]

    QTimer.singleShot(0, fail)
    task = asyncio.ensure_future(lost())
    await wait_until(task.done)
    del task
    gc.collect()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Last()
    await wait_until(lambda: len(details()) == 4, 20)
    print(json.dumps(details()), flush=True)
    from PySide6.QtWidgets import QApplication
    for window in QApplication.topLevelWidgets():
        window.close()

def world():
    made = desk_world(Path(sys.argv[1]), "http://127.0.0.1:9")
    return replace(made, vault=MemoryVault(made.clock))

sys.exit(run_window(world, prepare=prepare))
"""


def test_errors_that_nobody_waited_for(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        input=SECRET, capture_output=True, text=True, timeout=50, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    details = json.loads(ended.stdout)
    for what, kind in (
        ("a gesture or timer", "KeyError"),
        ("background work", "ValueError"),
        ("a thread", "KeyError"),
        ("clearing up", "OSError"),
    ):
        assert [text for text in details if f"while: {what}\n{kind}" in text], (what, details)
        assert f"ND-999 in {what}\n{kind}" in ended.stderr
    planted = Planted()
    planted.add("secret", SECRET)
    assert planted.search("stderr", ended.stderr) == []
    assert planted.search("stdout", ended.stdout) == []
