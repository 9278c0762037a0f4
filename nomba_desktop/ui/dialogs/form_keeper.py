"""What a key form is doing: which fields are judged, what was trimmed, whether saving runs. Draws nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from nomba_desktop.domain.errors import Action, NombaDesktopError, Unexpected
from nomba_desktop.domain.keys import Field, FieldRemark
from nomba_desktop.ui.derive.add_key import FormState, blocking, derive_form, derive_problem, host_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from nomba_desktop.domain.environments import Environment
    from nomba_desktop.domain.keys import KeyId
    from nomba_desktop.ui.derive.add_key import Line
    from nomba_desktop.ui.dialogs.key_form import KeyForm
    from nomba_desktop.ui.intents import Intents

    #: `services.tasks.Tasks.spawn`.
    Spawn = Callable[[Coroutine[Any, Any, object], str], object]


class FormKeeper(QObject):
    """Judges `form` through `intents.check` and renders it. A field is judged once it was left, all on saving.

    `rendered` carries the `FormProps`; `saved` comes when a save went through.
    """

    rendered = Signal(object)
    saved = Signal()

    def __init__(
        self,
        form: KeyForm,
        intents: Intents,
        environments: Sequence[Environment],
        *,
        editing: KeyId | None = None,
        desktop_warning: bool = False,
    ) -> None:
        super().__init__(form)
        self._form = form
        self._intents = intents
        self._environments = environments
        self._editing = editing
        self.state = FormState(editing=editing is not None, desktop_warning=desktop_warning)
        form.changed.connect(self._changed)
        form.left.connect(self._left)

    def show_now(self) -> None:
        """Judge and render the form as it stands."""
        draft = self._form.draft()
        self._set(
            draft=draft,
            remarks=self._intents.check(draft, self._editing),
            host=host_of(self._environments, draft.environment_id),
        )

    def set_environments(self, environments: Sequence[Environment]) -> None:
        """The environments as they are known now."""
        self._environments = environments

    def forget(self, editing: KeyId | None) -> None:
        """Start over with another key: nothing judged, nothing said."""
        self._editing = editing
        self.state = FormState(editing=editing is not None, desktop_warning=self.state.desktop_warning)
        self.show_now()

    def say_pasted(self, line: Line) -> None:
        """What *Paste all* found."""
        filled = {
            f
            for f, text in (
                (Field.ACCOUNT_ID, self._form.account_id.text()),
                (Field.CLIENT_ID, self._form.client_id.text()),
            )
            if text
        } | ({Field.SECRET} if not self._form.secret.is_empty else set())
        self.state = replace(self.state, paste=line, judged=self.state.judged | filled)
        self.show_now()

    def ready(self) -> bool:
        """Judge every field; False, with the focus in the first wrong one, when something blocks."""
        trimmed = frozenset(f for f in Field if self._form.trim(f))
        self.state = replace(
            self.state, judged=frozenset(Field), trimmed=self.state.trimmed | trimmed, problem=None
        )
        self.show_now()
        return self._focus_first_wrong(self.state.remarks)

    def _focus_first_wrong(self, remarks: Sequence[FieldRemark]) -> bool:
        wrong = blocking(remarks)
        if wrong:
            self._form.focus_field(wrong[0].field)
        return not wrong

    async def save(self, busy: str, call: Callable[[], Awaitable[tuple[FieldRemark, ...]]]) -> None:
        """Run one save; errors are shown in the form, and what was typed stays."""
        self._set(busy=busy, problem=None)
        problem = derive_problem(Unexpected())
        remarks: tuple[FieldRemark, ...] | None = None
        try:
            remarks = await call()
        except NombaDesktopError as error:
            problem = derive_problem(error)
        finally:
            if isValid(self):
                self._set(busy="", problem=problem if remarks is None else None)
        if remarks is None or not isValid(self):
            return
        if blocking(remarks):
            self._set(remarks=remarks, judged=frozenset(Field))
            self._focus_first_wrong(remarks)
        else:
            self.saved.emit()

    def act(self, action: Action) -> None:
        """What the problem offers to do."""
        if action is Action.UNLOCK_KEYRING:
            self._intents.unlock_keyring()
        elif action is Action.MEMORY_ONLY:
            self._intents.memory_only()
        self._set(problem=None)

    def _changed(self, which: Field) -> None:
        self.state = replace(self.state, trimmed=self.state.trimmed - {which})
        self.show_now()

    def _left(self, which: Field) -> None:
        trimmed = self._form.trim(which)
        judged = self.state.judged | {which}
        self.state = replace(
            self.state, judged=judged, trimmed=self.state.trimmed | ({which} if trimmed else frozenset())
        )
        self.show_now()

    def _set(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        props = derive_form(self.state)
        self._form.render_props(props)
        self.rendered.emit(props)
