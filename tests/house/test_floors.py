"""The import contracts of `pyproject.toml` catch what they forbid: a small house that breaks them all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.source import ROOT

# What is added to an otherwise empty house, and the contract that it breaks.
PLANTED = {
    "ui/x.py": ("import nomba_desktop.cli", "Floors"),
    "adapters/x.py": ("import PySide6.QtCore", "Qt and qasync"),
    "services/x.py": ("def f():\n    import httpx", "Doors"),
    "domain/x.py": ("import time", "The laws"),
    "app/console.py": ("import nomba_desktop.app.wiring", "The side door"),
    "app/wiring.py": ("import nomba_desktop.ui", ""),
    "practice/x.py": ("from nomba_desktop.domain import x", "The doll's house"),
}


def broken(folder: Path, planted: dict[str, str]) -> set[str]:
    """Lint a house with these files in it and return the first words of the contracts that it breaks."""
    for floor in ("app", "ui", "cli", "adapters", "practice", "services", "domain"):
        (folder / "nomba_desktop" / floor).mkdir(parents=True)
        (folder / "nomba_desktop" / floor / "__init__.py").touch()
    (folder / "nomba_desktop" / "__init__.py").touch()
    (folder / "nomba_desktop" / "app" / "console.py").touch()
    for path, text in planted.items():
        target = folder / "nomba_desktop" / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(f"{text}\n", "utf-8")
    section = re.search(
        r"^\[tool\.importlinter\].*?(?=^# ---)",
        (ROOT / "pyproject.toml").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert section
    (folder / "pyproject.toml").write_text(section[0], "utf-8")
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache", "--no-logo"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return set(re.findall(r"^(.+) BROKEN", done.stdout, re.MULTILINE))


def test_each_contract_catches_what_breaks_it(tmp_path: Path) -> None:
    names = {
        contract["name"]
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
            "contracts"
        ]
    }
    found = broken(tmp_path, {path: text for path, (text, _) in PLANTED.items()})
    assert found == names
    assert all(any(name.startswith(said) for name in names) for _, said in PLANTED.values())


def test_a_module_placed_nowhere_is_found(tmp_path: Path) -> None:
    (floors,) = broken(tmp_path, {"helpers/__init__.py": ""})
    assert floors.startswith("Floors")


def test_an_empty_house_breaks_nothing(tmp_path: Path) -> None:
    assert broken(tmp_path, {}) == set()
