"""The *Settings* tab of a key: the same form without the environment, and *Forget this key* at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from nomba_desktop.domain.keys import key_from_draft
from nomba_desktop.ui.derive.add_key import Line, Tone, draft_of
from nomba_desktop.ui.derive.confirm import confirm_forget
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from nomba_desktop.ui.dialogs.fields import LineLabel
from nomba_desktop.ui.dialogs.form_keeper import FormKeeper
from nomba_desktop.ui.dialogs.key_form import KeyForm
from nomba_desktop.ui.dialogs.problem_box import ProblemBox
from nomba_desktop.ui.widgets import Button, label, line, set_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QHideEvent

    from nomba_desktop.domain.environments import Environment
    from nomba_desktop.domain.keys import ApiKey
    from nomba_desktop.ui.derive.add_key import FormProps
    from nomba_desktop.ui.dialogs.form_keeper import Spawn
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.theme import Theme


class EditKeyForm(QWidget):
    """Edits one key. `show_key` fills it; a key being edited is not overwritten by news of itself.

    `window` is what the question before forgetting covers. A typed secret is wiped when the form is hidden.
    """

    forgotten = Signal()

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        intents: Intents,
        spawn: Spawn,
        environments: Sequence[Environment],
    ) -> None:
        super().__init__()
        self._window = window
        self._theme = theme
        self._intents = intents
        self._spawn = spawn
        self._environments = environments
        self._key: ApiKey | None = None
        self.where = label("", "muted", wrap=True)
        self.form = KeyForm(theme)
        self.problem = ProblemBox()
        self.said = LineLabel()
        self.revert = Button("Revert")
        self.save = Button("Save changes", "primary")
        self.forget = Button("Forget this key…", "danger")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.save)
        buttons.addWidget(self.revert)
        buttons.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(12)
        for widget in (self.where, self.form, self.problem, self.said):
            rows.addWidget(widget)
        rows.addLayout(buttons)
        rows.addSpacing(4)
        rows.addWidget(line())
        rows.addWidget(self.forget)
        rows.addStretch(1)
        self.keeper = FormKeeper(self.form, intents, environments)
        self.keeper.rendered.connect(self._render)
        self.keeper.saved.connect(self._saved)
        self.save.clicked.connect(self._save)
        self.revert.clicked.connect(self._revert)
        self.forget.clicked.connect(self._forget)
        self.problem.acted.connect(self.keeper.act)

    @property
    def dirty(self) -> bool:
        """Whether something differs from what is stored."""
        return self._key is not None and self.form.draft() != draft_of(self._key)

    def set_environments(self, environments: Sequence[Environment]) -> None:
        """The environments as they are known now, for names and hosts."""
        self._environments = environments
        self.keeper.set_environments(environments)
        self._show_where()

    def show_key(self, key: ApiKey) -> None:
        """Show this key. The same key again changes nothing while it is being edited."""
        if self._key is not None and key.id == self._key.id and (key == self._key or self.dirty):
            return
        self._key = key
        self.said.show_line(Line())
        self._revert()

    def _revert(self) -> None:
        if self._key is None:
            return
        self._show_where()
        self.form.show_key(self._key)
        self.keeper.forget(self._key.id)

    def _show_where(self) -> None:
        if self._key is not None:
            names = {e.id: e.name for e in self._environments}
            place = names.get(self._key.environment_id, self._key.environment_id)
            set_text(self.where, f"{place} · {self._key.host}")

    def _render(self, props: FormProps) -> None:
        self.problem.show_problem(props.problem)
        dirty = self.dirty
        if dirty or props.busy:
            self.said.show_line(Line(props.busy))
        self.save.setEnabled(dirty and props.enabled)
        self.revert.setEnabled(dirty and props.enabled)
        self.forget.setEnabled(props.enabled)

    def _save(self) -> None:
        key = self._key
        if key is None or not self.keeper.ready():
            return
        draft = self.form.draft()
        secret = None if self.form.secret.is_empty else self.form.typed_secret()
        self._spawn(
            self.keeper.save("Saving…", lambda: self._intents.edit_key(key.id, draft, secret)), "edit key"
        )

    def _saved(self) -> None:
        self.form.secret.wipe()
        if self._key is not None:
            self._key = key_from_draft(self.form.draft(), self._key.id, self._key.host, 0.0, self._key)
        self.keeper.show_now()
        self.said.show_line(Line("Saved.", Tone.OK))

    def _forget(self) -> None:
        key = self._key
        if key is None:
            return
        if key.environment_id == "practice":
            self._forget_now(key)
            return
        question = ConfirmDialog(self._window, self._theme, confirm_forget(key.name))
        question.confirmed.connect(lambda: self._forget_now(key))
        question.open()

    def _forget_now(self, key: ApiKey) -> None:
        self._intents.forget_key(key.id)
        self.forgotten.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing secret waits behind another tab."""
        self.form.secret.wipe()
        super().hideEvent(event)
