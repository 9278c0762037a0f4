"""Tab order for what is made later: Qt puts new widgets at the end, a person expects them where they stand."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


class FocusAnchor(QWidget):
    """An invisible place in the tab order. Made where later widgets belong, it keeps their place."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        # Qt orders only what could have the focus; hidden, it never gets it.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()

    def follow_with(self, widgets: Iterable[QWidget]) -> None:
        """Let Tab come to these widgets here, in this order."""
        before: QWidget = self
        for widget in widgets:
            QWidget.setTabOrder(before, widget)
            before = widget


def move_to_end(window: QWidget, widgets: Iterable[QWidget]) -> None:
    """Let Tab come to these widgets after all others of the window."""
    for widget in widgets:
        last = window.previousInFocusChain()
        if last is not None and last is not widget:
            QWidget.setTabOrder(last, widget)
