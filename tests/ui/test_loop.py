"""`AppEventLoop` keeps asyncio's promises on Qt's loop."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading
from contextlib import suppress

import pytest

from nomba_desktop.ui.loop import AppEventLoop
from tests.support.qtloop import turn

DAY = 86_400.0


def app_loop() -> AppEventLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, AppEventLoop)
    return loop


async def no_pause() -> None:
    """End without ever letting go of the loop."""


async def pause(seconds: float) -> float:
    """Wait on a bare timer and return how long it really took on the loop's own clock."""
    loop = asyncio.get_running_loop()
    fired: asyncio.Future[float] = loop.create_future()
    begun = loop.time()
    loop.call_later(seconds, lambda: fired.set_result(loop.time() - begun))
    return await fired


@pytest.mark.parametrize("seconds", [0.0, 0.0004, 0.003, 0.02, 0.04])
async def test_a_timer_never_ends_early(seconds: float) -> None:
    took = [await pause(seconds) for _ in range(5)]
    assert min(took) >= seconds - 0.0005


async def test_a_second_is_no_less_than_a_second() -> None:
    # Qt's coarse timers, which qasync uses, would end this one 50 ms early.
    assert await pause(1.0) >= 0.9995


async def test_call_at_is_not_early_either() -> None:
    loop = asyncio.get_running_loop()
    due = loop.time() + 0.03
    fired = loop.create_future()
    loop.call_at(due, lambda: fired.set_result(loop.time()))
    assert await fired >= due - 0.0005


@pytest.mark.parametrize("days", [24.9, 60.0, 36_500.0])
async def test_a_far_timer_waits(days: float) -> None:
    loop = app_loop()
    handle = loop.call_later(days * DAY, pytest.fail, "came early")
    await turn(3)
    assert handle.when() > loop.time() + (days - 1) * DAY
    handle.cancel()


async def test_cancelled_timers_leave_nothing() -> None:
    loop = app_loop()
    before = loop.timers_waiting
    for _ in range(1000):
        async with asyncio.timeout(30):
            await no_pause()
    handle = loop.call_later(30, pytest.fail, "was cancelled")
    handle.cancel()
    handle.cancel()
    assert handle.cancelled()
    await turn()
    assert loop.timers_waiting <= before + 1


async def test_timers_run_in_the_order_they_are_due() -> None:
    loop = asyncio.get_running_loop()
    order: list[str] = []
    last = loop.create_future()
    loop.call_later(0.05, last.set_result, None)
    loop.call_later(0.03, order.append, "later")
    loop.call_later(0.01, order.append, "sooner")
    loop.call_soon(order.append, "now")
    loop.call_soon(order.append, "then")
    await last
    assert order == ["now", "then", "sooner", "later"]


async def test_a_negative_delay_is_soon() -> None:
    assert await pause(-5) < 1


async def test_a_callback_runs_in_its_context_also_from_a_thread() -> None:
    loop = asyncio.get_running_loop()
    name = contextvars.ContextVar("name", default="none")
    mine = contextvars.copy_context()
    mine.run(name.set, "mine")
    seen: list[str] = []
    done = loop.create_future()
    loop.call_later(0.001, lambda: seen.append(name.get()), context=mine)

    def from_thread() -> None:
        loop.call_soon_threadsafe(lambda: seen.append(name.get()), context=mine)
        loop.call_soon_threadsafe(loop.call_later, 0.005, done.set_result, None)

    thread = threading.Thread(target=from_thread)
    thread.start()
    await done
    thread.join()
    assert seen == ["mine", "mine"]


async def test_an_error_in_a_callback_reaches_the_handler() -> None:
    loop = asyncio.get_running_loop()
    told: list[dict[str, object]] = []
    usual = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: told.append(context))

    def broken() -> None:
        raise LookupError("on purpose")

    loop.call_soon(broken)
    await turn(2)
    loop.set_exception_handler(usual)
    assert [type(context["exception"]) for context in told] == [LookupError]


async def test_tasks_cancel_and_time_out() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()
    task = asyncio.create_task(asyncio.Event().wait())
    await turn()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_callback_after_the_loop_closed_is_refused() -> None:
    closed = AppEventLoop(_application())
    closed.close()
    with pytest.raises(RuntimeError, match="closed"):
        closed.call_later(0, print)


async def test_closing_does_not_wait_for_a_running_call() -> None:
    loop = AppEventLoop(_application())
    release, begun = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        release.wait(10)

    future = loop.run_in_executor(None, hang)
    assert begun.wait(5)
    loop.close()
    assert not future.done()
    release.set()
    future.cancel()


def _application():
    from PySide6.QtWidgets import QApplication

    return QApplication.instance()


async def test_a_signal_reaches_its_handler() -> None:
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, arrived.set)
    try:
        signal.raise_signal(signal.SIGUSR1)
        await asyncio.wait_for(arrived.wait(), 5)
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)
