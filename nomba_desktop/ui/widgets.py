"""The standard controls, so that every room looks the same. None holds a service; all text is plain text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from nomba_desktop.ui.theme import Theme

Kind = Literal["primary", "secondary", "quiet", "danger", "link"]
Tone = Literal["neutral", "ok", "warn", "bad", "info"]
TextRole = Literal[
    "", "title", "heading", "strong", "muted", "small", "tiny", "caption", "mono", "error", "warn", "field"
]


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the stylesheet selects by, and restyle; nothing happens if it is equal."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def label(
    text: str = "", role: TextRole = "", *, wrap: bool = False, parent: QWidget | None = None
) -> QLabel:
    """A label of plain text; foreign text can't become markup."""
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    return made


def line(parent: QWidget | None = None, *, vertical: bool = False) -> QFrame:
    """A one-pixel line across."""
    made = QFrame(parent)
    made.setProperty("box", "vline" if vertical else "line")
    return made


def set_text(target: QLabel | QAbstractButton, text: str) -> None:
    """Set the text if it differs: equal text costs no layout."""
    if target.text() != text:
        target.setText(text)


def set_tip(target: QWidget, text: str) -> None:
    """A tooltip of plain text: Qt would take foreign text that looks like markup for markup."""
    target.setToolTip(plain_tip(text))


def plain_tip(text: str) -> str:
    """The text as a tooltip shows it unchanged."""
    return f"<qt>{escape(text)}</qt>" if text else ""


class Button(QPushButton):
    """A push button. Enter presses what has the focus; no button is a dialog's default unless it says so."""

    def __init__(self, text: str = "", kind: Kind = "secondary", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("kind", kind)
        self.setAutoDefault(kind != "link")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        if kind == "link":
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_kind(self, kind: Kind) -> None:
        """Change how it looks."""
        restyle(self, "kind", kind)


class Pill(QLabel):
    """A word in a coloured capsule; the word carries the meaning, the colour repeats it."""

    def __init__(self, text: str = "", tone: Tone = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setIndent(0)
        self.setProperty("pill", "true")
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_state(self, text: str, tone: Tone) -> None:
        """Set word and colour."""
        set_text(self, text)
        restyle(self, "tone", tone)


class Banner(QFrame):
    """A quiet box with one paragraph: what to know before acting."""

    def __init__(self, text: str = "", tone: Tone = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("banner", "true")
        self.setProperty("tone", tone)
        self.text = label(text, wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.addWidget(self.text)

    def show_text(self, text: str, tone: Tone) -> None:
        """Set paragraph and colour."""
        set_text(self.text, text)
        restyle(self, "tone", tone)
        restyle(self.text, "tone", tone)


class Card(QFrame):
    """A bordered box with round corners."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("box", "card")


class Segmented(QWidget):
    """One choice out of a few, side by side. Starts without a choice unless one is set.

    `chosen` carries the value; arrow keys move, Space chooses. `name` is read out before each option.
    """

    chosen = Signal(object)

    def __init__(
        self, options: Sequence[tuple[object, str]], name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._values = [value for value, _ in options]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for index, (_, text) in enumerate(options):
            button = QPushButton(text, self)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setAccessibleName(f"{name}: {text}")
            button.setProperty("segment", "true")
            place = "first" if index == 0 else "last" if index == len(options) - 1 else "middle"
            button.setProperty("place", place)
            self._group.addButton(button, index)
            row.addWidget(button, 1)
        if options:
            self.setFocusProxy(self._group.button(0))
        self._group.idClicked.connect(lambda index: self.chosen.emit(self._values[index]))

    @property
    def value(self) -> object | None:
        """The chosen value, None while nothing is chosen."""
        index = self._group.checkedId()
        return self._values[index] if index >= 0 else None

    def set_value(self, value: object | None) -> None:
        """Choose without emitting; None clears the choice."""
        self._group.setExclusive(False)
        for index, known in enumerate(self._values):
            self._group.button(index).setChecked(value is not None and known == value)
        self._group.setExclusive(True)

    def buttons(self) -> list[QAbstractButton]:
        """The buttons in order, for tests and tab order."""
        return self._group.buttons()


class Select(QComboBox):
    """A drop-down list with its arrow painted in the ink colour."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().buttonText())
        x, y = self.width() - 15.0, self.height() / 2
        painter.drawPolygon(QPolygonF([QPointF(x - 4, y - 2.5), QPointF(x + 4, y - 2.5), QPointF(x, y + 3)]))
        painter.end()


class Toggle(QAbstractButton):
    """A switch with its words beside it; a check box to a screen reader."""

    def __init__(self, text: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._theme = theme
        theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """The switch, a gap, and the words."""
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(46 + words, max(24, self.fontMetrics().height() + 4))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, on = self._theme, self.isChecked()
        track = QRectF(1, (self.height() - 20) / 2, 34, 20)
        if not self.isEnabled():
            painter.setOpacity(0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("ok") if on else theme.colour("field_border"))
        painter.drawRoundedRect(track, 10, 10)
        painter.setBrush(QColor("#FFFFFF"))
        centre = track.right() - 10 if on else track.left() + 10
        painter.drawEllipse(QPointF(centre, track.center().y()), 8, 8)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("info"), 2))
            painter.drawRoundedRect(track.adjusted(0, -1, 0, 1), 11, 11)
        painter.setPen(theme.colour("ink"))
        painter.setFont(self.font())
        words = QRectF(track.right() + 8, 0, self.width(), self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        painter.end()
