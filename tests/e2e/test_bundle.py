"""What is special about the frozen program, and that the checks of the bundle can fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nomba_desktop.app.bundle import restore_environment

ROOT = Path(__file__).parents[2]


def test_what_pyinstaller_set_is_not_handed_on() -> None:
    environ = {
        "HOME": "/x",
        "LD_LIBRARY_PATH": "/bundle/_internal",
        "QT_PLUGIN_PATH": "/bundle/plugins",
        "QML2_IMPORT_PATH": "/bundle/qml",
        "_PYI_ARCHIVE_FILE": "/bundle/nomba",
    }
    restore_environment(environ)
    assert environ == {"HOME": "/x"}


def test_what_the_user_had_comes_back() -> None:
    environ = {"LD_LIBRARY_PATH": "/bundle/_internal:/mine", "LD_LIBRARY_PATH_ORIG": "/mine"}
    restore_environment(environ)
    assert environ == {"LD_LIBRARY_PATH": "/mine"}


def run_check(script: str, *arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_bundle_with_foreign_or_missing_parts_is_refused(tmp_path: Path) -> None:
    internal = tmp_path / "_internal"
    for name in ("libgtk-3.so.0", "tests/test_x.txt", "keyrings/alt/x.txt", "PySide6/Qt/lib/libQt6Qml.so.6"):
        file = internal / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(Path(sys.executable).resolve().read_bytes() if ".so" in name else b"x")
    (internal / "libgone.so").symlink_to("nowhere.so")
    status, said = run_check("check_bundle.py", tmp_path)
    assert status == 1
    for line in (
        "missing: nomba-desktop",
        "missing: _internal/PySide6/Qt/plugins/platforms/libqxcb.so",
        "not wanted: _internal/libgtk-3.so.0",
        "not wanted: _internal/tests/test_x.txt",
        "not wanted: _internal/keyrings/alt/x.txt",
        "not wanted: _internal/PySide6/Qt/lib/libQt6Qml.so.6",
        "leads nowhere: _internal/libgone.so",
    ):
        assert line in said.splitlines()


def good_result() -> dict[str, Any]:
    names = [
        "qt", "window", "resources", "event-loop", "keyring", "database", "lock", "trust", "round-trip", "clean-exit",
    ]  # fmt: skip
    facts = {"qt": {"platform": "xcb"}, "keyring": {"backend": "Secret Service"}}
    return {
        "schema": 1,
        "ok": True,
        "frozen": True,
        "noise": [],
        "checks": [
            {"name": name, "ok": True, "seconds": 0.1, "problem": "", "facts": facts.get(name, {})}
            for name in names
        ],
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, ""),
        ({"frozen": False}, "not as it should be"),
        ({"ok": False}, "not as it should be"),
        ({"noise": ["Qt: hm"]}, "noise: Qt: hm"),
        ({"checks": []}, "the checks are"),
    ],
)
def test_only_a_good_result_passes(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps(good_result() | change))
    status, said = run_check("check_selftest.py", file, "xcb")
    assert status == (1 if sentence else 0), said
    assert sentence in said


def test_a_bad_check_or_another_screen_does_not_pass(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    result = good_result()
    result["checks"][6].update(ok=False, problem="It broke.")
    file.write_text(json.dumps(result))
    status, said = run_check("check_selftest.py", file, "offscreen")
    assert status == 1
    assert "lock: It broke." in said
    assert "Qt did not paint on offscreen" in said
