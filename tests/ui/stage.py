"""The main window on a state of its own, for tests: a clock that stands still, intents that write down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtGui import QAccessible, QAccessibleTextInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.sessions import Session
from nomba_desktop.domain.settings import Density
from nomba_desktop.domain.settings import Theme as Choice
from nomba_desktop.services.state import State
from nomba_desktop.ui.presenter import Presenter
from nomba_desktop.ui.theme import Theme
from nomba_desktop.ui.window import MainWindow
from tests.support.gallery import ZONE, FakeClock, FakeIntents, filled_state

if TYPE_CHECKING:
    from collections.abc import Iterator


class Listening(MainWindow):
    """Writes down what a screen reader is told."""

    def __init__(self, theme: Theme, clock: FakeClock) -> None:
        self.heard: list[str] = []
        super().__init__(theme, clock, ZONE)

    def announce(self, sentence: str) -> None:
        self.heard.append(sentence)
        super().announce(sentence)


class Stage:
    """Window, presenter, state, intents and clock."""

    def __init__(self, app: QApplication) -> None:
        self.app = app
        self.theme = Theme(app)
        self.theme.choose(Choice.LIGHT, Density.COMFORTABLE)
        self.theme.install()
        self.clock = FakeClock()
        self.intents = FakeIntents()
        self.fill()

    def fill(self, keys: list[tuple[ApiKey, Session]] | None = None, *, state: State | None = None) -> None:
        """A new window on these keys; the eleven of the pictures by default."""
        if hasattr(self, "window"):
            self._drop_window()
        self.state = state or filled_state(keys)
        self.window = Listening(self.theme, self.clock)
        self.presenter = Presenter(self.state, self.intents, self.clock, self.window, ZONE)
        self.window.show()
        self.settle()

    def settle(self) -> None:
        """Let posted events and queued signals through."""
        for _ in range(3):
            self.app.sendPostedEvents()
            self.app.processEvents()

    def activate(self) -> None:
        """The window has the keyboard."""
        self.window.activateWindow()
        assert QTest.qWaitForWindowActive(self.window)

    def order(self) -> list[str]:
        """Names in the order shown."""
        model = self.window.table.keys
        rows = (model.row_at(i) for i in range(model.rowCount()))
        return [row.name for row in rows if row is not None]

    def place(self, key_id: str) -> int:
        return self.window.table.keys.place_of(KeyId(key_id))

    def _drop_window(self) -> None:
        self.presenter.close()
        self.window.close_now()
        self.window.deleteLater()
        self.app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def close(self) -> None:
        self._drop_window()
        self.theme.deleteLater()
        self.app.setStyleSheet("")
        self.app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        self.settle()


def spoken(root: QWidget) -> Iterator[str]:
    """Everything the accessibility tree says about a widget and all below it, table cells included."""
    stack = [QAccessible.queryAccessibleInterface(root)]
    while stack:
        node = stack.pop()
        if not node.isValid():
            continue
        for kind in (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value):
            yield node.text(kind)
        text = node.textInterface()
        if isinstance(text, QAccessibleTextInterface):
            yield text.text(0, text.characterCount())
        stack += [node.child(i) for i in range(node.childCount())]
