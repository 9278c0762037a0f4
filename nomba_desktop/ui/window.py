"""The main window: rail, search, notices, table, detail and status bar put together. Knows no service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from nomba_desktop.ui.skeleton import Skeleton
from nomba_desktop.ui.theme import Theme

if TYPE_CHECKING:
    from nomba_desktop.domain.keys import KeyId
    from nomba_desktop.services.ports import Clock
    from nomba_desktop.ui.derive.banners import NoticesProps
    from nomba_desktop.ui.derive.detail import DetailProps
    from nomba_desktop.ui.derive.rows import Row
    from nomba_desktop.ui.derive.statusbar import StatusProps
    from nomba_desktop.ui.derive.views import RailProps, Sort

KEYS, FIRST_RUN, LOADING = "keys", "first-run", "loading"
SEARCH_HINT = "Search keys, client IDs, roles"
DETAIL_WIDTH = 375


@dataclass(frozen=True, slots=True)
class WindowProps:
    """Everything the window shows. `empty` is why no row is shown: title and sentence, or nothing."""

    page: str
    rail: RailProps
    notices: NoticesProps
    rows: tuple[Row, ...]
    selected: KeyId | None
    sort: Sort
    empty: tuple[str, str]
    detail: DetailProps | None
    status: StatusProps


class SearchField(QLineEdit):
    """A field with its shortcut painted at the right end; Escape empties it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setPlaceholderText(SEARCH_HINT)
        self.setAccessibleName("Search keys")
        self.setTextMargins(0, 0, 52, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self._theme.colour("muted"))
        painter.setFont(self._theme.font(self._theme.metrics.tiny))
        area = QRectF(self.rect()).adjusted(0, -1, -11, -1)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "Ctrl+F")
        painter.end()


class MainWindow(QMainWindow):
    """Renders `WindowProps`; gestures come out as its widgets' signals and the ones below.

    `seen` says whether somebody can see the window; `outlined`, that one not built yet had its first frame.
    `closing` is emitted instead of closing: the program ends in order and then closes the window itself.
    """

    add_key_requested = Signal()
    inspect_requested = Signal()
    settings_requested = Signal()
    searched = Signal(str)
    outlined = Signal()
    closing = Signal()
    hidden = Signal()
    seen = Signal(bool)

    def __init__(self, theme: Theme, clock: Clock | None = None, zone: tzinfo | None = None) -> None:
        super().__init__()
        self.theme = theme
        self.built = False
        self._props: WindowProps | None = None
        self._pages: dict[str, QWidget] = {}
        self._page = ""
        self._may_close = False
        self.setWindowTitle("Nomba Desktop")
        self.resize(1280, 800)
        self.setMinimumSize(QSize(1024, 520))
        if clock is not None:
            self.build(clock, zone)
        else:
            skeleton = Skeleton(theme)
            skeleton.painted.connect(self.outlined)
            self.setCentralWidget(skeleton)

    def build(self, clock: Clock, zone: tzinfo | None = None) -> None:
        """Put everything in, once. A window made without a clock shows its outline until then: most of the
        program's own modules are imported here, after that first frame."""
        from nomba_desktop.ui.detail import DetailPanel
        from nomba_desktop.ui.empty import FirstRun, Loading, NoRows
        from nomba_desktop.ui.notices import NoticeStack
        from nomba_desktop.ui.rail import Rail
        from nomba_desktop.ui.resources import app_icon
        from nomba_desktop.ui.shortcuts import Shortcuts
        from nomba_desktop.ui.statusbar import StatusBar
        from nomba_desktop.ui.table import KeyTable
        from nomba_desktop.ui.ticker import Ticker
        from nomba_desktop.ui.widgets import Button

        theme = self.theme
        self.setWindowIcon(app_icon())
        self.ticker = Ticker(clock, self)
        self.shortcuts = Shortcuts(self, theme)
        self.rail, self.search = Rail(theme), SearchField(theme)
        self.add_button = Button("Add key", "primary")
        self.notices = NoticeStack()
        self.table = KeyTable(theme, clock, zone)
        self.no_rows = NoRows()
        self.detail = DetailPanel(theme, clock)
        self.first_run, self.loading = FirstRun(), Loading(theme)
        self.status = StatusBar(theme, clock)
        self.stack = QStackedWidget()
        self._build()
        for member in (self.table, self.detail, self.status):
            self.ticker.add(member)
        self._connect()
        self.built = True
        self._seen()

    def _build(self) -> None:
        from nomba_desktop.ui.widgets import line

        self._top = self._search_row()
        for name, page in ((LOADING, self.loading), (FIRST_RUN, self.first_run), (KEYS, self._keys_page())):
            self.add_page(name, page)
        # Notices stand above every page: a store that can't be opened is told before there are keys.
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._top)
        right.addWidget(self.notices)
        right.addWidget(self.stack, 1)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(line(vertical=True))
        middle.addLayout(right, 1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(line())
        column.addWidget(self.status)
        self.setCentralWidget(whole)
        self.show_page(LOADING)

    def _search_row(self) -> QWidget:
        from nomba_desktop.ui.widgets import line

        across = QHBoxLayout()
        across.setContentsMargins(14, 10, 14, 10)
        across.setSpacing(8)
        across.addWidget(self.search, 1)
        across.addWidget(self.add_button)
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(across)
        column.addWidget(line())
        return row

    def _keys_page(self) -> QWidget:
        self.rows = QStackedWidget()
        self.rows.addWidget(self.table)
        self.rows.addWidget(self.no_rows)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.rows)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([1000, DETAIL_WIDTH])
        self.split = split
        return split

    def _connect(self) -> None:
        self.search.textChanged.connect(self.searched)
        self.add_button.clicked.connect(self.add_key_requested)
        self.first_run.add_asked.connect(self.add_key_requested)
        self.rail.page_asked.connect(self._page_asked)
        self.status.explain_asked.connect(self.explain)
        self.table.verticalScrollBar().valueChanged.connect(self.ticker.tick_now)
        self.detail.token.revealed.connect(self.ticker.replan)
        self.detail.tab_added.connect(self.status.come_last)
        self.shortcuts.add("Search", "Ctrl+F", self.focus_search)
        self.shortcuts.add("Add a key", "Ctrl+N", self.add_key_requested.emit)
        self.shortcuts.add("Inspect a token", "Ctrl+I", lambda: self._page_asked("inspect"))
        self.shortcuts.add("Settings", "Ctrl+,", lambda: self._page_asked("settings"))

    # -- pages -------------------------------------------------------------------------------------------------

    def add_page(self, name: str, page: QWidget) -> None:
        """Give the central area another page."""
        self._pages[name] = page
        self.stack.addWidget(page)
        self.status.come_last()

    def show_page(self, name: str) -> None:
        """Show a page; KeyError when none has that name."""
        self._page = name
        self._top.setVisible(name == KEYS)
        self.stack.setCurrentWidget(self._pages[name])

    @property
    def page(self) -> str:
        """The name of the page shown."""
        return self._page

    def has_page(self, name: str) -> bool:
        """Whether a page of that name was added."""
        return name in self._pages

    def _page_asked(self, name: str) -> None:
        (self.inspect_requested if name == "inspect" else self.settings_requested).emit()

    def focus_search(self) -> None:
        """Bring the keyboard to the search field."""
        if self._page == KEYS:
            self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.search.selectAll()

    def explain(self, title: str, sentence: str) -> None:
        """Open an explanation over the window."""
        from nomba_desktop.ui.shortcuts import ExplainDialog

        ExplainDialog(self, self.theme, title, sentence).open()

    # -- state in ----------------------------------------------------------------------------------------------

    def render_props(self, props: WindowProps) -> None:
        """Show this; equal props cost nothing."""
        if props == self._props:
            return
        self._props = props
        self.rail.render_props(props.rail)
        if props.page != self._page:
            self.show_page(props.page)
        self.notices.render_props(props.notices)
        self.table.render_props(props.rows, props.selected, props.sort)
        title, sentence = props.empty
        if title:
            self.no_rows.say(title, sentence)
        self.rows.setCurrentWidget(self.no_rows if title else self.table)
        self.detail.render_props(props.detail)
        self.status.render_props(props.status)
        self.ticker.replan()

    def announce(self, sentence: str) -> None:
        """Have a screen reader say it, without interrupting."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))

    # -- being seen --------------------------------------------------------------------------------------------

    def _seen(self) -> None:
        seen = self.isVisible() and not self.isMinimized()
        if self.built:
            self.ticker.set_running(seen)
        self.seen.emit(seen)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._seen()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._seen()
        self._hide_secret()
        self.hidden.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.WindowStateChange:
            self._seen()
            if self.isMinimized():
                self._hide_secret()

    def _hide_secret(self) -> None:
        if self.built:
            self.detail.token.hide_secret()

    def come_forward(self) -> None:
        """Show the window in front of others, also from minimised."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def close_now(self) -> None:
        """Close for good: what `closing` asked for has been done."""
        self._may_close = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            super().closeEvent(event)
            return
        event.ignore()
        self.closing.emit()
