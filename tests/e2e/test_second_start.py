"""A second start of the program shows the first window and ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from nomba_desktop.app.paths import PROFILE_VARIABLE, profile_paths, window_socket
from tests.support.qtloop import wait_until


async def start(profile: Path) -> asyncio.subprocess.Process:
    environment = {**os.environ, PROFILE_VARIABLE: str(profile)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-X",
        "dev",
        "-m",
        "nomba_desktop.app.main",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@pytest.mark.usefixtures("private_keyring")
async def test_the_second_start_raises_the_first_window(real_screen: QApplication, tmp_path: Path) -> None:
    socket = Path(window_socket(profile_paths(tmp_path)))
    first = await start(tmp_path)
    try:
        await wait_until(lambda: socket.exists() or first.returncode is not None, timeout=20)
        assert first.returncode is None
        second = await start(tmp_path)
        said, _ = await asyncio.wait_for(second.communicate(), 20)
        assert (second.returncode, said) == (0, b"")
        assert first.returncode is None
    finally:
        first.send_signal(signal.SIGTERM)
        said, _ = await asyncio.wait_for(first.communicate(), 20)
    assert said == b""
    assert await first.wait() == 0
    await wait_until(lambda: not socket.exists())
