"""The one ticker: awake at whole seconds of the wall clock when something changes, asleep while hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nomba_desktop.domain.keys import Role
from nomba_desktop.domain.sessions import SignedIn, SignedOut
from nomba_desktop.ui.ticker import Ticker, milliseconds_until
from tests.support.gallery import NOW, FakeClock, key, life

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.ui.stage import Stage


class Member:
    def __init__(self, wait: float | None) -> None:
        self.wait = wait
        self.ticks: list[float] = []

    def tick(self, now: float) -> None:
        self.ticks.append(now)

    def next_change(self, now: float) -> float | None:
        return self.wait


@pytest.mark.parametrize(
    ("wait", "now", "milliseconds"),
    [
        (0.3, 100.0, 1000),
        (1.0, 100.0, 1000),
        (0.2, 100.25, 750),
        (1.5, 100.25, 1750),
        (60.0, 100.0, 60_000),
        (0.0, 100.0, 1000),
        (0.0, 100.999, 1),
        (1e9, 100.0, 3_600_000),
    ],
)
def test_it_wakes_on_the_common_second(wait: float, now: float, milliseconds: int) -> None:
    assert milliseconds_until(wait, now) == pytest.approx(milliseconds, abs=1)


def test_it_runs_only_while_something_changes(qtbot: QtBot) -> None:
    ticker = Ticker(FakeClock())
    moving, still = Member(1.0), Member(None)
    ticker.add(still)
    ticker.set_running(True)
    assert still.ticks == [NOW]
    assert not ticker.waiting
    ticker.add(moving)
    ticker.replan()
    assert ticker.waiting
    ticker.set_running(False)
    assert not ticker.waiting
    ticker.replan()
    ticker.tick_now()
    assert not ticker.waiting
    assert moving.ticks == []


def test_the_timer_calls_the_members(qtbot: QtBot) -> None:
    clock = FakeClock(wall=NOW + 0.99)
    ticker = Ticker(clock)
    member = Member(0.0)
    ticker.add(member)
    ticker.set_running(True)
    clock.advance(1.0)
    qtbot.waitUntil(lambda: len(member.ticks) == 2)
    assert member.ticks == [NOW + 0.99, NOW + 1.99]
    ticker.set_running(False)


def test_the_window_ticks_while_it_is_seen(stage: Stage) -> None:
    ticker = stage.window.ticker
    assert ticker.waiting
    stage.window.hide()
    assert not ticker.waiting
    stage.window.show()
    assert ticker.waiting


def test_a_minimised_window_does_not_tick(stage: Stage, qtbot: QtBot) -> None:
    stage.window.showMinimized()
    qtbot.waitUntil(lambda: not stage.window.ticker.waiting)
    stage.window.showNormal()
    qtbot.waitUntil(lambda: stage.window.ticker.waiting)


def test_nothing_to_count_nothing_to_wake_for(stage: Stage) -> None:
    stage.fill([(key("Vendor trial", "e671…5d29", Role.ADMIN), SignedOut())])
    assert not stage.window.ticker.waiting
    stage.fill([(key("Vendor trial", "e671…5d29", Role.ADMIN), SignedIn(life(100)))])
    assert stage.window.ticker.waiting


def test_the_cost_of_a_tick_does_not_grow_with_the_list(stage: Stage) -> None:
    from tests.support.gallery import many

    def asked(number: int) -> int:
        stage.fill(many(number))
        return len(list(stage.window.table.visible_rows()))

    assert asked(40) == asked(1000)
