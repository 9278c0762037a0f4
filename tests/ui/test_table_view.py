"""The table: nothing jumps while held, offers by pointer and keyboard, selection follows the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent, QPaintEvent
from PySide6.QtTest import QTest

from nomba_desktop.domain.keys import KeyId, Role
from nomba_desktop.domain.sessions import Failing, SignedIn, SignedOut
from nomba_desktop.domain.snapshot import KeyForgotten, KeySaved, SessionsSeen
from nomba_desktop.ui.derive.detail import Do
from nomba_desktop.ui.derive.views import Column
from nomba_desktop.ui.table_delegate import PAD
from tests.support.gallery import FAILED, KEYS, NOW, PAYOUTS, key, life, many

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.ui.stage import Stage


class Painted(QObject):
    """The cells of the table that are painted from now on."""

    def __init__(self, stage: Stage, qtbot: QtBot) -> None:
        super().__init__()
        self._table, self._qtbot = stage.window.table, qtbot
        self._seen: set[tuple[int, Column]] = set()
        qtbot.waitExposed(stage.window)
        self._table.viewport().installEventFilter(self)
        # The window manager has its own moments: begin when all is quiet.
        assert any(not self.cells() and not self.cells() for _ in range(20))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            for rect in event.region():  # type: ignore[attr-defined]
                for place, _ in self._table.visible_rows():
                    self._seen |= {(place, c) for c in Column if self._rect(place, c).intersects(rect)}
        return False

    def _rect(self, place: int, column: Column) -> QRect:
        return self._table.visualRect(self._table.keys.index(place, column))

    def cells(self) -> set[tuple[int, Column]]:
        """What was painted since the last call. The role of the last row is the mark that all of it is done."""
        mark = (self._table.keys.rowCount() - 1, Column.ROLE)
        self._table.viewport().update(self._rect(*mark).adjusted(20, 20, -20, -20))
        self._qtbot.waitUntil(lambda: mark in self._seen)
        seen, self._seen = self._seen - {mark}, set()
        return seen


CALM = [k.name for k, _ in KEYS]
FIRST = ["Branch kiosk", "Coastal pilot", "Terminal fleet", "Virtual accounts"]


def fail(stage: Stage, key_id: str) -> None:
    stage.state.publish(SessionsSeen({KeyId(key_id): Failing(FAILED, 1, NOW + 5, life=life(60))}))
    stage.settle()


def point_in(stage: Stage, place: int, column: Column, dx: int = PAD + 4) -> QPoint:
    table = stage.window.table
    rect = table.visualRect(table.keys.index(place, column))
    return QPoint(rect.left() + dx, rect.center().y())


def hover(stage: Stage, point: QPoint) -> None:
    viewport = stage.window.table.viewport()
    move = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(point), viewport.mapToGlobal(QPointF(point)),
        Qt.MouseButton.NoButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    stage.app.sendEvent(viewport, move)


def leave(stage: Stage) -> None:
    stage.app.sendEvent(stage.window.table, QEvent(QEvent.Type.Leave))
    stage.settle()


def test_what_needs_a_person_comes_first(stage: Stage) -> None:
    assert stage.order() == CALM
    fail(stage, "terminal")
    assert stage.order()[:4] == FIRST


def test_no_row_jumps_under_the_pointer(stage: Stage) -> None:
    hover(stage, point_in(stage, 5, Column.KEY))
    fail(stage, "terminal")
    assert stage.order() == CALM
    row = stage.window.table.keys.row_at(stage.place("terminal"))
    assert row is not None
    assert row.state == "Refresh failing"
    leave(stage)
    assert stage.order()[:4] == FIRST


def test_no_row_jumps_under_the_keyboard(stage: Stage) -> None:
    stage.activate()
    stage.presenter.choose(PAYOUTS)
    stage.window.table.setFocus(Qt.FocusReason.TabFocusReason)
    fail(stage, "terminal")
    assert stage.order() == CALM
    stage.window.search.setFocus()
    stage.settle()
    assert stage.order()[:4] == FIRST


def test_a_held_row_stays_though_the_filter_lets_it_go(stage: Stage) -> None:
    rail = stage.window.rail
    next(
        b for b in rail.findChildren(type(rail.page_button("settings"))) if b.text() == "Needs a person"
    ).click()
    assert stage.order() == ["Branch kiosk", "Coastal pilot", "Virtual accounts"]
    hover(stage, point_in(stage, 2, Column.KEY))
    stage.state.publish(SessionsSeen({KeyId("virtual"): SignedIn(life(1700))}))
    stage.settle()
    assert stage.order() == ["Branch kiosk", "Coastal pilot", "Virtual accounts"]
    leave(stage)
    assert stage.order() == ["Branch kiosk", "Coastal pilot"]


def test_a_person_s_own_sorting_is_done_at_once_though_held(stage: Stage) -> None:
    hover(stage, point_in(stage, 5, Column.KEY))
    stage.window.table.horizontalHeader().sectionClicked.emit(int(Column.EXPIRES))
    assert stage.order()[0] == "Virtual accounts"
    stage.window.table.horizontalHeader().sectionClicked.emit(int(Column.EXPIRES))
    assert stage.order()[0] != "Virtual accounts"
    stage.window.table.horizontalHeader().sectionClicked.emit(int(Column.EXPIRES))
    assert stage.order() == CALM


def test_a_new_key_goes_to_the_end_while_held(stage: Stage) -> None:
    hover(stage, point_in(stage, 5, Column.KEY))
    stage.state.publish(KeySaved(key("Alpha", "aaaa…bbbb", Role.ADMIN)))
    stage.settle()
    assert stage.order() == [*CALM, "Alpha"]
    leave(stage)
    assert stage.order().index("Alpha") == 4


def test_selection_follows_its_key(stage: Stage) -> None:
    stage.presenter.choose(KeyId("terminal"))
    assert stage.window.table.currentIndex().row() == 8
    fail(stage, "terminal")
    assert stage.window.table.currentIndex().row() == 2
    assert stage.window.table.selected_key() == "terminal"
    assert stage.intents.calls == [("select", "terminal")]


def test_a_forgotten_key_takes_the_selection_with_it_and_chooses_no_other(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    stage.state.publish(KeyForgotten(PAYOUTS))
    stage.settle()
    assert stage.presenter.selected is None
    assert not stage.window.table.currentIndex().isValid()
    assert stage.intents.calls == [("select", PAYOUTS)]


def test_an_offer_by_pointer(stage: Stage) -> None:
    viewport = stage.window.table.viewport()
    beside = point_in(stage, 9, Column.NEXT, 100)
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=beside)
    assert "sign_in" not in stage.intents.names()
    on = point_in(stage, 9, Column.NEXT)
    hover(stage, on)
    assert viewport.cursor().shape() is Qt.CursorShape.PointingHandCursor
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=on)
    assert stage.intents.calls[-1] == ("sign_in", "vendor", "confirmed=False")
    hover(stage, beside)
    assert viewport.cursor().shape() is Qt.CursorShape.ArrowCursor


def test_an_offer_by_keyboard(stage: Stage) -> None:
    stage.activate()
    table = stage.window.table
    table.setFocus(Qt.FocusReason.TabFocusReason)
    assert table.selected_key() == "branch"
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert stage.window.detail.story.buttons.isVisible()
    focused = stage.app.focusWidget()
    assert focused is stage.window.detail.story.buttons.button(Do.SIGN_IN_HERE)
    table.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(9):
        QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert stage.intents.calls[-1] == ("sign_in", "vendor", "confirmed=False")


def test_enter_on_a_row_without_an_offer_does_nothing(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    QTest.keyClick(stage.window.table, Qt.Key.Key_Return)
    assert stage.intents.names() == ["select"]


def test_a_tick_repaints_only_the_moving_cells_of_rows_whose_words_differ(stage: Stage, qtbot: QtBot) -> None:
    table = stage.window.table
    table.tick(NOW)
    painted = Painted(stage, qtbot)
    table.tick(NOW)
    assert painted.cells() == set()
    table.tick(NOW + 1)
    counting = ("virtual", "checkout", "payouts", "reconciliation", "sandbox", "terminal")
    assert painted.cells() == {(stage.place(k), c) for k in counting for c in (Column.EXPIRES, Column.NEXT)}


def test_the_short_way_paints_what_the_long_way_paints(stage: Stage) -> None:
    table = stage.window.table
    stage.presenter.choose(PAYOUTS)
    stage.settle()
    viewport = table.viewport()
    left = table.columnViewportPosition(Column.EXPIRES)
    moving = QRect(left, 0, viewport.width() - left, viewport.height())
    assert viewport.grab(moving).toImage() == viewport.grab().copy(moving).toImage()


def test_long_names_are_elided(stage: Stage) -> None:
    long = "An exceedingly long name of a key that somebody pasted from a ticket " * 3
    stage.fill([(key(long.strip()[:80], "aaaa…bbbb", Role.ADMIN, id="long"), SignedOut())])
    stage.presenter.choose(KeyId("long"))
    stage.settle()
    assert stage.window.width() == 1280
    shown = stage.window.detail.name
    assert shown.text().endswith("…")
    assert shown.accessibleName() == long.strip()[:80]
    assert stage.window.detail.pill.geometry().right() <= stage.window.detail.width()


def test_a_thousand_keys(stage: Stage) -> None:
    stage.fill(many(1000))
    assert stage.window.table.keys.rowCount() == 1000
    visible = list(stage.window.table.visible_rows())
    assert 10 < len(visible) < 30
    stage.presenter.choose(KeyId("k900"))
    assert stage.window.table.selected_key() == "k900"
    stage.window.table.scrollToBottom()
    assert next(iter(stage.window.table.visible_rows()))[0] > 900


def test_a_narrow_window_keeps_state_figures_and_next_step(stage: Stage) -> None:
    table = stage.window.table

    def fits() -> bool:
        last = table.visualRect(table.keys.index(0, Column.NEXT))
        return last.right() <= table.viewport().width()

    assert not table.isColumnHidden(Column.ROLE)
    assert fits()
    stage.window.resize(1024, 520)
    stage.settle()
    assert stage.window.width() == 1024
    assert table.isColumnHidden(Column.ROLE)
    assert table.columnWidth(Column.KEY) >= 90
    assert fits()
    stage.window.resize(1280, 800)
    stage.settle()
    assert not table.isColumnHidden(Column.ROLE)


def test_a_name_that_looks_like_markup_is_shown_as_it_is(stage: Stage) -> None:
    stage.fill([(key("<b>bold</b> & <img src=x>", "aaaa…bbbb", Role.ADMIN, id="odd"), SignedOut())])
    tip = stage.window.table.keys.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "<qt>&lt;b&gt;bold&lt;/b&gt; &amp; &lt;img src=x&gt;</qt>"
    stage.presenter.choose(KeyId("odd"))
    assert stage.window.detail.name.toolTip() == tip
    assert stage.window.detail.name.textFormat() is Qt.TextFormat.PlainText
