"""The main window: pages, the token on show, time, themes, accessibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QTableView, QWidget

from nomba_desktop.domain.keys import KeyId, Role
from nomba_desktop.domain.sessions import Failing, SignedIn
from nomba_desktop.domain.settings import Density
from nomba_desktop.domain.settings import Theme as Choice
from nomba_desktop.domain.snapshot import InventoryLoaded, KeySaved, SessionsSeen
from nomba_desktop.services.state import State
from nomba_desktop.ui.derive.views import Filter, View
from nomba_desktop.ui.theme import DARK, LIGHT
from tests.support.gallery import BRANCH, FAILED, NOW, PAYOUTS, PLANTED, key, life
from tests.ui.stage import spoken

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.ui.stage import Stage


# -- pages -------------------------------------------------------------------------------------------------------


def test_loading_then_first_run_then_keys(stage: Stage) -> None:
    stage.fill(state=State())
    assert stage.window.page == "loading"
    stage.state.publish(InventoryLoaded(()))
    stage.settle()
    assert stage.window.page == "first-run"
    stage.state.publish(KeySaved(key("New", "aaaa…bbbb", Role.ADMIN)))
    stage.settle()
    assert stage.window.page == "keys"
    assert stage.order() == ["New"]


def test_first_run_adds_and_practises(stage: Stage) -> None:
    stage.fill([])
    asked: list[bool] = []
    stage.window.add_key_requested.connect(lambda: asked.append(True))
    stage.window.first_run.add.click()
    assert asked == [True]
    stage.window.first_run.practise.click()
    assert stage.intents.calls == [("practise",)]
    assert not stage.window.rail.findChildren(QLabel)


def test_loading_says_a_sentence_when_it_takes_long(stage: Stage, qtbot: QtBot) -> None:
    stage.fill(state=State())
    loading = stage.window.loading
    assert not loading.sentence.isVisible()
    loading._timer.timeout.emit()
    assert loading.sentence.isVisible()
    loading.hide()
    assert not loading._timer.isActive()


def test_other_pages_and_back(stage: Stage) -> None:
    settings = QWidget()
    stage.window.add_page("settings", settings)
    stage.window.rail.page_button("settings").click()
    assert stage.window.page == "settings"
    assert settings.isVisible()
    stage.window.rail.page_button("inspect").click()
    assert stage.window.page == "settings"
    stage.window.rail.button(Filter(View.SIGNED_IN)).click()
    assert stage.window.page == "keys"
    assert len(stage.order()) == 6


def test_search_narrows_says_when_nothing_is_found_and_comes_back(stage: Stage) -> None:
    stage.activate()
    stage.window.search.setFocus()
    QTest.keyClicks(stage.window.search, "fleet")
    assert stage.order() == ["Terminal fleet"]
    QTest.keyClicks(stage.window.search, " zzz")
    assert stage.order() == []
    assert stage.window.no_rows.isVisible()
    assert stage.window.no_rows.title.text() == "No key matches “fleet zzz”"
    QTest.keyClick(stage.window.search, Qt.Key.Key_Escape)
    assert len(stage.order()) == 11
    assert not stage.window.no_rows.isVisible()


def test_a_filter_that_hides_everything_says_so(stage: Stage) -> None:
    stage.fill([(key("Calm", "aaaa…bbbb", Role.ADMIN), SignedIn(life(900)))])
    stage.window.rail.button(Filter(View.NEEDS_PERSON)).click()
    assert stage.window.no_rows.title.text() == "Nobody is needed"
    stage.window.no_rows.clear.click()
    assert stage.order() == ["Calm"]


# -- the token on show -------------------------------------------------------------------------------------------


def show_token(stage: Stage) -> QAbstractButton:
    stage.activate()
    stage.presenter.choose(PAYOUTS)
    stage.settle()
    button = stage.window.detail.token._show_button()
    assert button is not None
    button.setFocus()
    button.click()
    assert stage.intents.calls[-1] == ("reveal", PAYOUTS)
    assert stage.window.detail.token.painted.isVisible()
    assert button.text() == "Hide"
    return button


def is_shown(stage: Stage) -> bool:
    return stage.window.detail.token.painted.showing


def test_the_token_hides_after_half_a_minute(stage: Stage) -> None:
    show_token(stage)
    stage.clock.advance(29.9)
    stage.window.ticker.tick_now()
    assert is_shown(stage)
    stage.clock.advance(0.2)
    stage.window.ticker.tick_now()
    assert not is_shown(stage)


def test_the_token_hides_on_request(stage: Stage) -> None:
    show_token(stage).click()
    assert not is_shown(stage)


def test_the_token_hides_when_the_focus_goes(stage: Stage) -> None:
    show_token(stage)
    stage.window.search.setFocus()
    assert not is_shown(stage)


def test_the_token_hides_when_another_key_is_chosen(stage: Stage) -> None:
    show_token(stage)
    stage.presenter.choose(BRANCH)
    assert not is_shown(stage)


def test_the_token_hides_with_the_window_and_when_it_is_renewed(stage: Stage) -> None:
    show_token(stage)
    stage.window.hide()
    assert not is_shown(stage)
    stage.window.show()
    show_token(stage)
    from dataclasses import replace

    facts = replace(life(1).facts, access_hint="eyJ0eXAi••••••AAAA")
    stage.state.publish(SessionsSeen({PAYOUTS: SignedIn(replace(life(1800), facts=facts))}))
    stage.settle()
    assert not is_shown(stage)


def pieces(text: str) -> set[str]:
    return {text[i : i + 12] for i in range(len(text) - 11)}


def test_the_token_is_painted_and_nothing_else_has_it(stage: Stage) -> None:
    show_token(stage)
    said = list(spoken(stage.window))
    assert any("Payouts service" in text for text in said)
    planted = pieces(PLANTED[9:-5])
    for text in said:
        assert not pieces(text) & planted, text
    for widget in stage.window.findChildren(QWidget):
        names = (bytes(name.data()).decode() for name in widget.dynamicPropertyNames())
        for name in (n for n in names if not n.startswith("_")):
            assert not pieces(str(widget.property(name))) & planted
        for told in (widget.toolTip(), widget.objectName(), widget.accessibleName()):
            assert not pieces(told) & planted
    with_it = stage.window.detail.token.painted.grab().toImage()
    stage.window.detail.token.painted.show_secret(None)
    assert with_it.height() > 60


def test_a_planted_secret_is_found_by_the_check(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    stage.window.detail.headline.setText(PLANTED)
    assert any(pieces(text) & pieces(PLANTED[9:-5]) for text in spoken(stage.window))


# -- time --------------------------------------------------------------------------------------------------------


def test_countdown_ring_and_status_go_with_the_clock(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    window = stage.window
    assert window.status.next.text() == "Next refresh: Terminal fleet in 7:41"
    lines = {v.line.label: v.value for v in window.detail.token._values}
    assert lines["Checked"].text() == "accepted 18:15:40, 6 s ago"
    stage.clock.advance(10)
    window.ticker.tick_now()
    assert window.status.next.text() == "Next refresh: Terminal fleet in 7:31"
    assert lines["Checked"].text() == "accepted 18:15:40, 16 s ago"
    assert window.detail.ring._shown is not None
    assert window.detail.ring._shown.text == "26:14"


def test_crossings_are_announced_and_an_ended_token_becomes_another_row(stage: Stage) -> None:
    stage.clock.advance(122)
    stage.window.ticker.tick_now()
    assert stage.window.heard == ["Virtual accounts: one minute left"]
    stage.clock.advance(1)
    stage.window.ticker.tick_now()
    assert len(stage.window.heard) == 1
    before = stage.window.rail.button(Filter(View.SIGNED_IN)).accessibleName()
    stage.clock.advance(59)
    stage.window.ticker.tick_now()
    stage.settle()
    assert stage.window.heard[-1] == "Virtual accounts: the token expired"
    assert before == "Signed in, 6"
    assert stage.window.rail.button(Filter(View.SIGNED_IN)).accessibleName() == "Signed in, 5"


def test_the_beginning_of_a_failure_is_announced(stage: Stage) -> None:
    failing = Failing(FAILED, 1, NOW + 5, life=life(60))
    stage.state.publish(SessionsSeen({PAYOUTS: failing}))
    stage.state.publish(SessionsSeen({PAYOUTS: Failing(FAILED, 2, NOW + 9, life=life(60))}))
    assert stage.window.heard == ["Payouts service: refresh failed"]


# -- render ------------------------------------------------------------------------------------------------------


class Renders(QWidget):
    """Counts events of one kind that a widget and all below it get."""

    def __init__(self, root: QWidget, kind: QEvent.Type) -> None:
        super().__init__()
        self.count, self._kind = 0, kind
        for widget in (root, *root.findChildren(QWidget)):
            widget.installEventFilter(self)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() is self._kind:
            self.count += 1
        return False


def test_equal_props_cost_nothing(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    for _ in range(5):
        stage.settle()
    layouts = Renders(stage.window, QEvent.Type.LayoutRequest)
    stage.presenter.render_now()
    stage.settle()
    assert layouts.count == 0
    stage.window.detail.sub.setText("a longer text that needs another layout")
    stage.settle()
    assert layouts.count > 0


def test_many_facts_in_one_turn_are_one_render(stage: Stage) -> None:
    told: list[int] = []
    stage.window.table.keys.dataChanged.connect(lambda a, _b: told.append(a.row()))
    for left in (1700, 1600, 1500, 1400):
        stage.state.publish(SessionsSeen({PAYOUTS: SignedIn(life(left))}))
    stage.settle()
    assert told == [5]


# -- look --------------------------------------------------------------------------------------------------------


def pixel(stage: Stage, widget: QWidget, x: int, y: int) -> str:
    return QColor(widget.grab().toImage().pixelColor(x, y)).name().upper()


def test_light_and_dark_switch_while_the_window_is_open(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    table = stage.window.table.viewport()
    row = stage.window.table.visualRect(stage.window.table.keys.index(5, 0))
    spot = (row.left() + 150, row.top() + 3)
    assert pixel(stage, table, *spot) == LIGHT.selection
    assert pixel(stage, stage.window.rail, 100, 600) == LIGHT.rail
    stage.theme.choose(Choice.DARK, Density.COMFORTABLE)
    stage.settle()
    assert pixel(stage, table, *spot) == DARK.selection
    assert pixel(stage, stage.window.rail, 100, 600) == DARK.rail
    assert pixel(stage, stage.window.detail, 300, 600) == DARK.panel


def test_compact_rows(stage: Stage) -> None:
    assert stage.window.table.rowHeight(0) == 46
    stage.theme.choose(Choice.LIGHT, Density.COMPACT)
    assert stage.window.table.rowHeight(0) == 32


def test_the_selected_row_has_a_yellow_edge(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    row = stage.window.table.visualRect(stage.window.table.keys.index(5, 0))
    assert pixel(stage, stage.window.table.viewport(), 1, row.top() + 20) == LIGHT.selection_edge


# -- keyboard and ears -------------------------------------------------------------------------------------------


def named(widget: QWidget | None) -> str:
    assert widget is not None
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text or type(widget).__name__


def test_tab_walks_in_reading_order(stage: Stage) -> None:
    stage.activate()
    stage.presenter.choose(PAYOUTS)
    stage.settle()
    stage.window.rail.button(Filter(View.ALL)).setFocus()
    walked = []
    for _ in range(40):
        walked.append(named(stage.app.focusWidget()))
        QTest.keyClick(stage.window, Qt.Key.Key_Tab)
        if stage.app.focusWidget() is stage.window.rail.button(Filter(View.ALL)):
            break
    else:
        pytest.fail(f"Tab never came round: {walked}")
    assert walked == [
        "All keys, 11, selected", "Needs a person, 3", "Signed in, 6", "Suspended, 1", "Revoked, 1",
        "Live, 9", "Sandbox, 2",
        "Admin, 6", "Accounts, 1", "Transactions, 2", "Terminals, 1", "Transfers, 1",
        "Inspect a token", "Settings",
        "Search keys", "Add key",
        "API keys",
        "Automatic refresh", "Copy token", "Refresh now", "Sign out", "Tabs of the key", "Show the access token",
        "Suspend…", "Revoke…",
        "Keyring: Secret Service",
    ]  # fmt: skip


def test_every_control_has_a_name(stage: Stage) -> None:
    stage.presenter.choose(PAYOUTS)
    stage.settle()
    for kind in (QAbstractButton, QLineEdit, QTableView):
        for widget in stage.window.findChildren(kind):
            if widget.isVisible() and not widget.objectName().startswith("qt_"):
                assert named(widget) not in ("", type(widget).__name__), widget


def test_space_and_enter_press_what_has_the_focus(stage: Stage) -> None:
    stage.activate()
    stage.presenter.choose(PAYOUTS)
    button = stage.window.rail.button(Filter(View.REVOKED))
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert stage.order() == ["First gateway"]
    button = stage.window.rail.button(Filter(View.SUSPENDED))
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert stage.order() == ["Agent banking (old)"]
    switch = stage.window.detail.switch
    switch.setFocus()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert switch.isChecked()


def test_closing_asks_the_program_to_end(stage: Stage) -> None:
    asked: list[bool] = []
    stage.window.closing.connect(lambda: asked.append(True))
    stage.window.close()
    assert asked == [True]
    assert stage.window.isVisible()


def test_a_room_for_the_settings_of_a_key(stage: Stage) -> None:
    page = QLabel("form")
    stage.window.detail.set_settings_widget(page)
    stage.presenter.choose(KeyId("payouts"))
    stage.window.detail.show_tab("Settings")
    stage.settle()
    assert page.isVisible()
    assert not stage.window.detail.token.isVisible()
    assert PAYOUTS == "payouts"
