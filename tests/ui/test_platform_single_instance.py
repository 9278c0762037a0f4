"""A second start raises the first window: same user, arguments only."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtNetwork import QLocalSocket

from nomba_desktop.app.paths import may_be_running, paths_below, window_socket
from nomba_desktop.ui.platform.single_instance import MAX_MESSAGE, FirstInstance, parse_message
from tests.support.qtloop import next_signal, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from PySide6.QtWidgets import QApplication

SECOND = """
import sys
from PySide6.QtCore import QCoreApplication
from nomba_desktop.ui.platform.single_instance import raise_first
app = QCoreApplication([])
sys.exit(0 if raise_first(sys.argv[1], sys.argv[2:]) else 7)
"""


@pytest.fixture
def name(tmp_path: Path) -> str:
    paths = paths_below(tmp_path)
    paths.data.mkdir(mode=0o700)
    return window_socket(paths)


@pytest.fixture
async def first(name: str) -> AsyncIterator[FirstInstance]:
    made = FirstInstance(name)
    assert made.listen()
    yield made
    made.close()


async def start_second(name: str, *arguments: str) -> int:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SECOND, name, *arguments)
    return await asyncio.wait_for(process.wait(), 20)


async def test_a_second_start_passes_its_arguments(first: FirstInstance, name: str) -> None:
    raised = next_signal(first.raised)
    assert await start_second(name, "--inspect", "₦ key") == 0
    assert (await asyncio.wait_for(raised, 5)) == (["--inspect", "₦ key"],)


async def test_without_a_first_window_the_second_is_the_first(name: str) -> None:
    assert await start_second(name) == 7


async def test_the_socket_is_the_users_own(first: FirstInstance) -> None:
    path = Path(first._server.fullServerName())
    assert stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0  # noqa: PTH116


def test_what_a_killed_window_left_behind_is_no_obstacle(qapp: QApplication, name: str) -> None:
    dead = FirstInstance(name)
    assert dead.listen()
    path = Path(dead._server.fullServerName())
    dead.close()
    path.touch()  # a name that nobody listens on
    newer = FirstInstance(name)
    assert newer.listen()
    newer.close()


@pytest.mark.parametrize(
    "message",
    [b"raise!\n", b"{}\n", b'["a", 1]\n', json.dumps(["x"] * 33).encode() + b"\n", b"x" * (MAX_MESSAGE + 10)],
)
async def test_anything_else_is_cut_off_unanswered(first: FirstInstance, name: str, message: bytes) -> None:
    heard: list[object] = []
    first.raised.connect(heard.append)
    socket = QLocalSocket()
    socket.connectToServer(name)
    await wait_until(lambda: socket.state() == QLocalSocket.LocalSocketState.ConnectedState)
    socket.write(message)
    await wait_until(lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState)
    assert not heard
    assert socket.readAll().data() == b""
    socket.deleteLater()


def test_one_name_for_each_profile(tmp_path: Path) -> None:
    here, there = paths_below(tmp_path), paths_below(tmp_path / "other")
    assert window_socket(here) == window_socket(here) != window_socket(there)
    assert not may_be_running(window_socket(here))
    deep = paths_below(tmp_path / ("d" * 120))
    assert len(window_socket(deep)) < 100
    assert may_be_running(window_socket(deep))


def test_messages() -> None:
    assert parse_message(b'["--practice"]\n') == ["--practice"]
    assert parse_message(b"\xff\n") is None
