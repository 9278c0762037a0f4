"""The registry of shortcuts: what the keys do, the help list made from it, and the command palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QLineEdit, QListWidget, QListWidgetItem, QWidget

from nomba_desktop.ui.dialogs.overlay import Overlay
from nomba_desktop.ui.theme import Theme
from nomba_desktop.ui.widgets import Button, label


@dataclass(frozen=True, slots=True)
class Command:
    """Something that keys or the palette can do. `keys` is in Qt's portable form (`Ctrl+F`)."""

    words: str
    keys: str
    act: Callable[[], None]

    @property
    def native_keys(self) -> str:
        """The keys as this platform writes them."""
        return QKeySequence(self.keys).toString(QKeySequence.SequenceFormat.NativeText)


class Shortcuts(QObject):
    """All commands of one window. The help list and the palette show exactly what is registered here."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._commands: list[Command] = []
        self.add("Find a command", "Ctrl+K", self.open_palette)
        self.add("Show this list of shortcuts", "F1", self.open_help)

    def add(self, words: str, keys: str, act: Callable[[], None]) -> None:
        """Register a command; empty keys: only in the palette. ValueError when the keys are taken."""
        if keys and any(command.keys == keys for command in self._commands):
            raise ValueError(f"{keys} is taken")
        self._commands.append(Command(words, keys, act))
        if keys:
            shortcut = QShortcut(QKeySequence(keys), self._window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(act)

    @property
    def commands(self) -> tuple[Command, ...]:
        """What is registered, in order."""
        return tuple(self._commands)

    def open_help(self) -> None:
        """Open the list of shortcuts."""
        ShortcutHelp(self._window, self._theme, self.commands).open()

    def open_palette(self) -> None:
        """Open the command palette."""
        CommandPalette(self._window, self._theme, self.commands).open()


class ShortcutHelp(Overlay):
    """Every command that has keys."""

    def __init__(self, window: QWidget, theme: Theme, commands: tuple[Command, ...]) -> None:
        super().__init__(window, theme, "Shortcuts", width=420)
        grid = QGridLayout(self.body)
        grid.setContentsMargins(0, 12, 0, 0)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        for place, command in enumerate(c for c in commands if c.keys):
            grid.addWidget(label(command.words), place, 0)
            grid.addWidget(label(command.native_keys, "mono"), place, 1)
        self.close_button = Button("Close")
        self.close_button.clicked.connect(self.accept)
        self.footer.addStretch(1)
        self.footer.addWidget(self.close_button)

    def first_focus(self) -> QWidget:
        """The only button."""
        return self.close_button


class CommandPalette(Overlay):
    """Type to narrow, arrows to choose, Enter to do."""

    def __init__(self, window: QWidget, theme: Theme, commands: tuple[Command, ...]) -> None:
        super().__init__(window, theme, "Commands", width=460)
        self._commands = commands
        grid = QGridLayout(self.body)
        grid.setContentsMargins(0, 12, 0, 0)
        grid.setVerticalSpacing(8)
        self.field = _PaletteField()
        self.field.setPlaceholderText("Type a command")
        self.field.setAccessibleName("Command")
        self.list = QListWidget()
        self.list.setAccessibleName("Commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMinimumHeight(220)
        grid.addWidget(self.field, 0, 0)
        grid.addWidget(self.list, 1, 0)
        self.field.textChanged.connect(self._narrow)
        self.field.returnPressed.connect(self._do)
        self.field.stepped.connect(self._step)
        self.list.itemClicked.connect(lambda _: self._do())
        self._narrow("")

    def first_focus(self) -> QWidget:
        """The field."""
        return self.field

    def _narrow(self, text: str) -> None:
        self.list.clear()
        words = text.casefold().split()
        for command in self._commands:
            if all(word in command.words.casefold() for word in words):
                keys = f"    {command.native_keys}" if command.keys else ""
                item = QListWidgetItem(command.words + keys)
                item.setData(Qt.ItemDataRole.UserRole, command.words)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do(self) -> None:
        if self.list.currentRow() < 0:
            return
        chosen = self.list.currentItem().data(Qt.ItemDataRole.UserRole)
        command = next(c for c in self._commands if c.words == chosen)
        self.accept()
        command.act()

    def _step(self, step: int) -> None:
        self.list.setCurrentRow((self.list.currentRow() + step) % max(1, self.list.count()))


class _PaletteField(QLineEdit):
    """A field whose arrow keys walk the list below it."""

    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.stepped.emit(1)
        elif event.key() == Qt.Key.Key_Up:
            self.stepped.emit(-1)
        else:
            super().keyPressEvent(event)


class ExplainDialog(Overlay):
    """What an item of the status bar means."""

    def __init__(self, window: QWidget, theme: Theme, title: str, sentence: str) -> None:
        super().__init__(window, theme, title, width=420)
        self.set_lead(sentence)
        self.body.hide()
        self.scroller.hide()
        self.close_button = Button("Close")
        self.close_button.clicked.connect(self.accept)
        self.footer.addStretch(1)
        self.footer.addWidget(self.close_button)

    def first_focus(self) -> QWidget:
        """The only button."""
        return self.close_button
