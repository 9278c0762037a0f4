"""What SQLite's files tell before they are opened, and setting damaged ones aside. May raise OSError."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from nomba_desktop.adapters.private_files import beside

SIDES = ("-wal", "-shm")
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_WAL_HEADER = 32


def is_empty(path: Path) -> bool:
    """Whether there is no file, or nothing in it."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True


def set_aside(path: Path, stamp: str) -> Path:
    """Rename the file and its side files to `name.damaged-<stamp>`; returns the new name."""
    target = beside(path, f".damaged-{stamp}")
    number = 2
    while target.exists():
        target = beside(path, f".damaged-{stamp}-{number}")
        number += 1
    for suffix in SIDES:
        side = beside(path, suffix)
        if side.exists():
            side.replace(beside(target, suffix))
    path.replace(target)
    return target


def wal_is_broken(path: Path) -> bool:
    """Whether there is a write-ahead log whose header is not SQLite's (sqlite.org/fileformat2.html, 4.1).

    SQLite would ignore such a log without a word, and with it what was committed since the last checkpoint.
    """
    try:
        with beside(path, "-wal").open("rb") as log:
            head = log.read(_WAL_HEADER)
    except FileNotFoundError:
        return False
    if not head:
        return False
    if len(head) < _WAL_HEADER or int.from_bytes(head[:4], "big") not in _WAL_MAGIC:
        return True
    order: Literal["big", "little"] = "big" if head[3] & 1 else "little"
    first = second = 0
    for at in range(0, 24, 8):
        first = (first + int.from_bytes(head[at : at + 4], order) + second) & 0xFFFFFFFF
        second = (second + int.from_bytes(head[at + 4 : at + 8], order) + first) & 0xFFFFFFFF
    return (first, second) != (int.from_bytes(head[24:28], "big"), int.from_bytes(head[28:32], "big"))
