"""What every `SessionLock` does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.filelock_lock import FileSessionLock
from tests.contracts.samples import OTHER, SESSION
from tests.support.fakes.fake_lock import FakeLock, SharedLocks
from tests.support.fakes.manual_clock import EPOCH, ManualClock
from tests.support.team import members
from tests.support.valkey import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nomba_desktop.services.ports import SessionLock

    Pair = tuple[SessionLock, SessionLock]


class SessionLockContract:
    """`pair` is two locks, named `window` and `nomba`, as two programs have them. Time is EPOCH."""

    async def test_one_holds_the_other_learns_who(self, pair: Pair) -> None:
        window, nomba = pair
        async with window.try_hold(SESSION) as owner:
            assert owner is None
            async with nomba.try_hold(SESSION) as other:
                assert other is not None
                assert (other.who, other.since) == ("window", EPOCH)
        async with nomba.try_hold(SESSION) as owner:
            assert owner is None

    async def test_two_tasks_of_one_program_exclude_each_other(self, pair: Pair) -> None:
        window, _ = pair
        inside = 0
        most = 0

        async def attempt() -> bool:
            nonlocal inside, most
            async with window.try_hold(SESSION) as owner:
                if owner is None:
                    inside += 1
                    most = max(most, inside)
                    await turn()
                    inside -= 1
                return owner is None

        won = await asyncio.gather(*(attempt() for _ in range(5)))
        assert (won.count(True), most) == (1, 1)

    async def test_losing_an_attempt_takes_nothing_from_the_holder(self, pair: Pair) -> None:
        window, nomba = pair
        async with window.try_hold(SESSION):
            for _ in range(2):
                async with nomba.try_hold(SESSION) as owner:
                    assert owner is not None
                    assert owner.who == "window"

    async def test_sessions_have_locks_of_their_own(self, pair: Pair) -> None:
        window, nomba = pair
        async with window.try_hold(SESSION) as first, nomba.try_hold(OTHER) as second:
            assert first is None
            assert second is None

    async def test_an_error_inside_releases(self, pair: Pair) -> None:
        window, nomba = pair
        with pytest.raises(ZeroDivisionError):
            async with window.try_hold(SESSION):
                raise ZeroDivisionError
        async with nomba.try_hold(SESSION) as owner:
            assert owner is None

    async def test_a_cancelled_holder_releases(self, pair: Pair) -> None:
        window, nomba = pair
        held = asyncio.Event()

        async def hold() -> None:
            async with window.try_hold(SESSION):
                held.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(hold())
        await held.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with nomba.try_hold(SESSION) as owner:
            assert owner is None


async def turn() -> None:
    loop = asyncio.get_running_loop()
    for _ in range(10):
        done = loop.create_future()
        loop.call_soon(done.set_result, None)
        await done


class TestFake(SessionLockContract):
    @pytest.fixture
    def pair(self) -> Pair:
        clock, shared = ManualClock(), SharedLocks()
        return FakeLock(clock, "window", shared), FakeLock(clock, "nomba", shared)


class TestFileLock(SessionLockContract):
    @pytest.fixture
    def pair(self, tmp_path: Path) -> Pair:
        clock, locks = ManualClock(), tmp_path / "locks"
        return FileSessionLock(locks, clock, "window"), FileSessionLock(locks, clock, "nomba")


class TestTeamOfDesks(SessionLockContract):
    @pytest.fixture
    async def pair(self, tmp_path: Path) -> AsyncIterator[Pair]:
        async with (
            running(tmp_path / "server") as server,
            members(tmp_path, server.port, "window", "nomba", clock=ManualClock(), follow=False) as (
                window,
                nomba,
            ),
        ):
            yield window.lock, nomba.lock


class TestTeamOnOneDesk(SessionLockContract):
    @pytest.fixture
    async def pair(self, tmp_path: Path) -> AsyncIterator[Pair]:
        async with (
            running(tmp_path / "server") as server,
            members(
                tmp_path, server.port, "window", "nomba", clock=ManualClock(), shared=True, follow=False
            ) as (window, nomba),
        ):
            yield window.lock, nomba.lock
