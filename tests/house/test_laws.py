"""The house keeps its laws, and each law is shown to catch what breaks it."""

from __future__ import annotations

import re
from functools import partial
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.house import laws
from tests.house.reveals import REVEALS
from tests.house.source import ROOT, Source, files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Law = Callable[[Iterable[Source]], Iterator[str]]

PLAIN = ("adapters", "contracts", "domain", "practice", "services")
# The laws name what they forbid, and the samples below break them on purpose.
ABOUT_LAWS = ("tests/house/laws.py", "tests/house/test_laws.py")
TESTS = tuple(source for source in files("tests") if source.path not in ABOUT_LAWS)
PROGRAM = files("nomba_desktop")
EVERYTHING = (*PROGRAM, *TESTS, *files("benchmarks"), *files("packaging"))
PLAIN_TESTS = tuple(source for source in TESTS if source.within(*(f"tests/{name}/" for name in PLAIN)))

HOUSE: dict[str, tuple[Law, tuple[Source, ...]]] = {
    "short files": (laws.short_files, PROGRAM),
    "no nested loops": (laws.no_nested_loops, PROGRAM),
    "one door each": (laws.one_door_each, PROGRAM),
    "pure floors": (laws.pure_floors, PROGRAM),
    "reveals": (partial(laws.reveals, allowed=REVEALS), PROGRAM),
    "documented": (laws.documented, PROGRAM),
    "no broad catch": (laws.no_broad_catch, PROGRAM),
    "no sleep": (laws.no_sleep, (*PROGRAM, *TESTS)),
    "no patching": (laws.no_patching, TESTS),
    "no print": (laws.no_print, PROGRAM),
    "no home paths": (laws.no_home_paths, EVERYTHING),
    "plain tests without Qt": (laws.plain_without_qt, PLAIN_TESTS),
}

UI = "nomba_desktop/ui/x.py"
SERVICE = "nomba_desktop/services/x.py"
DOMAIN = "nomba_desktop/domain/x.py"
ADAPTER = "nomba_desktop/adapters/x.py"
TEST = "tests/services/test_x.py"

# law, path, text, findings
SAMPLES: list[tuple[str, str, str, int]] = [
    ("short files", UI, "x = 1\n" * 401, 1),
    ("short files", UI, "x = 1\n" * 400, 0),
    ("no nested loops", UI, "dialog.exec()", 1),
    ("no nested loops", UI, "QDialog(parent).exec_()", 1),
    ("no nested loops", UI, "QMessageBox.question(self, 'a', 'b')", 1),
    ("no nested loops", UI, "QtWidgets.QFileDialog.getSaveFileName(self)", 1),
    ("no nested loops", UI, "QInputDialog.getText(self)", 1),
    ("no nested loops", UI, "app.processEvents()", 1),
    ("no nested loops", UI, "from qasync import asyncSlot", 1),
    ("no nested loops", UI, "@qasync.asyncClose\nasync def f(): ...", 1),
    ("no nested loops", UI, "dialog.open()\nexec('x')\nQMessageBox(self).setText('b')", 0),
    ("one door each", "nomba_desktop/app/x.py", "import qasync", 1),
    ("one door each", "nomba_desktop/ui/loop.py", "import qasync", 0),
    ("one door each", SERVICE, "def f():\n    from httpx import AsyncClient", 1),
    ("one door each", ADAPTER, "import httpx\nimport keyring.errors\nfrom keyring import backends", 0),
    ("one door each", ADAPTER, "import sqlite3", 1),
    ("one door each", "nomba_desktop/adapters/sqlite_store.py", "import sqlite3", 0),
    ("pure floors", DOMAIN, "import msgspec", 1),
    ("pure floors", DOMAIN, "from nomba_desktop.services import ports", 1),
    (
        "pure floors",
        DOMAIN,
        "from nomba_desktop.domain.keys import Key\nfrom urllib.parse import urlsplit",
        0,
    ),
    ("pure floors", SERVICE, "from urllib.request import urlopen", 1),
    ("pure floors", UI, "import http.client", 1),
    ("pure floors", SERVICE, "from http import HTTPStatus", 0),
    ("pure floors", SERVICE, "open('x')", 1),
    ("reveals", ADAPTER, "send(secret.reveal())", 1),
    ("reveals", ADAPTER, "reveal = secret.reveal", 1),
    ("reveals", UI, "self.actions.reveal(key_id)", 0),
    ("documented", UI, "x = 1", 1),
    ("documented", UI, "'''M.'''\ndef f(): ...", 1),
    (
        "documented",
        UI,
        "'''M.'''\nclass C:\n    '''C.'''\n    def f(self): ...\n    async def g(self): ...",
        2,
    ),
    ("documented", UI, "'''M.'''\nclass C:\n    '''C.'''\n    def paintEvent(self, event): ...", 0),
    ("documented", SERVICE, "'''M.'''\nclass C:\n    '''C.'''\n    def paintEvent(self, event): ...", 1),
    ("documented", SERVICE, "'''M.'''\ndef _f(): ...\nclass _C:\n    def f(self): ...", 0),
    ("no broad catch", SERVICE, "try: f()\nexcept: g()", 1),
    ("no broad catch", SERVICE, "try: f()\nexcept (OSError, Exception) as e: g()", 1),
    ("no broad catch", SERVICE, "try: f()\nexcept BaseException:\n    if x:\n        raise", 1),
    ("no broad catch", SERVICE, "with contextlib.suppress(Exception): f()", 1),
    ("no broad catch", SERVICE, "try: f()\nexcept BaseException:\n    undo()\n    raise", 0),
    ("no broad catch", "nomba_desktop/services/tasks.py", "try: f()\nexcept Exception: g()", 0),
    ("no sleep", TEST, "async def f():\n    await asyncio.sleep(0)", 1),
    ("no sleep", TEST, "from time import sleep", 1),
    ("no sleep", SERVICE, "asyncio.sleep(1)", 1),
    ("no sleep", SERVICE, "clock.sleep(1)", 0),
    ("no patching", TEST, "monkeypatch.setattr('nomba_desktop.x', 1)", 1),
    ("no patching", TEST, "from unittest.mock import patch", 1),
    ("no patching", TEST, "from unittest import mock", 1),
    ("no patching", TEST, "monkeypatch.setenv('A', '1')", 0),
    ("no print", SERVICE, "print(1)", 1),
    ("no print", "nomba_desktop/cli/x.py", "print(1)", 0),
    ("no home paths", TEST, "path = '/home/ada/x'", 1),
    ("no home paths", TEST, "path = r'C:\\Users\\ada'", 1),
    ("no home paths", TEST, "path = '/Users/ada/x'", 1),
    ("no home paths", TEST, "url = 'https://x.example/home/page'; path = '~/x'", 0),
    ("plain tests without Qt", TEST, "from PySide6.QtCore import QObject", 1),
    ("plain tests without Qt", TEST, "def f():\n    from nomba_desktop.ui.loop import AppEventLoop", 1),
    ("plain tests without Qt", TEST, "from nomba_desktop.services import ports", 0),
]


@pytest.mark.parametrize("name", HOUSE)
def test_the_house_keeps(name: str) -> None:
    law, sources = HOUSE[name]
    findings = list(law(sources))
    assert not findings, "\n".join(["", name, *findings])


@pytest.mark.parametrize(("name", "path", "text", "findings"), SAMPLES)
def test_a_law_catches_what_breaks_it(name: str, path: str, text: str, findings: int) -> None:
    found = list(HOUSE[name][0]([Source(path, dedent(text))]))
    # What the allow-list expects elsewhere is missing from a sample: not this sample's finding.
    assert len([line for line in found if line.startswith(path)]) == findings, found


def test_every_law_has_a_sample_that_breaks_it() -> None:
    assert {name for name, _, _, findings in SAMPLES if findings} == HOUSE.keys()


def test_a_second_door_is_found() -> None:
    two = [Source(f"nomba_desktop/adapters/{name}.py", "import httpx") for name in ("a", "b")]
    assert len(list(laws.one_door_each(two))) == 1


def test_a_reveal_that_went_away_is_taken_off_the_list() -> None:
    source = Source(ADAPTER, "secret.reveal()")
    assert not list(laws.reveals([source], {ADAPTER: 1}))
    assert list(laws.reveals([source], {ADAPTER: 2}))
    assert list(laws.reveals([source], {ADAPTER: 1, "nomba_desktop/adapters/gone.py": 1}))


def test_no_home_path_in_other_files() -> None:
    patterns = (
        "*.md",
        "*.toml",
        "*.yml",
        "*.spec",
        "Makefile",
        ".ci/*",
        "packaging/*",
        "docs/**/*.md",
        ".github/**/*.yml",
    )
    texts = [
        Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if path.is_file() and re.fullmatch(r"\.(md|toml|yml|sh|spec|py)|", path.suffix)
    ]
    assert len(texts) > 5
    assert not list(laws.no_home_paths(texts))
