"""The bars above the table: title, sentence, what to do. Details stay folded; text is plain."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from nomba_desktop.ui.derive.banners import BannerAction, NoticeProps, NoticesProps
from nomba_desktop.ui.focus import FocusAnchor
from nomba_desktop.ui.widgets import Button, label


class NoticeBar(QFrame):
    """One notice."""

    acted = Signal(object)
    dismissed = Signal(str)

    def __init__(self, props: NoticeProps, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.props = props
        self.setProperty("notice", props.tone)
        self.setAccessibleName(f"{props.title} {props.sentence}")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(14)
        words = QHBoxLayout()
        words.setSpacing(4)
        title = label(props.title, "strong")
        title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        words.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)
        sentence = label(props.sentence, wrap=True)
        words.addWidget(sentence, 1, Qt.AlignmentFlag.AlignTop)
        centred = QVBoxLayout()
        centred.addStretch(1)
        centred.addLayout(words)
        centred.addStretch(1)
        row.addLayout(centred, 1)
        self.details = label(props.details, "mono", wrap=True)
        self.details.hide()
        self.more = Button("Details", "link")
        self.more.setVisible(bool(props.details))
        self.more.clicked.connect(self._toggle)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignVCenter)
        self.buttons: list[Button] = []
        for place, action in enumerate(props.actions):
            button = Button(action.text, "primary" if place == 0 else "secondary")
            button.clicked.connect(lambda _=False, wanted=action: self.acted.emit(wanted))
            self.buttons.append(button)
            row.addWidget(button)
        if props.dismissable:
            close = Button("Dismiss", "quiet")
            close.setAccessibleName(f"Dismiss: {props.title}")
            close.clicked.connect(lambda: self.dismissed.emit(props.id))
            self.buttons.append(close)
            row.addWidget(close)
        column.addLayout(row)
        column.addWidget(self.details)

    def _toggle(self) -> None:
        self.details.setVisible(self.details.isHidden())
        self.more.setText("Details" if self.details.isHidden() else "Hide details")


class NoticeStack(QWidget):
    """The notices, one below the other; unchanged ones keep their widget and with it the focus."""

    acted = Signal(BannerAction)
    dismissed = Signal(str)
    expand_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._props = NoticesProps()
        self._bars: dict[str, NoticeBar] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._anchor = FocusAnchor(self)
        self._more = Button("", "link")
        self._more.clicked.connect(self.expand_asked)
        self._rest = QWidget()
        row = QHBoxLayout(self._rest)
        row.setContentsMargins(14, 3, 14, 3)
        row.addWidget(self._more)
        row.addStretch(1)
        self._rest.hide()
        self._column.addWidget(self._rest)
        self.hide()

    def render_props(self, props: NoticesProps) -> None:
        """Show these notices."""
        if props == self._props:
            return
        self._props = props
        wanted = {notice.id: notice for notice in props.notices}
        for notice_id in [i for i, bar in self._bars.items() if wanted.get(i) != bar.props]:
            bar = self._bars.pop(notice_id)
            self._column.removeWidget(bar)
            bar.hide()
            bar.deleteLater()
        for place, notice in enumerate(props.notices):
            bar = self._bars.get(notice.id) or self._make(notice)
            if self._column.indexOf(bar) != place:
                self._column.removeWidget(bar)
                self._column.insertWidget(place, bar)
        self._anchor.follow_with(w for bar in self.bars() for w in (bar.more, *bar.buttons))
        self._more.setText(f"{props.more} more")
        self._rest.setVisible(props.more > 0)
        self.setVisible(bool(props.notices))

    def bars(self) -> list[NoticeBar]:
        """The bars shown, from the top."""
        return [self._bars[notice.id] for notice in self._props.notices]

    def _make(self, notice: NoticeProps) -> NoticeBar:
        bar = NoticeBar(notice)
        bar.acted.connect(self.acted)
        bar.dismissed.connect(self.dismissed)
        self._bars[notice.id] = bar
        return bar
