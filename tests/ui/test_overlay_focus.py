"""A dialog ends in order also when what had the focus before is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from nomba_desktop.ui.dialogs.overlay import Overlay
from tests.support.qtloop import turn

if TYPE_CHECKING:
    from nomba_desktop.ui.theme import Theme
    from tests.ui.form_world import Desk


async def test_the_widget_that_had_the_focus_is_deleted_meanwhile(desk: Desk, theme: Theme) -> None:
    dialog = Overlay(cast("QWidget", desk), theme, "A question")
    ended: list[int] = []
    dialog.finished.connect(ended.append)
    dialog.open()
    desk.button.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    dialog.reject()
    await turn(3)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert ended == [0]
    assert not desk.findChildren(Overlay)
