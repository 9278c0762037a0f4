"""The form of a key, for adding and for editing. Renders props, tells what was typed; judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from nomba_desktop.domain.keys import ApiKey, Field, KeyDraft, Role, SharedUse
from nomba_desktop.domain.paste import trimmed_value
from nomba_desktop.ui.derive.add_key import ROLE_HINT, FormProps, Line, Tone
from nomba_desktop.ui.dialogs.fields import LabelledField, LineLabel
from nomba_desktop.ui.dialogs.secret_field import SecretField
from nomba_desktop.ui.widgets import Button, Segmented, Select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nomba_desktop.domain.environments import Environment
    from nomba_desktop.domain.paste import Pasted
    from nomba_desktop.domain.secret import Secret
    from nomba_desktop.ui.theme import Theme

_FOLDED = (Field.ROLE_NOTE, Field.TAGS, Field.NOTES)
_GAP = 11


class KeyForm(QWidget):
    """All fields of a key. `environments` empty: the environment can't be changed (editing).

    `changed(Field)` on each keystroke, `left(Field)` when a field with something in it was left.
    """

    changed = Signal(object)
    left = Signal(object)
    submitted = Signal()

    def __init__(self, theme: Theme, environments: Sequence[Environment] = ()) -> None:
        super().__init__()
        self._trimming = False
        self._environment_id: str | None = None
        self.environment = Segmented([(e.id, e.name) for e in environments], "Environment")
        self.name = QLineEdit()
        self.role = Select()
        for role in Role:
            self.role.addItem(role.value, role)
        self.account_id = QLineEdit()
        self.client_id = QLineEdit()
        self.secret = SecretField(theme, "Client secret")
        self.shared_use = Segmented(
            [(SharedUse.YES_OR_NOT_SURE, "Yes or not sure"), (SharedUse.ONLY_HERE, "No, only here")],
            "Does a server also sign in with this key?",
        )
        self.role_note = QLineEdit()
        self.tags = QLineEdit()
        self.notes = QPlainTextEdit()
        self.notes.setFixedHeight(64)
        self.notes.setTabChangesFocus(True)
        for mono in (self.account_id, self.client_id):
            mono.setProperty("mono", "true")
        self.fields = {
            Field.ENVIRONMENT: LabelledField("Environment", self.environment),
            Field.NAME: LabelledField("Name", self.name),
            Field.ACCOUNT_ID: LabelledField("Account ID", self.account_id),
            Field.CLIENT_ID: LabelledField("Client ID", self.client_id),
            Field.SECRET: LabelledField("Client secret (the dashboard calls it Private key)", self.secret),
            Field.ROLE_NOTE: LabelledField("Note on the role", self.role_note),
            Field.TAGS: LabelledField("Tags", self.tags),
            Field.NOTES: LabelledField("Notes", self.notes),
            Field.SHARED_USE: LabelledField("Does a server also sign in with this key?", self.shared_use),
        }
        self.fields[Field.ENVIRONMENT].setVisible(bool(environments))
        self.more = Button("More: note on the role, tags, notes", "link")
        self.more.setCheckable(True)
        self.more.setStyleSheet("padding: 0;")  # its words start where the fields do
        self.folded = QWidget()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        role = LabelledField("Role", self.role)
        role_hint = LineLabel()
        role_hint.show_line(Line(ROLE_HINT))
        pair = QGridLayout()
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setHorizontalSpacing(12)
        pair.setVerticalSpacing(4)
        pair.setColumnStretch(0, 1)
        pair.setColumnStretch(1, 1)
        pair.addWidget(self.fields[Field.NAME], 0, 0)
        pair.addWidget(role, 0, 1)
        pair.addWidget(role_hint, 1, 0, 1, 2)
        self.role.setAccessibleDescription(ROLE_HINT)
        inner = QVBoxLayout(self.folded)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(_GAP)
        for which in _FOLDED:
            inner.addWidget(self.fields[which])
        self.folded.hide()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(_GAP)
        rows.addWidget(self.fields[Field.ENVIRONMENT])
        rows.addLayout(pair)
        for which in (Field.ACCOUNT_ID, Field.CLIENT_ID, Field.SECRET, Field.SHARED_USE):
            rows.addWidget(self.fields[which])
        rows.addWidget(self.more)
        rows.addWidget(self.folded)

    def _connect(self) -> None:
        for which, edit in self._lines().items():
            edit.textChanged.connect(lambda _text, f=which: self._changed(f))
            edit.editingFinished.connect(lambda f=which: self._left(f))
        self.notes.textChanged.connect(lambda: self._changed(Field.NOTES))
        self.secret.changed.connect(lambda: self._changed(Field.SECRET))
        self.secret.left.connect(lambda: self._left(Field.SECRET))
        self.environment.chosen.connect(lambda _value: self._chosen(Field.ENVIRONMENT))
        self.shared_use.chosen.connect(lambda _value: self._chosen(Field.SHARED_USE))
        self.role.activated.connect(lambda _index: self._changed(Field.ROLE_NOTE))
        self.more.toggled.connect(self._unfold)

    def _lines(self) -> dict[Field, QLineEdit]:
        return {
            Field.NAME: self.name,
            Field.ACCOUNT_ID: self.account_id,
            Field.CLIENT_ID: self.client_id,
            Field.ROLE_NOTE: self.role_note,
            Field.TAGS: self.tags,
        }

    # -- what was typed --------------------------------------------------------------------------------------------

    def draft(self) -> KeyDraft:
        """What was typed, without the secret: only its length and whether it is plain."""
        environment = self.environment.value if self._environment_id is None else self._environment_id
        shared = self.shared_use.value
        typed = self.secret.shape()
        return KeyDraft(
            name=self.name.text(),
            environment_id=environment if isinstance(environment, str) else None,
            account_id=self.account_id.text(),
            client_id=self.client_id.text(),
            secret_length=typed.length,
            secret_is_plain=typed.plain,
            role=Role(self.role.currentText()),
            role_note=self.role_note.text(),
            tags=self.tags.text(),
            notes=self.notes.toPlainText(),
            shared_use=shared if isinstance(shared, SharedUse) else None,
        )

    def typed_secret(self) -> Secret:
        """The secret as typed."""
        return self.secret.secret()

    def fill(self, pasted: Pasted) -> None:
        """Put in what was recognised; fields without a finding keep what they have."""
        if pasted.account_id:
            self.account_id.setText(pasted.account_id)
        if pasted.client_id:
            self.client_id.setText(pasted.client_id)
        if pasted.secret is not None:
            self.secret.put(pasted.secret)

    def show_key(self, key: ApiKey) -> None:
        """Fill in a stored key; the secret stays empty."""
        self._environment_id = key.environment_id
        self.name.setText(key.name)
        self.role.setCurrentText(key.role.value)
        self.account_id.setText(key.account_id)
        self.client_id.setText(key.client_id)
        self.role_note.setText(key.role_note)
        self.tags.setText(", ".join(key.tags))
        self.notes.setPlainText(key.notes)
        self.shared_use.set_value(key.shared_use)
        self.secret.wipe()

    # -- props -------------------------------------------------------------------------------------------------------

    def render_props(self, props: FormProps) -> None:
        """Show sentences and state."""
        for which, field in self.fields.items():
            field.show_line(props.lines.get(which, Line()))
        self.secret.show_length(props.secret_length)
        wrong_below = any(props.lines.get(f, Line()).tone is Tone.BAD for f in _FOLDED)
        if wrong_below and not self.more.isChecked():
            self.more.setChecked(True)
        if self.isEnabled() != props.enabled:
            if not props.enabled:
                self.secret.conceal()
            self.setEnabled(props.enabled)

    def focus_field(self, which: Field) -> None:
        """Put the focus where a remark is."""
        self.fields[which].control.setFocus()

    # -- gestures ------------------------------------------------------------------------------------------------------

    def _changed(self, which: Field) -> None:
        if not self._trimming:
            self.changed.emit(which)

    def _chosen(self, which: Field) -> None:
        self.changed.emit(which)
        self.left.emit(which)

    def _left(self, which: Field) -> None:
        self.left.emit(which)

    def trim(self, which: Field) -> bool:
        """Take white space off both ends of a field; whether any was there."""
        self._trimming = True
        try:
            if which is Field.SECRET:
                return self.secret.trim()
            edit = self._lines().get(which)
            if edit is None:
                return False
            value, trimmed = trimmed_value(edit.text())
            if trimmed:
                edit.setText(value)
            return trimmed
        finally:
            self._trimming = False

    def _unfold(self, open_: bool) -> None:
        self.folded.setVisible(open_)
        self.more.setText("Less" if open_ else "More: note on the role, tags, notes")
