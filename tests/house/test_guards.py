"""What `tests/conftest.py` promises to catch, it catches: a run of bad tests, each of which must fail."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.house.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BAD = """
import asyncio, logging, warnings
import pytest
from PySide6.QtCore import qWarning

def test_bad_skip():
    pytest.skip("cannot")

@pytest.mark.skipif(True, reason="cannot")
def test_bad_skipif(): ...

def test_bad_log():
    logging.getLogger("nomba").warning("surprise")

@pytest.mark.expects_log("never said")
def test_bad_expectation(): ...

def test_bad_qt_noise():
    qWarning("noise")

def test_bad_warning():
    warnings.warn("old", DeprecationWarning)

async def test_bad_leak():
    asyncio.get_running_loop()._kept = asyncio.create_task(asyncio.Event().wait())

async def test_bad_unretrieved():
    async def fail():
        raise ValueError("lost")
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task

async def test_bad_callback():
    loop = asyncio.get_running_loop()
    loop.call_soon(int, "no number")
    done = loop.create_future()
    loop.call_soon(done.set_result, None)
    await done

async def test_bad_nesting(qtbot):
    qtbot.wait(1)

@pytest.mark.mistyped
def test_bad_marker(): ...
"""

GOOD = """
import asyncio, logging
import pytest
from tests.support.qtloop import next_signal, turn, wait_signal, wait_until

@pytest.mark.expects_log("surprise", logger="nomba")
def test_good_marker():
    logging.getLogger("nomba.x").warning("surprise")

@pytest.mark.may_log("perhaps", level="ERROR")
def test_good_may(): ...

def test_good_guard(log_guard):
    told = log_guard.expect("surprise")
    logging.getLogger("nomba").error("surprise")
    assert len(told.seen) == 1

def test_good_sync_qtbot(qtbot):
    qtbot.wait(1)

async def test_good_signal(qtbot):
    from PySide6.QtCore import QTimer
    timer = QTimer(singleShot=True, interval=1)
    timer.start()
    assert await wait_signal(timer.timeout) == ()
    future = next_signal(timer.objectNameChanged)
    timer.setObjectName("x")
    assert await future == ("x",)
    with pytest.raises(TimeoutError):
        await wait_signal(timer.timeout, timeout=0.001)
    await wait_until(lambda: True)

async def test_good_runs_on_qt():
    from nomba_desktop.ui.loop import AppEventLoop
    await turn()
    assert isinstance(asyncio.get_running_loop(), AppEventLoop)
"""


def run_pytest(folder: Path, text: str) -> str:
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_sample.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")]
    command += ["-p", "no:cacheprovider", "-rA", "--tb=line", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False, cwd=ROOT)
    return done.stdout + done.stderr


def test_every_bad_test_fails(tmp_path: Path) -> None:
    marked = BAD.partition("@pytest.mark.mistyped")
    output = run_pytest(tmp_path, marked[0])
    names = set(re.findall(r"def (test_bad_\w+)", marked[0]))
    fallen = set(re.findall(r"^(?:FAILED|ERROR) \S*::(test_bad_\w+)", output, re.MULTILINE))
    assert fallen == names, output
    assert "skipped" not in output.splitlines()[-1]
    assert "not found in `markers`" in run_pytest(tmp_path, BAD)


def test_a_file_that_skips_itself_fails(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, "import pytest\npytest.importorskip('no_such_module')\ndef test_x(): ...\n")
    assert "1 error" in output.splitlines()[-1], output


def test_good_tests_pass(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, GOOD)
    assert f"{GOOD.count('def test_good')} passed" in output.splitlines()[-1], output
