"""Order, filters, search and the rail's counts."""

from __future__ import annotations

import pytest

from nomba_desktop.domain.environments import LIVE, SANDBOX
from nomba_desktop.domain.keys import KeyId, Role
from nomba_desktop.ui.derive.rows import derive_row
from nomba_desktop.ui.derive.views import (
    EVERYTHING,
    Column,
    Filter,
    RailProps,
    Sort,
    View,
    arrange,
    derive_rail,
    keep_order,
)
from tests.support.gallery import KEYS, NOW, ZONE

ROWS = [derive_row(k, s, LIVE if k.environment_id == "live" else SANDBOX, NOW, ZONE) for k, s in KEYS]


def names(wanted: Filter = EVERYTHING, query: str = "", sort: Sort | None = None) -> list[str]:
    return [row.name for row in arrange(reversed(ROWS), wanted, query, sort or Sort())]


def test_the_default_order_is_that_of_the_picture() -> None:
    assert names() == [k.name for k, _ in KEYS]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(View.NEEDS_PERSON), ["Branch kiosk", "Coastal pilot", "Virtual accounts"]),
        (Filter(View.SUSPENDED), ["Agent banking (old)"]),
        (Filter(View.REVOKED), ["First gateway"]),
        (Filter(environment_id="sandbox"), ["Sandbox QA", "Vendor trial"]),
        (Filter(role=Role.TERMINALS), ["Terminal fleet"]),
    ],
)
def test_filters(wanted: Filter, found: list[str]) -> None:
    assert names(wanted) == found


def test_every_word_of_a_search_has_to_be_there() -> None:
    assert names(query="PAY serv") == ["Payouts service"]
    assert names(query="sandbox transactions") == ["Vendor trial"]
    assert names(query="pay nothing") == []
    assert names(query="13c9") == ["Agent banking (old)"]


@pytest.mark.parametrize("column", list(Column))
def test_sorting_and_back(column: Column) -> None:
    up, down = names(sort=Sort(column)), names(sort=Sort(column, descending=True))
    assert sorted(up) == sorted(down) == sorted(names())
    assert up != down


def test_sorting_by_expiry_puts_the_next_to_end_first() -> None:
    assert names(sort=Sort(Column.EXPIRES))[:2] == ["Virtual accounts", "Reconciliation job"]


def test_held_rows_keep_their_places() -> None:
    wanted = arrange(ROWS, Filter(View.NEEDS_PERSON), "", Sort())
    previous = [KeyId("vendor"), KeyId("gone"), KeyId("branch")]
    held = keep_order(wanted, previous, ROWS)
    assert [row.key_id for row in held] == ["vendor", "branch", "coastal", "virtual"]


def test_the_rail_counts_as_in_the_picture() -> None:
    rail = derive_rail(ROWS, EVERYTHING)
    assert [(i.text, i.count) for i in rail.views] == [
        ("All keys", 11), ("Needs a person", 3), ("Signed in", 6), ("Suspended", 1), ("Revoked", 1),
    ]  # fmt: skip
    assert [(i.text, i.count) for i in rail.environments] == [("Live", 9), ("Sandbox", 2)]
    assert [(i.text, i.count) for i in rail.roles] == [
        ("Admin", 6), ("Accounts", 1), ("Transactions", 2), ("Terminals", 1), ("Transfers", 1),
    ]  # fmt: skip
    assert [i.text for i in (*rail.views, *rail.environments, *rail.roles) if i.selected] == ["All keys"]
    assert [i.text for i in rail.views if i.alarm] == ["Needs a person"]


def test_a_count_of_zero_is_no_alarm() -> None:
    calm = [row for row in ROWS if row.rank != 0]
    assert not any(item.alarm for item in derive_rail(calm, EVERYTHING).views)


def test_no_key_no_filters_and_a_page_takes_the_selection() -> None:
    assert derive_rail([], EVERYTHING) == RailProps()
    rail = derive_rail(ROWS, EVERYTHING, "settings")
    assert rail.page == "settings"
    assert not any(item.selected for item in rail.views)
