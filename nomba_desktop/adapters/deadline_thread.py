"""One thread for calls that may hang: each has a deadline, and none queues behind one that hangs."""

from __future__ import annotations

import asyncio
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from nomba_desktop.domain.errors import NombaDesktopError

_T = TypeVar("_T")
Given = threading.Event


class Stuck(Exception):
    """The call did not return before its deadline, or an earlier one has still not returned."""


class DeadlineThread:
    """Runs one call after the other. Used from one event loop.

    The deadline counts from the call's own start. A call that overruns it can't be stopped: until it returns, further
    calls raise `Stuck` at once, and after that everything works again by itself. The thread is a daemon: a call that
    hangs for ever doesn't keep the program from ending.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._turn = asyncio.Lock()
        self._last: Future[Any] | None = None
        self._overran = False

    async def run(self, work: Callable[[Given], _T], seconds: float) -> _T:
        """The result of `work(given_up)` on the thread; its errors go through. Raises `Stuck`.

        `given_up` is set when nobody waits for the result any more, so that the work can undo what it did.
        """
        if self._is_stuck():
            raise Stuck
        async with self._turn:
            if self._is_stuck():
                raise Stuck
            given_up = threading.Event()
            future = self._submit(lambda: work(given_up))
            waiter = asyncio.wrap_future(future)
            try:
                done, _ = await asyncio.wait([waiter], timeout=seconds)
                if not done:
                    self._overran = True
                    raise Stuck
            except BaseException:
                given_up.set()
                waiter.cancel()
                raise
            return waiter.result()

    def close(self) -> None:
        """End the thread when its last call has returned; nothing is waited for."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread = None

    def _is_stuck(self) -> bool:
        if self._overran and (self._last is None or self._last.done()):
            self._overran = False
        return self._overran

    def _submit(self, work: Callable[[], _T]) -> Future[_T]:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
            self._thread.start()
        future: Future[_T] = Future()
        self._jobs.put((future, work))
        self._last = future
        return future

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, work = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except NombaDesktopError as error:
                future.set_exception(error)
            finally:
                if not future.done():  # a defect: it ends this thread and is told to both sides
                    future.set_exception(sys.exception() or RuntimeError("the call ended without a result"))
            del job, future, work
