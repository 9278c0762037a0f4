"""The one primitive for background work, and the only broad catch."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from nomba_desktop.domain.errors import NombaDesktopError, Unexpected

_T = TypeVar("_T")
Report = Callable[[str, NombaDesktopError], None]


def redacted_report(error: BaseException) -> str:
    """Where a defect happened, without any value: exception types, files, lines and functions only."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(lines) < 60:
        lines.append(type(seen).__name__)
        for frame in traceback.extract_tb(seen.__traceback__)[-12:]:
            package = frame.filename.replace("\\", "/").rpartition("nomba_desktop/")[2]
            lines.append(f"  {package.rpartition('site-packages/')[2]}:{frame.lineno} in {frame.name}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


def typed(work: Callable[[], _T]) -> _T:
    """The result of `work`. Typed errors go through; a defect becomes `Unexpected` with a redacted report: for
    programs whose end would else be a traceback."""
    try:
        return work()
    except NombaDesktopError:
        raise
    except Exception as error:
        raise Unexpected(details=redacted_report(error)) from None


class Tasks:
    """Holds strong references to background tasks. A typed error is reported as it is, anything else as
    `Unexpected` with a redacted report. Nothing is silent."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def spawn(self, work: Coroutine[Any, Any, object], name: str) -> asyncio.Task[Any] | None:
        """Run `work` in the background; errors are reported under `name`. After closing it is dropped unrun."""
        if self._closed:
            work.close()
            return None
        task = asyncio.get_running_loop().create_task(self._guard(work, name), name=name)
        self._running.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            work.close()  # cancelled before it began: else Python warns that it was never awaited

        task.add_done_callback(ended)
        return task

    async def _guard(self, work: Coroutine[Any, Any, object], name: str) -> None:
        try:
            await work
        except NombaDesktopError as error:
            self._report(name, error)
        except Exception as error:
            self._report(name, Unexpected(details=redacted_report(error)))

    async def aclose(self) -> None:
        """Cancel everything and wait until it has ended."""
        self._closed = True
        while self._running:
            pending = tuple(self._running)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
