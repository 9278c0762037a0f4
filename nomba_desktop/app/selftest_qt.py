"""The self-test's checks of Qt: a painted window, the icons, the event loop."""

from __future__ import annotations

import asyncio
import sys

import PySide6
from PySide6.QtCore import QEvent, QSize, Qt, qVersion
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from nomba_desktop.app.selftest_bench import Bench, CheckFailed, Facts
from nomba_desktop.ui.loop import AppEventLoop
from nomba_desktop.ui.resources import app_icon, icon_pixmap, resource

_BACK, _INK = QColor("#204060"), QColor("#F0E0D0")
_SIZE = QSize(240, 80)
#: Seconds until a shown window must have been painted.
_PAINT_TIME = 15.0


def make_loop() -> AppEventLoop:
    """The application, where there is none yet, and its event loop."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setApplicationName("nomba-desktop")
    if isinstance(app, QGuiApplication):
        app.setQuitOnLastWindowClosed(False)
    return AppEventLoop(app)


def facts() -> Facts:
    """Which Qt this is and where it paints."""
    return {"platform": QGuiApplication.platformName(), "qt": qVersion(), "pyside": PySide6.__version__}


class _Sheet(QWidget):
    """Paints a background and a word, and tells when it did."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.setWindowTitle("Nomba Desktop self-test")
        self.setFixedSize(_SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's own name
        """Paint, and say so."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), _BACK)
        painter.setPen(_INK)
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), "Nomba ₦ 0123")
        painter.end()
        if not self.painted.done():
            self.painted.set_result(None)


async def window(bench: Bench) -> Facts:
    """A window is shown and painted, with letters in it."""
    sheet = _Sheet()
    try:
        sheet.show()
        async with asyncio.timeout(_PAINT_TIME):
            await sheet.painted
        image = sheet.grab().toImage()
    except TimeoutError:
        raise CheckFailed(f"The window was not painted within {_PAINT_TIME:g} seconds.") from None
    finally:
        sheet.close()
        sheet.deleteLater()
        QApplication.sendPostedEvents(sheet, QEvent.Type.DeferredDelete)
    if image.pixelColor(1, 1) != _BACK:
        raise CheckFailed("The window was painted, but not in the colour it was given.")
    lettered = sum(
        image.pixelColor(x, y) != _BACK for x in range(image.width()) for y in range(image.height())
    )
    families = len(QFontDatabase.families())
    if not families or lettered < 50:
        raise CheckFailed("No letters were painted: this computer has no usable font. Install one (DejaVu).")
    return {"fonts": families, "pixels": lettered}


async def resources(bench: Bench) -> Facts:
    """Every icon of the program is there and has something to see; so has the program's own."""
    icons = sorted(path.stem for path in resource("icons/nomba-desktop.svg").parent.glob("*.svg"))
    blank = [name for name in icons if _is_blank(icon_pixmap(name, 32, _INK).toImage())]
    if app_icon().isNull() or _is_blank(app_icon().pixmap(64, 64).toImage()):
        blank.append("the program's own")
    if blank:
        raise CheckFailed(f"These icons show nothing: {', '.join(blank)}. The installation is incomplete.")
    return {"icons": len(icons)}


def _is_blank(image: QImage) -> bool:
    """Whether every pixel is fully transparent."""
    alpha = image.convertToFormat(QImage.Format.Format_Alpha8)
    return not any(bytes(alpha.constBits()))


async def event_loop(bench: Bench) -> Facts:
    """A sleep ends when it said, never before; a thread's result comes back."""
    wanted, began = 0.06, bench.clock.monotonic()
    await bench.clock.sleep(wanted)
    slept = bench.clock.monotonic() - began
    if slept < wanted - 0.001:
        raise CheckFailed(
            f"A sleep of {wanted * 1000:.0f} ms ended after {slept * 1000:.0f} ms: timers are early."
        )
    if await asyncio.to_thread(lambda: 6 * 7) != 42:
        raise CheckFailed("A worker thread gave a wrong result.")
    return {"slept_ms": round(slept * 1000)}
