"""The one shared ticker: it wakes when something visible is due to change, and stands still while hidden."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Qt, QTimer

if TYPE_CHECKING:
    from nomba_desktop.services.ports import Clock

LONGEST_SECONDS = 3600.0


class Ticking(Protocol):
    """Something on the screen whose words depend on the time."""

    def tick(self, now: float) -> None:
        """Repaint what differs at `now` (epoch seconds)."""
        ...

    def next_change(self, now: float) -> float | None:
        """Seconds until a visible word changes; None: nothing of it changes by itself."""
        ...


class Ticker(QObject):
    """Calls every `Ticking` at the seconds of the wall clock at which one of them changes, at most once a second.

    Deadlines have different fractions of a second; waking on the common second keeps it at one wake-up for all,
    and shows each text at most a second late.
    """

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._members: list[Ticking] = []
        self._running = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        # A coarse timer may be 5 % late: a second would be skipped on the screen now and then.
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick_now)

    def add(self, member: Ticking) -> None:
        """Take part from now on."""
        self._members.append(member)

    @property
    def waiting(self) -> bool:
        """Whether a wake-up is planned."""
        return self._timer.isActive()

    def set_running(self, running: bool) -> None:
        """Run while the window can be seen; starting catches up at once."""
        if running == self._running:
            return
        self._running = running
        if running:
            self.tick_now()
        else:
            self._timer.stop()

    def tick_now(self) -> None:
        """Tell every member the time, then plan the next wake-up."""
        if not self._running:
            return
        now = self._clock.now()
        for member in self._members:
            member.tick(now)
        self.replan()

    def replan(self) -> None:
        """Plan again: what is on the screen has changed."""
        if not self._running:
            return
        now = self._clock.now()
        waits = [wait for member in self._members if (wait := member.next_change(now)) is not None]
        if not waits:
            self._timer.stop()
            return
        self._timer.start(milliseconds_until(min(waits), now))


def milliseconds_until(wait: float, now: float) -> int:
    """Milliseconds until the first whole second of the wall clock at or after `now + wait`, at least one away."""
    target = math.ceil(now + min(max(wait, 0.0), LONGEST_SECONDS) - 1e-6)
    return max(1, math.ceil((max(target, math.floor(now) + 1) - now) * 1000))
