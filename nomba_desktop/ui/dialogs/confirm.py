"""A small question (level 2): object and effect, the focus on Cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from nomba_desktop.ui.dialogs.overlay import Overlay
from nomba_desktop.ui.widgets import Button

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from nomba_desktop.ui.derive.confirm import ConfirmProps
    from nomba_desktop.ui.theme import Theme


class ConfirmDialog(Overlay):
    """Asks before an action; `confirmed` comes only when the person pressed the verb.

    Use: `dialog = ConfirmDialog(window, theme, props); dialog.confirmed.connect(do_it); dialog.open()`.
    """

    confirmed = Signal()

    def __init__(self, window: QWidget, theme: Theme, props: ConfirmProps) -> None:
        super().__init__(window, theme, props.title, width=420)
        self.set_lead(props.sentence)
        self.body.hide()
        self.scroller.hide()
        self.cancel = Button("Cancel")
        self.act = Button(props.verb, "danger" if props.danger else "primary")
        self.footer.addStretch(1)
        self.footer.addWidget(self.cancel)
        self.footer.addWidget(self.act)
        self.cancel.clicked.connect(self.reject)
        self.act.clicked.connect(self.accept)
        self.accepted.connect(self.confirmed)

    def first_focus(self) -> QWidget:
        """Cancel: nothing happens by Enter alone."""
        return self.cancel
