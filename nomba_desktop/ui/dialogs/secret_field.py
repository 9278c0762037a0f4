"""A field for a secret: dots and a length; *Show* paints it below, where nothing can select or read it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from nomba_desktop.domain.secret import Secret
from nomba_desktop.ui.widgets import Button, label, restyle, set_text

if TYPE_CHECKING:
    from nomba_desktop.ui.theme import Theme

#: More than any token or secret has; a longer paste is cut here and then told to be too long.
MAX_TYPED = 100_000
_MAX_PAINTED_LINES = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """What may be known of a typed secret."""

    length: int
    plain: bool


class PaintedSecret(QWidget):
    """Text that exists as pixels only: no accessible value, no selection, no property."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._secret: Secret | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Shown on the screen only")
        self.hide()
        theme.changed.connect(self.updateGeometry)

    def show_secret(self, secret: Secret | None) -> None:
        """Paint this one; None forgets it and hides."""
        self._secret = secret
        self.setVisible(secret is not None)
        self.updateGeometry()
        self.update()

    def _font(self) -> QFont:
        font = QFont(self._theme.mono(self._theme.metrics.small))
        for ligatures in ("calt", "liga"):  # `==` stays two characters
            font.setFeature(QFont.Tag(ligatures), 0)
        return font

    def _columns(self) -> int:
        advance = QFontMetricsF(self._font()).horizontalAdvance("0")
        return max(8, int((self.width() - 20) / advance))

    def _lines(self) -> int:
        length = len(self._secret) if self._secret is not None else 0
        return min(_MAX_PAINTED_LINES, -(-length // self._columns()))

    def sizeHint(self) -> QSize:
        """As many lines as the secret takes at this width, twelve at most."""
        return QSize(100, self._lines() * self._line_height() + 12)

    def _line_height(self) -> int:
        return self._theme.metrics.small + 6

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._secret is None:
            return
        painter = QPainter(self)
        painter.setPen(QPen(self._theme.colour("line"), 1))
        painter.setBrush(self._theme.colour("panel"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 6, 6)
        painter.setFont(self._font())
        painter.setPen(self._theme.colour("ink"))
        columns, value = self._columns(), self._secret.reveal()
        for index in range(self._lines()):
            last = index == _MAX_PAINTED_LINES - 1 and len(value) > columns * _MAX_PAINTED_LINES
            piece = value[index * columns : (index + 1) * columns]
            where = QRect(10, 6 + index * self._line_height(), self.width() - 20, self._line_height())
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, piece[:-1] + "…" if last else piece)
        painter.end()


class SecretField(QWidget):
    """A password line edit with its length and *Show* inside, and the painted text below while shown.

    The line edit always echoes dots, so its accessible value is dots too, also while the text is shown.
    """

    changed = Signal()
    left = Signal()
    submitted = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.edit = QLineEdit()
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setStyleSheet("lineedit-password-character: 8226;")
        self.edit.setMaxLength(MAX_TYPED)
        self.edit.setProperty("mono", "true")
        self.edit.setAccessibleName(name)
        self.edit.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self.length = label("", "mono", parent=self.edit)
        self.show_button = Button("Show", "link", self.edit)
        self.show_button.setCheckable(True)
        self.show_button.setAccessibleName(f"Show the {name.lower()} on the screen")
        self.show_button.hide()
        self.painted = PaintedSecret(theme)
        inside = QHBoxLayout(self.edit)
        inside.setContentsMargins(10, 0, 6, 0)
        inside.setSpacing(18)
        inside.addStretch(1)
        inside.addWidget(self.length)
        inside.addWidget(self.show_button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addWidget(self.edit)
        rows.addWidget(self.painted)
        self.setFocusProxy(self.edit)
        self.edit.textChanged.connect(self._text_changed)
        self.edit.editingFinished.connect(self.left)
        self.edit.returnPressed.connect(self.submitted)
        self.show_button.toggled.connect(self._show)

    def secret(self) -> Secret:
        """What was typed, as it stands."""
        return Secret(self.edit.text())

    def shape(self) -> Shape:
        """Length without white space at the ends, and whether only visible ASCII is inside."""
        text = self.edit.text().strip()
        return Shape(len(text), all("!" <= ch <= "~" for ch in text))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not self.edit.text()

    def put(self, secret: Secret) -> None:
        """Fill in; the text that was there can't come back by undo."""
        self.edit.setText(secret.reveal())
        self.edit.setCursorPosition(0)

    def trim(self) -> bool:
        """Take white space off both ends; whether any was there."""
        text = self.edit.text()
        if text == text.strip():
            return False
        self.edit.setText(text.strip())
        return True

    def wipe(self) -> None:
        """Forget the text and its undo history."""
        self.show_button.setChecked(False)
        self.edit.setText("")

    def conceal(self) -> None:
        """Back to dots."""
        self.show_button.setChecked(False)

    def show_length(self, text: str) -> None:
        """The words in the field, as `88 characters`."""
        set_text(self.length, text)
        self.show_button.setVisible(bool(text))
        self._make_room()

    def set_invalid(self, invalid: bool) -> None:
        """The red border."""
        restyle(self.edit, "invalid", "true" if invalid else "false")

    def _make_room(self) -> None:
        room = self.length.sizeHint().width() + self.show_button.sizeHint().width() + 30
        self.edit.setTextMargins(0, 0, room if self.length.text() else 0, 0)

    def _text_changed(self) -> None:
        if self.show_button.isChecked():
            self.painted.show_secret(self.secret() if not self.is_empty else None)
        self.changed.emit()

    def _show(self, shown: bool) -> None:
        self.show_button.setText("Hide" if shown else "Show")
        self.show_button.setAccessibleName(
            self.show_button.accessibleName().replace(*(("Show", "Hide") if shown else ("Hide", "Show")), 1)
        )
        self.painted.show_secret(self.secret() if shown and not self.is_empty else None)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._make_room()
