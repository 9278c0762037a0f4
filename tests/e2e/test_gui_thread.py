"""The GUI thread waits for nothing: no disk but the hot read, no lock, no name look-up, no other program."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sqlite3
import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.ui.pages.inspect import InspectPage
from nomba_desktop.ui.pages.settings import SettingsPage
from tests.support import real_keyring
from tests.support.audit import Watchdog, watching
from tests.support.desk import Desk, at_desk, desk_world, noted_server
from tests.support.qtloop import turn
from tests.support.virtual_time import InlineExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nomba_desktop.practice.keys import PracticeKey
    from nomba_desktop.practice.server import PracticeServer

pytestmark = [pytest.mark.usefixtures("private_keyring"), pytest.mark.timeout(300)]

#: The hot read, the observations beside it, and the counter that tells whether another process wrote.
HOT = re.compile(
    r"SELECT schema, generation, revision, sealed FROM sessions WHERE"
    r"|SELECT value FROM host_facts WHERE"
    r"|PRAGMA data_version"
)


def held_up(watchdog: Watchdog) -> tuple[list[str], list[str]]:
    """What this thread, the window's, did that can block; and which SQL it ran beside the hot read."""
    me = threading.get_ident()
    deeds = [f"{deed.event} {deed.about}" for deed in watchdog.by(me)]
    return deeds, sorted(sql for sql in watchdog.sql_by(me) if not HOT.match(sql))


async def a_day(desk: Desk, server: PracticeServer) -> None:
    """Everything the window is for, with some mishaps."""
    one, two = sample_keys()[4:6]
    await desk.add(one)
    await desk.until(lambda: desk.state(one.name) == "Signed in")
    desk.choose(one.name)
    await desk.until(lambda: desk.seen_button("Copy token"))
    desk.press("Refresh now")
    await desk.until(lambda: desk.generation(one.name) == 2 and desk.state(one.name) == "Signed in")
    desk.press("Copy token")
    await desk.until(QApplication.clipboard().text)
    desk.press("Show", desk.program.window.detail.token)
    server.world.inject(Fault("error", "/v1/auth/token/*", status=503, client_id=two.client_id))
    await desk.add(two)
    await desk.until(lambda: desk.state(two.name) == "Sign-in failing")
    await settings_and_inspection(desk)
    desk.choose(one.name)
    await desk.until(lambda: desk.seen_button("Sign out"))
    desk.press("Sign out")
    await desk.until(lambda: desk.state(one.name) == "Signed out")
    desk.program.window.detail.show_tab("Settings")
    desk.press("Forget this key…")
    await desk.until(lambda: desk.row(one.name) is None)
    await locked(desk)


async def settings_and_inspection(desk: Desk) -> None:
    desk.program.window.inspect_requested.emit()
    (page,) = desk.seen(InspectPage)
    desk.click(page.paste)
    await desk.until(lambda: desk.says("This is", page))
    desk.program.window.settings_requested.emit()
    (settings,) = desk.seen(SettingsPage)
    edit = settings.lines["probe_every"]
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "600")
    desk.click(settings.save)
    await desk.until(lambda: desk.program.core.settings.probe_every == 600)
    desk.program.presenter.open_page("")


async def locked(desk: Desk) -> None:
    await asyncio.to_thread(real_keyring.lock)
    await desk.try_to_add(sample_keys()[6], "The keyring is locked")
    desk.close_forms()
    await desk.until(lambda: desk.told("keyring is locked"))


async def in_memory(desk: Desk, two: PracticeKey, three: PracticeKey) -> None:
    """Started with a locked keyring: the person goes on in memory."""
    await desk.until(lambda: desk.state(two.name) == "Waits for keyring")
    desk.press("Only in memory for now", desk.program.window.notices)
    await desk.until(lambda: desk.program.core.state.snapshot.memory_only)
    await desk.add(three)
    await desk.until(lambda: desk.state(three.name) == "Signed in")


@pytest.fixture
def unlocked_again(private_keyring: None) -> Iterator[None]:
    yield
    real_keyring.unlock()


@pytest.mark.usefixtures("unlocked_again")
async def test_the_windows_thread_waits_for_nothing(real_screen: QApplication, tmp_path: Path) -> None:
    one, two, three = sample_keys()[4:7]
    with noted_server(one, two, three) as (server, _):
        world = desk_world(tmp_path, server.url)
        with watching(tmp_path) as watchdog:
            async with at_desk(real_screen, world) as desk:
                watchdog.follow()
                await a_day(desk, server)
            async with at_desk(real_screen, desk_world(tmp_path, server.url)) as desk:
                watchdog.follow()
                await in_memory(desk, two, three)
                assert any(deed.event == "tempfile.mkdtemp" for deed in watchdog.deeds)
        deeds, other_sql = held_up(watchdog)
        assert deeds == [], "\n".join(deeds)
        assert other_sql == []
        others = {deed.event for deed in watchdog.deeds}
        assert {"open to write", "sqlite3.connect", "fcntl.flock", "os.remove"} <= others, (
            "the watchdog saw it all"
        )
        assert any(sql.startswith("BEGIN IMMEDIATE") for sql in {d.about for d in watchdog.statements})
        assert any(sql.startswith("SELECT schema") for sql in watchdog.sql_by(threading.get_ident()))


async def test_the_watchdog_barks(real_screen: QApplication, tmp_path: Path) -> None:
    """The same window with its files on its own thread: the test above would fail."""
    (one,) = sample_keys()[4:5]
    with noted_server(one) as (server, _):
        world = replace(desk_world(tmp_path, server.url), executor=InlineExecutor())
        with watching(tmp_path) as watchdog:
            async with at_desk(real_screen, world) as desk:
                watchdog.follow()
                await desk.add(one)
                await desk.until(lambda: desk.state(one.name) == "Signed in")
        deeds, other_sql = held_up(watchdog)
    events = {deed.partition(" /")[0].split(" ")[0] for deed in deeds}
    assert {"open", "sqlite3.connect", "fcntl.flock", "os.remove", "os.mkdir"} <= events
    assert any(sql.startswith("BEGIN IMMEDIATE") for sql in other_sql)


def listening() -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server


def connect_and_wait(_: Path) -> None:
    with listening() as server, socket.create_connection(server.getsockname()):
        pass


@pytest.mark.parametrize(
    ("event", "deed"),
    [
        ("open to write", lambda home: (home / "new").touch()),
        ("open to write", lambda home: (home / "new").open("a").close()),
        ("open to read", lambda home: (home / "old").read_text()),
        ("os.rename", lambda home: (home / "old").rename(home / "other")),
        ("os.remove", lambda home: (home / "old").unlink()),
        ("os.mkdir", lambda home: (home / "folder").mkdir()),
        ("subprocess.Popen", lambda _: subprocess.run(["true"], check=True)),
        ("socket.getaddrinfo", lambda _: socket.getaddrinfo("localhost", 80)),
        ("socket.connect", connect_and_wait),
        ("sqlite3.connect", lambda home: sqlite3.connect(home / "db").close()),
        ("os.system", lambda _: os.system("true")),
    ],
)
def test_every_kind_of_waiting_is_seen(tmp_path: Path, event: str, deed: Callable[[Path], Any]) -> None:
    (tmp_path / "old").touch()
    with watching(tmp_path) as watchdog:
        deed(tmp_path)
    assert event in {deed.event for deed in watchdog.by(threading.get_ident())}


def test_what_does_not_wait_is_no_finding(tmp_path: Path) -> None:
    with watching(tmp_path) as watchdog:
        with listening() as server, socket.socket() as client:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        assert (tmp_path.parent / "nowhere").exists() is False
        thread = threading.Thread(target=(tmp_path / "new").touch)
        thread.start()
        thread.join()
    assert watchdog.by(threading.get_ident()) == []
    assert "open to write" in {deed.event for deed in watchdog.deeds}


def test_statements_are_told_by_thread(tmp_path: Path) -> None:
    with watching(tmp_path) as watchdog:
        database = sqlite3.connect(tmp_path / "db", check_same_thread=False)
        watchdog.follow()
        thread = threading.Thread(target=database.execute, args=("CREATE TABLE t (x)",))
        thread.start()
        thread.join()
        database.execute("SELECT 1")
        database.close()
    assert watchdog.sql_by(threading.get_ident()) == {"SELECT 1"}
    assert {deed.about for deed in watchdog.statements} == {"SELECT 1", "CREATE TABLE t (x)"}


async def test_turning_the_loop_is_free(tmp_path: Path) -> None:
    with watching(tmp_path) as watchdog:
        await turn(5)
    assert watchdog.deeds == []
