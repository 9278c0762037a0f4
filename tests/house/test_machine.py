"""The installed parts fit together: Qt's wheel, the entry points, the locks, the scripts."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

# PySide6 6.12.0 loses references to None (events) and True (emits), until CPython 3.11 aborts.
REFERENCES = """
from PySide6 import QtCore; import sys
app = QtCore.QCoreApplication([])
class S(QtCore.QObject): s = QtCore.Signal()
x = S(); x.s.connect(int); before = sys.getrefcount(None), sys.getrefcount(True)
for _ in range(40): x.s.emit(); app.processEvents()
after = sys.getrefcount(None), sys.getrefcount(True)
sys.exit(any(b - a > 10 for b, a in zip(before, after)))
"""


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=50, check=False, cwd=ROOT
    )


def locked(name: str) -> dict[str, str]:
    """Package -> version of a lock file."""
    pairs = re.findall(r"^([\w.-]+)==([^ ;\\]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pairs}


def test_the_qt_wheel_keeps_its_references() -> None:
    # In a process of its own: a bad wheel may abort at exit.
    done = run_python("-c", REFERENCES)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["scripts", "gui-scripts"])
def test_entry_points_import(kind: str) -> None:
    for target in PROJECT["project"][kind].values():
        module, _, attribute = target.partition(":")
        assert callable(getattr(importlib.import_module(module), attribute))


def test_the_console_starts_without_qt() -> None:
    done = run_python(
        "-c",
        "import sys, nomba_desktop.app.console, nomba_desktop.cli\n"
        "sys.exit(', '.join(sorted({'PySide6', 'shiboken6', 'qasync'} & sys.modules.keys())) or 0)",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_the_lock_holds_what_the_project_asks_for(lock: str, requirements: list[str]) -> None:
    have = locked(lock)
    for requirement in map(Requirement, requirements):
        assert requirement.specifier.contains(have[canonicalize_name(requirement.name)]), requirement


def test_both_locks_agree_and_every_line_has_a_hash() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in entry, entry


def test_scripts_stop_at_the_first_error() -> None:
    scripts = [*(ROOT / "packaging").glob("*.sh"), ROOT / ".ci" / "run"]
    assert len(scripts) > 4
    for script in scripts:
        assert os.access(script, os.X_OK), script
        head = script.read_text("utf-8").splitlines()
        assert head[0] == "#!/usr/bin/env bash", script
        assert "set -euo pipefail" in head, script
