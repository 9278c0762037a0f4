"""How often the store is looked at: often while somebody sees the window, now and then otherwise."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from nomba_desktop.services.sessions import Sessions
from nomba_desktop.services.tasks import Tasks
from nomba_desktop.services.watcher import LOOK_EVERY, LOOK_TOLD, LOOK_UNSEEN, StoreWatch
from tests.support.virtual_time import VirtualClock

pytestmark = pytest.mark.virtual_time


class Looks:
    """Counts the looks."""

    def __init__(self) -> None:
        self.count = 0

    def observe_if_changed(self) -> None:
        self.count += 1

    def since(self) -> int:
        count, self.count = self.count, 0
        return count


async def test_the_pace_follows_whether_somebody_sees_it() -> None:
    looks, tasks = Looks(), Tasks(lambda what, error: None)
    clock = VirtualClock(asyncio.get_running_loop())
    watch = StoreWatch(cast("Sessions", looks), clock, tasks)

    watch.begin(seen=True)
    assert looks.since() == 1
    await clock.sleep(60)
    assert looks.since() == int(60 / LOOK_EVERY)

    watch.begin(seen=False)
    assert looks.since() == 1
    await clock.sleep(61)
    assert looks.since() == int(61 / LOOK_UNSEEN)

    watch.begin(seen=True)
    assert looks.since() == 1, "shown again: looked at once"
    await clock.sleep(1)
    assert looks.since() == 1, "another process's change shows within a second"
    await tasks.aclose()


async def test_where_the_system_tells_the_pace_is_a_safety_net() -> None:
    looks, tasks = Looks(), Tasks(lambda what, error: None)
    clock = VirtualClock(asyncio.get_running_loop())
    watch = StoreWatch(cast("Sessions", looks), clock, tasks)

    watch.begin(seen=True, told=True)
    assert looks.since() == 1
    watch.look()
    assert looks.since() == 1
    await clock.sleep(65)
    assert looks.since() == int(65 / LOOK_TOLD)
    await tasks.aclose()
