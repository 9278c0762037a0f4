"""The bar at the bottom: each item is a quiet button that explains itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from nomba_desktop.services.ports import Clock
from nomba_desktop.ui.derive.statusbar import NextRefresh, StatusItem, StatusProps
from nomba_desktop.ui.focus import move_to_end
from nomba_desktop.ui.theme import Theme
from nomba_desktop.ui.ticking_text import TickingText
from nomba_desktop.ui.token_panel import Dot
from nomba_desktop.ui.widgets import set_text


class _Item(QWidget):
    """Dot and words."""

    def __init__(self, item: StatusItem, theme: Theme) -> None:
        super().__init__()
        self.item = item
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.dot = Dot(theme, item.tone)
        self.button = QPushButton()
        self.button.setProperty("kind", "status")
        self.button.setAutoDefault(False)
        row.addWidget(self.dot)
        row.addWidget(self.button)


class StatusBar(QWidget):
    """Items on the left, the next refresh on the right. `explain_asked` carries title and explanation."""

    explain_asked = Signal(str, str)

    def __init__(self, theme: Theme, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._clock = theme, clock
        self._props = StatusProps()
        self._items: list[_Item] = []
        self.setProperty("box", "rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.metrics.base + 14)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(14)
        self._left = QHBoxLayout()
        self._left.setSpacing(14)
        row.addLayout(self._left)
        self.next = TickingText(theme, ground="rail", small=True, right=True)
        row.addWidget(self.next, 1)
        theme.changed.connect(
            self._as_tall_as_the_text
        )  # a bound method goes with the widget, a lambda stays

    def _as_tall_as_the_text(self) -> None:
        self.setFixedHeight(self._theme.metrics.base + 14)

    def render_props(self, props: StatusProps) -> None:
        """Show these items."""
        if props != self._props:
            if [i.topic for i in props.items] != [i.topic for i in self._props.items]:
                self._rebuild(props)
            for widget, item in zip(self._items, props.items, strict=True):
                widget.item = item
                widget.dot.set_tone(item.tone)
                widget.button.setAccessibleDescription(item.explanation)
            self._props = props
        self.tick(self._clock.now())

    def _rebuild(self, props: StatusProps) -> None:
        for old in self._items:
            self._left.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._items = [_Item(item, self._theme) for item in props.items]
        for widget in self._items:
            widget.button.clicked.connect(lambda _=False, w=widget: self._explain(w))
            self._left.addWidget(widget)
        self.come_last()

    def come_last(self) -> None:
        """Let Tab come here after everything else in the window."""
        move_to_end(self.window(), self.buttons())

    def _explain(self, widget: _Item) -> None:
        self.explain_asked.emit(widget.item.text(self._clock.now()), widget.item.explanation)

    def buttons(self) -> list[QPushButton]:
        """The buttons of the items, from the left."""
        return [item.button for item in self._items]

    def tick(self, now: float) -> None:
        """Words at `now`."""
        upcoming = self._props.next
        self.next.show_text(upcoming.text(now), upcoming.spoken)
        for widget in self._items:
            set_text(widget.button, widget.item.text(now).replace("&", "&&"))

    def next_change(self, now: float) -> float | None:
        """Seconds until the words change."""
        if not self.isVisible():
            return None
        upcoming: NextRefresh = self._props.next
        waits = [1.0] if upcoming.at > now else []
        waits += [wait for i in self._props.items if (wait := i.next_change(now)) is not None]
        return min(waits, default=None)
