"""*Add an API key*: paste or type, choose, save. Nothing typed is lost on an error; the secret goes on closing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from nomba_desktop.domain.keys import SharedUse
from nomba_desktop.domain.paste import recognise
from nomba_desktop.ui.derive.add_key import LEAD, TITLE, derive_paste
from nomba_desktop.ui.derive.confirm import confirm_sign_in
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from nomba_desktop.ui.dialogs.fields import LineLabel
from nomba_desktop.ui.dialogs.form_keeper import FormKeeper
from nomba_desktop.ui.dialogs.key_form import KeyForm
from nomba_desktop.ui.dialogs.overlay import Overlay
from nomba_desktop.ui.dialogs.problem_box import ProblemBox
from nomba_desktop.ui.widgets import Banner, Button, label, set_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nomba_desktop.domain.environments import Environment
    from nomba_desktop.ui.derive.add_key import FormProps
    from nomba_desktop.ui.dialogs.form_keeper import Spawn
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.theme import Theme


class AddKeyDialog(Overlay):
    """The dialog over `window`. `environments` are those a key can live in, in order; `spawn` is `Tasks.spawn`.

    `accepted` comes after the key was saved. Nomba's advice against secrets on desktops is shown until
    `Settings.secrets_warning_seen`; `Intents.add_key` sets that with the first key it saves.
    """

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        intents: Intents,
        spawn: Spawn,
        environments: Sequence[Environment],
    ) -> None:
        super().__init__(window, theme, TITLE)
        self._intents = intents
        self._spawn = spawn
        self._busy = False
        self.set_lead(LEAD)
        self.paste = Button("Paste all from clipboard")
        self.paste.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.found = LineLabel()
        self.form = KeyForm(theme, environments)
        self.warning = Banner()
        self.problem = ProblemBox()
        rows = QVBoxLayout(self.body)
        rows.setContentsMargins(0, 10, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.paste)
        rows.addSpacing(4)
        rows.addWidget(self.found)
        rows.addSpacing(8)
        rows.addWidget(self.form)
        rows.addSpacing(8)
        rows.addWidget(self.warning)
        rows.addStretch(1)
        self.pinned.addWidget(self.problem)
        self.busy = label("", "muted")
        self.cancel = Button("Cancel")
        self.save_and_sign_in = Button("Save and sign in")
        self.save = Button("Save", "primary")
        self.save.setDefault(True)
        self.footer.addWidget(self.busy)
        self.footer.addStretch(1)
        for button in (self.cancel, self.save_and_sign_in, self.save):
            self.footer.addWidget(button)
        self.keeper = FormKeeper(
            self.form, intents, environments, desktop_warning=not intents.settings().secrets_warning_seen
        )
        self.keeper.rendered.connect(self._render)
        self.keeper.saved.connect(self.accept)
        self.paste.clicked.connect(self._paste)
        self.cancel.clicked.connect(self.reject)
        self.save.clicked.connect(lambda: self._save(sign_in=False))
        self.save_and_sign_in.clicked.connect(self._ask_then_sign_in)
        self.problem.acted.connect(self.keeper.act)
        self.keeper.show_now()

    def first_focus(self) -> QWidget:
        """Pasting comes first."""
        return self.paste

    def _render(self, props: FormProps) -> None:
        self.found.show_line(props.paste)
        self.paste.setAccessibleDescription(props.paste.text)
        self.problem.show_problem(props.problem)
        self.warning.setVisible(bool(props.warning))
        set_text(self.warning.text, props.warning)
        set_text(self.busy, props.busy)
        self._busy = not props.enabled
        for button in (self.paste, self.cancel, self.save, self.save_and_sign_in):
            button.setEnabled(props.enabled)

    def _paste(self) -> None:
        text = self._intents.clipboard_text()
        pasted = recognise(text)
        self.form.fill(pasted)
        self.keeper.say_pasted(derive_paste(text, pasted))

    def _ask_then_sign_in(self) -> None:
        if not self.keeper.ready():
            return
        if self.form.draft().shared_use is SharedUse.ONLY_HERE:
            self._save(sign_in=True)
            return
        question = ConfirmDialog(self.over, self._theme, confirm_sign_in(self.form.name.text().strip()))
        question.confirmed.connect(lambda: self._save(sign_in=True))
        question.open()

    def _save(self, *, sign_in: bool) -> None:
        if self._busy or not self.keeper.ready():
            return
        draft, secret = self.form.draft(), self.form.typed_secret()
        words = "Saving and signing in…" if sign_in else "Saving…"
        self._spawn(
            self.keeper.save(words, lambda: self._intents.add_key(draft, secret, sign_in=sign_in)), "add key"
        )

    def reject(self) -> None:
        """Close without saving; not while saving runs."""
        if not self._busy:
            super().reject()

    def done(self, result: int) -> None:
        """Forget the secret, then close."""
        self.form.secret.wipe()
        super().done(result)
