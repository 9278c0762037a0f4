"""The main job in the real window: real keyring, real files, the practice server over HTTP, keyboard and mouse."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import SystemRandom

import httpx
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.adapters.toml_settings import TomlSettings
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.window_app import WindowApp
from nomba_desktop.app.world import World, http_api, this_process
from nomba_desktop.domain.environments import LIVE, SANDBOX, practice
from nomba_desktop.domain.sessions import SignedOut
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer, system_sleep
from nomba_desktop.practice.world import PracticeWorld
from nomba_desktop.services.ports import Clock
from nomba_desktop.ui.derive.rows import Row
from nomba_desktop.ui.dialogs.add_key import AddKeyDialog
from tests.support.qtloop import turn, wait_until

PROBE = "/v1/accounts/parent"


class SteppedClock:
    """The computer's clock, some minutes ahead after each `step`: what a suspended computer wakes up to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0.0

    def now(self) -> float:
        return self._clock.now() + self._ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def step(self, seconds: float) -> None:
        self._ahead += seconds


def home(root: Path, clock: Clock, server: PracticeServer) -> World:
    """The user's world, in a directory and a keyring profile of the test's own."""
    return World(
        clock=clock,
        chance=SystemChance(),
        who=this_process("window"),
        paths=paths_below(root),
        vault=KeyringVault(clock, root / "data", "journey"),
        settings_file=TomlSettings(root / "config" / "settings.toml"),
        api=http_api(clock),
        environments=lambda _: (LIVE, SANDBOX, practice(server.url)),
    )


@asynccontextmanager
async def running(app: QApplication, world: World) -> AsyncIterator[WindowApp]:
    """The program from its start to its orderly end."""
    program = WindowApp(app, world, practise=lambda: None)
    work = asyncio.create_task(program.run())
    try:
        await wait_until(lambda: work.done() or program.core.sessions is not None)
        await wait_until(program.window.isVisible)
        yield program
    finally:
        program.window.close()
        assert await asyncio.wait_for(work, 10) == 0
        await turn(3)


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(focused(), key, modifier)


def type_and_tab(text: str) -> None:
    QTest.keyClicks(focused(), text)
    press(Qt.Key.Key_Tab)


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(widget.width() // 2, widget.height() // 2))


def button(program: WindowApp, text: str) -> QAbstractButton:
    """The one button of that text that a person sees now."""
    found = [b for b in program.window.findChildren(QAbstractButton) if b.text() == text and b.isVisible()]
    assert len(found) == 1, f"{len(found)} visible buttons say {text!r}"
    return found[0]


async def probe(server: PracticeServer, sample: PracticeKey, token: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {token}", "accountId": sample.account_id}
        return (await client.get(server.url + PROBE, headers=headers)).status_code


async def add_key_by_keyboard(program: WindowApp, sample: PracticeKey) -> None:
    """Ctrl+N opens the form; everything is typed; a click of the mouse saves and signs in."""
    program.window.activateWindow()
    await wait_until(lambda: QApplication.activeWindow() is program.window)
    QTest.keyClick(program.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    await wait_until(lambda: program.window.findChild(AddKeyDialog) is not None)
    dialog = program.window.findChild(AddKeyDialog)
    assert isinstance(dialog, AddKeyDialog)
    await wait_until(dialog.isVisible)
    press(Qt.Key.Key_Tab)  # from *Paste all* to the environment
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Space)  # Practice
    assert dialog.form.environment.value == "practice"
    dialog.form.name.setFocus()
    type_and_tab(sample.name)
    dialog.form.account_id.setFocus()
    type_and_tab(sample.account_id)
    type_and_tab(sample.client_id)
    type_and_tab(sample.client_secret)
    click(dialog.form.shared_use.buttons()[1])  # No, only here
    click(dialog.save_and_sign_in)
    await wait_until(lambda: not program.window.findChildren(AddKeyDialog))


@pytest.mark.usefixtures("private_keyring")
async def test_the_main_job(real_screen: QApplication, tmp_path: Path) -> None:
    clock = SteppedClock(SystemClock())
    sample = next(key for key in sample_keys() if key.name == "Payouts service")
    world_of_server = PracticeWorld(clock, SystemRandom(), sleep=system_sleep)
    with PracticeServer(world_of_server, keys=[sample]) as server:
        async with running(real_screen, home(tmp_path, clock, server)) as program:
            assert program.window.page == "first-run"
            await add_key_by_keyboard(program, sample)
            token = await signed_in_and_counting_down(program)
            token = await refreshed_by_itself(program, clock, server, token)
            await copied_and_accepted(program, server, sample, token)
            before = looks(program)
        async with running(real_screen, home(tmp_path, clock, server)) as program:
            await wait_until(lambda: looks(program) == before)
            asked = len(server.world.log.entries(kind="issue") + server.world.log.entries(kind="refresh"))
            assert asked == 2, "a restart finds the session in the store and asks the server for nothing"
            await signed_out_and_dead(program, server, sample, token)


def rows(program: WindowApp) -> list[Row]:
    """The rows of the table, in order."""
    keys = program.window.table.keys
    return [row for place in range(keys.rowCount()) if (row := keys.row_at(place)) is not None]


def looks(program: WindowApp) -> list[tuple[object, ...]]:
    """What the rows say, without the seconds."""
    return [(row.name, row.masked_id, row.role, row.state, row.bar) for row in rows(program)]


def choose_first_row(program: WindowApp) -> None:
    table = program.window.table
    centre = table.visualRect(table.keys.index(0, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=centre)


async def signed_in_and_counting_down(program: WindowApp) -> str:
    await wait_until(lambda: any(row.state == "Signed in" for row in rows(program)))
    choose_first_row(program)
    await wait_until(lambda: program.window.detail.name.text() == "Payouts service")
    ring = program.window.detail.ring
    await wait_until(lambda: ring.figures in ("30:00", "29:59"))
    pictures = {bytes(ring.grab().toImage().constBits())}
    await wait_until(lambda: ring.figures in ("29:58", "29:57"))
    pictures.add(bytes(ring.grab().toImage().constBits()))
    assert len(pictures) == 2
    return token_of(program)


async def refreshed_by_itself(
    program: WindowApp, clock: SteppedClock, server: PracticeServer, token: str
) -> str:
    """The computer wakes up 26 minutes later: the refresh is due and nobody touches anything."""
    clock.step(26 * 60)
    program.wake.woke.emit()
    await wait_until(lambda: token_of(program) not in ("", token), timeout=10)
    newer = token_of(program)
    assert server.world.is_live(hashlib.sha256(newer.encode()).hexdigest())
    assert not server.world.is_live(hashlib.sha256(token.encode()).hexdigest())
    await wait_until(lambda: any(row.state == "Signed in" for row in rows(program)))
    return newer


async def copied_and_accepted(
    program: WindowApp, server: PracticeServer, sample: PracticeKey, token: str
) -> None:
    QApplication.clipboard().clear()
    click(button(program, "Copy token"))
    await wait_until(lambda: QApplication.clipboard().text() == token)
    assert await probe(server, sample, QApplication.clipboard().text()) == 200


async def signed_out_and_dead(
    program: WindowApp, server: PracticeServer, sample: PracticeKey, token: str
) -> None:
    choose_first_row(program)
    await wait_until(lambda: program.window.detail.name.text() == "Payouts service")
    click(button(program, "Sign out"))
    await wait_until(lambda: next(iter(program.core.state.snapshot.sessions.values())) == SignedOut())
    assert rows(program)[0].state == "Signed out"
    assert await probe(server, sample, token) == 401


def token_of(program: WindowApp) -> str:
    """The present token, read as the person's *Show* reads it."""
    key_id = next(iter(program.core.state.snapshot.keys))
    secret = program.actions.reveal(key_id)
    return secret.reveal() if secret is not None else ""
