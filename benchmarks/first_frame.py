"""Child process: stamps the end of the first painted frame, and of the first with stored rows. One JSON line.

    python first_frame.py empty | app ROOT | rows ROOT

Started as a file, so that nothing of ours is imported before the program's own entry point imports it. The window
is watched from outside: an event filter on its native window handles the event itself and stamps afterwards.
"""

# ruff: noqa: C901, N802, PLC0415, PTH123 - nothing may be imported before its time

import json
import os
import sys
import time

STARTED = float(os.environ["BENCH_STARTED"])  # the parent's monotonic clock, which is the same clock here


def stamp() -> dict[str, float]:
    wall = time.monotonic() - STARTED
    with open("/proc/self/statm") as statm:
        resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {"wall_ms": wall * 1000, "cpu_ms": time.process_time() * 1000, "rss_mb": resident / 2**20}


def tell(result: dict[str, object]) -> None:
    print(json.dumps(result), flush=True)
    os._exit(0)  # the end of the program is not measured


def empty() -> None:
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication, QMainWindow

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is not QEvent.Type.Expose:
                return False
            watched.event(event)
            tell({"first": stamp()})
            return True

    app = QApplication([])
    window = QMainWindow()
    window.resize(1280, 800)
    window.show()
    watch = Watch()
    window.windowHandle().installEventFilter(watch)
    app.exec()


def program(root: str, wanted: str) -> None:
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QAbstractItemView, QMainWindow

    result: dict[str, object] = {}

    class Watch(QObject):
        def __init__(self, window: QMainWindow) -> None:
            super().__init__()
            self.window = window

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() not in (QEvent.Type.Expose, QEvent.Type.UpdateRequest):
                return False
            watched.event(event)
            if "first" not in result:
                if event.type() is not QEvent.Type.Expose:
                    return True
                result["first"] = stamp()
                if wanted == "app":
                    tell(result)
            self.look()
            return True

        def look(self) -> None:
            if not getattr(self.window, "built", True):
                return  # looking itself takes time
            for view in self.window.findChildren(QAbstractItemView):
                model = view.model()
                if not view.isVisible() or model is None or model.rowCount() < 20:
                    continue
                result.setdefault("rows", stamp())
                words = " ".join(str(model.index(0, c).data()) for c in range(model.columnCount()))
                if "expires at" in words:
                    result["sessions"] = stamp()
                    tell(result)

    shown = QMainWindow.setVisible
    watches: list[Watch] = []

    def set_visible(self: QMainWindow, visible: bool) -> None:
        shown(self, visible)
        if visible and not watches and self.windowHandle() is not None:
            watches.append(Watch(self))
            self.installEventFilter(watches[0])
            self.windowHandle().installEventFilter(watches[0])

    # QWidget.show() is not virtual and calls setVisible(), which is: Python sees it in a Python subclass only.
    QMainWindow.show = lambda self: set_visible(self, True)  # type: ignore[method-assign]
    if wanted == "app":
        from nomba_desktop.app.main import main

        sys.argv[:] = ["nomba-desktop"]
        main([])
    else:
        from rows_world import run

        run(root)


if __name__ == "__main__":
    if sys.argv[1] == "empty":
        empty()
    else:
        program(sys.argv[2], sys.argv[1])
