"""The system tells of writes, also those of other processes and of SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

from nomba_desktop.ui.platform.file_signal import FileSignal
from tests.support.qtloop import next_signal

WRITE = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('INSERT INTO t VALUES (1)'); c.commit()"
)


async def test_a_commit_of_another_process_is_told_twice(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    ours = sqlite3.connect(path)
    ours.execute("PRAGMA journal_mode = WAL")
    ours.execute("CREATE TABLE t (x)")
    ours.commit()
    signal = FileSignal([path, path.with_name(f"{path.name}-wal")])
    assert signal.works
    told = next_signal(signal.written)
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITE, str(path))
    assert await other.wait() == 0
    await asyncio.wait_for(told, 5)
    await asyncio.wait_for(next_signal(signal.written), 5)
    assert ours.execute("SELECT count(*) FROM t").fetchone() == (1,)
    signal.close()
    ours.close()


async def test_what_can_not_be_watched_is_said(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()
    signal = FileSignal([there, tmp_path / "missing"])
    assert not signal.works
    signal.close()
