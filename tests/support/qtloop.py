"""Waiting in coroutine tests without nesting an event loop and without sleeping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import SignalInstance


async def turn(times: int = 1) -> None:
    """Let everything that is ready run, `times` turns of the loop: what `sleep(0)` is used for elsewhere."""
    loop = asyncio.get_running_loop()
    for _ in range(times):
        done = loop.create_future()
        loop.call_soon(done.set_result, None)
        await done


async def wait_signal(signal: SignalInstance, timeout: float = 5.0) -> tuple[Any, ...]:
    """Wait for one emission of a Qt signal and return its arguments; TimeoutError if there is none.

    The signal has to come after this call began: start what causes it as a task, or use `next_signal`.
    """
    return await asyncio.wait_for(next_signal(signal), timeout)


def next_signal(signal: SignalInstance) -> asyncio.Future[tuple[Any, ...]]:
    """A future of the next emission's arguments, listening from now on: take it, act, then await it."""
    future: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

    def received(*args: Any) -> None:
        if not future.done():
            future.set_result(args)

    connection = signal.connect(received)
    future.add_done_callback(lambda _: signal.disconnect(connection))
    return future


async def wait_until(condition: Callable[[], object], timeout: float = 5.0, every: float = 0.005) -> None:
    """Wait until `condition()` is true, TimeoutError if it stays false."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        while not condition():
            pause = loop.create_future()
            handle = loop.call_later(every, pause.set_result, None)
            try:
                await pause
            finally:
                handle.cancel()
