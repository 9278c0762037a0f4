"""Places where a secret could come to light: each yields (where, what stands there) for `Planted.search_all`."""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAccessibleTextInterface
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nomba_desktop.domain.snapshot import Snapshot

    Found = Iterator[tuple[str, str | bytes]]

_LARGEST = 8_000_000
#: What of a password field holds its text by nature; it is emptied when the form closes.
_TYPED = frozenset({"text", "selectedText"})
_TEXTS = frozenset({"QString", "QStringList", "QByteArray", "QUrl"})


def files_below(root: Path, label: str) -> Found:
    """Names, link targets and contents of every file."""
    for path in sorted(root.rglob("*")):
        where = f"{label} {path.relative_to(root)}"
        yield where, str(path.relative_to(root))
        if path.is_symlink():
            yield where, str(path.readlink())
        elif path.is_file():
            yield where, path.read_bytes()


def temporary_files(since: float, leave_out: Path) -> Found:
    """What this user's programs wrote to the temporary directory since that moment, but for pytest's own."""
    top = Path(tempfile.gettempdir())
    for folder, folders, names in os.walk(top):
        here = Path(folder)
        folders[:] = [name for name in folders if here / name not in (leave_out, *leave_out.parents)]
        for name in names:
            try:
                status = (here / name).lstat()
                wanted = stat.S_ISREG(status.st_mode) and status.st_mtime >= since
                if wanted and status.st_uid == os.getuid() and status.st_size < _LARGEST:
                    yield f"temporary file {name}", (here / name).read_bytes()
            except OSError:
                continue  # gone, or another program's


def process(pid: int | str = "self") -> Found:
    """Arguments and environment of a process, and the name it goes by."""
    for name in ("cmdline", "environ", "comm"):
        yield f"/proc {name}", Path(f"/proc/{pid}/{name}").read_bytes()


def environment() -> Found:
    """What children would inherit: `/proc` shows only what was there at the start."""
    for name, value in os.environ.items():
        yield f"environment {name}", value


def clipboard() -> Found:
    """Everything on the clipboard and on X11's selection."""
    board = QApplication.clipboard()
    for mode in (board.Mode.Clipboard, board.Mode.Selection):
        data = board.mimeData(mode)
        for kind in data.formats():
            yield f"clipboard {kind}", bytes(data.data(kind).data())


def snapshot(shot: Snapshot) -> Found:
    """Its repr, and the texts of everything reachable from it, what hides from repr included."""
    yield "the snapshot's repr", repr(shot)
    yield from reachable(shot, "the snapshot")


def notices(shot: Snapshot) -> Found:
    """Every word of every notice."""
    for notice in shot.notices:
        for part in (notice.id, notice.title, notice.sentence, notice.hint, notice.details):
            yield f"notice {notice.reference}", part


def reachable(value: object, where: str, seen: set[int] | None = None) -> Found:
    """Texts and bytes in a value: through data classes, slots, attributes and containers."""
    seen = set() if seen is None else seen
    if isinstance(value, str | bytes):
        yield where, value
        return
    if value is None or id(value) in seen or isinstance(value, type | int | float):
        return
    seen.add(id(value))
    if is_dataclass(value):
        for part in fields(value):
            yield from reachable(getattr(value, part.name), f"{where}.{part.name}", seen)
    elif hasattr(value, "items"):
        for key, item in value.items():
            yield from reachable(key, where, seen)
            yield from reachable(item, where, seen)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from reachable(item, where, seen)
    else:
        held: Mapping[str, object] = getattr(value, "__dict__", {})
        names = [n for kind in type(value).__mro__ for n in getattr(kind, "__slots__", ())]
        for name in (*held, *names):
            yield from reachable(getattr(value, name, None), f"{where}.{name}", seen)


def widgets(*, typing: bool = False) -> Found:
    """Every text property of every object of every window, hidden ones too.

    `typing`: a form is open, so the password field's own text is left out.
    """
    for top in QApplication.topLevelWidgets():
        for thing in (top, *top.findChildren(QObject)):
            yield from _object(thing, typing=typing)


def _object(thing: QObject, *, typing: bool) -> Found:
    meta = thing.metaObject()
    where = meta.className()
    masked = isinstance(thing, QLineEdit) and thing.echoMode() is not QLineEdit.EchoMode.Normal
    left_out = _TYPED if typing and masked else frozenset()
    yield where, thing.objectName()
    for index in range(meta.propertyCount()):
        held = meta.property(index)
        name = str(held.name())
        if name not in left_out and str(held.typeName()) in _TEXTS:
            yield f"{where}.{name}", str(thing.property(name))
    for raw in thing.dynamicPropertyNames():
        added = bytes(raw.data()).decode()
        if not added.startswith("_"):  # Qt's own, of types that Python has no words for
            yield f"{where}.{added}", str(thing.property(added))


def accessibility() -> Found:
    """All that assistive technology is told: names, descriptions, values, text, of table cells too.

    Every widget is asked for itself as well: a table doesn't name the widgets in it as its children.
    """
    for top in QApplication.topLevelWidgets():
        stack: list[QAccessibleInterface | None] = [
            QAccessible.queryAccessibleInterface(widget) for widget in (top, *top.findChildren(QWidget))
        ]
        seen: set[int] = set()
        while stack:
            node = stack.pop()
            if node is None or not node.isValid():
                continue
            number = QAccessible.uniqueId(node)
            if number in seen:
                continue
            seen.add(number)
            for kind in QAccessible.Text:
                if kind is not QAccessible.Text.UserText:
                    yield f"accessible {kind.name}", node.text(kind)
            text = node.textInterface()
            if isinstance(text, QAccessibleTextInterface):
                yield "accessible text", text.text(0, text.characterCount())
            stack += [node.child(index) for index in range(node.childCount())]
