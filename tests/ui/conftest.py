"""Windows for the tests of dialogs and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nomba_desktop.ui.theme import Theme
from tests.support.qtloop import turn
from tests.ui.form_world import Desk, World
from tests.ui.stage import Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from PySide6.QtWidgets import QApplication


@pytest.fixture
async def world(real_screen: QApplication) -> AsyncIterator[World]:
    """A recording `Intents` with real `Tasks`."""
    made = World()
    yield made
    await made.tasks.aclose()


@pytest.fixture
async def desk(real_screen: QApplication) -> AsyncIterator[Desk]:
    """A window that is shown and active."""
    made = Desk()
    await made.ready()
    yield made
    made.close()
    made.deleteLater()
    await turn(2)


@pytest.fixture
async def theme(real_screen: QApplication) -> AsyncIterator[Theme]:
    """The light look, installed; taken off again."""
    made = Theme(real_screen)
    made.install()
    yield made
    made.deleteLater()
    real_screen.setStyleSheet("")
    await turn()


@pytest.fixture
def stage(real_screen: QApplication) -> Iterator[Stage]:
    """The main window with the eleven keys of the pictures, shown."""
    made = Stage(real_screen)
    yield made
    made.close()
