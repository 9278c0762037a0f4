"""A cut-off under way, then its receipt: what was proved, with the evidence, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from shiboken6 import isValid

from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.ui.derive.add_key import Problem
from nomba_desktop.ui.derive.cut_off import WORKING, ReceiptLine, ReceiptProps, derive_receipt
from nomba_desktop.ui.dialogs.fields import LabelledField
from nomba_desktop.ui.dialogs.overlay import Overlay
from nomba_desktop.ui.dialogs.problem_box import ProblemBox
from nomba_desktop.ui.platform.clipboard import copy_text
from nomba_desktop.ui.widgets import Button, Card, Pill, label, line, set_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import tzinfo
    from typing import Any

    from nomba_desktop.domain.cutoff import Receipt
    from nomba_desktop.domain.environments import Environment
    from nomba_desktop.ui.dialogs.form_keeper import Spawn
    from nomba_desktop.ui.theme import Theme

    Work = Callable[[], Coroutine[Any, Any, Receipt]]

_PILL_WIDTH = 84


class ReceiptDialog(Overlay):
    """Runs a cut-off and shows what it came to. Closing it never stops the work: it goes on in the background.

    `check_asked`, `dashboard_asked` and `unproved_asked` (with the operator's name) leave it open. An error is shown
    here while the dialog is open, and goes to `spawn`'s notices once it is closed.
    """

    check_asked = Signal()
    dashboard_asked = Signal()
    unproved_asked = Signal(str)

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        name: str,
        environment: Environment | None,
        *,
        spawn: Spawn,
        zone: tzinfo | None = None,
    ) -> None:
        super().__init__(window, theme, f"Cutting off “{name}”", width=520)
        self._environment, self._spawn, self._zone = environment, spawn, zone
        self._receipt: Receipt | None = None
        self._closed = self._working = False
        self._words = WORKING
        self.box = Card()
        self._lines = QVBoxLayout(self.box)
        self._lines.setContentsMargins(12, 4, 12, 4)
        self._lines.setSpacing(0)
        self.operator = QLineEdit()
        self.operator.setMaxLength(60)
        self.unproved = Button("Delete the secret now, unproved", "link")
        self.unproved_now = Button("Delete unproved", "danger")
        self.asked = QWidget()
        rows = QVBoxLayout(self.body)
        rows.setContentsMargins(0, 10, 0, 0)
        rows.setSpacing(8)
        rows.addWidget(self.box)
        rows.addWidget(self.unproved, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(self.asked)
        rows.addStretch(1)
        named = QHBoxLayout(self.asked)
        named.setContentsMargins(0, 0, 0, 0)
        named.addWidget(LabelledField("Your name. It may still sign in elsewhere", self.operator), 1)
        named.addWidget(self.unproved_now, 0, Qt.AlignmentFlag.AlignBottom)
        self.problem = ProblemBox()
        self.pinned.addWidget(self.problem)
        self.copy = Button("Copy receipt")
        self.background = Button("Continue in background")
        self.later = Button("Later")
        self.check = Button("Check again")
        self.dashboard = Button("Open dashboard", "primary")
        self.footer.addWidget(self.copy)
        self.footer.addStretch(1)
        for button in (self.background, self.later, self.check, self.dashboard):
            self.footer.addWidget(button)
        self.background.clicked.connect(self.reject)
        self.later.clicked.connect(self.reject)
        self.copy.clicked.connect(self._copy)
        self.check.clicked.connect(self.check_asked)
        self.dashboard.clicked.connect(self.dashboard_asked)
        self.unproved.clicked.connect(self._ask_name)
        self.operator.textChanged.connect(self._named)
        self.unproved_now.clicked.connect(lambda: self.unproved_asked.emit(self.operator.text().strip()))
        self._render(None)

    def first_focus(self) -> QWidget:
        """Where nothing is done by Enter alone but closing."""
        return self.background if self._working else self.later

    def run(self, work: Work, name: str, words: str = WORKING) -> None:
        """Do it in the background, saying `words` meanwhile; then the receipt."""
        self._working, self._words = True, words
        self.problem.show_problem(None)
        self._render(self._receipt)
        self._focus()
        self._spawn(self._run(work), name)

    async def _run(self, work: Work) -> None:
        try:
            receipt = await work()
        except NombaDesktopError as error:
            if self._gone():
                raise
            self._stopped()
            self.problem.show_problem(_problem(error))
        else:
            if not self._gone():
                self._working = False
                self.show_receipt(receipt)
        finally:
            if self._working and not self._gone():  # a defect, told as a notice
                self._stopped()

    def _stopped(self) -> None:
        self._working = False
        self._render(self._receipt)
        self._focus()

    def _gone(self) -> bool:
        return self._closed or not isValid(self)

    def show_receipt(self, receipt: Receipt) -> None:
        """Show what a cut-off came to."""
        self._receipt = receipt
        self._render(receipt)
        self._focus()
        if self.isVisible():
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _focus(self) -> None:
        if self.isVisible():
            self.first_focus().setFocus(Qt.FocusReason.OtherFocusReason)

    def _render(self, receipt: Receipt | None) -> None:
        working = self._working
        props = derive_receipt(receipt, self._environment, self._zone) if receipt is not None else None
        if working or props is None:
            self.set_lead(self._words if working else "Not finished.")
        if props is not None and not working:
            set_text(self.title, props.title)
            self.setAccessibleName(props.title)
            self.set_lead(props.sub)
        self._show_lines(props.lines if props else ())
        self.box.setVisible(props is not None)
        self._show_buttons(props, working=working)

    def _show_buttons(self, props: ReceiptProps | None, *, working: bool) -> None:
        shown = props is not None and not working
        self.background.setVisible(working)
        self.later.setVisible(not working)
        self.copy.setVisible(shown)
        self.check.setVisible(shown and props is not None and props.check)
        self.dashboard.setVisible(shown and props is not None and props.dashboard)
        self.unproved.setVisible(shown and props is not None and props.unproved)
        self.asked.hide()
        self.operator.clear()
        self._named()
        set_text(self.later, props.leave if props else "Close")
        set_text(self.copy, "Copy receipt")

    def _show_lines(self, lines: tuple[ReceiptLine, ...]) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, shown in enumerate(lines):
            if number:
                self._lines.addWidget(line())
            self._lines.addWidget(_line_widget(shown))

    def _ask_name(self) -> None:
        self.unproved.hide()
        self.asked.show()
        self.operator.setFocus(Qt.FocusReason.OtherFocusReason)

    def _named(self) -> None:
        self.unproved_now.setEnabled(bool(self.operator.text().strip()))

    def _copy(self) -> None:
        if self._receipt is not None:
            copy_text(self._receipt.to_text())
            set_text(self.copy, "Copied")

    def done(self, result: int) -> None:
        """Close; work that runs goes on."""
        self._closed = True
        super().done(result)


def _line_widget(shown: ReceiptLine) -> QWidget:
    made = QWidget()
    pill = Pill(shown.word, shown.tone)
    pill.setAlignment(Qt.AlignmentFlag.AlignCenter)
    pill.setFixedWidth(_PILL_WIDTH)
    title = label(shown.title)
    words = QVBoxLayout()
    words.setSpacing(1)
    words.addWidget(title)
    if shown.evidence:
        words.addWidget(label(shown.evidence, "small", wrap=True))
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 9, 0, 9)
    row.setSpacing(12)
    row.addWidget(pill, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addLayout(words, 1)
    made.setAccessibleName(f"{shown.word}: {shown.title}. {shown.evidence}")
    return made


def _problem(error: NombaDesktopError) -> Problem:
    sentence = "" if error.sentence == error.title else error.sentence
    return Problem(error.title, sentence, error.hint, error.details, error.reference, error.action)
