"""At most so many at a time, the most urgent first, and no slot lost whoever is cancelled and when."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.adapters.httpx_slots import Slots
from nomba_desktop.domain.limits import Priority
from tests.support.qtloop import turn


class Users:
    def __init__(self, size: int) -> None:
        self.slots = Slots(size)
        self.inside: list[str] = []
        self.leave: dict[str, asyncio.Event] = {}

    def start(self, name: str, priority: Priority = Priority.PROBE) -> asyncio.Task[None]:
        self.leave[name] = asyncio.Event()

        async def use() -> None:
            async with self.slots.take(priority):
                self.inside.append(name)
                await self.leave[name].wait()

        return asyncio.ensure_future(use())


async def test_the_most_urgent_goes_first() -> None:
    users = Users(1)
    tasks = [users.start("first")]
    await turn()
    for name, priority in [("p1", Priority.PROBE), ("p2", Priority.PROBE), ("cut off", Priority.CUT_OFF)]:
        tasks.append(users.start(name, priority))
        await turn()
    for event in users.leave.values():
        event.set()
    await asyncio.gather(*tasks)
    assert users.inside == ["first", "cut off", "p1", "p2"]


async def test_a_slot_handed_to_somebody_cancelled_in_the_same_turn_goes_on() -> None:
    users = Users(1)
    async with users.slots.take(Priority.PROBE):
        second, third = users.start("second"), users.start("third")
        await turn(3)
    second.cancel()  # the slot is its own already, and it has not run since
    await turn(3)
    assert users.inside == ["third"]
    users.leave["third"].set()
    await asyncio.gather(second, third, return_exceptions=True)


@given(
    size=st.integers(1, 3),
    steps=st.lists(
        st.tuples(st.sampled_from(["start", "leave", "cancel"]), st.integers(0, 9), st.integers(0, 2))
    ),
)
def test_no_slot_is_lost(size: int, steps: list[tuple[str, int, int]]) -> None:
    async def main() -> None:
        users, tasks, busy = Users(size), list[asyncio.Task[None]](), 0
        for what, number, turns in steps:
            if what == "start":
                tasks.append(users.start(str(len(tasks))))
            elif number < len(tasks) and what == "leave":
                users.leave[str(number)].set()
            elif number < len(tasks):
                tasks[number].cancel()
            await turn(turns)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        last = [users.start(f"last {number}") for number in range(size + 1)]
        await turn(3)
        busy = sum(name.startswith("last") for name in users.inside)
        for event in users.leave.values():
            event.set()
        await asyncio.gather(*last)
        assert busy == size

    asyncio.run(main())
