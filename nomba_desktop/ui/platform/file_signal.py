"""The system's own signal that a file was written: cheaper than looking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

#: Milliseconds after a write at which it is told: soon, and once more when a commit has surely reached the disk.
SOON_MS, SURELY_MS = 30, 500


class FileSignal(QObject):
    """`written` comes twice after each burst of writes to one of the files, by whichever process.

    `works` says whether the system watches all of them; where it doesn't, somebody has to look by himself.
    """

    written = Signal()

    def __init__(self, files: Sequence[Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watcher = QFileSystemWatcher(self)
        wanted = [str(file) for file in files if file.exists()]
        if wanted:
            self._watcher.addPaths(wanted)
        self.works = len(wanted) == len(files) == len(self._watcher.files())
        self._timers = [self._timer(wait) for wait in (SOON_MS, SURELY_MS)]
        self._watcher.fileChanged.connect(self._touched)

    def _timer(self, wait: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(wait)
        timer.timeout.connect(self.written)
        return timer

    def _touched(self, _path: str) -> None:
        for timer in self._timers:
            timer.start()

    def close(self) -> None:
        """Watch nothing any more."""
        for timer in self._timers:
            timer.stop()
        if files := self._watcher.files():
            self._watcher.removePaths(files)
