"""The model diffs rows: identity is kept, little is said, nothing of a secret is in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from nomba_desktop.domain.environments import LIVE
from nomba_desktop.domain.keys import Role
from nomba_desktop.domain.sessions import SignedIn
from nomba_desktop.ui.derive.rows import Row, derive_row
from nomba_desktop.ui.derive.views import Column, Sort
from nomba_desktop.ui.table_model import KeyTableModel
from tests.support.gallery import KEYS, NOW, ZONE, key, life

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ROWS = [derive_row(k, s, LIVE, NOW, ZONE) for k, s in KEYS]


class Said:
    """What the model told its views."""

    def __init__(self, model: KeyTableModel) -> None:
        self.resets = self.layouts = self.inserted = self.removed = 0
        self.changed: list[tuple[int, int]] = []
        model.modelReset.connect(lambda: self._count("resets"))
        model.layoutChanged.connect(lambda: self._count("layouts"))
        model.rowsInserted.connect(lambda: self._count("inserted"))
        model.rowsRemoved.connect(lambda: self._count("removed"))
        model.dataChanged.connect(lambda a, b: self.changed.append((a.row(), b.row())))

    def _count(self, name: str) -> None:
        setattr(self, name, getattr(self, name) + 1)


@pytest.fixture
def model(qtbot: QtBot) -> KeyTableModel:
    made = KeyTableModel(ZONE)
    made.set_rows(ROWS)
    return made


def held(model: KeyTableModel) -> dict[str, QPersistentModelIndex]:
    return {row.key_id: QPersistentModelIndex(model.index(i, 0)) for i, row in enumerate(ROWS)}


def test_equal_rows_say_nothing(model: KeyTableModel) -> None:
    said = Said(model)
    model.set_rows([replace(row) for row in ROWS])
    assert (said.resets, said.layouts, said.inserted, said.removed, said.changed) == (0, 0, 0, 0, [])


def test_a_changed_row_is_the_only_one_told(model: KeyTableModel) -> None:
    said = Said(model)
    rows = list(ROWS)
    for place in (3, 4, 8):
        rows[place] = replace(rows[place], state="Other")
    model.set_rows(rows)
    assert said.changed == [(3, 4), (8, 8)]
    assert said.resets + said.layouts + said.inserted + said.removed == 0


def test_rows_keep_their_identity_when_they_move(model: KeyTableModel) -> None:
    said, indexes = Said(model), held(model)
    model.set_rows(list(reversed(ROWS)))
    assert (said.layouts, said.resets) == (1, 0)
    for key_id, index in indexes.items():
        row = model.row_at(index.row())
        assert row is not None
        assert row.key_id == key_id


def test_rows_come_and_go_one_by_one(model: KeyTableModel) -> None:
    said, indexes = Said(model), held(model)
    new = replace(ROWS[0], key_id=key("New", "aaaa…bbbb", Role.ADMIN).id)
    model.set_rows([new, *ROWS[:4], *ROWS[5:]])
    assert (said.removed, said.inserted, said.resets) == (1, 1, 0)
    assert not indexes["checkout"].isValid()
    assert indexes["payouts"].row() == 5


def test_a_wholly_different_list_is_one_reset(model: KeyTableModel) -> None:
    said = Said(model)
    others = [replace(ROWS[0], key_id=key("K", "aaaa…bbbb", Role.ADMIN, id=f"k{i}").id) for i in range(200)]
    model.set_rows(others)
    assert (said.resets, said.inserted, said.removed) == (1, 0, 0)
    assert model.rowCount() == 200


@given(
    st.lists(
        st.permutations(range(11)).flatmap(lambda p: st.integers(0, 11).map(lambda n: p[:n])), max_size=6
    )
)
def test_any_sequence_of_lists_is_shown(lists: list[list[int]]) -> None:
    model = KeyTableModel(ZONE)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    for places in lists:
        rows: list[Row] = [ROWS[i] for i in places]
        model.set_rows(rows)
        assert model.order == [row.key_id for row in rows]
        assert [model.place_of(row.key_id) for row in rows] == list(range(len(rows)))
    del tester


def test_headers_and_cells_have_names(model: KeyTableModel) -> None:
    role = Qt.ItemDataRole.AccessibleTextRole
    across = Qt.Orientation.Horizontal
    assert [model.headerData(i, across, role) for i in range(5)] == [
        "Key", "Role", "State", "Token expires", "Next",
    ]  # fmt: skip
    payouts = [model.index(5, column).data(role) for column in Column]
    assert payouts == [
        "Payouts service, Live, client ID 2242…9f0d", "Admin", "Signed in", "expires at 18:42:10",
        "Refresh at 18:36:58",
    ]  # fmt: skip
    assert model.index(0, Column.NEXT).data(role) == "Find out why, press Enter"
    assert model.index(0, Column.EXPIRES).data(role) == "no token"
    assert model.index(2, Column.NEXT).data(role) == "Try 3 of 6 at 18:16:18"
    ended = derive_row(KEYS[5][0], SignedIn(life(-5)), LIVE, NOW, ZONE)
    assert model.words(ended, Column.EXPIRES) == "expired at 18:15:41"


def test_the_header_says_how_it_is_sorted(model: KeyTableModel) -> None:
    model.set_sort(Sort(Column.ROLE, descending=True))
    across = Qt.Orientation.Horizontal
    assert model.headerData(1, across) == "Role  ↓"
    assert model.headerData(1, across, Qt.ItemDataRole.AccessibleTextRole) == "Role, sorted descending"
    assert model.headerData(0, across) == "Key"


def test_nothing_below_a_row(model: KeyTableModel) -> None:
    assert model.rowCount(model.index(0, 0)) == 0
    assert model.columnCount(model.index(0, 0)) == 0
    assert model.data(QModelIndex()) is None
