"""A loop whose time jumps to the next timer when nothing is ready: a day of sleeping takes milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

#: Real seconds that a loop with no timer left waits for a file descriptor before it says that it would hang.
PATIENCE = 5.0


class _JumpingSelector(selectors.BaseSelector):
    """Polls for real; where it would have waited, virtual time passes instead."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            ready = self._real.select(PATIENCE)
            if not ready:
                raise RuntimeError("virtual time: no timer is left and nothing arrives")
            return ready
        self.elapsed += timeout
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Any:
        return self._real.get_map()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Work on other threads is invisible to it: hand in `InlineExecutor` where the program would use a thread."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made, plus 1000, so that nobody takes 0 for "never"."""
        return 1000.0 + self._jumping.elapsed


class VirtualClock:
    """`Clock` of a `VirtualTimeLoop`; its wall clock begins at `epoch` and can be set."""

    def __init__(self, loop: asyncio.AbstractEventLoop, epoch: float = 1_795_219_200.0) -> None:
        self._loop = loop
        self._epoch = epoch - loop.time()

    def now(self) -> float:
        return self._epoch + self._loop.time()

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        done: asyncio.Future[None] = self._loop.create_future()
        handle = self._loop.call_later(max(0.0, seconds), _finish, done)
        try:
            await done
        finally:
            handle.cancel()

    def jump(self, seconds: float) -> None:
        """The wall clock is set forward or back; the monotonic one goes on: what a suspend looks like."""
        self._epoch += seconds


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class InlineExecutor(Executor):
    """Runs what is submitted at once, on the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - what an executor does
            future.set_exception(error)
        return future
