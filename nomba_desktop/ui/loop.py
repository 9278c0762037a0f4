"""The one event loop: asyncio on Qt's, with timers that keep their word.

qasync 0.28.0 rides on Qt's coarse timers: a sleep ends up to 5 % early, a delay above 24.8 days overflows
Qt's 32-bit milliseconds, and a cancelled timer stays registered until it would have fired. Its default
executor makes closing wait for every running call. `AppEventLoop` mends these. It leans on private names
(qasync's `_timer`; asyncio's `_loop`, `_when`, `_scheduled`, `_run` and `_timer_handle_cancelled`), so
qasync is pinned exactly and `tests/ui/test_loop.py` measures what is promised.

This is the only file that imports qasync.
"""

from __future__ import annotations

import asyncio
import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimerEvent

# Left unset, qasync would try PyQt5, PyQt6 and PySide2 first; set to another binding, it would load that.
os.environ["QT_API"] = "pyside6"

import qasync

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

_LONGEST_MS = 2**31 - 1  # Qt counts a timer's milliseconds in an int
_EARLY_S = 0.0005  # Qt rounds to whole milliseconds: less than half of one is not early


class _Handle(asyncio.TimerHandle):
    """A timer handle that knows the Qt timer that will wake it."""

    __slots__ = ("qt_id",)
    qt_id: int
    # What asyncio's own handle has and typeshed leaves out.
    _loop: asyncio.AbstractEventLoop
    _when: float
    _scheduled: bool
    _run: Callable[[], None]


class _Timers(QObject):
    """Runs handles when they are due: never early, however far away; a cancelled one is gone at once."""

    def __init__(self) -> None:
        super().__init__()
        self._by_id: dict[int, _Handle] = {}
        self._stopped = False

    def __len__(self) -> int:
        """How many Qt timers are registered."""
        return len(self._by_id)

    def add(self, handle: _Handle, now: float) -> None:
        """Register `handle` to run when the loop's clock has reached its time."""
        wait_ms = min(max(0, math.ceil((handle._when - now) * 1000)), _LONGEST_MS)
        kind = Qt.TimerType.PreciseTimer if wait_ms else Qt.TimerType.CoarseTimer
        handle.qt_id = self.startTimer(wait_ms, kind)
        self._by_id[handle.qt_id] = handle

    def drop(self, handle: _Handle) -> None:
        """Forget `handle` and its Qt timer."""
        if self._by_id.pop(handle.qt_id, None) is not None:
            self.killTimer(handle.qt_id)

    def timerEvent(self, event: QTimerEvent) -> None:
        """Run the handle whose Qt timer fired, or let it wait again if its time has not come."""
        qt_id = event.timerId()
        self.killTimer(qt_id)
        handle = self._by_id.pop(qt_id, None)
        if handle is None or self._stopped or handle.cancelled():
            return
        now = handle._loop.time()
        if handle._when - now > _EARLY_S:
            self.add(handle, now)
            return
        handle._scheduled = False
        handle._run()

    def stop(self) -> None:
        """Forget every handle; qasync calls this when the loop closes."""
        self._stopped = True
        for qt_id in self._by_id:
            self.killTimer(qt_id)
        self._by_id.clear()

    def set_debug(self, enabled: bool) -> None:
        """Accept qasync's call; there is nothing to switch."""


class _Executor(ThreadPoolExecutor):
    """Threads for name look-ups and the like, which never hold up the closing of the loop."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Drop what has not begun and return at once, whatever was asked: the GUI thread is the caller."""
        del wait, cancel_futures
        super().shutdown(wait=False, cancel_futures=True)


class AppEventLoop(qasync.QEventLoop):
    """asyncio's event loop on a Qt application's: what the window, and a test of it, runs on."""

    def __init__(self, app: QCoreApplication) -> None:
        super().__init__(app)
        self._timer = _Timers()
        self.set_default_executor(_Executor(max_workers=8, thread_name_prefix="nomba-io"))

    @property
    def timers_waiting(self) -> int:
        """How many callbacks are registered with Qt, those due at once included."""
        return len(self._timer)

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run `callback` once `delay` seconds have passed on the loop's clock, never before."""
        self._check_closed()
        now: float = self.time()
        loop = cast("asyncio.AbstractEventLoop", self)
        handle = _Handle(now + max(0.0, delay), callback, args, loop, context)
        handle._scheduled = True
        self._timer.add(handle, now)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> None:
        """Run `callback` on the loop's thread, in `context` if given (qasync would ignore it)."""
        if context is None:
            super().call_soon_threadsafe(callback, *args)
        else:
            super().call_soon_threadsafe(context.run, callback, *args)

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> None:
        """Take a handle that asyncio made itself, as it does for signals."""

        def run() -> None:
            if not handle.cancelled():
                handle._run()

        self.call_later(delay, run)

    def _timer_handle_cancelled(self, handle: _Handle) -> None:
        self._timer.drop(handle)
