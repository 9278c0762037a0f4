"""The gate every call passes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nomba_desktop.domain.limits import Lane, Priority, RateHeaders
from nomba_desktop.services.rate_limit import FORGOTTEN_AFTER, RateLimiter
from tests.support.fakes.manual_clock import EPOCH, ManualClock
from tests.support.qtloop import turn
from tests.support.virtual_time import VirtualClock, VirtualTimeLoop

LANE = Lane("api.example.test", "account")
SPENT = RateHeaders(15, 0, 1.0)


@dataclass
class Bench:
    """A limiter on a clock that a test moves, and who got through."""

    clock: ManualClock = field(default_factory=ManualClock)
    waits: list[tuple[Lane, Priority, float]] = field(default_factory=list)
    through: list[str] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.limiter = RateLimiter(self.clock, lambda *told: self.waits.append(told))

    async def spend(self, headers: RateHeaders = SPENT, lane: Lane = LANE) -> None:
        """One call went out and was answered with these headers."""
        await self.limiter.admit(lane, Priority.PROBE)
        self.limiter.learn(lane, headers, None)

    def ask(self, name: str, priority: Priority = Priority.REFRESH, lane: Lane = LANE) -> asyncio.Task[None]:
        async def call() -> None:
            await self.limiter.admit(lane, priority)
            self.through.append(name)

        task = asyncio.ensure_future(call())
        self.tasks.append(task)
        return task

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_an_unknown_lane_is_open() -> None:
    bench = Bench()
    for number in range(50):
        bench.ask(str(number))
    await turn(3)
    assert len(bench.through) == 50
    assert bench.limiter.waiting(LANE) is None
    assert bench.waits == []


async def test_a_spent_window_makes_calls_wait_and_says_until_when() -> None:
    bench = Bench()
    await bench.spend()
    bench.ask("a")
    await turn(3)
    assert bench.through == []
    assert bench.waits == [(LANE, Priority.REFRESH, EPOCH + 1.0)]
    assert bench.limiter.waiting(LANE) == EPOCH + 1.0
    await bench.clock.advance(0.99)
    assert bench.through == []
    await bench.clock.advance(0.02)
    assert bench.through == ["a"]
    assert bench.limiter.waiting(LANE) is None


async def test_a_closed_lane_says_so_before_anybody_waits() -> None:
    bench = Bench()
    await bench.spend()
    assert bench.limiter.waiting(LANE) == EPOCH + 1.0
    assert bench.waits == []


async def test_the_most_urgent_goes_first_then_the_first_that_came() -> None:
    bench = Bench()
    await bench.spend(RateHeaders(1, 0, 60.0))
    for name, priority in [
        ("probe", Priority.PROBE),
        ("refresh 1", Priority.REFRESH),
        ("refresh 2", Priority.REFRESH),
        ("sign in", Priority.SIGN_IN),
        ("cut off", Priority.CUT_OFF),
    ]:
        bench.ask(name, priority)
        await turn(2)
    for _ in range(5):
        await bench.clock.advance(60)
        bench.limiter.learn(LANE, RateHeaders(1, 0, 60.0), None)
    assert bench.through == ["cut off", "sign in", "refresh 1", "refresh 2", "probe"]


class LateClock(ManualClock):
    """Time may pass before those who sleep hear of it."""

    def pass_unnoticed(self, seconds: float) -> None:
        self._monotonic += seconds


async def test_nobody_overtakes_those_who_wait() -> None:
    clock = LateClock()
    bench = Bench(clock)
    await bench.spend(RateHeaders(1, 0, 1.0))
    bench.ask("first")
    await turn(3)
    clock.pass_unnoticed(1.5)
    bench.ask("second")
    await turn(3)
    assert bench.through == []
    await clock.advance(0)
    assert bench.through == ["first"]
    await clock.advance(1)
    assert bench.through == ["first", "second"]


async def test_calls_under_way_count_as_taken() -> None:
    bench = Bench()
    for _ in range(4):
        await bench.limiter.admit(LANE, Priority.PROBE)
    bench.limiter.learn(LANE, RateHeaders(9, 4, 1.0), None)
    for name in ("a", "b"):
        bench.ask(name)
    await turn(3)
    assert bench.through == ["a"]
    await bench.clock.advance(1)
    assert bench.through == ["a", "b"]


async def test_lanes_do_not_wait_for_each_other() -> None:
    bench = Bench()
    await bench.spend()
    for number, lane in enumerate((Lane(LANE.host, "other"), Lane("else", LANE.account_id))):
        bench.ask(str(number), lane=lane)
    bench.ask("read", lane=Lane(LANE.host, LANE.account_id, "GET"))
    await turn(3)
    assert bench.through == ["0", "1", "read"]


async def test_retry_after_blocks_and_is_told_again_when_it_grows() -> None:
    bench = Bench()
    await bench.limiter.admit(LANE, Priority.REFRESH)
    await bench.limiter.admit(LANE, Priority.REFRESH)
    bench.limiter.learn(LANE, None, 30.0)
    bench.ask("a")
    await turn(3)
    bench.limiter.learn(LANE, None, 50.0)
    await turn(3)
    assert [until for _, _, until in bench.waits] == [EPOCH + 30, EPOCH + 50]
    await bench.clock.advance(49)
    assert bench.through == []
    await bench.clock.advance(1)
    assert bench.through == ["a"]


async def test_cancelled_waiters_leave_no_trace() -> None:
    bench = Bench()
    await bench.spend(RateHeaders(1, 0, 60.0))
    head = bench.ask("head", Priority.CUT_OFF)
    await turn(3)
    middle = bench.ask("middle")
    bench.ask("last")
    await turn(3)
    for task in (middle, head):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await bench.clock.advance(60)
    assert bench.through == ["last"]
    bench.limiter.learn(LANE, RateHeaders(1, 1, 60.0), None)
    assert bench.limiter.waiting(LANE) == EPOCH + 120.0  # the last call itself filled this window


async def test_a_cancelled_waiter_does_not_use_a_call_up() -> None:
    bench = Bench()
    await bench.spend(RateHeaders(2, 0, 1.0))
    bench.ask("a").cancel()
    for name in ("b", "c", "d"):
        bench.ask(name)
    await bench.clock.advance(1.0)
    assert bench.through == ["b", "c"]
    await bench.end()


async def test_a_sleeper_that_wakes_too_early_sleeps_again() -> None:
    class Hasty(ManualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds / 2)

    bench = Bench(Hasty())
    await bench.spend()
    bench.ask("a")
    await bench.clock.advance(0.9)
    assert bench.through == []
    await bench.clock.advance(0.2)
    assert bench.through == ["a"]


async def test_calls_without_an_answer_are_forgotten_after_a_while() -> None:
    bench = Bench()
    for _ in range(5):
        await bench.limiter.admit(LANE, Priority.PROBE)
    await bench.clock.advance(FORGOTTEN_AFTER + 1)
    await bench.spend(RateHeaders(9, 1, 1.0))
    bench.ask("a")
    await turn(3)
    assert bench.through == ["a"]


async def test_an_answer_nobody_asked_for_is_read_all_the_same() -> None:
    bench = Bench()
    bench.limiter.learn(LANE, SPENT, None)
    assert bench.limiter.waiting(LANE) == EPOCH + 1.0


# -- any traffic -------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """Counts as Nomba does: `limit` calls in each window, windows beginning at `phase`."""

    limit: int
    window: float
    phase: float
    counted: dict[int, int] = field(default_factory=dict)
    refused: int = 0

    def take(self, now: float) -> RateHeaders:
        number = int((now + self.phase) // self.window)
        used = self.counted.get(number, 0)
        if used >= self.limit:
            self.refused += 1
        else:
            used += 1
        self.counted[number] = used
        return RateHeaders(self.limit, self.limit - used, self.window)


CALLS = st.lists(
    st.tuples(st.floats(0, 5), st.sampled_from(list(Priority)), st.floats(0, 3), st.booleans()),
    min_size=1,
    max_size=25,
)


def run(main) -> None:
    loop = VirtualTimeLoop()
    try:
        loop.run_until_complete(main(VirtualClock(loop)))
    finally:
        loop.close()


@settings(max_examples=150)
@given(calls=CALLS, limit=st.integers(1, 4), window=st.floats(0.5, 4), phase=st.floats(0, 4))
def test_no_server_has_to_refuse_and_nobody_waits_for_ever(
    calls: list[tuple[float, Priority, float, bool]], limit: int, window: float, phase: float
) -> None:
    """Calls at any time, answered after any time or never: once the limit is known, no window sees more than it."""
    server = Server(limit, window, phase)

    async def main(clock: VirtualClock) -> None:
        limiter = RateLimiter(clock)
        await limiter.admit(LANE, Priority.PROBE)
        limiter.learn(LANE, server.take(clock.monotonic()), None)

        async def call(start: float, priority: Priority, delay: float, answered: bool) -> None:
            await clock.sleep(start)
            await limiter.admit(LANE, priority)
            headers = server.take(clock.monotonic())
            await clock.sleep(delay)
            limiter.learn(LANE, headers if answered else None, None)

        began = clock.monotonic()
        await asyncio.gather(*(call(*one) for one in calls))
        # A late answer may keep the lane shut for one window more than the call before did.
        assert clock.monotonic() - began <= 5 + 3 + 2 * (len(calls) + 2) * window

    run(main)
    assert server.refused == 0


@settings(max_examples=100)
@given(
    priorities=st.lists(st.sampled_from(list(Priority)), min_size=1, max_size=12),
    cancelled=st.sets(st.integers(0, 11)),
    limit=st.integers(1, 3),
)
def test_the_order_holds_whoever_gives_up(
    priorities: list[Priority], cancelled: set[int], limit: int
) -> None:
    async def main(clock: VirtualClock) -> None:
        limiter = RateLimiter(clock)
        await limiter.admit(LANE, Priority.PROBE)
        limiter.learn(LANE, RateHeaders(limit, 0, 10.0), None)
        through: list[tuple[Priority, int]] = []

        async def call(number: int, priority: Priority) -> None:
            await limiter.admit(LANE, priority)
            through.append((priority, number))
            limiter.learn(LANE, None, None)

        tasks = [asyncio.ensure_future(call(*one)) for one in enumerate(priorities)]
        await clock.sleep(5)
        for number in cancelled:
            if number < len(tasks):
                tasks[number].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [number for number, result in enumerate(results) if result is not None] == sorted(
            number for number in cancelled if number < len(tasks)
        )
        assert through == sorted(through)
        assert limiter.waiting(LANE) is None or len(through) % limit == 0

    run(main)


@given(
    remaining=st.integers(0, 6),
    spare=st.integers(0, 3),
    window=st.floats(0.5, 60),
    pauses=st.lists(st.floats(0, 20), min_size=1, max_size=12),
)
def test_never_more_than_what_remains(remaining: int, spare: int, window: float, pauses: list[float]) -> None:
    async def main(clock: VirtualClock) -> None:
        limiter = RateLimiter(clock)
        limiter.learn(LANE, RateHeaders(remaining + spare + 1, remaining, window), None)
        told, sent = clock.monotonic(), []

        async def call(start: float) -> None:
            await clock.sleep(start)
            await limiter.admit(LANE, Priority.PROBE)
            sent.append(clock.monotonic() - told)

        await asyncio.gather(*(call(pause) for pause in pauses))
        assert sum(moment < window * (1 - 1e-9) for moment in sent) <= remaining

    run(main)
