"""The rail: filters with counts, and below them the doors to the other pages."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from nomba_desktop.ui.derive.views import Filter, RailItem, RailProps
from nomba_desktop.ui.focus import FocusAnchor
from nomba_desktop.ui.skeleton import RAIL_WIDTH as WIDTH
from nomba_desktop.ui.theme import Theme
from nomba_desktop.ui.widgets import label


class RailButton(QAbstractButton):
    """One entry: words on the left, a count on the right, a yellow edge while it is the one in force."""

    def __init__(self, text: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._count: int | None = None
        self._selected = self._alarm = False
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def render_props(self, item: RailItem) -> None:
        """Show a filter."""
        self.setText(item.text)
        self._count, self._selected, self._alarm = item.count, item.selected, item.alarm
        self.setAccessibleName(f"{item.text}, {item.count}{', selected' if item.selected else ''}")
        self.update()

    def set_selected(self, selected: bool) -> None:
        """Whether its page is the one in force."""
        if selected != self._selected:
            self._selected = selected
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 16, max(30, self._theme.metrics.base + 17))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        if self._selected:
            shape = QPainterPath()
            shape.addRoundedRect(box, 6, 6)
            painter.setClipPath(shape)
            painter.fillRect(box.adjusted(0, 0, 8 - box.width(), 0), theme.colour("brand"))
            inner = QPainterPath()
            inner.addRoundedRect(box.adjusted(3, 0, 3, 0), 4, 4)
            painter.fillPath(inner, theme.colour("rail_selected"))
            painter.setClipping(False)
        elif self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("neutral_bg"))
            painter.drawRoundedRect(box, 6, 6)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.colour("info"))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
        weight = QFont.Weight.DemiBold if self._selected else QFont.Weight.Normal
        area = box.adjusted(10, 0, -10, 0)
        if self._count is not None:
            strong = QFont.Weight.DemiBold if self._selected or self._alarm else QFont.Weight.Normal
            painter.setFont(theme.font(weight=strong, tabular=True))
            painter.setPen(theme.colour("bad" if self._alarm else "muted"))
            painter.drawText(
                area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(self._count)
            )
            area.setRight(area.right() - 30)
        painter.setFont(theme.font(weight=weight))
        painter.setPen(theme.colour("ink"))
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class Rail(QWidget):
    """Filters above, pages below. `filtered` carries the filter, `page_asked` the page's name."""

    filtered = Signal(Filter)
    page_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._props: RailProps | None = None
        self._buttons: dict[Filter, RailButton] = {}
        self._pages: dict[str, RailButton] = {}
        self.setProperty("box", "rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(round(WIDTH * max(1.0, theme.metrics.base / 13)))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 11)
        column.setSpacing(2)
        self._anchor = FocusAnchor(self)
        self._filters = QWidget()
        self._filters.setProperty("box", "rail")
        self._list = QVBoxLayout(self._filters)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(2)
        scroll = QScrollArea()
        scroll.setObjectName("rail-scroll")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._filters)
        column.addWidget(scroll, 1)
        for name, text in (("inspect", "Inspect a token"), ("settings", "Settings")):
            button = RailButton(text, theme, self)
            button.clicked.connect(lambda _=False, page=name: self.page_asked.emit(page))
            self._pages[name] = button
            column.addWidget(button)

    def render_props(self, props: RailProps) -> None:
        """Show filters and counts; the buttons are made anew only when other filters occur."""
        if props == self._props:
            return
        items = (*props.views, *props.environments, *props.roles)
        if tuple(item.filter for item in items) != tuple(self._buttons):
            self._rebuild(props)
        for item in items:
            self._buttons[item.filter].render_props(item)
        for name, button in self._pages.items():
            button.set_selected(props.page == name)
        self._props = props

    def button(self, wanted: Filter) -> RailButton:
        """The button of a filter; KeyError when it doesn't occur."""
        return self._buttons[wanted]

    def page_button(self, name: str) -> RailButton:
        """The button of a page."""
        return self._pages[name]

    def _rebuild(self, props: RailProps) -> None:
        focused = next((f for f, b in self._buttons.items() if b.hasFocus()), None)
        while (taken := self._list.takeAt(0)) is not None:
            if (widget := taken.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self._buttons = {}
        groups = (("", props.views), ("Environments", props.environments), ("Roles", props.roles))
        for heading, items in groups:
            if heading and items:
                caption = label(heading, "caption")
                caption.setContentsMargins(10, 16, 0, 5)
                self._list.addWidget(caption)
            for item in items:
                button = RailButton(item.text, self._theme, self._filters)
                button.clicked.connect(lambda _=False, wanted=item.filter: self.filtered.emit(wanted))
                self._buttons[item.filter] = button
                self._list.addWidget(button)
        self._list.addStretch(1)
        self._anchor.follow_with(self._buttons.values())
        if focused in self._buttons:
            self._buttons[focused].setFocus()
