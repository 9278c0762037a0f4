"""The clipboard of the desktop (port `Clipboard`): marked secret, cleared only while it is still ours."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QClipboard, QGuiApplication

if TYPE_CHECKING:
    from nomba_desktop.domain.secret import Secret

_WINDOWS = 'application/x-qt-windows-mime;value="{}"'

#: What clipboard managers look for before they keep a copy: MIME type -> value.
#: KDE's Klipper and GNOME extensions; nspasteboard.org on macOS; Microsoft's "cloud clipboard" formats (DWORD 0).
SECRET_MARKS: dict[str, bytes] = {
    "x-kde-passwordManagerHint": b"secret",
    "org.nspasteboard.ConcealedType": b"1",
    _WINDOWS.format("ExcludeClipboardContentFromMonitorProcessing"): b"1",
    _WINDOWS.format("CanIncludeInClipboardHistory"): b"\0\0\0\0",
    _WINDOWS.format("CanUploadToCloudClipboard"): b"\0\0\0\0",
}


class QtClipboard:
    """`services.ports.Clipboard` on Qt's clipboard. Use it from the GUI thread.

    `promises_clearing` is False where a program without the focus can neither look at the clipboard nor empty
    it (Wayland): the person is told instead.
    """

    def __init__(self, clipboard: QClipboard, platform_name: str | None = None) -> None:
        self._clipboard = clipboard
        self._put: bytes | None = None
        platform = QGuiApplication.platformName() if platform_name is None else platform_name
        self.promises_clearing = not platform.startswith("wayland")

    def put_secret(self, secret: Secret) -> None:
        """Copy, marked as secret for clipboard managers. Only a digest is remembered."""
        data = QMimeData()
        value = secret.reveal()
        data.setText(value)
        for mark, meaning in SECRET_MARKS.items():
            data.setData(mark, meaning)
        self._clipboard.setMimeData(data, QClipboard.Mode.Clipboard)
        self._put = _digest(value)

    def clear_if_ours(self) -> bool:
        """Clear it if it still holds what was put last.

        True when that is settled: it was cleared, or holds something else. False when it couldn't be looked at or
        did not let itself be cleared; then a later call tries again.
        """
        if self._put is None:
            return True
        if self._holds_ours():
            self._clipboard.clear(QClipboard.Mode.Clipboard)
            if self._holds_ours():
                return False
        elif not (self.promises_clearing or self._clipboard.ownsClipboard()):
            return False
        self._put = None
        return True

    def text(self) -> str:
        """What it holds now as text; empty when it holds something else."""
        return self._clipboard.text(QClipboard.Mode.Clipboard)

    def _holds_ours(self) -> bool:
        return self._put is not None and _digest(self.text()) == self._put


def copy_text(text: str) -> None:
    """Copy text that is no secret and is not cleared."""
    QGuiApplication.clipboard().setText(text)


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
