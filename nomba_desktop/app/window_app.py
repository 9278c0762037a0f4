"""The window's program: from the first painted frame to an orderly end."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from nomba_desktop.app.core import Core
from nomba_desktop.app.world import World

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from nomba_desktop.ui.window import MainWindow

#: Seconds that calls under way get to land when the window is closed: an abandoned refresh leaves doubt behind.
LANDING_TIME = 3.0


class WindowApp:
    """One window on one core. `practise` opens the practice window."""

    def __init__(self, app: QApplication, world: World, practise: Callable[[], None]) -> None:
        from nomba_desktop.ui.actions import Actions
        from nomba_desktop.ui.platform.browser import open_url
        from nomba_desktop.ui.platform.clipboard import QtClipboard
        from nomba_desktop.ui.presenter import Presenter
        from nomba_desktop.ui.window import MainWindow

        self.app = app
        self.core = Core(world)
        self.window: MainWindow = MainWindow()
        self.actions = Actions(
            self.core,
            clock=world.clock,
            clipboard=QtClipboard(app.clipboard()),
            practise=practise,
            open_url=open_url,
        )
        self.presenter = Presenter(self.core.state, self.actions, world.clock, self.window)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End the program in order."""
        self._stop.set()

    async def run(self) -> int:
        """Show the window, open everything behind it, run until it is closed; returns the exit code."""
        self.window.closed.connect(self.stop)
        self._heed_signals()
        self.window.show()
        try:
            await self.core.open()
            self.core.run_schedule()
            await self._stop.wait()
        finally:
            self.presenter.close()
            await self.core.aclose()
            self.window.deleteLater()
        return 0

    def _heed_signals(self) -> None:
        if sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
