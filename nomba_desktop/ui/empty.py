"""What stands where the table would: the first run, loading, and searches without a result."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from nomba_desktop.ui.resources import draw_icon
from nomba_desktop.ui.skeleton import paint_rows
from nomba_desktop.ui.theme import Theme
from nomba_desktop.ui.widgets import Button, label

_CENTRE = Qt.AlignmentFlag.AlignHCenter
WIDTH = 500
SENTENCE_AFTER_MS = 2000


class AppTile(QWidget):
    """The program's icon."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(64, 64)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw_icon(painter, "nomba-desktop", QRectF(0, 0, 64, 64), QColor("#14171C"))
        painter.end()


class FirstRun(QWidget):
    """No key yet: bring the first one, or practise."""

    add_asked = Signal()
    practise_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = _column(self)
        column.addWidget(AppTile(), 0, _CENTRE)
        column.addSpacing(18)
        column.addWidget(_centred("Bring your first API key", "display"))
        column.addSpacing(8)
        said = "Secrets stay in this computer's keyring. Tokens can renew by themselves before they expire."
        column.addWidget(_centred(said, "muted"))
        column.addSpacing(18)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        self.add = Button("Add key", "primary")
        self.add.clicked.connect(self.add_asked)
        self.practise = Button("Practice with sample keys")
        self.practise.clicked.connect(self.practise_asked)
        row.addWidget(self.add)
        row.addWidget(self.practise)
        row.addStretch(1)
        column.addLayout(row)
        column.addSpacing(24)
        warning = (
            "Nomba advises against secrets on desktops until its PKCE sign-in opens. A copy kept here is protected "
            "by your login keyring, not more."
        )
        column.addWidget(_centred(warning, "small"))


class Loading(QWidget):
    """Rows in outline at once, a sentence after two seconds."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName("Reading the keys")
        words = "Reading the keys of this computer. A keyring or a slow disk may take a moment."
        self.sentence = _centred(words, "muted")
        _column(self).addWidget(self.sentence)
        self.sentence.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SENTENCE_AFTER_MS)
        self._timer.timeout.connect(self.sentence.show)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        self.sentence.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_rows(painter, self.rect(), self._theme)
        painter.end()


class NoRows(QWidget):
    """Nothing passes the search or the filter: say which, and how to see all keys again."""

    clear_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("box", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = _column(self)
        column.setSpacing(10)
        self.title = _centred("", "strong")
        self.sentence = _centred("", "muted")
        self.clear = Button("Show all keys")
        self.clear.clicked.connect(self.clear_asked)
        column.addWidget(self.title)
        column.addWidget(self.sentence)
        column.addWidget(self.clear, 0, _CENTRE)

    def say(self, title: str, sentence: str) -> None:
        """Set the words."""
        self.title.setText(title)
        self.sentence.setText(sentence)


def _column(parent: QWidget) -> QVBoxLayout:
    """A column in the middle of `parent`, as wide as a sentence reads well."""
    holder = QWidget()
    holder.setMaximumWidth(WIDTH)
    across = QHBoxLayout()
    across.addStretch(1)
    across.addWidget(holder, 1000)
    across.addStretch(1)
    down = QVBoxLayout(parent)
    down.addStretch(1)
    down.addLayout(across)
    down.addStretch(1)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column


def _centred(text: str, role: str) -> QLabel:
    made = label(text, wrap=True)
    made.setProperty("role", role)
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return made
