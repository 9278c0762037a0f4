"""An explanation inside the detail panel: what most likely happened, what is ruled out, what acting costs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from nomba_desktop.ui.derive.detail import Do, DoButton, Story
from nomba_desktop.ui.widgets import Banner, Button, label, set_text


class Buttons(QWidget):
    """A row of buttons, those in the props visible; `pressed` carries what to do."""

    pressed = Signal(Do)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[DoButton, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._made = {do: self._make(do) for do in Do}
        self._row.addStretch(1)
        self.hide()

    def render_props(self, buttons: tuple[DoButton, ...]) -> None:
        """Show these buttons, in the order of `Do`; a button that is off says why."""
        if buttons == self._shown:
            return
        wanted = {entry.do: entry.off for entry in buttons}
        for do, button in self._made.items():
            button.setVisible(do in wanted)
            off = wanted.get(do, "")
            button.setEnabled(not off)
            button.setToolTip(off)
            button.setAccessibleDescription(off)
        self._shown = buttons
        self.setVisible(bool(buttons))

    def _make(self, do: Do) -> Button:
        button = Button(do.value, "danger" if do is Do.REVOKE else "secondary")
        button.clicked.connect(lambda: self.pressed.emit(do))
        self._row.addWidget(button)
        button.hide()
        return button

    def focus_first(self) -> None:
        """Bring the keyboard to the first button."""
        shown = {entry.do for entry in self._shown}
        if first := next((do for do in Do if do in shown), None):
            self._made[first].setFocus(Qt.FocusReason.OtherFocusReason)

    def button(self, do: Do) -> Button:
        """The button for a gesture, shown or not."""
        return self._made[do]


class StoryPanel(QWidget):
    """The story's paragraphs; details are folded behind a link."""

    pressed = Signal(Do)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._story: Story | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 14)
        column.setSpacing(6)
        self.heading = label("", "strong")
        self.text = label("", wrap=True)
        self.ruled_out = label("", "small", wrap=True)
        self.warning = Banner("", "warn")
        self.buttons = Buttons()
        self.footnote = label("", "small", wrap=True)
        self.more = Button("Details", "link")
        self.more.clicked.connect(self._toggle)
        self.details = label("", "mono", wrap=True)
        for widget in (self.heading, self.text, self.ruled_out):
            column.addWidget(widget)
        self.warning_room = QWidget()
        room = QVBoxLayout(self.warning_room)
        room.setContentsMargins(0, 8, 0, 8)
        room.addWidget(self.warning)
        column.addWidget(self.warning_room)
        column.addWidget(self.buttons)
        column.addWidget(self.footnote)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.details)
        self.buttons.pressed.connect(self.pressed)

    def render_props(self, story: Story | None) -> None:
        """Show a story; None hides the panel."""
        self.setVisible(story is not None)
        if story is None or story == self._story:
            return
        for widget, words in (
            (self.heading, story.heading),
            (self.text, story.text),
            (self.ruled_out, story.ruled_out),
            (self.footnote, story.footnote),
            (self.details, story.details),
        ):
            set_text(widget, words)
            widget.setVisible(bool(words))
        self.warning.show_text(story.warning, "warn")
        self.warning_room.setVisible(bool(story.warning))
        self.buttons.render_props(story.buttons)
        self.buttons.setVisible(bool(story.buttons))
        self.more.setVisible(bool(story.details))
        self.details.hide()
        self.more.setText("Details")
        self._story = story

    def _toggle(self) -> None:
        self.details.setVisible(self.details.isHidden())
        self.more.setText("Details" if self.details.isHidden() else "Hide details")
