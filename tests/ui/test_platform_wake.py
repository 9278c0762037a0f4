"""Waking up, told by a real message bus on which the test plays logind."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import pytest
from PySide6.QtDBus import QDBusConnection, QDBusMessage

from nomba_desktop.ui.platform.wake import LOGIND, WakeWatch
from tests.support.qtloop import turn, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bus_address() -> Iterator[str]:
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert daemon.stdout is not None
    yield daemon.stdout.readline().strip()
    QDBusConnection.disconnectFromBus("watcher")
    QDBusConnection.disconnectFromBus("logind")
    daemon.terminate()
    daemon.wait(10)
    daemon.stdout.close()


def prepare_for_sleep(logind: QDBusConnection, going_down: bool) -> None:
    message = QDBusMessage.createSignal(*LOGIND[1:])
    message.setArguments([going_down])
    assert logind.send(message)


async def test_it_tells_when_the_computer_woke(bus_address: str) -> None:
    logind = QDBusConnection.connectToBus(bus_address, "logind")
    assert logind.registerService(LOGIND[0])
    watch = WakeWatch(QDBusConnection.connectToBus(bus_address, "watcher"))
    assert watch.available
    heard: list[str] = []

    async def listen() -> None:
        heard.extend([event async for event in watch.events()])

    signals: list[None] = []
    watch.woke.connect(lambda: signals.append(None))
    task = asyncio.create_task(listen())
    await turn()
    prepare_for_sleep(logind, True)
    prepare_for_sleep(logind, False)
    await wait_until(lambda: signals)
    watch.close()
    await asyncio.wait_for(task, 5)
    assert heard == ["woke"]
    assert len(signals) == 1


async def test_without_a_bus_it_is_silent_and_ends_in_order() -> None:
    watch = WakeWatch(QDBusConnection("no such connection"))
    assert not watch.available
    events = watch.events()
    first = asyncio.ensure_future(anext(events, "ended"))
    await turn()
    watch.close()
    assert await asyncio.wait_for(first, 5) == "ended"
    assert [event async for event in watch.events()] == []
