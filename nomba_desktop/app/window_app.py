"""The window's program: from the first painted frame to an orderly end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nomba_desktop.app.core import Core
from nomba_desktop.app.world import World

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from nomba_desktop.ui.window import MainWindow

Prepare = Callable[[Core], Awaitable[None]]


class WindowApp:
    """One window on one core. `practise` opens the practice window; `prepare` runs before the schedule begins."""

    def __init__(
        self, app: QApplication, world: World, *, practise: Callable[[], None], prepare: Prepare | None = None
    ) -> None:
        from nomba_desktop.ui.actions import Actions
        from nomba_desktop.ui.furnish import Furnishing
        from nomba_desktop.ui.platform.browser import open_in_browser
        from nomba_desktop.ui.platform.clipboard import QtClipboard
        from nomba_desktop.ui.platform.wake import WakeWatch
        from nomba_desktop.ui.presenter import Presenter
        from nomba_desktop.ui.theme import Theme
        from nomba_desktop.ui.window import MainWindow

        theme = Theme(app)
        theme.install()
        self.core = Core(world)
        self.window: MainWindow = MainWindow(theme, world.clock)
        self.clipboard = QtClipboard(app.clipboard())
        self.actions = Actions(
            self.core,
            clock=world.clock,
            clipboard=self.clipboard,
            practise=practise,
            open_url=open_in_browser,
        )
        self.presenter = Presenter(self.core.state, self.actions, world.clock, self.window)
        self.furnishing = Furnishing(
            self.window,
            self.presenter,
            self.actions,
            state=self.core.state,
            spawn=self.core.tasks.spawn,
            clock=world.clock,
        )
        self.wake = WakeWatch()
        self.wake.woke.connect(self._woke)
        self._prepare = prepare
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End the program in order."""
        self._stop.set()

    def _woke(self) -> None:
        if self.core.renewals is not None:
            self.core.renewals.wake()

    async def run(self) -> int:
        """Show the window, open everything behind it, run until it is closed; returns the exit code."""
        self.window.closing.connect(self.stop)
        self._heed_signals()
        self.window.show()
        try:
            await self.core.load_settings()
            self.furnishing.settings_loaded(self.core.settings)
            await self.core.open()
            if self._prepare is not None:
                await self._prepare(self.core)
            self.core.run_schedule()
            await self._stop.wait()
        finally:
            self.wake.close()
            self.clipboard.clear_if_ours()
            self.furnishing.close()
            self.presenter.close()
            self.window.hide()
            await self.core.aclose()
            self.window.close_now()
        return 0

    def _heed_signals(self) -> None:
        if sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)


def open_practice_window() -> None:
    """Start a second program on a practice server; this one is not touched."""
    frozen = getattr(sys, "frozen", False)
    command = [sys.executable] if frozen else [sys.executable, "-m", "nomba_desktop.app.main"]
    subprocess.Popen([*command, "--practice"], start_new_session=True)  # noqa: S603 - our own program


def run_window(world: World, *, prepare: Prepare | None = None, title: str = "Nomba Desktop") -> int:
    """Make the application and its loop, and run one window in them until it is closed."""
    os.environ.setdefault("QT_API", "pyside6")
    from PySide6.QtWidgets import QApplication

    from nomba_desktop.ui.loop import AppEventLoop

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("nomba-desktop")
    app.setApplicationDisplayName("Nomba Desktop")
    app.setDesktopFileName("nomba-desktop")
    app.setQuitOnLastWindowClosed(False)

    async def amain() -> int:
        program = WindowApp(app, world, practise=open_practice_window, prepare=prepare)
        program.window.setWindowTitle(title)
        return await program.run()

    with asyncio.Runner(loop_factory=lambda: AppEventLoop(app)) as runner:
        return runner.run(amain())
