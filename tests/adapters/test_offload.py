"""Blocking work is finished, also for a caller that was cancelled."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nomba_desktop.adapters.offload import finish
from tests.support.qtloop import turn
from tests.support.virtual_time import InlineExecutor


async def test_results_and_errors_come_through() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert await finish(pool, threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await finish(pool, lambda: 1 // 0)
    assert await finish(InlineExecutor(), threading.get_ident) == threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await finish(InlineExecutor(), lambda: 1 // 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_cancelled_caller_waits_until_the_work_is_over(fails: bool) -> None:
    go, done = threading.Event(), []

    def work() -> None:
        assert go.wait(10)
        done.append(1)
        if fails:
            raise ZeroDivisionError

    with ThreadPoolExecutor(1) as pool:
        task = asyncio.create_task(finish(pool, work))
        await turn(5)
        task.cancel()
        await turn(5)
        task.cancel()
        await turn(5)
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert done == [1]


async def test_work_that_was_not_begun_is_done_all_the_same() -> None:
    go, done = threading.Event(), []
    with ThreadPoolExecutor(1) as pool:
        first = asyncio.create_task(finish(pool, lambda: go.wait(10)))
        second = asyncio.create_task(finish(pool, lambda: done.append(1)))
        await turn(5)
        second.cancel()
        await turn(5)
        go.set()
        await asyncio.gather(first, second, return_exceptions=True)
    assert second.cancelled()
    assert done == [1]
