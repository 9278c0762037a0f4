"""The table of keys: hover, keyboard, offers in the rows, and countdowns that tick only where they are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from math import ceil

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from nomba_desktop.domain.countdown import next_tick
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.services.ports import Clock
from nomba_desktop.ui.derive.rows import Offer, Row
from nomba_desktop.ui.derive.views import Column, Sort
from nomba_desktop.ui.table_delegate import PAD, RowDelegate
from nomba_desktop.ui.table_model import KeyTableModel
from nomba_desktop.ui.theme import Theme

WIDTHS = {Column.ROLE: 108, Column.STATE: 143, Column.EXPIRES: 179, Column.NEXT: 130}
# Widths of the table below which the role goes, and then the bars.
MIDDLING, NARROW, FIGURES_ONLY = 640, 560, 72
_MOUSE = (
    Qt.FocusReason.MouseFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.ActiveWindowFocusReason,
)


class KeyTable(QTableView):
    """Shows rows; says what was chosen, offered and sorted, and when nothing holds the order any more."""

    chosen = Signal(str)
    """A row became the current one."""
    offered = Signal(str, Offer)
    """The offer of a row was pressed, by pointer or Enter."""
    sort_asked = Signal(Sort)
    released = Signal()
    """Neither pointer nor keyboard is on a row any more: the order may change."""

    def __init__(
        self, theme: Theme, clock: Clock, zone: tzinfo | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._clock = theme, clock
        self.keys = KeyTableModel(zone, self)
        self._delegate = RowDelegate(theme, clock, self.keys, self)
        self._sort = Sort()
        self._selected: KeyId | None = None
        self._painted: dict[KeyId, tuple[int, int]] = {}
        self._by_keyboard = self._rendering = False
        self.setModel(self.keys)
        self.setItemDelegate(self._delegate)
        self._look_alike()
        self.keys.modelReset.connect(self._restore)
        self.keys.layoutChanged.connect(self._after_move)
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.horizontalHeader().sectionClicked.connect(self._header_clicked)
        theme.changed.connect(self._resize_rows)

    def _look_alike(self) -> None:
        self.setAccessibleName("API keys")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(20)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(64)
        header.setFixedHeight(32)
        for column in Column:
            stretch = column is Column.KEY
            mode = QHeaderView.ResizeMode.Stretch if stretch else QHeaderView.ResizeMode.Fixed
            header.setSectionResizeMode(column, mode)
        self._resize_rows()

    def _resize_rows(self) -> None:
        sizes = self._theme.metrics
        self.verticalHeader().setDefaultSectionSize(sizes.row)
        scale, room = sizes.base / 13, self.viewport().width()
        for column, width in WIDTHS.items():
            self.setColumnWidth(column, round(width * scale))
        # A narrow window keeps what a person acts on: state, figures and the next step.
        if room < NARROW * scale:
            self.setColumnWidth(Column.EXPIRES, round(FIGURES_ONLY * scale))
        self.setColumnHidden(Column.ROLE, room < MIDDLING * scale)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._resize_rows()

    # -- state in ----------------------------------------------------------------------------------------------

    def render_props(self, rows: Sequence[Row], selected: KeyId | None, sort: Sort) -> None:
        """Show rows in this order, one of them selected."""
        self._delegate.now = self._clock.now()
        self._sort = sort
        self.keys.set_sort(sort)
        # Qt makes a neighbour of a removed row the current one: that is nobody's choice.
        self._rendering = True
        self.keys.set_rows(rows)
        self._rendering = False
        if selected != self._selected or self.selected_key() != selected:
            self._selected = selected
            self._restore()

    def selected_key(self) -> KeyId | None:
        """The key of the current row."""
        row = self.keys.row_at(self.currentIndex().row())
        return row.key_id if row else None

    def _restore(self) -> None:
        place = self.keys.place_of(self._selected)
        model = self.selectionModel()
        model.blockSignals(True)
        if place < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentIndex(self.keys.index(place, 0))
        model.blockSignals(False)
        self._refocus()
        self.viewport().update()

    def _after_move(self) -> None:
        self._refocus()
        self._delegate.hovered_row = self._delegate.hovered_offer = -1
        self.viewport().update()

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if self._rendering:
            return
        self._refocus()
        row = self.keys.row_at(current.row())
        if row is not None and row.key_id != self._selected:
            self._selected = row.key_id
            self.chosen.emit(row.key_id)

    # -- nothing jumps -----------------------------------------------------------------------------------------

    def holds_order(self) -> bool:
        """Whether a row is under the pointer or has the keyboard's focus: then no row may move."""
        return self._delegate.hovered_row >= 0 or (self.hasFocus() and self.currentIndex().isValid())

    def _refocus(self) -> None:
        on = self.hasFocus() and self._by_keyboard
        self._delegate.focused_row = self.currentIndex().row() if on else -1

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_keyboard = event.reason() not in _MOUSE
        super().focusInEvent(event)
        if self._by_keyboard and not self.currentIndex().isValid() and self.keys.rowCount():
            self.setCurrentIndex(self.keys.index(0, 0))
        self._refocus()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._refocus()
        self.viewport().update()
        if not self.holds_order():
            self.released.emit()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1, offer=False)
        if not self.holds_order():
            self.released.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        point = event.position().toPoint()
        self._hover(self.indexAt(point).row(), offer=self._offer_at(point) is not None)

    def _hover(self, place: int, *, offer: bool) -> None:
        offered = place if offer else -1
        if (place, offered) == (self._delegate.hovered_row, self._delegate.hovered_offer):
            return
        for changed in {place, self._delegate.hovered_row}:
            if changed >= 0:
                self.viewport().update(self._line(changed))
        self._delegate.hovered_row, self._delegate.hovered_offer = place, offered
        shape = Qt.CursorShape.PointingHandCursor if offer else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def _line(self, place: int) -> QRect:
        first = self.visualRect(self.keys.index(place, 0))
        return QRect(0, first.top(), self.viewport().width(), first.height())

    # -- gestures out ------------------------------------------------------------------------------------------

    def _offer_at(self, point: QPoint) -> Row | None:
        index = self.indexAt(point)
        row = self.keys.row_at(index.row())
        if row is None or index.column() != Column.NEXT or row.next.offer is None:
            return None
        left = self.visualRect(index).left() + PAD
        return row if left <= point.x() <= left + self._delegate.offer_width(row) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._by_keyboard = False
        super().mousePressEvent(event)
        self._refocus()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        row = self._offer_at(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and row is not None and row.next.offer is not None:
            self.offered.emit(row.key_id, row.next.offer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._by_keyboard = True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            row = self.keys.row_at(self.currentIndex().row())
            if row is not None and row.next.offer is not None:
                self.offered.emit(row.key_id, row.next.offer)
            event.accept()
            return
        super().keyPressEvent(event)
        self._refocus()

    def _header_clicked(self, section: int) -> None:
        column = Column(section)
        if self._sort.column is not column:
            sort = Sort(column)
        elif not self._sort.descending:
            sort = Sort(column, descending=True)
        else:
            sort = Sort()
        self.sort_asked.emit(sort)

    # -- time --------------------------------------------------------------------------------------------------

    def visible_rows(self) -> Iterator[tuple[int, Row]]:
        """Place and props of the rows that can be seen."""
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        last = self.keys.rowCount() - 1 if last < 0 else last
        for place in range(first, last + 1):
            row = self.keys.row_at(place)
            if row is not None:
                yield place, row

    def tick(self, now: float) -> None:
        """Repaint the visible cells whose words differ at `now`: one rectangle for each run of such rows."""
        self._delegate.now = now
        if not self.isVisible():
            return
        painted: dict[KeyId, tuple[int, int]] = {}
        first = last = -1
        for place, row in self.visible_rows():
            ends, then = row.bar.expires_at if row.bar else 0.0, row.next.at
            if not ends and not then:
                continue
            words = (ceil(ends - now), ceil(then - now) if then > now else 0)
            painted[row.key_id] = words
            if self._painted.get(row.key_id) == words:
                continue
            if first >= 0 and place != last + 1:
                self._repaint_rows(first, last)
                first = -1
            first, last = (place if first < 0 else first), place
        if first >= 0:
            self._repaint_rows(first, last)
        self._painted = painted

    def _repaint_rows(self, first: int, last: int) -> None:
        left = self.columnViewportPosition(Column.EXPIRES)
        top, bottom = self.rowViewportPosition(first), self.rowViewportPosition(last)
        width = self.columnWidth(Column.EXPIRES) + self.columnWidth(Column.NEXT)
        self.viewport().update(left, top, width, bottom - top + self.rowHeight(last))

    def paintEvent(self, event: QPaintEvent) -> None:
        # A tick touches the two right columns only. Painting them here, not cell by cell through Qt, halves its cost.
        area, left = event.rect(), self.columnViewportPosition(Column.EXPIRES)
        if area.left() < left:
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        middle, width = self.columnViewportPosition(Column.NEXT), self.columnWidth(Column.NEXT)
        selected = self.keys.place_of(self._selected)
        last = self.rowAt(area.bottom())
        for place in range(
            max(0, self.rowAt(area.top())), (self.keys.rowCount() - 1 if last < 0 else last) + 1
        ):
            top, height = self.rowViewportPosition(place), self.rowHeight(place)
            expires = QRect(left, top, middle - left, height)
            following = QRect(middle, top, width, height)
            self._delegate.paint_moving(painter, expires, following, place, selected=place == selected)
        painter.end()

    def next_change(self, now: float) -> float | None:
        """Seconds until the words of a visible row change."""
        if not self.isVisible():
            return None
        waits = [wait for _, row in self.visible_rows() if (wait := _next_change(row, now)) is not None]
        return min(waits, default=None)


def _next_change(row: Row, now: float) -> float | None:
    waits: list[float] = []
    if row.bar is not None:
        ended = now - row.bar.expires_at
        waits.append(60.0 - ended % 60.0 if ended > 60 else next_tick(row.bar.expires_at, now))
    if row.next.at > now:
        waits.append(next_tick(row.next.at, now))
    return min(waits, default=None)
