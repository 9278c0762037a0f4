"""A dialog inside the window: a dimmed scrim over everything and a card in the middle.

It is a child of the window, not a window of its own, so it looks and behaves the same on every platform and
compositor. It is still a `QDialog`: a dialog to a screen reader, Esc rejects it, `finished` tells how it ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from nomba_desktop.ui.widgets import label, set_text

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

    from nomba_desktop.ui.theme import Theme

_RADIUS = 10.0
_PADDING = 20
_MARGIN = 24
_GUTTER = 14
_HEAD_GAP = 9
_FOOT_GAP = 16
#: What stays in sight above and below the field with the focus: its label and its sentence.
_SEEN_AROUND = 40
_SHADOW = 28
_SHADOW_STRENGTH = 5
_SCRIM_LIGHT = QColor(20, 23, 28, 115)
_SCRIM_DARK = QColor(0, 0, 0, 150)


def height_for(widget: QWidget, width: int) -> int:
    """The height a widget needs at that width, wrapped labels counted."""
    layout = widget.layout()
    if layout is None:
        return widget.sizeHint().height()
    layout.activate()
    if layout.hasHeightForWidth():
        return layout.totalHeightForWidth(width)
    return layout.totalSizeHint().height()


class Overlay(QDialog):
    """Title, body and footer on a card over `window`; subclasses fill `body`, `pinned` and `footer`.

    Only `body` scrolls; what is `pinned` stays in sight above the footer.

    `open()` covers the window, keeps Tab inside, keeps the window's shortcuts quiet, and gives the focus back
    when it ends. It deletes itself after `finished`. The card is `width` pixels wide at the base text size.
    """

    def __init__(self, window: QWidget, theme: Theme, title: str, *, width: int = 540) -> None:
        # SubWindow keeps the Tab key inside; the dialog is no window of its own.
        super().__init__(window, Qt.WindowType.SubWindow)
        self.over = window
        self._theme = theme
        self._base_width = width
        self._top: int | None = None
        self._return_focus: QWidget | None = None
        self.setAccessibleName(title)
        self.setObjectName("overlay")
        self.setStyleSheet("#overlay { background: transparent; }")
        self.card = QWidget(self)
        self.title = label(title, "title", wrap=True)
        self.lead = label("", "muted", wrap=True)
        self.lead.hide()
        self.body = QWidget()
        self.body.setProperty("box", "panel")
        self.scroller = QScrollArea()
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setWidgetResizable(True)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        holder.setProperty("box", "panel")
        self._held = QVBoxLayout(holder)
        self._held.addWidget(self.body)
        self.scroller.setWidget(holder)
        self.pinned = QVBoxLayout()
        self.footer = QHBoxLayout()
        self.footer.setSpacing(8)
        # The scroll bar stands in the right padding, so the body is as wide with it as without.
        rows = QVBoxLayout(self.card)
        rows.setContentsMargins(_PADDING, _PADDING, _PADDING - _GUTTER, _PADDING)
        rows.setSpacing(0)
        self._head = QVBoxLayout()
        self._head.setSpacing(_HEAD_GAP)
        self._head.addWidget(self.title)
        self._head.addWidget(self.lead)
        self._foot = QVBoxLayout()
        self._foot.setSpacing(12)
        self._foot.addLayout(self.pinned)
        self._foot.addLayout(self.footer)
        self._head.setContentsMargins(0, 0, _GUTTER, 0)
        self._foot.setContentsMargins(0, _FOOT_GAP, _GUTTER, 0)
        rows.addLayout(self._head)
        rows.addWidget(self.scroller, 1)
        rows.addLayout(self._foot)
        self.body.installEventFilter(self)
        self.card.installEventFilter(self)
        window.installEventFilter(self)
        theme.changed.connect(self._place)
        self.finished.connect(self._ended)

    def set_lead(self, text: str) -> None:
        """The sentence below the title; also read out with it."""
        set_text(self.lead, text)
        self.lead.setVisible(bool(text))
        self.setAccessibleDescription(text)

    def first_focus(self) -> QWidget | None:
        """Where the focus starts; subclasses say."""
        return None

    def open(self) -> None:
        """Show it over the window, without nesting an event loop."""
        self._return_focus = self.over.window().focusWidget()
        self.setGeometry(self.over.rect())
        self._place()
        super().open()
        self.raise_()
        self._app().focusChanged.connect(self._focus_moved)
        start = self.first_focus()
        if start is not None:
            start.setFocus(Qt.FocusReason.OtherFocusReason)

    @staticmethod
    def _app() -> QApplication:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        return app

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self.body.isAncestorOf(now):
            self.scroller.ensureWidgetVisible(now, 0, _SEEN_AROUND)

    def _ended(self, _result: int) -> None:
        self._app().focusChanged.disconnect(self._focus_moved)
        self.over.removeEventFilter(self)
        back = self._return_focus
        self._return_focus = None
        # A notice's button may be gone by now, with the notice.
        if back is not None and isValid(back) and back.isVisible():
            back.setFocus(Qt.FocusReason.OtherFocusReason)
        self.deleteLater()

    # -- geometry ----------------------------------------------------------------------------------------------

    def _place(self) -> None:
        metrics = self._theme.metrics
        room = QSize(self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN)
        width = min(round(self._base_width * metrics.base / 13), room.width())
        inner = width - 2 * _PADDING
        around = 2 * _PADDING + _layout_height(self._head, inner) + _layout_height(self._foot, inner)
        needed = around + (0 if self.scroller.isHidden() else height_for(self.body, inner))
        height = min(needed, room.height())
        bar = self.scroller.verticalScrollBar().sizeHint().width() if needed > height else 0
        self._held.setContentsMargins(0, 0, max(0, _GUTTER - bar), 0)
        middle = max(_MARGIN, (self.height() - height) // 2)
        if self._top is None or self._top + height > self.height() - _MARGIN:
            self._top = middle
        self.card.setGeometry((self.width() - width) // 2, self._top, width, height)
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() is QEvent.Type.LayoutRequest
            and watched in (self.body, self.card)
            and self.isVisible()
        ):
            self._place()
        elif event.type() is QEvent.Type.Resize and watched is self.over:
            self._top = None
            self.setGeometry(self.over.rect())
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    # -- keyboard and mouse stay inside --------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Qt's; keeps the window's shortcuts quiet."""
        if event.type() is QEvent.Type.ShortcutOverride:
            # What nobody inside wanted would be a shortcut of the window below.
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()

    # -- painting ----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), _SCRIM_DARK if self._theme.tokens.dark else _SCRIM_LIGHT)
        card = QRectF(self.card.geometry())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, _SHADOW_STRENGTH))
        # Many faint cards, each a little larger and lower: a soft shadow without a graphics effect.
        for step in range(_SHADOW, 0, -2):
            painter.drawRoundedRect(
                card.adjusted(-step, -step + 10, step, step + 10), _RADIUS + step, _RADIUS + step
            )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        path = QPainterPath()
        path.addRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        painter.fillPath(path, self._theme.colour("panel"))
        if self._theme.tokens.dark or self._theme.tokens.high_contrast:
            painter.setPen(QPen(self._theme.colour("line"), 1))
            painter.drawPath(path)
        painter.end()


def _layout_height(layout: QLayout, width: int) -> int:
    """Of a layout inside the card, its right gutter added by itself."""
    if layout.hasHeightForWidth():
        return layout.totalHeightForWidth(width + _GUTTER)
    return layout.totalSizeHint().height()
