"""What holds for every test: its loop, and that nothing goes wrong unseen.

Coroutine tests run on the Qt loop by default, on a plain asyncio loop below the folders in `PLAIN`, and on
`tests.support.virtual_time.VirtualTimeLoop` if marked `virtual_time`. Errors nobody retrieved, tasks left
running, unannounced warnings in a log and skipped tests are failures.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hypothesis
import pytest

pytest.register_assert_rewrite("tests.support", "tests.contracts")

from _pytest.runner import runtestprotocol  # noqa: E402

from tests.support.keyring_service import keyring_service  # noqa: E402
from tests.support.logs import LogGuard  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

# Plain `pytest` on a machine without a display still runs all but the tests that need a window manager.
if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A slow machine is no failure of a property; CI tries the same examples each time.
hypothesis.settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("house")

TESTS = Path(__file__).parent
PLAIN = frozenset({"adapters", "contracts", "domain", "practice", "services"})
NESTING = (
    "assertNotEmitted", "wait", "waitActive", "waitCallback", "waitExposed", "waitSignal", "waitSignals",
    "waitUntil", "wait_exposed", "wait_for_window_shown", "wait_signal", "wait_until", "stop", "exec",
)  # fmt: skip
_unhandled: list[dict[str, Any]] = []


def _guarded(loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    loop.set_exception_handler(lambda _loop, context: _unhandled.append(context))
    return loop


def _plain_loop() -> asyncio.AbstractEventLoop:
    return _guarded(asyncio.SelectorEventLoop())


def _qt_loop() -> asyncio.AbstractEventLoop:
    from PySide6.QtWidgets import QApplication

    from nomba_desktop.ui.loop import AppEventLoop

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)
    return _guarded(AppEventLoop(app))


def _virtual_loop() -> asyncio.AbstractEventLoop:
    factory = importlib.import_module("tests.support.virtual_time").VirtualTimeLoop
    return _guarded(factory())


def _is_coroutine(item: object) -> bool:
    return isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj)


def is_plain(path: Path) -> bool:
    """Whether a test file lies below one of the folders that do without Qt."""
    return path.is_relative_to(TESTS) and path.relative_to(TESTS).parts[0] in PLAIN


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Which loop a coroutine test runs on."""
    if item.get_closest_marker("virtual_time"):
        return {"virtual": _virtual_loop}
    return {"plain": _plain_loop} if is_plain(item.path) else {"qt": _qt_loop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every coroutine test the check for leaked tasks; keep Qt out of the plain folders."""
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if _is_coroutine(item):
            item.fixturenames.append("_no_leaked_tasks")
        if is_plain(item.path) and {"qapp", "qtbot"} & set(item.fixturenames):
            raise pytest.UsageError(f"{item.nodeid}: tests below {sorted(PLAIN)} do without Qt")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A test that failed while the keyring daemon died under it has shown nothing: it is run once more.

    The bus starts the next daemon (packaging/with-keyring.sh). A failure with the same daemon stays a failure.
    """
    if "private_keyring" not in getattr(item, "fixturenames", ()):
        return None
    before = keyring_service()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    if any(report.failed for report in reports) and keyring_service() != before:
        item._initrequest()  # type: ignore[attr-defined] # fixtures anew, as pytest itself does it
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """No test is skipped: a check that could not run has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which here is a failure: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Nor is a whole file skipped (`importorskip`, `skip(allow_module_level=True)`)."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which here is a failure: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def log_guard(request: pytest.FixtureRequest) -> Iterator[LogGuard]:
    """Fails the test on a log record at WARNING or above that it did not announce.

    Announce by marker (`@pytest.mark.expects_log("pattern")`, `may_log`) or by `log_guard.expect("pattern")`.
    """
    guard = LogGuard()
    for name, required in (("expects_log", True), ("may_log", False)):
        for mark in request.node.iter_markers(name):
            guard.expect(*mark.args, **mark.kwargs, required=required)
    root = logging.getLogger()
    root.addHandler(guard)
    yield guard
    root.removeHandler(guard)
    guard.check()


@pytest.fixture(autouse=True)
def _no_unhandled_async_errors(request: pytest.FixtureRequest, log_guard: LogGuard) -> Iterator[None]:
    _unhandled.clear()
    yield
    if _is_coroutine(request.node):
        gc.collect()  # "exception was never retrieved" is only said when the task is collected
    assert not _unhandled, _unhandled


@pytest.fixture
async def _no_leaked_tasks() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if not task.done()} - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    assert not left, left


@pytest.fixture
def qtbot(qtbot: QtBot, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's bot, without the methods that would nest an event loop if the test is a coroutine."""
    if inspect.iscoroutinefunction(request.function):
        for name in NESTING:

            def refuse(*_args: object, _name: str = name, **_kwargs: object) -> NoReturn:
                raise RuntimeError(f"qtbot.{_name} nests an event loop: use tests.support.qtloop")

            setattr(qtbot, name, refuse)
    return qtbot


@pytest.fixture(scope="session")
def private_keyring() -> None:
    """For tests that write to the Secret Service: sure that it is not the user's own."""
    assert os.environ.get("NOMBA_PRIVATE_KEYRING"), "run `make test`, or under packaging/with-keyring.sh"


@pytest.fixture
def real_screen(qapp: QApplication) -> QApplication:
    """For tests that drive windows: sure that there is an X server (and with it a window manager)."""
    assert qapp.platformName() == "xcb", "run `make test`, or under packaging/with-display.sh"
    return qapp
