"""Running blocking work on an executor, so that a cancelled caller never leaves it half known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

_T = TypeVar("_T")


async def finish(executor: Executor, work: Callable[[], _T]) -> _T:
    """Run `work` on `executor` and return its result; what it raises goes through.

    A caller that is cancelled meanwhile still waits until the work is over, and is cancelled then: whoever holds a
    lock around a write must not let go of it while the write is under way. The work is bounded by its own deadlines.
    """
    return await _awaited(asyncio.wrap_future(executor.submit(work)))


async def to_its_end(work: Coroutine[Any, Any, _T]) -> _T:
    """As `finish`, for a coroutine that runs on this loop: it is never cancelled in the middle."""
    return await _awaited(asyncio.ensure_future(work))


async def _awaited(inner: asyncio.Future[_T]) -> _T:
    cancelled: asyncio.CancelledError | None = None
    while not inner.done():
        try:
            await asyncio.wait([inner])
        except asyncio.CancelledError as asked:
            cancelled = asked
    if cancelled is not None:
        inner.exception()  # seen, so that nobody reports it as never retrieved
        raise cancelled
    return inner.result()
