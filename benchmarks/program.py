"""The real program on a world, driven from inside its own loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from PySide6.QtWidgets import QApplication

from nomba_desktop.app.window_app import WindowApp
from nomba_desktop.app.world import World
from nomba_desktop.ui.loop import AppEventLoop

Drive = Callable[[WindowApp], Awaitable[None]]


def run(world: World, drive: Drive) -> None:
    """Open the window on a world, drive it, end it in order."""
    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)

    async def amain() -> None:
        opened = asyncio.Event()

        async def prepare(_: object) -> None:
            opened.set()

        program = WindowApp(app, world, practise=lambda: None, prepare=prepare)
        work = asyncio.create_task(program.run())
        await opened.wait()
        await asyncio.sleep(0.5)
        try:
            await drive(program)
        finally:
            program.stop()
            await work

    with asyncio.Runner(loop_factory=lambda: AppEventLoop(app)) as runner:
        runner.run(amain())
