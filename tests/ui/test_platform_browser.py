"""Only https pages reach the desktop's handlers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl

from nomba_desktop.ui.platform.browser import open_in_browser


@pytest.mark.parametrize(
    "url",
    [
        "http://dashboard.nomba.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://ada:pw@dashboard.nomba.com",
        "dashboard.nomba.com",
        "",
        "https://dash board.nomba.com",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    def opener(url: QUrl) -> bool:
        raise AssertionError(url)

    with pytest.raises(ValueError, match="https"):
        open_in_browser(url, opener)


@pytest.mark.parametrize("there_is_a_browser", [True, False])
def test_an_https_page_is_opened(there_is_a_browser: bool) -> None:
    opened: list[str] = []

    def opener(url: QUrl) -> bool:
        opened.append(url.toString())
        return there_is_a_browser

    assert open_in_browser("https://dashboard.nomba.com/keys?x=1#k", opener) is there_is_a_browser
    assert opened == ["https://dashboard.nomba.com/keys?x=1#k"]
