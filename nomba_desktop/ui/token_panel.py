"""The Token tab: what the token says, and the token itself, painted for half a minute when asked."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHideEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import Clock
from nomba_desktop.ui.derive.token_tab import SAYS, TokenLine
from nomba_desktop.ui.focus import FocusAnchor
from nomba_desktop.ui.theme import Theme
from nomba_desktop.ui.ticking_text import TickingText
from nomba_desktop.ui.widgets import Banner, Button, Pill, label, set_text, set_tip

SHOWN_SECONDS = 30.0


class Dot(QWidget):
    """A small filled circle before words that say the same."""

    def __init__(self, theme: Theme, tone: str = "ok", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._tone = theme, tone
        self.setFixedSize(8, 18)
        theme.changed.connect(self.update)

    def set_tone(self, tone: str) -> None:
        """Change the colour."""
        if tone != self._tone:
            self._tone = tone
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("field_border" if self._tone == "neutral" else self._tone))
        painter.drawEllipse(QPointF(4, self.height() / 2), 4, 4)
        painter.end()


class Elided(QLabel):
    """A label that ends in an ellipsis where there is no room; its full text is its accessible name."""

    def __init__(self, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setMinimumWidth(20)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._full = ""

    def show_text(self, text: str) -> None:
        """Show as much of the text as fits."""
        if text != self._full:
            self._full = text
            self.setAccessibleName(text)
            self._fit()

    def full_text(self) -> str:
        """All of it."""
        return self._full

    def _fit(self) -> None:
        mode = Qt.TextElideMode.ElideRight
        set_text(self, self.fontMetrics().elidedText(self._full, mode, max(20, self.width() - 2)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(20, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 4, super().sizeHint().height())


class Painted(QWidget):
    """A secret painted in lines: it can be read, but not selected, and no screen reader gets it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._secret: Secret | None = None
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("The access token, shown on the screen only")
        self.hide()

    def show_secret(self, secret: Secret | None) -> None:
        """Paint it; None stops."""
        self._secret = secret
        self.setVisible(secret is not None)
        self._fit()
        self.update()

    @property
    def showing(self) -> bool:
        """Whether something is painted."""
        return self._secret is not None

    def _columns(self) -> int:
        width = QFontMetricsF(self._theme.mono()).horizontalAdvance("0")
        return max(8, int((self.width() - 20) / width))

    def _fit(self) -> None:
        if self._secret is not None:
            lines = -(-len(self._secret) // self._columns())
            self.setFixedHeight(int(lines * QFontMetricsF(self._theme.mono()).height()) + 16)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._secret is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.colour("line"))
        painter.setBrush(self._theme.colour("background"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(self._theme.colour("ink"))
        painter.setFont(self._theme.mono())
        metrics = QFontMetricsF(self._theme.mono())
        plain, columns, y = self._secret.reveal(), self._columns(), 8 + metrics.ascent()
        for start in range(0, len(plain), columns):
            painter.drawText(QPointF(10, y), plain[start : start + columns])
            y += metrics.height()
        painter.end()


class _Line(QWidget):
    """The value side of one line."""

    def __init__(self, line: TokenLine, theme: Theme) -> None:
        super().__init__()
        self.line = line
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 if line.showable else 6)
        if line.dot:
            row.addWidget(Dot(theme))
        self.value: Elided | TickingText = TickingText(theme) if line.since else _elided(line)
        set_tip(self.value, line.tip)
        row.addWidget(self.value, 0 if line.chip or line.showable else 1)
        if line.chip:
            row.addWidget(Pill(line.chip))
        self.show_button = Button("Show", "link") if line.showable else None
        if self.show_button is not None:
            self.show_button.setAccessibleName("Show the access token")
            row.addWidget(self.show_button)
        if line.chip or line.showable:
            row.addStretch(1)

    def show_at(self, now: float) -> None:
        """Words at `now`."""
        if isinstance(self.value, TickingText):
            self.value.show_text(self.line.text(now), f"{self.line.label}: {self.line.value}")
        else:
            self.value.show_text(self.line.value)


def _elided(line: TokenLine) -> Elided:
    return Elided("mono" if line.mono else "")


class TokenPanel(QWidget):
    """Lines of label and value, and the token itself on request."""

    revealed = Signal(bool)

    def __init__(self, theme: Theme, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._clock = theme, clock
        self._reveal: Callable[[], Secret | None] = lambda: None
        self._lines: tuple[TokenLine, ...] | None = None
        self._values: list[_Line] = []
        self._hide_at = 0.0
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(0)
        self._says = Banner(SAYS)
        self._says.text.setProperty("role", "small")
        column.addWidget(self._says)
        column.addSpacing(9)
        self._anchor = FocusAnchor(self)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnMinimumWidth(0, 110)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        self.painted = Painted(theme)
        self._empty = label("No token is kept here.", "muted", wrap=True)
        column.addWidget(self._empty)
        column.addStretch(1)

    def set_reveal(self, reveal: Callable[[], Secret | None]) -> None:
        """Hand in the hot read of the token on show."""
        self._reveal = reveal

    def render_props(self, lines: tuple[TokenLine, ...]) -> None:
        """Show these lines; a revealed token is hidden when they differ."""
        if lines == self._lines and (self._values or not lines):
            return
        if not self._same_shape(lines):
            self._rebuild(lines)
        if self._lines and lines and self._lines[0] != lines[0]:
            self.hide_secret()
        self._lines = lines
        for widget, line in zip(self._values, lines, strict=True):
            widget.line = line
            set_tip(widget.value, line.tip)
            widget.show_at(self._clock.now())
        self._says.setVisible(bool(lines))
        self._empty.setVisible(not lines)
        self.tick(self._clock.now())

    def _same_shape(self, lines: tuple[TokenLine, ...]) -> bool:
        def shape(line: TokenLine) -> tuple[object, ...]:
            return line.label, line.mono, line.chip, line.dot, line.showable, bool(line.since)

        return [shape(line) for line in lines] == [shape(value.line) for value in self._values]

    def _rebuild(self, lines: tuple[TokenLine, ...]) -> None:
        self.hide_secret()
        self._grid.removeWidget(self.painted)
        self.painted.setParent(self)
        while (taken := self._grid.takeAt(0)) is not None:
            if (widget := taken.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self._values = []
        place = 0
        for line in lines:
            caption = label(line.label, "muted")
            caption.setFixedHeight(self._theme.metrics.base * 2)
            value = _Line(line, self._theme)
            self._grid.addWidget(caption, place, 0)
            self._grid.addWidget(value, place, 1)
            self._values.append(value)
            place += 1
            if value.show_button is not None:
                value.show_button.clicked.connect(self._toggle)
                value.show_button.installEventFilter(self)
                self._anchor.follow_with((value.show_button,))
                self._grid.addWidget(self.painted, place, 0, 1, 2)
                place += 1

    # -- the secret --------------------------------------------------------------------------------------------

    def _show_button(self) -> Button | None:
        return next((v.show_button for v in self._values if v.show_button is not None), None)

    def _toggle(self) -> None:
        if self.painted.showing:
            self.hide_secret()
            return
        secret = self._reveal()
        button = self._show_button()
        if secret is None or button is None:
            return
        self._hide_at = self._clock.monotonic() + SHOWN_SECONDS
        self.painted.show_secret(secret)
        button.setText("Hide")
        button.setAccessibleName("Hide the access token")
        self.revealed.emit(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusOut:
            self.hide_secret()
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.hide_secret()
        super().hideEvent(event)

    def hide_secret(self) -> None:
        """Stop painting the token."""
        if not self.painted.showing:
            return
        self.painted.show_secret(None)
        if (button := self._show_button()) is not None:
            button.setText("Show")
            button.setAccessibleName("Show the access token")
        self.revealed.emit(False)

    # -- time --------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Words at `now`; a token shown for half a minute is hidden."""
        if self.painted.showing and self._clock.monotonic() >= self._hide_at:
            self.hide_secret()
        for value in self._values:
            if value.line.since:
                value.show_at(now)

    def next_change(self, now: float) -> float | None:
        """Seconds until words change or the token has to be hidden."""
        if not self.isVisible():
            return None
        waits = [_until_ago_changes(now - value.line.since) for value in self._values if value.line.since]
        if self.painted.showing:
            waits.append(max(0.0, self._hide_at - self._clock.monotonic()))
        return min(waits, default=None)


def _until_ago_changes(age: float) -> float:
    if age < 60:
        return 1.0
    size = 60.0 if age < 3600 else 3600.0
    return size - age % size
