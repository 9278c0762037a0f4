"""Opening the window: its first frame before anything else is loaded, then the program in it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from nomba_desktop.app.window_app import Prepare
    from nomba_desktop.app.world import World
    from nomba_desktop.ui.window import MainWindow

#: Seconds to wait for the first frame: a window that opens minimised has none.
_FRAME_TIME = 0.5


def run_window(
    world: Callable[[], World],
    *,
    prepare: Prepare | None = None,
    title: str = "Nomba Desktop",
    socket: str = "",
) -> int:
    """Show one window, make the world, run the program in both until the window is closed; returns the exit code.

    `socket` is where later starts ask this window to show itself; empty for a window that stands alone.
    """
    gc.disable()  # start-up makes little garbage and many objects: looking for it costs a tenth of the time
    os.environ.setdefault("QT_API", "pyside6")
    app, window = _first_window(title)

    import asyncio

    from nomba_desktop.ui.loop import AppEventLoop

    async def amain() -> int:
        outlined, closed = asyncio.Event(), asyncio.Event()
        window.closing.connect(closed.set)
        window.outlined.connect(outlined.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(outlined.wait(), _FRAME_TIME)
        from nomba_desktop.app.strays import strays_told
        from nomba_desktop.app.window_app import WindowApp, open_practice_window

        program = WindowApp(
            app, world(), practise=open_practice_window, prepare=prepare, window=window, socket=socket
        )
        if closed.is_set():
            program.stop()
        with strays_told(program.core.notices.error):
            return await program.run()

    with asyncio.Runner(loop_factory=lambda: AppEventLoop(app)) as runner:
        return runner.run(amain())


def _first_window(title: str) -> tuple[QApplication, MainWindow]:
    from PySide6.QtWidgets import QApplication

    from nomba_desktop.ui.theme import Theme
    from nomba_desktop.ui.window import MainWindow

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("nomba-desktop")
    app.setApplicationDisplayName("Nomba Desktop")
    app.setDesktopFileName("nomba-desktop")
    app.setQuitOnLastWindowClosed(False)
    theme = Theme(app)
    theme.install(sheet=False)
    window = MainWindow(theme)
    window.setWindowTitle(title)
    window.show()
    return app, window
