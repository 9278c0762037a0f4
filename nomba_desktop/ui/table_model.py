"""The table's rows as a Qt model: an index list in Python that is diffed, never reset blindly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from nomba_desktop.domain.keys import KeyId
from nomba_desktop.ui.derive.rows import OFFER_WORDS, Row
from nomba_desktop.ui.derive.views import HEADERS, Column, Sort
from nomba_desktop.ui.derive.words import clock_time
from nomba_desktop.ui.widgets import plain_tip

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
# Beyond this share of changed membership, one layout change is cheaper than many small ones.
_BULK = 64


class KeyTableModel(QAbstractTableModel):
    """Rows in the order shown. A row is known by its key: selection and focus follow it when it moves."""

    def __init__(self, zone: tzinfo | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._place: dict[KeyId, int] = {}
        self._zone = zone
        self._sort = Sort()

    @property
    def order(self) -> list[KeyId]:
        """The keys in the order shown."""
        return [row.key_id for row in self._rows]

    def row_at(self, index: int) -> Row | None:
        """The row shown at a place."""
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def place_of(self, key_id: KeyId | None) -> int:
        """Where a key is shown; -1 when it isn't."""
        return self._place.get(key_id, -1) if key_id else -1

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows: remove, insert and move what differs, then say which rows have other contents."""
        wanted = [row.key_id for row in rows]
        members = set(wanted)
        gone = [i for i, row in enumerate(self._rows) if row.key_id not in members]
        new = [i for i, key_id in enumerate(wanted) if key_id not in self._place]
        if len(gone) + len(new) > _BULK:
            self._replace(list(rows))
            return
        for place in reversed(gone):
            self.beginRemoveRows(_NOWHERE, place, place)
            del self._rows[place]
            self.endRemoveRows()
        self._index()
        for place in new:
            at = min(place, len(self._rows))
            self.beginInsertRows(_NOWHERE, at, at)
            self._rows.insert(at, rows[place])
            self.endInsertRows()
        self._index()
        if self.order != wanted:
            self._reorder(list(rows))
        self._contents(rows)

    def set_sort(self, sort: Sort) -> None:
        """Say in the header by which column the rows are sorted."""
        if sort != self._sort:
            self._sort = sort
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(HEADERS) - 1)

    def _index(self) -> None:
        self._place = {row.key_id: i for i, row in enumerate(self._rows)}

    def _replace(self, rows: list[Row]) -> None:
        """Most rows come or go (another filter, the first load): the view keeps selection by key itself."""
        self.beginResetModel()
        self._rows = rows
        self._index()
        self.endResetModel()

    def _reorder(self, rows: list[Row]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        held = [(index, self._rows[index.row()].key_id) for index in before]
        by_id = {row.key_id: row for row in self._rows}
        self._rows = [by_id[row.key_id] for row in rows]
        self._index()
        after = [self.index(self._place[key_id], index.column()) for index, key_id in held]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _contents(self, rows: Sequence[Row]) -> None:
        first: int | None = None
        for place, row in enumerate(rows):
            differs = self._rows[place] is not row and self._rows[place] != row
            if differs:
                self._rows[place] = row
                first = place if first is None else first
            elif first is not None:
                self._say(first, place - 1)
                first = None
        if first is not None:
            self._say(first, len(rows) - 1)

    def _say(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(HEADERS) - 1))

    # -- what Qt asks ------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        sorted_by = self._sort.column == section
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section] + (("  ↓" if self._sort.descending else "  ↑") if sorted_by else "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            way = "descending" if self._sort.descending else "ascending"
            return f"{HEADERS[section]}, sorted {way}" if sorted_by else HEADERS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The words of a cell; the delegate paints from the row's props instead."""
        row = self.row_at(index.row())
        if row is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.words(row, Column(index.column()))
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == Column.KEY:
            return plain_tip(row.name)
        return None

    def words(self, row: Row, column: Column) -> str:
        """What a cell says to a screen reader: no secret, and moments instead of seconds that tick."""
        match column:
            case Column.KEY:
                return f"{row.name}, {row.environment}, client ID {row.masked_id}"
            case Column.ROLE:
                return row.role.value
            case Column.STATE:
                return row.state
            case Column.EXPIRES:
                if row.bar is None:
                    return "no token"
                verb = "expires" if row.signed_in else "expired"
                return f"{verb} at {clock_time(row.bar.expires_at, self._zone)}"
            case Column.NEXT:
                if row.next.offer is not None:
                    return f"{OFFER_WORDS[row.next.offer]}, press Enter"
                at = clock_time(row.next.at, self._zone) if row.next.at else ""
                return row.next.words.replace("in {}", f"at {at}").replace("{}", at)
