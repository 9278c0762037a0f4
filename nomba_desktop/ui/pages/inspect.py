"""*Inspect a token*: paste any, read what it says. Nothing is stored or sent, and leaving the page wipes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from nomba_desktop.domain.countdown import next_tick
from nomba_desktop.domain.errors import NotAToken
from nomba_desktop.domain.secret import Secret
from nomba_desktop.ui.derive.inspect import (
    CAVEAT,
    LEAD,
    TITLE,
    Fact,
    InspectProps,
    derive_inspect,
    derive_refusal,
    expiry_fact,
)
from nomba_desktop.ui.dialogs.fields import LabelledField
from nomba_desktop.ui.dialogs.secret_field import SecretField
from nomba_desktop.ui.widgets import Banner, Button, Card, Pill, label, restyle, set_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from PySide6.QtGui import QHideEvent

    from nomba_desktop.ui.dialogs.form_keeper import Spawn
    from nomba_desktop.ui.intents import Inspection, Intents
    from nomba_desktop.ui.theme import Theme

_WIDTH = 720


class FactRow:
    """The three cells of one fact in a grid."""

    def __init__(self, grid: QGridLayout, row: int) -> None:
        self.name = label("", "muted")
        self.value = label("", wrap=True)
        self.remark = Pill()
        self.muted = label("", "small")
        cell = QHBoxLayout()
        cell.setSpacing(8)
        cell.addWidget(self.value)
        cell.addWidget(self.remark)
        cell.addWidget(self.muted)
        cell.addStretch(1)
        grid.addWidget(self.name, row, 0)
        grid.addLayout(cell, row, 1)

    def show_fact(self, fact: Fact) -> None:
        """Render one fact."""
        set_text(self.name, fact.name)
        set_text(self.value, fact.value)
        self.value.setWordWrap(not fact.remark)
        restyle(self.value, "role", "mono" if fact.mono else "")
        self.value.setAccessibleName(f"{fact.name}: {fact.value} {fact.remark}".strip())
        self.remark.setVisible(bool(fact.remark and fact.tone))
        self.muted.setVisible(bool(fact.remark and not fact.tone))
        if fact.tone:
            self.remark.show_state(fact.remark, "bad" if fact.tone == "bad" else "ok")
        else:
            set_text(self.muted, fact.remark)

    def remove(self) -> None:
        """Take the cells out."""
        for part in (self.name, self.value, self.remark, self.muted):
            part.setParent(None)
            part.deleteLater()


class InspectPage(QWidget):
    """The page, a member of the shared ticker. `now` is the wall clock, `zone` None the computer's own.

    `shown` comes after each change of what it says: the ticker has to plan again.
    """

    shown = Signal()

    def __init__(
        self,
        theme: Theme,
        intents: Intents,
        spawn: Spawn,
        now: Callable[[], float],
        zone: tzinfo | None = None,
    ) -> None:
        super().__init__()
        self._intents = intents
        self._spawn = spawn
        self._now = now
        self._zone = zone
        self._asked = 0
        self._typed = 0
        self._inspection: Inspection | None = None
        self._rows: list[FactRow] = []
        self.setProperty("box", "panel")
        self.token = SecretField(theme, "Token")
        self.field = LabelledField("Token", self.token)
        self.paste = Button("Paste from clipboard")
        self.look = Button("Inspect", "primary")
        self.clear = Button("Clear")
        self.problem = Banner(tone="bad")
        self.known = Banner()
        self.caveat = label(CAVEAT, "small")
        self.facts = Card()
        self.grid = QGridLayout(self.facts)
        self._lay_out()
        self.paste.clicked.connect(self._paste)
        self.look.clicked.connect(self._inspect)
        self.clear.clicked.connect(self.wipe)
        self.token.submitted.connect(self._inspect)
        self.token.changed.connect(self._changed)
        self._render(InspectProps())

    def _lay_out(self) -> None:
        self.grid.setContentsMargins(16, 14, 16, 14)
        self.grid.setHorizontalSpacing(20)
        self.grid.setVerticalSpacing(9)
        self.grid.setColumnMinimumWidth(0, 110)
        self.grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.look, self.paste, self.clear):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QWidget()
        column.setProperty("box", "panel")
        column.setMaximumWidth(_WIDTH)
        rows = QVBoxLayout(column)
        rows.setContentsMargins(24, 20, 24, 20)
        rows.setSpacing(12)
        rows.addWidget(label(TITLE, "title"))
        rows.addWidget(label(LEAD, "muted", wrap=True))
        rows.addWidget(self.field)
        rows.addLayout(buttons)
        rows.addWidget(self.problem)
        rows.addWidget(self.known)
        rows.addWidget(self.facts)
        rows.addWidget(self.caveat)
        rows.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(column)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self.setFocusProxy(self.token)

    def tick(self, now: float) -> None:
        """Time passed: only the expiry changes (`ui.ticker.Ticking`)."""
        if self._inspection is not None and self._rows:
            self._rows[0].show_fact(expiry_fact(self._inspection.claims, now, self._zone))

    def next_change(self, now: float) -> float | None:
        """Seconds until the expiry reads differently; None while nothing of it is on the screen."""
        ends = self._inspection.claims.expires_at if self._inspection is not None else None
        return None if ends is None or not self.isVisible() else next_tick(ends, now)

    def wipe(self) -> None:
        """Forget the token and what it said."""
        self._asked += 1
        self.token.wipe()
        self._show(InspectProps(), None)

    def hideEvent(self, event: QHideEvent) -> None:
        """Leaving the page forgets the token."""
        self.wipe()
        super().hideEvent(event)

    def _paste(self) -> None:
        self.token.put(Secret(self._intents.clipboard_text().strip()))
        self._inspect()

    def _changed(self) -> None:
        shape = self.token.shape()
        self.token.show_length(f"{shape.length:,} characters" if shape.length else "")
        pasted = shape.length - self._typed > 20
        self._typed = shape.length
        self._show(InspectProps(), None)
        if pasted:
            self._inspect()

    def _inspect(self) -> None:
        self._asked += 1
        if self.token.is_empty:
            self._show(
                InspectProps(problem="There is nothing to inspect.", hint="Paste a token first."), None
            )
            return
        self._spawn(self._ask(self._asked, self.token.secret()), "inspect a token")

    async def _ask(self, asked: int, token: Secret) -> None:
        try:
            inspection = await self._intents.inspect(token)
        except NotAToken as error:
            props, found = derive_refusal(error), None
        else:
            found = inspection
            props = derive_inspect(
                inspection.claims, inspection.known, inspection.length, self._now(), self._zone
            )
        if isValid(self) and asked == self._asked:
            self._show(props, found)

    def _show(self, props: InspectProps, inspection: Inspection | None) -> None:
        self._inspection = inspection
        self._render(props)
        self.shown.emit()

    def _render(self, props: InspectProps) -> None:
        self.problem.setVisible(bool(props.problem))
        self.problem.show_text(" ".join(p for p in (props.problem, props.hint) if p), "bad")
        self.token.edit.setAccessibleDescription(self.problem.text.text())
        self.token.set_invalid(bool(props.problem))
        self.known.setVisible(bool(props.known))
        self.known.show_text(props.known, "neutral")
        facts = (*props.facts, *props.others)
        self.facts.setVisible(bool(facts))
        self.caveat.setVisible(bool(facts))
        while len(self._rows) > len(facts):
            self._rows.pop().remove()
        while len(self._rows) < len(facts):
            self._rows.append(FactRow(self.grid, len(self._rows)))
        for row, fact in zip(self._rows, facts, strict=True):
            row.show_fact(fact)
        self.clear.setEnabled(not self.token.is_empty)
