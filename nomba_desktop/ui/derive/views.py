"""Which rows the table shows, in which order, and the rail's filters with their counts."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nomba_desktop.domain.keys import KeyId, KeyState, Role
from nomba_desktop.ui.derive.rows import Row


class View(enum.Enum):
    """The fixed filters of the rail."""

    ALL = "All keys"
    NEEDS_PERSON = "Needs a person"
    SIGNED_IN = "Signed in"
    SUSPENDED = "Suspended"
    REVOKED = "Revoked"


@dataclass(frozen=True, slots=True)
class Filter:
    """One entry of the rail: a view, or an environment or role (then `view` is ALL)."""

    view: View = View.ALL
    environment_id: str = ""
    role: Role | None = None


EVERYTHING = Filter()


class Column(enum.IntEnum):
    """The table's columns."""

    KEY = 0
    ROLE = 1
    STATE = 2
    EXPIRES = 3
    NEXT = 4


HEADERS = ("Key", "Role", "State", "Token expires", "Next")


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column; None is the default: what needs a person, then name."""

    column: Column | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class RailItem:
    """An entry of the rail. `alarm`: its count is in the colour that means act."""

    filter: Filter
    text: str
    count: int
    selected: bool
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class RailProps:
    """The rail; empty until a key exists."""

    views: tuple[RailItem, ...] = ()
    environments: tuple[RailItem, ...] = ()
    roles: tuple[RailItem, ...] = ()
    page: str = ""


def passes(row: Row, wanted: Filter) -> bool:
    """Whether a filter lets a row through."""
    if wanted.environment_id:
        return row.environment_id == wanted.environment_id
    if wanted.role is not None:
        return row.role is wanted.role
    match wanted.view:
        case View.ALL:
            return True
        case View.NEEDS_PERSON:
            return row.rank == 0
        case View.SIGNED_IN:
            return row.signed_in
        case View.SUSPENDED:
            return row.key_state is KeyState.SUSPENDED
        case View.REVOKED:
            return row.key_state is KeyState.REVOKED


def matches(row: Row, query: str) -> bool:
    """Whether every word typed is somewhere in name, client ID, role, environment or tags."""
    return all(word in row.search for word in query.casefold().split())


_KEYS: dict[Column, Callable[[Row], tuple[object, ...]]] = {
    Column.KEY: lambda row: (row.name.casefold(),),
    Column.ROLE: lambda row: (row.role.value,),
    Column.STATE: lambda row: (row.state,),
    Column.EXPIRES: lambda row: (row.bar is None, row.bar.expires_at if row.bar else 0.0),
    Column.NEXT: lambda row: (row.next.at == 0, row.next.at, row.next.words, row.next.offer is None),
}


def arrange(rows: Iterable[Row], wanted: Filter, query: str, sort: Sort) -> list[Row]:
    """The rows to show, in order. Ties go by name, then by key, so that the order is always the same."""
    shown = [row for row in rows if passes(row, wanted) and matches(row, query)]
    shown.sort(key=lambda row: (row.name.casefold(), row.key_id))
    if sort.column is None:
        shown.sort(key=lambda row: row.rank)
    else:
        shown.sort(key=_KEYS[sort.column], reverse=sort.descending)
    return shown


def keep_order(wanted: Sequence[Row], previous: Sequence[KeyId], every: Iterable[Row]) -> list[Row]:
    """`wanted` in the order of `previous`, new rows at the end: nothing jumps while a row is held.

    Rows of `previous` that the filter no longer lets through stay until they are released, as long as they exist.
    """
    by_id = {row.key_id: row for row in every}
    kept = [by_id[key_id] for key_id in previous if key_id in by_id]
    known = set(previous)
    return kept + [row for row in wanted if row.key_id not in known]


def derive_rail(rows: Sequence[Row], wanted: Filter, page: str = "") -> RailProps:
    """Filters with counts: the five views, then the environments and roles that occur."""
    if not rows:
        return RailProps(page=page)

    def item(entry: Filter, text: str, *, alarm: bool = False) -> RailItem:
        number = sum(passes(row, entry) for row in rows)
        return RailItem(entry, text, number, not page and entry == wanted, alarm and number > 0)

    environments = {row.environment_id: row.environment for row in rows}
    places = ("live", "sandbox", "practice")
    order = sorted(environments, key=lambda e: (places.index(e) if e in places else len(places), e))
    roles = [role for role in Role if any(row.role is role for row in rows)]
    return RailProps(
        views=tuple(item(Filter(view), view.value, alarm=view is View.NEEDS_PERSON) for view in View),
        environments=tuple(item(Filter(environment_id=e), environments[e]) for e in order),
        roles=tuple(item(Filter(role=role), role.value) for role in roles),
        page=page,
    )
