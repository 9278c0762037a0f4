"""Signals of the desktop (port `Watch`): the computer woke up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import SLOT, QObject, Signal, Slot
from PySide6.QtDBus import QDBusConnection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: logind's signal, `PrepareForSleep(false)` after waking (org.freedesktop.login1, Manager).
LOGIND: Final = (
    "org.freedesktop.login1",
    "/org/freedesktop/login1",
    "org.freedesktop.login1.Manager",
    "PrepareForSleep",
)
#: The stubs ask for bytes, the call for text (PySide6 6.11.3).
_SLOT: Any = SLOT("_prepare_for_sleep(bool)")


class WakeWatch(QObject):
    """`services.ports.Watch` over logind, where there is one; elsewhere it stays silent.

    Nothing depends on it: the scheduler sees clock jumps by itself, this only makes it look sooner.
    `bus` is the system bus unless another is handed in.
    """

    woke = Signal()

    def __init__(self, bus: QDBusConnection | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._closed = False
        self._bus = QDBusConnection.systemBus() if bus is None else bus
        self.available = self._bus.isConnected() and self._bus.connect(*LOGIND, self, _SLOT)

    @Slot(bool)
    def _prepare_for_sleep(self, going_down: bool) -> None:
        if going_down:
            return
        self.woke.emit()
        for queue in self._listeners:
            queue.put_nowait("woke")

    async def events(self) -> AsyncIterator[str]:
        """`woke`, each time; ends after `close`."""
        if self._closed:
            return
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Stop listening; every `events` iterator ends."""
        if self.available:
            self._bus.disconnect(*LOGIND, self, _SLOT)
            self.available = False
        self._closed = True
        for queue in self._listeners:
            queue.put_nowait(None)
