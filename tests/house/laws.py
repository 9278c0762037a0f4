"""The house's laws, each a function from source files to findings (none is what we want)."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from tests.house.source import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.house.source import Source

LONGEST = 400
BROAD = frozenset({"Exception", "BaseException"})
BROAD_ALLOWED = ("nomba_desktop/services/tasks.py",)
PRINT_ALLOWED = ("nomba_desktop/cli/", "nomba_desktop/app/", "nomba_desktop/practice/__main__.py")
SLEEP_ALLOWED = ("nomba_desktop/adapters/system_clock.py", "nomba_desktop/practice/server.py")
DIALOGS = frozenset({"QMessageBox", "QFileDialog", "QInputDialog", "QColorDialog", "QFontDialog"})
STATIC = re.compile(r"^(about|aboutQt|critical|information|question|warning|get[A-Z]\w*)$")
NESTING_NAMES = frozenset({"asyncSlot", "asyncClose", "asyncWrap", "qWait", "qWaitFor"})
# The halves that open doors, of packages whose other half is pure (parse, HTTPStatus, utils).
IMPURE = (
    "urllib.request",
    "urllib.robotparser",
    "http.client",
    "http.server",
    "http.cookiejar",
    "email.generator",
)
HOME_PATH = re.compile(r"(?<![\w.~])/(?:home|Users)/[a-z]\w*|(?<![\w.])/root/|[A-Za-z]:\\+Users\\+\w")
QT = frozenset({"PySide6", "shiboken6", "qasync", "pytestqt"})
# One technology, one door: package -> the files that may import it, and how many of them there may be.
DOORS: Mapping[str, tuple[re.Pattern[str], int | None]] = {
    "qasync": (re.compile(r"nomba_desktop/ui/loop\.py"), 1),
    "httpx": (re.compile(r"nomba_desktop/adapters/\w+\.py"), 1),
    "keyring": (re.compile(r"nomba_desktop/adapters/\w+\.py"), 1),
    "redis": (re.compile(r"nomba_desktop/adapters/redis_team\.py"), 1),
    "sqlite3": (re.compile(r"nomba_desktop/adapters/sqlite_\w+\.py"), None),
}


def short_files(sources: Iterable[Source]) -> Iterator[str]:
    """A file above 400 lines is two rooms (law 11)."""
    for source in sources:
        lines = source.text.count("\n")
        if lines > LONGEST:
            yield source.at(lines, f"{lines} lines, {LONGEST} are the most")


def no_nested_loops(sources: Iterable[Source]) -> Iterator[str]:
    """Nothing runs an event loop inside the event loop: other tasks would hang for ever."""
    for source in sources:
        for line, name in source.calls():
            owner, _, last = name.rpartition(".")
            if owner and last in {"exec", "exec_", "processEvents"}:
                yield source.at(line, f"{name}() nests an event loop")
            if owner.rpartition(".")[2] in DIALOGS and STATIC.match(last):
                yield source.at(line, f"{name}() nests an event loop: open() and a future on finished")
        for node in ast.walk(source.tree):
            named = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
            if isinstance(node, ast.alias):
                named = node.name
            if named in NESTING_NAMES:
                yield source.at(getattr(node, "lineno", 0), f"{named} nests an event loop or loses tasks")


def one_door_each(sources: Iterable[Source]) -> Iterator[str]:
    """A technology is imported where its adapter is, and nowhere else."""
    used: dict[str, list[str]] = {}
    for source in sources:
        for line, name in source.imports:
            package = name.partition(".")[0]
            if package not in DOORS:
                continue
            if not DOORS[package][0].fullmatch(source.path):
                yield source.at(line, f"{package} is not imported here")
            elif source.path not in used.setdefault(package, []):
                used[package].append(source.path)
    for package, paths in used.items():
        most = DOORS[package][1]
        if most is not None and len(paths) > most:
            yield f"{package} is imported in {len(paths)} files, {most} is the most: {', '.join(paths)}"


def pure_floors(sources: Iterable[Source]) -> Iterator[str]:
    """The domain takes nothing but the standard library; no floor but the doors opens files or sockets."""
    for source in sources:
        in_domain = source.within("nomba_desktop/domain/")
        if not in_domain and not source.within("nomba_desktop/services/", "nomba_desktop/ui/"):
            continue
        for line, name in source.imports:
            package = name.partition(".")[0]
            ours = name == "nomba_desktop.domain" or name.startswith("nomba_desktop.domain.")
            if in_domain and not ours and package not in sys.stdlib_module_names:
                yield source.at(line, f"{name}: the domain imports the standard library and itself")
            if any(name == door or name.startswith(f"{door}.") for door in IMPURE):
                yield source.at(line, f"{name} is a door to the world")
        for line, name in source.calls():
            if name in {"open", "input"} and not source.within("nomba_desktop/ui/"):
                yield source.at(line, f"{name}() is a door to the world")


def reveals(sources: Iterable[Source], allowed: Mapping[str, int]) -> Iterator[str]:
    """Secrets come out of their type at the listed places only (law 6).

    `Secret.reveal` takes no argument: what is called `reveal` and given one is another thing.
    """
    counted: dict[str, int] = {}
    for source in sources:
        others = {
            id(node.func)
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Call) and (node.args or node.keywords)
        }
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr == "reveal" and id(node) not in others:
                counted[source.path] = counted.get(source.path, 0) + 1
    for path in sorted(counted.keys() | allowed.keys()):
        have, may = counted.get(path, 0), allowed.get(path, 0)
        if have != may:
            yield f"{path}: {have} uses of .reveal, tests/house/reveals.py says {may}"


def documented(sources: Iterable[Source]) -> Iterator[str]:
    """What is public says what it means. Qt's own method names, overrides and overloads need no words."""
    for source in sources:
        if not ast.get_docstring(source.tree):
            yield source.at(1, "the module has no docstring")
        yield from _undocumented(source, source.tree.body, "")


def _undocumented(source: Source, body: list[ast.stmt], owner: str) -> Iterator[str]:
    for node in body:
        if not isinstance(
            node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) or node.name.startswith("_"):
            continue
        marks = {dotted_name.rpartition(".")[2] for dotted_name in map(ast.unparse, node.decorator_list)}
        exempt = bool(marks & {"overload", "override", "setter"}) or (
            bool(owner) and source.within("nomba_desktop/ui/") and bool(re.match(r"[a-z]+[A-Z]", node.name))
        )
        if not exempt and not ast.get_docstring(node):
            yield source.at(node.lineno, f"{owner}{node.name} has no docstring")
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(source, node.body, f"{node.name}.")


def no_broad_catch(sources: Iterable[Source]) -> Iterator[str]:
    """One primitive catches everything (law 7). Cleaning up and raising again is no catch."""
    for source in sources:
        if source.within(*BROAD_ALLOWED):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler):
                caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                broad = any(kind is None or ast.unparse(kind) in BROAD for kind in caught)
                last = node.body[-1]
                if broad and not (isinstance(last, ast.Raise) and last.exc is None):
                    yield source.at(node.lineno, "a broad except")
            elif (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith("suppress")
                and BROAD & {ast.unparse(argument) for argument in node.args}
            ):
                yield source.at(node.lineno, "a broad suppress")


def no_sleep(sources: Iterable[Source]) -> Iterator[str]:
    """Nobody waits for time to pass: a Clock, an event, or `tests.support.qtloop` (law 4)."""
    for source in sources:
        if source.within(*SLEEP_ALLOWED):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and dotted(node) in {"time.sleep", "asyncio.sleep"}:
                yield source.at(node.lineno, dotted(node))
        for line, name in source.imports:
            if name in {"time.sleep", "asyncio.sleep"}:
                yield source.at(line, name)


def no_patching(sources: Iterable[Source]) -> Iterator[str]:
    """Dependencies arrive by constructor, so a test hands in a fake and patches nothing (law 9)."""
    for source in sources:
        for line, name in source.calls():
            if name.endswith(("monkeypatch.setattr", "monkeypatch.setitem", "monkeypatch.delattr")):
                yield source.at(line, name)
        for line, name in source.imports:
            if name.startswith("unittest.mock") or name.partition(".")[0] in {"mock", "pytest_mock"}:
                yield source.at(line, name)


def no_print(sources: Iterable[Source]) -> Iterator[str]:
    """Only what is started from a terminal writes to it."""
    for source in sources:
        if not source.within(*PRINT_ALLOWED):
            for line, name in source.calls():
                if name == "print":
                    yield source.at(line, "print()")


def no_home_paths(sources: Iterable[Source]) -> Iterator[str]:
    """No path of anybody's own machine."""
    for source in sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            if HOME_PATH.search(line):
                yield source.at(number, "an absolute home path")


def plain_without_qt(sources: Iterable[Source]) -> Iterator[str]:
    """Tests of the lower floors and of the doors run without Qt."""
    for source in sources:
        for line, name in source.imports:
            if name.partition(".")[0] in QT or name.startswith("nomba_desktop.ui"):
                yield source.at(line, f"{name} in a test that does without Qt")
