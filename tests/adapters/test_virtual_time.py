"""Time passes as fast as nothing happens, and what is real still arrives."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from time import monotonic  # noqa: TID251 - shows that virtual time is not real time

import pytest

from tests.support.virtual_time import VirtualClock, VirtualTimeLoop

pytestmark = pytest.mark.virtual_time


def running() -> VirtualTimeLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop


async def test_a_day_of_sleeping_takes_no_time() -> None:
    clock = VirtualClock(running(), epoch=5000.0)
    real, wall, before = monotonic(), clock.now(), clock.monotonic()
    naps = 0

    async def napper(seconds: float) -> None:
        nonlocal naps
        while clock.monotonic() < before + 86_400 - 1e-6:
            await clock.sleep(seconds)
            naps += 1

    await asyncio.gather(napper(60), napper(3600), napper(86_400))
    assert naps == 1440 + 24 + 1
    assert wall == 5000.0
    assert clock.now() == pytest.approx(5000 + 86_400)
    assert clock.monotonic() - before == pytest.approx(86_400)
    assert monotonic() - real < 30


async def test_sleepers_wake_in_order() -> None:
    clock = VirtualClock(running())
    order: list[float] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        order.append(seconds)

    await asyncio.gather(*(sleeper(seconds) for seconds in (30, 1, 86_400 * 40, 0.001)))
    assert order == [0.001, 1, 30, 86_400 * 40]


async def test_the_timeouts_of_asyncio_are_virtual_too() -> None:
    real = monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3600):
            await asyncio.Event().wait()
    assert monotonic() - real < 5


async def test_bytes_that_are_there_come_before_the_next_timer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    before = running().time()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, family=socket.AF_INET)
    async with server, asyncio.timeout(3600):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        writer.close()
        await writer.wait_closed()
    assert running().time() - before < 3600


async def test_without_a_timer_a_thread_is_waited_for() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert await asyncio.wrap_future(pool.submit(lambda: 5)) == 5


async def test_the_wall_clock_alone_can_jump() -> None:
    clock = VirtualClock(running(), epoch=100.0)
    clock.jump(50)
    assert clock.now() == pytest.approx(150)
    before = clock.monotonic()
    await clock.sleep(1)
    assert clock.monotonic() - before == pytest.approx(1)
    assert clock.now() == pytest.approx(151)
