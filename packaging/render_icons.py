"""The program's icon as PNG files in a hicolor theme: `render_icons.py FOLDER` (`share/icons/hicolor`)."""

import os
import shutil
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtGui import QColor, QGuiApplication

from nomba_desktop.ui.resources import icon_pixmap, resource

SIZES = (16, 24, 32, 48, 64, 128, 256, 512)


def main(theme: Path) -> None:
    app = QGuiApplication([])
    for size in SIZES:
        folder = theme / f"{size}x{size}" / "apps"
        folder.mkdir(parents=True, exist_ok=True)
        if not icon_pixmap("nomba-desktop", size, QColor("#14171C")).save(str(folder / "nomba-desktop.png")):
            sys.exit(f"render_icons: {folder} could not be written")
    scalable = theme / "scalable" / "apps"
    scalable.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(resource("icons/nomba-desktop.svg"), scalable / "nomba-desktop.svg")
    del app


if __name__ == "__main__":
    main(Path(sys.argv[1]))
