"""A day with 20 keys on the real services, SQLite, lock and HTTP adapter; only clock and transport are replaced."""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from nomba_desktop.app.core import Core
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.renewal import refresh_margin
from nomba_desktop.domain.secret import Secret
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.world import PracticeWorld
from tests.support.virtual_time import VirtualClock
from tests.support.worlds import draft_of, in_process_world, practice_world

DAY = 86_400.0


async def signed_in_core(root: Path, clock: VirtualClock, server: PracticeWorld, count: int) -> Core:
    core = Core(in_process_world(root, clock, server))
    await core.open()
    samples = [k for seed in range(5) for k in sample_keys(seed) if k.state == "active"][:count]
    for number, named in enumerate(samples):
        sample = replace(named, name=f"{named.name} {number}")
        server.add_key(sample)
        added = await core.keys.add(draft_of(sample), Secret(sample.client_secret))
        assert isinstance(added, ApiKey), added
        assert core.sessions is not None
        core.sessions.observe([added])
        await core.sessions.sign_in(added.id)
    return core


@pytest.mark.timeout(300)
@pytest.mark.virtual_time
async def test_no_gap_in_a_day_and_no_call_too_many(tmp_path: Path) -> None:
    clock = VirtualClock(asyncio.get_running_loop())
    server = practice_world(clock)
    core = await signed_in_core(tmp_path, clock, server, 20)
    sessions = core.sessions
    assert sessions is not None
    keys = list(core.state.snapshot.keys.values())
    assert len(keys) == 20
    core.run_schedule()
    started = clock.now()
    pick = random.Random(1)
    looks = 0
    while clock.now() < started + DAY:
        await clock.sleep(pick.uniform(5, 50))
        for key in keys:
            held = sessions.peek(key.id)
            assert held is not None, f"{key.name} has no token {clock.now() - started:.0f} s into the day"
            assert server.is_live(hashlib.sha256(held.access.reveal().encode()).hexdigest()), key.name
            looks += 1
    await core.aclose()
    assert looks > 20_000

    life, margin = 1800.0, refresh_margin(1800.0)
    most_needed = math.ceil(DAY / (life - 1.1 * margin))
    for key in keys:
        issues = server.log.entries(kind="issue", client_id=key.client_id)
        refreshes = server.log.entries(kind="refresh", client_id=key.client_id)
        assert len(issues) == 1
        assert math.floor(DAY / (life - margin)) <= len(refreshes) <= most_needed
        assert {entry.status for entry in (*issues, *refreshes)} == {200}
