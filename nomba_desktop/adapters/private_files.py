"""Files that only their owner may look into, replaced whole or not at all. Everything here may raise OSError."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_POSIX = os.name == "posix"


def beside(path: Path, suffix: str) -> Path:
    """`keys.db` and `.backup` give `keys.db.backup`."""
    return path.with_name(path.name + suffix)


def private_directory(path: Path) -> None:
    """Make the directory, or narrow it: only its owner looks inside (0700)."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _POSIX and stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o700)


def private_file(path: Path) -> None:
    """Make the file empty if it isn't there, or narrow it to its owner (0600)."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _POSIX and stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def replace_durably(path: Path, content: bytes) -> None:
    """Put `content` in place of the file, so that a crash leaves the old file or the new one."""
    new = beside(path, ".new")
    new.unlink(missing_ok=True)
    try:
        private_file(new)
        new.write_bytes(content)
        sync(new)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync(path: Path) -> None:
    """Make the file's content durable."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make renames in the directory durable, where the system can (POSIX)."""
    if not _POSIX:
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
