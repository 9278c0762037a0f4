"""Background work: nothing is silent, nothing is lost, no value leaks."""

from __future__ import annotations

import asyncio
import gc

import pytest

from nomba_desktop.domain.errors import NombaDesktopError, Offline, Unexpected
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.tokens import read_claims
from nomba_desktop.services.tasks import Tasks, redacted_report

PLANTED = "s3cret-client-secret-value"


class Told:
    def __init__(self) -> None:
        self.errors: list[tuple[str, NombaDesktopError]] = []
        self.tasks = Tasks(lambda what, error: self.errors.append((what, error)))


async def test_a_typed_error_is_reported_as_it_is() -> None:
    told, error = Told(), Offline("No network.")

    async def work() -> None:
        raise error

    task = told.tasks.spawn(work(), "refresh “Till”")
    assert task is not None
    await task
    assert told.errors == [("refresh “Till”", error)]


async def test_a_defect_is_reported_without_any_value() -> None:
    told = Told()

    async def work() -> None:
        secret = PLANTED
        try:
            raise ValueError(f"bad value {secret}")
        except ValueError as error:
            raise RuntimeError({"secret": secret}) from error

    task = told.tasks.spawn(work(), "sign in")
    assert task is not None
    await task
    ((what, error),) = told.errors
    assert what == "sign in"
    assert isinstance(error, Unexpected)
    assert "RuntimeError" in error.details
    assert "ValueError" in error.details
    assert "in work" in error.details
    for text in (error.details, error.sentence, str(error), repr(error)):
        assert PLANTED not in text


def test_a_report_names_places_of_ours_relative_to_the_package() -> None:
    with pytest.raises(NombaDesktopError) as raised:
        read_claims(Secret(PLANTED))
    report = redacted_report(raised.value)
    assert "domain/tokens.py:" in report
    assert "/nomba_desktop/" not in report
    assert PLANTED not in report


def test_a_report_follows_causes_and_contexts_once_and_ends() -> None:
    one, other = ValueError("a"), KeyError("b")
    one.__cause__, other.__context__ = other, one
    assert redacted_report(one).count("ValueError") <= 31
    hidden = RuntimeError("c")
    hidden.__context__, hidden.__suppress_context__ = one, True
    assert redacted_report(hidden) == "RuntimeError"


async def test_cancelling_is_no_error() -> None:
    told = Told()
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    task = told.tasks.spawn(work(), "wait")
    assert task is not None
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told.errors == []


async def test_running_work_is_kept_alive() -> None:
    told, done = Told(), asyncio.Event()

    async def work() -> None:
        await asyncio.get_running_loop().run_in_executor(None, gc.collect)
        done.set()

    told.tasks.spawn(work(), "collect")
    gc.collect()
    await done.wait()
    await told.tasks.aclose()


async def test_closing_ends_everything_also_what_is_spawned_meanwhile() -> None:
    told, ended = Told(), []

    async def child() -> None:
        raise AssertionError("never runs")

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")
            told.tasks.spawn(child(), "child")

    told.tasks.spawn(work(), "work")
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    await told.tasks.aclose()
    assert ended == ["work"]
    assert told.tasks.spawn(child(), "late") is None
    assert told.errors == []


async def test_closing_before_the_work_began_leaves_nothing_unawaited() -> None:
    told = Told()

    async def work() -> None:
        raise AssertionError("never runs")

    told.tasks.spawn(work(), "work")
    await told.tasks.aclose()
    gc.collect()
    assert told.errors == []


async def test_an_error_while_closing_is_reported_too() -> None:
    told, started = Told(), asyncio.Event()

    async def work() -> None:
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            raise Offline

    told.tasks.spawn(work(), "end")
    await started.wait()
    await told.tasks.aclose()
    assert [what for what, _ in told.errors] == ["end"]
