"""Why something failed, where the person is looking: title, sentence, hint, one action, folded details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from nomba_desktop.domain.errors import Action
from nomba_desktop.ui.widgets import Button, label, restyle, set_text

if TYPE_CHECKING:
    from nomba_desktop.ui.derive.add_key import Problem

#: Actions that make sense while the form stays open.
_WORDS = {Action.UNLOCK_KEYRING: "Unlock keyring", Action.MEMORY_ONLY: "Only in memory for now"}


class ProblemBox(QFrame):
    """Shows a `Problem`; hidden without one. `acted` carries the `Action` that was pressed."""

    acted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("banner", "true")
        self._action: Action | None = None
        self.title = label("", "strong", wrap=True)
        self.text = label("", wrap=True)
        self.details = label("", "small", wrap=True)
        self.act = Button()
        self.more = Button("Details", "link")
        self.more.setCheckable(True)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 4, 0, 0)
        buttons.setSpacing(8)
        buttons.addWidget(self.act)
        buttons.addWidget(self.more)
        buttons.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(12, 9, 12, 9)
        rows.setSpacing(3)
        for widget in (self.title, self.text):
            rows.addWidget(widget)
        rows.addLayout(buttons)
        rows.addWidget(self.details)
        self.details.hide()
        self.more.toggled.connect(self.details.setVisible)
        self.act.clicked.connect(lambda: self.acted.emit(self._action))
        self.hide()

    def show_problem(self, problem: Problem | None) -> None:
        """Render it; None hides the box."""
        if problem is None:
            self.hide()
            return
        restyle(self, "tone", "bad")
        for part in (self.title, self.text, self.details):
            restyle(part, "tone", "bad")
        set_text(self.title, problem.title)
        set_text(self.text, " ".join(p for p in (problem.sentence, problem.hint) if p))
        folded = " · ".join(p for p in (problem.details, problem.reference) if p)
        set_text(self.details, folded)
        self.more.setVisible(bool(folded))
        self._action = problem.action if problem.action in _WORDS else None
        self.act.setVisible(self._action is not None)
        if self._action is not None:
            self.act.setText(_WORDS[self._action])
        self.setAccessibleName(f"{problem.title}. {self.text.text()}")
        if self.isHidden():
            self.show()
            # Read out at once: the focus stays where it was.
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
