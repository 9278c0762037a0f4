"""Finding what the program ships beside its code: the icons."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = (_PACKAGE / "resources", _PACKAGE.parent / "resources")
_SIZES = (16, 24, 32, 48, 64, 128, 256)


def resource(name: str) -> Path:
    """The file `name` (`icons/key.svg`): in the installed package, or beside it in a checkout.

    Raises FileNotFoundError when the installation is incomplete.
    """
    for place in _PLACES:
        if (found := place / name).is_file():
            return found
    raise FileNotFoundError(f"The installation is incomplete: resources/{name} is missing.")


@lru_cache(maxsize=32)
def _svg(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text("utf-8")


def draw_icon(painter: QPainter, name: str, rect: QRectF, colour: QColor) -> None:
    """Paint a one-colour icon (`currentColor` in its file) into `rect`."""
    QSvgRenderer(QByteArray(_svg(name).replace("currentColor", colour.name()).encode())).render(painter, rect)


def icon_pixmap(name: str, size: int, colour: QColor, ratio: float = 1.0) -> QPixmap:
    """A one-colour icon as a pixmap of `size` device-independent pixels."""
    image = QImage(round(size * ratio), round(size * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    draw_icon(painter, name, QRectF(0, 0, image.width(), image.height()), colour)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return QPixmap.fromImage(image)


def app_icon() -> QIcon:
    """The program's own icon in the usual sizes."""
    icon = QIcon()
    for size in _SIZES:
        icon.addPixmap(icon_pixmap("nomba-desktop", size, QColor("#14171C")))
    return icon
