"""The ring of the detail panel: a token's life, clockwise from the top, with a notch at the planned refresh."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from nomba_desktop.domain.countdown import Countdown, derive_countdown, next_tick
from nomba_desktop.services.ports import Clock
from nomba_desktop.ui.derive.rows import Bar
from nomba_desktop.ui.derive.words import clock_time
from nomba_desktop.ui.table_delegate import RISK_COLOURS
from nomba_desktop.ui.theme import Theme

SIZE = 104
RADIUS = 40.0
THICKNESS = 8.0
NOTHING = "—"
STEPS = 800
"""Lengths of the arc that look different: a third of a pixel each."""


class Ring(QWidget):
    """Painted from a bar; without one it says that there is no token."""

    def __init__(self, theme: Theme, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._clock = theme, clock
        self._bar: Bar | None = None
        self._words = ""
        self._shown: Countdown | None = None
        self._drawn: tuple[object, QPixmap] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # It fills its ground itself, so that a tick doesn't paint the panels below it.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(SIZE, SIZE)

    def render_props(self, bar: Bar | None, words: str) -> None:
        """Show a life, and the words below its figures."""
        if (bar, words) == (self._bar, self._words) and self._shown is not None:
            return
        self._bar, self._words = bar, words
        name = f"Token until {clock_time(bar.expires_at)}" if bar else "No token"
        self.setAccessibleName(name)
        self._shown = self._at(self._clock.now())
        self.update()

    @property
    def figures(self) -> str:
        """The figures as painted: `26:24`; empty without a token."""
        return self._shown.text if self._shown is not None else ""

    def _at(self, now: float) -> Countdown | None:
        bar = self._bar
        if bar is None:
            return None
        return derive_countdown(bar.expires_at, now, issued_at=bar.issued_at, refresh_at=bar.refresh_at)

    def tick(self, now: float) -> None:
        """Repaint if the words differ at `now`."""
        if self._bar is None or not self.isVisible():
            return
        shown = self._at(now)
        if self._shown is None or shown is None or shown.text != self._shown.text:
            self._shown = shown
            self.update()

    def next_change(self, now: float) -> float | None:
        """Seconds until the figures change; none without a token or after its end."""
        if self._bar is None or not self.isVisible() or self._bar.expires_at <= now:
            return None
        return next_tick(self._bar.expires_at, now)

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self._shown
        expired = shown is None or shown.expired
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn_ring(None if expired else shown))
        self._figures(painter, NOTHING if expired or shown is None else shown.text)
        painter.end()

    def _drawn_ring(self, shown: Countdown | None) -> QPixmap:
        """All but the figures, drawn again when it would differ by a third of a pixel: every few seconds."""
        step = round(shown.fraction * STEPS) if shown is not None else -1
        ratio = self.devicePixelRatioF()
        key = (step, self._bar, self.size().toTuple(), ratio, self._theme.tokens)
        if self._drawn is None or self._drawn[0] != key:
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            painter = QPainter(pixmap)
            self._ring(painter, shown)
            painter.end()
            self._drawn = (key, pixmap)
        return self._drawn[1]

    def _ring(self, painter: QPainter, shown: Countdown | None) -> None:
        theme, bar = self._theme, self._bar
        painter.fillRect(self.rect(), theme.colour("panel"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QPointF(self.width() / 2, self.height() / 2)
        circle = QRectF(centre.x() - RADIUS, centre.y() - RADIUS, 2 * RADIUS, 2 * RADIUS)
        painter.setPen(QPen(theme.colour("neutral_bg"), THICKNESS))
        painter.drawEllipse(circle)
        if shown is None or bar is None:
            return
        pen = QPen(theme.colour(RISK_COLOURS[bar.risk]), THICKNESS)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(circle, 90 * 16, -round(360 * 16 * max(0.003, shown.fraction)))
        if shown.notch is not None:
            angle = math.tau * shown.notch
            out = QPointF(math.sin(angle), -math.cos(angle))
            painter.setPen(QPen(theme.colour("ink"), 2))
            painter.drawLine(centre + out * (RADIUS - 6), centre + out * (RADIUS + 6))

    def _figures(self, painter: QPainter, figures: str) -> None:
        theme = self._theme
        sizes = theme.metrics
        size = round(sizes.base * (19 if len(figures) <= 5 else 15) / 13)
        painter.setPen(theme.colour("ink"))
        painter.setFont(theme.font(size, QFont.Weight.DemiBold, tabular=True))
        middle = self.height() / 2
        painter.drawText(QRectF(0, middle - 24, self.width(), 36), Qt.AlignmentFlag.AlignCenter, figures)
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(sizes.tiny))
        painter.drawText(QRectF(0, middle + 5, self.width(), 16), Qt.AlignmentFlag.AlignCenter, self._words)
