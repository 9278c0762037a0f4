"""Child process: CPU time of the program doing nothing but keeping 20 keys signed in, shown and hidden."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.profile import SECRET, seeded_key, world_on
from benchmarks.program import run
from nomba_desktop.app.window_app import WindowApp
from nomba_desktop.domain.keys import KeyDraft
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import DEFAULTS

COUNT = 20
#: Probes a minute: 20 keys, each every five minutes.
PROBES = COUNT * 60.0 / DEFAULTS.probe_every


async def cpu_of(seconds: float) -> float:
    """CPU time of this process over a stretch, in milliseconds a minute."""
    wall, cpu = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - cpu) * 1000 * 60 / (time.monotonic() - wall)


async def sign_in(program: WindowApp) -> None:
    core = program.core
    assert core.sessions is not None
    for number in range(COUNT):
        seeded = seeded_key(number, 0.0)
        draft = KeyDraft(
            name=seeded.name,
            environment_id="practice",
            account_id=seeded.account_id,
            client_id=seeded.client_id,
            secret_length=len(SECRET),
            role=seeded.role,
            shared_use=seeded.shared_use,
        )
        key = await core.keys.add(draft, Secret(SECRET))
        assert not isinstance(key, tuple), key
        await core.sessions.sign_in(key.id, confirmed=True)


def main(url: str, seconds: float) -> None:
    found: dict[str, float] = {}

    async def drive(program: WindowApp) -> None:
        await sign_in(program)
        core, window = program.core, program.window
        assert core.sessions is not None
        keys = list(core.state.snapshot.keys)
        window.table.setCurrentIndex(window.table.keys.index(0, 0))  # the detail panel counts too
        await asyncio.sleep(3)
        found["rows_visible"] = sum(1 for _ in window.table.visible_rows())
        found["shown"] = await cpu_of(seconds)
        window.hide()
        await asyncio.sleep(1)
        found["hidden"] = await cpu_of(seconds)
        cpu = time.process_time()
        for key_id in keys:
            await core.sessions.check(key_id)
        found["probe"] = (time.process_time() - cpu) * 1000 / len(keys)

    with tempfile.TemporaryDirectory(prefix="nomba-bench-") as directory:
        run(world_on(Path(directory), practice_url=url), drive)
    found["probes_a_minute"] = PROBES
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
