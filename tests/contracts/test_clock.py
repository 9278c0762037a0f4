"""What every `Clock` and every `Chance` does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from tests.support.fakes.fixed_chance import FixedChance
from tests.support.fakes.manual_clock import ManualClock
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from nomba_desktop.services.ports import Chance, Clock


class ClockContract:
    async def passing(self, clock: Clock, seconds: float) -> None:
        """Whatever makes time pass while somebody sleeps; most clocks need nothing."""

    async def test_a_sleep_takes_its_time(self, clock: Clock) -> None:
        wall, before = clock.now(), clock.monotonic()
        sleeper = asyncio.create_task(clock.sleep(0.02))
        await self.passing(clock, 0.02)
        await sleeper
        assert clock.monotonic() - before >= 0.02 - 1e-9
        assert clock.now() - wall == pytest.approx(clock.monotonic() - before, abs=0.5)

    async def test_the_shorter_sleep_ends_first(self, clock: Clock) -> None:
        order: list[str] = []

        async def sleep(name: str, seconds: float) -> None:
            await clock.sleep(seconds)
            order.append(name)

        both = asyncio.gather(sleep("long", 0.03), sleep("short", 0.01))
        await self.passing(clock, 0.03)
        await both
        assert order == ["short", "long"]

    async def test_no_time_at_all_lets_others_run(self, clock: Clock) -> None:
        ran: list[int] = []
        asyncio.get_running_loop().call_soon(ran.append, 1)
        await clock.sleep(0)
        await clock.sleep(-5)
        assert ran == [1]

    async def test_a_sleeper_can_be_cancelled(self, clock: Clock) -> None:
        sleeper = asyncio.create_task(clock.sleep(3600))
        await clock.sleep(0)
        sleeper.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeper


class TestSystem(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


@pytest.mark.virtual_time
class TestVirtual(ClockContract):
    @pytest.fixture
    async def clock(self) -> Clock:
        return VirtualClock(asyncio.get_running_loop())


class TestManual(ClockContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    async def passing(self, clock: Clock, seconds: float) -> None:
        assert isinstance(clock, ManualClock)
        await clock.advance(seconds)


class ChanceContract:
    def test_numbers_and_tokens(self, chance: Chance) -> None:
        assert all(0 <= chance.uniform() < 1 for _ in range(100))
        tokens = {chance.token() for _ in range(100)}
        assert len(tokens) == 100
        assert all(len(token) == 32 and int(token, 16) >= 0 for token in tokens)


class TestSystemChance(ChanceContract):
    @pytest.fixture
    def chance(self) -> Chance:
        return SystemChance()


class TestFixedChance(ChanceContract):
    @pytest.fixture
    def chance(self) -> Chance:
        return FixedChance()
