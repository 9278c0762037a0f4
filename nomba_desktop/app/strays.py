"""Errors that nobody waited for: told like any other defect, without a value in them.

Python's own hooks would write the exception's text to stderr, which on a desktop is the system's journal.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nomba_desktop.domain.errors import Unexpected
from nomba_desktop.services.tasks import Report, redacted_report


@contextmanager
def strays_told(report: Report) -> Iterator[None]:
    """While this lasts, errors from Qt's slots, lost tasks, threads and finalizers go to `report` and, redacted, to
    stderr. Enter it in the running loop."""
    loop = asyncio.get_running_loop()

    def tell(what: str, error: BaseException | None) -> None:
        details = redacted_report(error) if error is not None else ""
        if sys.stderr is not None:
            sys.stderr.write(f"nomba-desktop: {Unexpected.reference} in {what}\n{details}\n")
        if not loop.is_closed():
            loop.call_soon_threadsafe(report, what, Unexpected(details=details))

    def raised(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if isinstance(error, Exception):
            tell("a gesture or timer", error)
        else:
            sys.__excepthook__(kind, error, trace)

    def in_loop(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        tell("background work", context.get("exception"))

    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    sys.excepthook = raised
    threading.excepthook = lambda told: tell("a thread", told.exc_value)
    sys.unraisablehook = lambda told: tell("clearing up", told.exc_value)
    loop.set_exception_handler(in_loop)
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook, sys.unraisablehook = before
        loop.set_exception_handler(None)
