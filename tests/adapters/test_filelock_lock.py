"""The kernel's lock: held by other processes, given back by dead ones, told by name."""
# ruff: noqa: ASYNC240 - the tests look at files of a few bytes

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from nomba_desktop.adapters.filelock_lock import FileSessionLock
from nomba_desktop.domain.errors import StoreUnavailable
from tests.contracts.samples import SESSION
from tests.support.fakes.manual_clock import ManualClock
from tests.support.qtloop import turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

HOLDER = """
import asyncio, sys
from pathlib import Path
from nomba_desktop.adapters.filelock_lock import FileSessionLock
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.domain.environments import SessionId

async def main():
    lock = FileSessionLock(Path(sys.argv[1]), SystemClock(), "nomba (elsewhere)")
    async with lock.try_hold(SessionId(sys.argv[2], sys.argv[3])) as owner:
        print("held" if owner is None else "lost", flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


@asynccontextmanager
async def another_process(locks: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that holds the lock."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", HOLDER, str(locks), SESSION.host, SESSION.client_id,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stdin
    try:
        assert await process.stdout.readline() == b"held\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    return tmp_path / "locks"


@pytest.fixture
def lock(locks: Path) -> FileSessionLock:
    return FileSessionLock(locks, ManualClock(), "window")


async def test_another_process_holds_it(lock: FileSessionLock, locks: Path) -> None:
    async with another_process(locks) as process:
        async with lock.try_hold(SESSION) as owner:
            assert owner is not None
            assert owner.who == "nomba (elsewhere)"
            assert owner.since > 1_700_000_000
        assert process.stdin
        process.stdin.write(b"\n")
        assert await process.wait() == 0
        async with lock.try_hold(SESSION) as owner:
            assert owner is None


async def test_a_killed_process_gives_it_back_at_once(lock: FileSessionLock, locks: Path) -> None:
    async with another_process(locks) as process:
        process.kill()
        await process.wait()
        async with lock.try_hold(SESSION) as owner:
            assert owner is None


async def test_the_other_process_loses_while_we_hold(lock: FileSessionLock, locks: Path) -> None:
    async with lock.try_hold(SESSION):
        with pytest.raises(AssertionError, match="lost"):
            async with another_process(locks):
                pass


async def test_files_are_private_and_the_lock_file_stays(lock: FileSessionLock, locks: Path) -> None:
    before = os.umask(0)
    try:
        async with lock.try_hold(SESSION):
            found = {file.suffix: file for file in locks.iterdir()}
            assert set(found) == {".lock", ".owner"}
            assert {stat.S_IMODE(file.stat().st_mode) for file in found.values()} == {0o600}
            assert stat.S_IMODE(locks.stat().st_mode) == 0o700
            node = found[".lock"].stat().st_ino
    finally:
        os.umask(before)
    left = list(locks.iterdir())
    assert [(file.suffix, file.stat().st_ino) for file in left] == [(".lock", node)]
    assert SESSION.client_id not in left[0].name


@pytest.mark.parametrize(
    ("note", "who"),
    [
        (b"", "another program"),
        (b"\xff\xfe", "another program"),
        (b"[1]", "another program"),
        (b'{"who": "x"}', "another program"),
        (b'{"who": "x", "since": "soon"}', "another program"),
        (json.dumps({"who": "evil\u202e\x1b[31mname", "since": 5}).encode(), "evil[31mname"),
        (b'{"who": "' + b"x" * 9000, "another program"),
        (b"[" * 4000, "another program"),
    ],
)
async def test_a_note_that_can_not_be_read_is_no_obstacle(
    lock: FileSessionLock, locks: Path, note: bytes, who: str
) -> None:
    async with lock.try_hold(SESSION):
        next(locks.glob("*.owner")).write_bytes(note)
        async with lock.try_hold(SESSION) as owner:
            assert owner is not None
            assert owner.who == who


async def test_a_note_that_can_not_be_written_is_no_obstacle(lock: FileSessionLock, locks: Path) -> None:
    async with lock.try_hold(SESSION):
        name = next(locks.glob("*.owner"))
    name.mkdir()
    async with lock.try_hold(SESSION) as owner:
        assert owner is None
        async with lock.try_hold(SESSION) as other:
            assert other is not None
            assert (other.who, other.since) == ("another program", 0.0)


async def test_a_directory_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lock = FileSessionLock(tmp_path / "file" / "locks", ManualClock(), "window")
    with pytest.raises(StoreUnavailable, match="nothing was sent"):
        async with lock.try_hold(SESSION):
            pass


async def test_a_soft_link_in_the_place_of_the_lock_is_not_followed(
    lock: FileSessionLock, locks: Path, tmp_path: Path
) -> None:
    async with lock.try_hold(SESSION):
        name = next(locks.glob("*.lock"))
    name.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    name.symlink_to(victim)
    with pytest.raises(StoreUnavailable):
        async with lock.try_hold(SESSION):
            pass
    assert victim.read_text() == "precious"


class WatchedThread(ThreadPoolExecutor):
    """One thread that waits at a gate before each piece of work, and counts them."""

    def __init__(self) -> None:
        super().__init__(1, "lock-thread")
        self.gate = threading.Event()
        self.gate.set()
        self.done = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        def work() -> Any:
            assert self.gate.wait(10)
            self.done += 1
            return fn(*args, **kwargs)

        return super().submit(work)


async def test_every_touch_of_a_file_is_the_executors(locks: Path) -> None:
    with WatchedThread() as thread:
        lock = FileSessionLock(locks, ManualClock(), "window", thread)
        async with lock.try_hold(SESSION) as owner:
            assert (owner, thread.done) == (None, 1)
            async with lock.try_hold(SESSION) as other:
                assert (other is None, thread.done) == (False, 2)
            assert thread.done == 2, "who lost has nothing to give back"
        assert thread.done == 3


@pytest.mark.parametrize("again", [1, 2])
async def test_cancelled_while_it_is_taken_it_is_given_back(locks: Path, again: int) -> None:
    with WatchedThread() as thread:
        lock = FileSessionLock(locks, ManualClock(), "window", thread)

        async def hold() -> None:
            async with lock.try_hold(SESSION):
                raise AssertionError("entered after it was cancelled")

        thread.gate.clear()
        task = asyncio.create_task(hold())
        for _ in range(again):
            await turn()
            task.cancel()
        await turn()
        assert not task.done()
        thread.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (thread.done, list(locks.glob("*.owner"))) == (2, [])
        async with lock.try_hold(SESSION) as owner:
            assert owner is None
