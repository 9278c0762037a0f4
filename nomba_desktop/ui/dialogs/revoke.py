"""*Revoke*: what happened, what will be done, and what has to be given before the button can be pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from nomba_desktop.domain.cutoff import WhatHappened
from nomba_desktop.ui.derive.cut_off import (
    CHOICES,
    REASONS,
    PlannedStep,
    derive_revoke,
    missing_to_revoke,
)
from nomba_desktop.ui.dialogs.fields import LabelledField
from nomba_desktop.ui.dialogs.overlay import Overlay
from nomba_desktop.ui.widgets import Banner, Button, Card, Segmented, Select, label, line, set_text

if TYPE_CHECKING:
    from nomba_desktop.domain.environments import Environment
    from nomba_desktop.domain.keys import ApiKey
    from nomba_desktop.ui.theme import Theme


class _Step(QWidget):
    """One line of the plan; the note is a link where it opens the dashboard."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title, self.note = label(), label("", "small")
        self.link = Button("", "link")
        self.link.clicked.connect(self.opened)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.addWidget(self.title)
        row.addStretch(1)
        row.addWidget(self.note)
        row.addWidget(self.link)

    def show_step(self, step: PlannedStep) -> None:
        """Render it."""
        set_text(self.title, step.title)
        set_text(self.note, step.note)
        set_text(self.link, step.note)
        self.link.setAccessibleName(f"{step.title}: {step.note}")
        self.note.setVisible(not step.dashboard)
        self.link.setVisible(step.dashboard)


class RevokeDialog(Overlay):
    """Asks before a key is revoked. `confirmed` carries (what happened, reason, operator); `suspend_asked` (reason) is
    the other way out, one click; `dashboard_asked` leaves it open."""

    confirmed = Signal(object, str, str)
    suspend_asked = Signal(str)
    dashboard_asked = Signal()

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        key: ApiKey,
        environment: Environment | None,
        *,
        suspendable: bool = True,
    ) -> None:
        self._key, self._environment = key, environment
        self._props = derive_revoke(key, environment, None)
        super().__init__(window, theme, self._props.title, width=520)
        self.set_lead(self._props.lead)
        self.what = Segmented(CHOICES, "What happened?")
        self.warning = Banner()
        self.steps = [_Step() for _ in self._props.steps]
        self.reason = Select()
        self.reason.setPlaceholderText("Choose")
        self.reason.addItems(list(REASONS))
        self.reason.setCurrentIndex(-1)
        self.last_four, self.operator = QLineEdit(), QLineEdit()
        self.last_four.setProperty("mono", "true")
        self.last_four.setMaxLength(8)
        self.operator.setMaxLength(60)
        self.missing = label("", "small")
        self.suspend = Button("Suspend now instead")
        self.cancel = Button("Cancel")
        self.act = Button("Revoke key", "danger")
        self._build()
        self.suspend.setVisible(suspendable)
        self.what.chosen.connect(self._render)
        self.reason.currentIndexChanged.connect(self._render)
        self.last_four.textChanged.connect(self._render)
        self.operator.textChanged.connect(self._render)
        self.suspend.clicked.connect(self._suspend)
        self.cancel.clicked.connect(self.reject)
        self.act.clicked.connect(self._confirm)
        for step in self.steps:
            step.opened.connect(self.dashboard_asked)
        self._render()

    def _build(self) -> None:
        plan = QVBoxLayout()
        plan.setContentsMargins(12, 4, 12, 4)
        plan.setSpacing(0)
        for number, step in enumerate(self.steps):
            if number:
                plan.addWidget(line())
            plan.addWidget(step)
        card = Card()
        card.setLayout(plan)
        rows = QVBoxLayout(self.body)
        rows.setContentsMargins(0, 10, 0, 0)
        rows.setSpacing(10)
        rows.addWidget(LabelledField("What happened?", self.what))
        rows.addWidget(self.warning)
        rows.addWidget(card)
        asked = QHBoxLayout()
        asked.setSpacing(12)
        asked.addWidget(LabelledField("Reason", self.reason), 1)
        if self._props.strict:
            typed = f"Last 4 of the client ID, …{self._props.last_four}"
            asked.addWidget(LabelledField(typed, self.last_four), 1)
        rows.addLayout(asked)
        if self._props.strict:
            rows.addWidget(LabelledField("Your name", self.operator))
        rows.addStretch(1)
        self.pinned.addWidget(self.missing)
        self.footer.addWidget(self.suspend)
        self.footer.addStretch(1)
        self.footer.addWidget(self.cancel)
        self.footer.addWidget(self.act)

    def first_focus(self) -> QWidget:
        """What happened comes first. No button is a default: Enter presses only what has the focus."""
        return self.what.buttons()[0]

    def _chosen(self) -> WhatHappened | None:
        value = self.what.value
        return value if isinstance(value, WhatHappened) else None

    def _reason(self) -> str:
        return self.reason.currentText() if self.reason.currentIndex() >= 0 else ""

    def _missing(self) -> str:
        return missing_to_revoke(
            self._props,
            self._chosen(),
            reason=self._reason(),
            last_four=self.last_four.text(),
            operator=self.operator.text(),
        )

    def _render(self) -> None:
        self._props = derive_revoke(self._key, self._environment, self._chosen())
        self.warning.show_text(self._props.warning, self._props.tone)
        self.warning.setVisible(bool(self._props.warning))
        for widget, step in zip(self.steps, self._props.steps, strict=True):
            widget.show_step(step)
        missing = self._missing()
        set_text(self.missing, missing)
        self.act.setEnabled(not missing)
        self.act.setAccessibleDescription(missing)

    def _suspend(self) -> None:
        self.reject()
        self.suspend_asked.emit(self._reason())

    def _confirm(self) -> None:
        what = self._chosen()
        if what is not None and not self._missing():
            reason, operator = self._reason(), self.operator.text().strip()
            self.accept()
            self.confirmed.emit(what, reason, operator)
