"""A labelled control with the sentence about it right below: what went wrong stands beside its field."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from nomba_desktop.ui.derive.add_key import Line, Tone
from nomba_desktop.ui.widgets import TextRole, label, restyle, set_text

_ROLES: dict[Tone, TextRole] = {Tone.HINT: "tiny", Tone.OK: "tiny", Tone.WARN: "warn", Tone.BAD: "error"}


class LineLabel(QWidget):
    """One sentence in its tone; no room while it is empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = label("", "tiny", wrap=True)
        policy = self.label.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        self.label.setSizePolicy(policy)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.label)
        self.hide()

    def show_line(self, line: Line) -> None:
        """Set sentence and tone."""
        set_text(self.label, line.text)
        restyle(self.label, "role", _ROLES[line.tone])
        self.setVisible(bool(line.text))


class LabelledField(QWidget):
    """Label, control, sentence. The label is the control's buddy, so a screen reader names it;
    the sentence is the control's description, so it is read out with it."""

    def __init__(self, name: str, control: QWidget) -> None:
        super().__init__()
        self.control = control
        self.name = label(name, "field")
        self.line = LineLabel()
        target = control.focusProxy() or control
        self.name.setBuddy(target)
        if not target.accessibleName():
            target.setAccessibleName(name)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(5)
        self._head = QHBoxLayout()
        self._head.setSpacing(8)
        self._head.addWidget(self.name)
        self._head.addStretch(1)
        rows.addLayout(self._head)
        rows.addWidget(control)
        rows.addWidget(self.line)
        rows.addStretch(1)

    def add_mark(self, mark: QWidget) -> None:
        """Something small beside the label."""
        self._head.insertWidget(1, mark)
        self.name.setMinimumHeight(mark.sizeHint().height())  # nothing moves when it appears

    def show_line(self, line: Line) -> None:
        """Show the sentence, and mark the control when it is wrong."""
        self.line.show_line(line)
        target = self.control.focusProxy() or self.control
        target.setAccessibleDescription(line.text)
        if isinstance(target, (QLineEdit, QPlainTextEdit)):
            restyle(target, "invalid", "true" if line.tone is Tone.BAD else "false")
