"""Who touches what on which thread: Python's audit events, and every statement SQLite runs."""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Changes to files, other programs, name look-ups: they wait for a disk, a kernel lock or somebody else.
BLOCKING = (
    "fcntl.", "os.chmod", "os.exec", "os.fork", "os.forkpty", "os.link", "os.mkdir", "os.posix_spawn",
    "os.remove", "os.rename", "os.rmdir", "os.spawn", "os.symlink", "os.system", "os.truncate", "os.utime", "pty.",
    "shutil.", "socket.getaddrinfo", "socket.gethostby", "socket.getnameinfo", "sqlite3.connect", "subprocess.",
    "tempfile.", "webbrowser.",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can block, with the thread that did it."""

    thread: int
    event: str
    about: str


@dataclass
class Watchdog:
    """Writes deeds down while it is on. Files below `home` count also when they are only read."""

    home: Path
    on: bool = False
    deeds: list[Deed] = field(default_factory=list)
    statements: list[Deed] = field(default_factory=list)
    _new: list[sqlite3.Connection] = field(default_factory=list)

    def by(self, thread: int) -> list[Deed]:
        """The deeds of one thread."""
        return [deed for deed in self.deeds if deed.thread == thread]

    def sql_by(self, thread: int) -> set[str]:
        """The statements one thread ran, cut to their first words."""
        return {deed.about for deed in self.statements if deed.thread == thread}

    def note(self, event: str, about: object) -> None:
        self.deeds.append(Deed(threading.get_ident(), event, str(about)[:200]))

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """One audit event (docs.python.org/3/library/audit_events)."""
        if event == "open":
            self._opened(args)
        elif event == "socket.connect":
            if args[0].gettimeout() != 0 and args[0].family in (
                socket.AF_INET,
                socket.AF_INET6,
                socket.AF_UNIX,
            ):
                self.note(event, args[1])
        elif event == "sqlite3.connect/handle":
            self._new.append(args[0])
        elif event.startswith(BLOCKING):
            self.note(event, args[0] if args else "")

    def _opened(self, args: tuple[Any, ...]) -> None:
        path, mode, flags = args
        writing = bool(flags & _WRITING) or (isinstance(mode, str) and bool(set(mode) & set("wax+")))
        if writing or (isinstance(path, str | os.PathLike) and Path(path).is_relative_to(self.home)):
            self.note("open to write" if writing else "open to read", path)

    def follow(self) -> None:
        """Have new connections tell what they run. CPython 3.11 announces them before they can: the next event does."""
        for connection in tuple(self._new):
            try:
                connection.set_trace_callback(self._ran)
            except sqlite3.ProgrammingError:
                continue
            self._new.remove(connection)

    def _ran(self, statement: str) -> None:
        if self.on:
            self.statements.append(Deed(threading.get_ident(), "sqlite3", statement[:100]))


_watching: list[Watchdog] = []
_hooked: list[bool] = []
_inside = threading.local()


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watching or getattr(_inside, "hook", False):
        return
    _inside.hook = True  # what the watchdog does itself doesn't count
    try:
        for watchdog in _watching:
            if watchdog.on:
                watchdog.follow()
                watchdog.heard(event, args)
    finally:
        _inside.hook = False


@contextmanager
def watching(home: Path) -> Iterator[Watchdog]:
    """Everything that happens in this process is written down. An audit hook can't be removed, so it is put in once."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)
    watchdog = Watchdog(home, on=True)
    _watching.append(watchdog)
    try:
        yield watchdog
    finally:
        watchdog.on = False
        _watching.remove(watchdog)
