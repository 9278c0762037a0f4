"""The panel beside the table: one key, its token's life, what can be done, and the tabs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from nomba_desktop.services.ports import Clock
from nomba_desktop.ui.derive.detail import DetailProps, Do
from nomba_desktop.ui.focus import move_to_end
from nomba_desktop.ui.ring import Ring
from nomba_desktop.ui.story import Buttons, StoryPanel
from nomba_desktop.ui.tabs import Tabs
from nomba_desktop.ui.tag import Tag
from nomba_desktop.ui.theme import Theme
from nomba_desktop.ui.token_panel import Elided, TokenPanel
from nomba_desktop.ui.widgets import Pill, Toggle, label, line, set_text, set_tip

NOTHING = "Choose a key to see its token."


class _TabPages(QWidget):
    """As tall as the page in front: a tall page behind it makes nobody scroll, as a `QStackedWidget` would."""

    def __init__(self) -> None:
        super().__init__()
        self._pages: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def add_page(self, page: QWidget) -> None:
        """Add a page behind the others."""
        page.setVisible(not self._pages)
        self._pages.append(page)
        self._column.addWidget(page)

    def show_page(self, index: int) -> None:
        """Bring a page to the front."""
        for number, page in enumerate(self._pages):
            page.setVisible(number == index)


class DetailPanel(QWidget):
    """Renders `DetailProps`; gestures come out as signals. Holds no service."""

    pressed = Signal(Do)
    auto_refresh_asked = Signal(bool)
    tab_added = Signal()

    def __init__(self, theme: Theme, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._props: DetailProps | None = None
        self.setProperty("box", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Details of the key")
        self.setMinimumWidth(340)
        self.name, self.account = Elided("title"), Elided("tiny")
        self.pill, self.tag = Pill(), Tag(theme)
        self.ring = Ring(theme, clock)
        self.headline, self.sub = label("", "strong", wrap=True), label("", "small", wrap=True)
        self.switch = Toggle("Automatic refresh", theme)
        self.switch.clicked.connect(self._switched)
        self.buttons, self.story = Buttons(), StoryPanel()
        self.buttons.pressed.connect(self.pressed)
        self.story.pressed.connect(self.pressed)
        self.tabs = Tabs(theme)
        self.tabs.setAccessibleName("Tabs of the key")
        self.token = TokenPanel(theme, clock)
        self._tab_pages = _TabPages()
        self._content = QWidget()
        self._nothing = label(NOTHING, "muted", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._build()
        self.add_tab("Token", self.token)
        self.cut_off, self._foot = Buttons(), QWidget()
        self.cut_off.pressed.connect(self.pressed)
        self._build_foot()
        self.tabs.currentChanged.connect(self._tab_pages.show_page)
        self.tabs.currentChanged.connect(lambda _: self.token.hide_secret())
        self._content.hide()

    def _build(self) -> None:
        body = QVBoxLayout(self._content)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(self._head())
        body.addWidget(line())
        body.addWidget(self.story)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.tabs)
        body.addLayout(row)
        body.addWidget(line())
        body.addWidget(self._tab_pages, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        holder = QWidget()
        holder.setProperty("box", "panel")
        stack = QVBoxLayout(holder)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.addWidget(self._nothing)
        stack.addWidget(self._content)
        scroll.setWidget(holder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        self._outer = outer

    def _build_foot(self) -> None:
        """Made last: Tab comes to it after the tabs."""
        row = QHBoxLayout()
        row.setContentsMargins(16, 12, 16, 12)
        row.addWidget(label("Cut off this key", "small"))
        row.addStretch(1)
        row.addWidget(self.cut_off)
        column = QVBoxLayout(self._foot)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line())
        column.addLayout(row)
        self._foot.hide()
        self._outer.addWidget(self._foot)

    def _head(self) -> QVBoxLayout:
        title = QHBoxLayout()
        title.setSpacing(8)
        title.addWidget(self.name, 1)
        title.addWidget(self.pill, 0, Qt.AlignmentFlag.AlignTop)
        below = QHBoxLayout()
        below.setSpacing(6)
        below.addWidget(self.tag)
        below.addWidget(self.account, 1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self.headline)
        words.addWidget(self.sub)
        words.addSpacing(8)
        words.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        words.addStretch(1)
        life = QHBoxLayout()
        life.setSpacing(16)
        life.addWidget(self.ring, 0, Qt.AlignmentFlag.AlignVCenter)
        life.addLayout(words, 1)
        head = QVBoxLayout()
        head.setContentsMargins(16, 14, 16, 15)
        head.setSpacing(0)
        head.addLayout(title)
        head.addSpacing(5)
        head.addLayout(below)
        head.addSpacing(12)
        head.addLayout(life)
        head.addSpacing(12)
        head.addWidget(self.buttons)
        return head

    def add_tab(self, name: str, page: QWidget) -> None:
        """Add a tab at the right end."""
        self.tabs.addTab(name)
        self._tab_pages.add_page(page)

    def set_settings_widget(self, page: QWidget) -> None:
        """The contents of the Settings tab, made by the room of dialogs and pages."""
        room = QWidget()
        column = QVBoxLayout(room)
        column.setContentsMargins(16, 12, 16, 16)
        column.addWidget(page)
        self.add_tab("Settings", room)
        move_to_end(self.window(), (self.cut_off.button(do) for do in Do))
        self.tab_added.emit()

    def show_tab(self, name: str) -> None:
        """Bring a tab to the front, if there is one of that name."""
        for index in range(self.tabs.count()):
            if self.tabs.tabText(index) == name:
                self.tabs.setCurrentIndex(index)

    def focus_story(self) -> None:
        """Bring the keyboard to the explanation, else to the tabs."""
        if not self.story.isHidden() and not self.story.buttons.isHidden():
            self.story.buttons.focus_first()
        else:
            self.tabs.setFocus(Qt.FocusReason.OtherFocusReason)

    def render_props(self, props: DetailProps | None) -> None:
        """Show a key; None says that none is chosen."""
        if props == self._props:
            return
        before, self._props = self._props, props
        self._content.setVisible(props is not None)
        self._nothing.setVisible(props is None)
        if props is None or before is None or before.key_id != props.key_id:
            self.token.hide_secret()
        self._foot.setVisible(props is not None and bool(props.cut_off))
        if props is None:
            return
        self.cut_off.render_props(props.cut_off)
        self.name.show_text(props.name)
        set_tip(self.name, props.name)
        self.pill.show_state(props.state, props.tone)
        self.tag.render_props(props.environment, live=props.live)
        self.account.show_text(props.account)
        self.ring.render_props(props.bar, props.ring_words)
        set_text(self.headline, props.headline)
        set_text(self.sub, props.sub)
        self.switch.setVisible(props.auto_refresh is not None)
        self.switch.setChecked(bool(props.auto_refresh))
        self.buttons.render_props(props.buttons)
        self.buttons.setVisible(bool(props.buttons))
        self.story.render_props(props.story)
        self.token.render_props(props.lines)

    def _switched(self, wanted: bool) -> None:
        # The switch shows what is, not what was asked: it moves when the snapshot does.
        self.switch.setChecked(not wanted)
        self.auto_refresh_asked.emit(wanted)

    # -- time --------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Repaint what differs at `now`."""
        if self.isVisible() and self._props is not None:
            self.ring.tick(now)
            self.token.tick(now)

    def next_change(self, now: float) -> float | None:
        """Seconds until something of it changes."""
        if not self.isVisible() or self._props is None:
            return None
        waits = [w for w in (self.ring.next_change(now), self.token.next_change(now)) if w is not None]
        return min(waits, default=None)
