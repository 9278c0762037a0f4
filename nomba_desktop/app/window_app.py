"""The window's program: from the first painted frame to an orderly end."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nomba_desktop.app.core import Core
from nomba_desktop.app.world import World

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from nomba_desktop.ui.furnish import Furnishing
    from nomba_desktop.ui.platform.file_signal import FileSignal
    from nomba_desktop.ui.platform.single_instance import FirstInstance
    from nomba_desktop.ui.window import MainWindow

Prepare = Callable[[Core], Awaitable[None]]

#: Seconds for the stored keys to be painted, before the thread is busy with what can wait.
_FRAME = 0.02


class WindowApp:
    """One window on one core. `practise` opens the practice window; `prepare` runs before the schedule begins."""

    def __init__(
        self,
        app: QApplication,
        world: World,
        *,
        practise: Callable[[], None],
        prepare: Prepare | None = None,
        window: MainWindow | None = None,
        socket: str = "",
    ) -> None:
        from nomba_desktop.ui.actions import Actions
        from nomba_desktop.ui.platform.browser import open_in_browser
        from nomba_desktop.ui.platform.clipboard import QtClipboard
        from nomba_desktop.ui.platform.wake import WakeWatch
        from nomba_desktop.ui.presenter import Presenter
        from nomba_desktop.ui.theme import Theme
        from nomba_desktop.ui.window import MainWindow

        self.core = Core(world)
        self.window: MainWindow = window or MainWindow(Theme(app))
        self.window.build(world.clock)
        self.clipboard = QtClipboard(app.clipboard())
        self.actions = Actions(
            self.core,
            clock=world.clock,
            clipboard=self.clipboard,
            practise=practise,
            open_url=open_in_browser,
        )
        self.presenter = Presenter(self.core.state, self.actions, world.clock, self.window)
        self.furnishing: Furnishing | None = None
        self.wake = WakeWatch()
        self.wake.woke.connect(self._woke)
        self._world, self._prepare, self._socket = world, prepare, socket
        self.first: FirstInstance | None = None
        self.files: FileSignal | None = None
        self._stop = asyncio.Event()
        self.window.closing.connect(self.stop)
        self.window.seen.connect(self.core.seen)

    def stop(self) -> None:
        """End the program in order."""
        self._stop.set()

    def _woke(self) -> None:
        if self.core.renewals is not None:
            self.core.renewals.wake()

    def _follow_writes(self) -> None:
        """Let the system tell of other processes' writes, where it can."""
        from nomba_desktop.ui.platform.file_signal import FileSignal

        files = self.core.store_files
        if files:
            self.files = FileSignal(files, self.window)
            self.files.written.connect(self.core.store_written)
            if self.files.works:
                self.core.told_of_writes()

    def _listen(self) -> None:
        """From now on later starts show this window instead of opening another."""
        from nomba_desktop.ui.platform.single_instance import FirstInstance

        self.first = FirstInstance(self._socket)
        self.first.raised.connect(lambda _: self.window.come_forward())
        self.first.listen()

    async def run(self) -> int:
        """Show the window, open everything behind it, run until it is closed; returns the exit code."""
        self._heed_signals()
        try:
            await self._open()
            if self._prepare is not None:
                await self._prepare(self.core)
            self.core.run_schedule()
            self._follow_writes()
            await self._stop.wait()
        finally:
            self.wake.close()
            if self.first is not None:
                self.first.close()
            if self.files is not None:
                self.files.close()
            self.clipboard.clear_if_ours()
            if self.furnishing is not None:
                self.furnishing.close()
            self.presenter.close()
            self.window.hide()
            await self.core.aclose()
            self.window.close_now()
        return 0

    async def _open(self) -> None:
        """The look, the stored keys, one frame with them; then what can wait: pages and dialogs, keyring, sessions."""
        await self.core.load_settings()
        theme, settings = self.window.theme, self.core.settings
        theme.choose(settings.theme, settings.density, reduce_motion=settings.reduce_motion)
        theme.install()
        self.window.show()
        opened = await self.core.open_inventory()
        await self._world.clock.sleep(_FRAME)
        self._furnish()
        if self._socket:
            self._listen()
        gc.freeze()
        gc.enable()
        if opened:
            await self.core.open_secrets()

    def _furnish(self) -> None:
        from nomba_desktop.ui.furnish import Furnishing

        self.furnishing = Furnishing(
            self.window,
            self.presenter,
            self.actions,
            state=self.core.state,
            spawn=self.core.tasks.spawn,
            clock=self._world.clock,
        )
        self.furnishing.settings_loaded(self.core.settings)

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
