"""The browser of the desktop: https only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

if TYPE_CHECKING:
    from collections.abc import Callable


def open_in_browser(url: str, opener: Callable[[QUrl], bool] = QDesktopServices.openUrl) -> bool:
    """Open a page in the person's browser; False where there is no browser.

    Raises ValueError for anything but an https address with a host and without a user name: `file:`,
    `javascript:` and plain http never reach the desktop's handlers.
    """
    parsed = QUrl(url, QUrl.ParsingMode.StrictMode)
    if not parsed.isValid() or parsed.scheme() != "https" or not parsed.host() or parsed.userInfo():
        raise ValueError("Only https addresses are opened.")
    return opener(parsed)
