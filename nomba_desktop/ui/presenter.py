"""State in, view out: one signal for many changes, pure derivation, one render."""

from __future__ import annotations

from datetime import tzinfo
from typing import assert_never

from PySide6.QtCore import QObject, Qt, Signal

from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import Session
from nomba_desktop.domain.snapshot import Snapshot
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.state import State
from nomba_desktop.ui.derive.banners import derive_notices
from nomba_desktop.ui.derive.crossings import Crossings, failure_began
from nomba_desktop.ui.derive.detail import DetailProps, derive_detail
from nomba_desktop.ui.derive.rows import Row, derive_row
from nomba_desktop.ui.derive.statusbar import derive_statusbar
from nomba_desktop.ui.derive.views import EVERYTHING, Filter, Sort, View, arrange, derive_rail, keep_order
from nomba_desktop.ui.gestures import Gestures
from nomba_desktop.ui.intents import Intents
from nomba_desktop.ui.window import FIRST_RUN, KEYS, LOADING, MainWindow, WindowProps

Seen = tuple[ApiKey, Session, bool, Row]


class Presenter(QObject):
    """Turns the snapshot and what the person chose to look at into the window's props.

    `changed` is the one signal from the state: any number of facts in one turn of the loop cost one render.
    `looked_at` says that another key is in the detail panel.
    """

    changed = Signal()
    looked_at = Signal()

    def __init__(
        self, state: State, intents: Intents, clock: Clock, window: MainWindow, zone: tzinfo | None = None
    ) -> None:
        super().__init__(window)
        self._state, self._intents, self._clock, self._window, self._zone = (
            state,
            intents,
            clock,
            window,
            zone,
        )
        self._selected: KeyId | None = None
        self._filter, self._sort, self._query = EVERYTHING, Sort(), ""
        self._page = ""
        self._expanded = False
        self._fresh = True
        self._planned = False
        self._seen: dict[KeyId, Seen] = {}
        self._rows: list[Row] = []
        self._detail: DetailProps | None = None
        self._crossings = Crossings(clock.now())
        self._stop = state.subscribe(self._heard)
        self.changed.connect(self.render_now, Qt.ConnectionType.QueuedConnection)
        self.gestures = Gestures(self, intents, window)
        self._connect()
        window.ticker.add(self)
        self.render_now()

    def _connect(self) -> None:
        window = self._window
        window.searched.connect(self._search)
        window.rail.filtered.connect(self._choose_filter)
        window.table.chosen.connect(lambda key_id: self.choose(KeyId(key_id)))
        window.table.sort_asked.connect(self._choose_sort)
        window.table.released.connect(self._plan)
        window.no_rows.clear_asked.connect(self._show_all)
        window.notices.dismissed.connect(self._intents.dismiss)
        window.notices.expand_asked.connect(self._expand)
        window.first_run.practise_asked.connect(self._intents.practise)
        window.inspect_requested.connect(lambda: self.open_page("inspect"))
        window.settings_requested.connect(lambda: self.open_page("settings"))
        window.detail.token.set_reveal(self._reveal)

    def close(self) -> None:
        """Stop listening to the state."""
        self._stop()

    # -- what others ask -----------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """The state now."""
        return self._state.snapshot

    @property
    def selected(self) -> KeyId | None:
        """The key in the detail panel."""
        return self._selected

    @property
    def detail(self) -> DetailProps | None:
        """The panel's props as they were last rendered."""
        return self._detail

    def choose(self, key_id: KeyId | None) -> None:
        """Look at a key; the service is told, so that it can ask whether the token is still accepted."""
        if key_id != self._selected:
            self._selected = key_id
            self._intents.select(key_id)
            self.looked_at.emit()
            self.render_now()

    def open_page(self, name: str) -> None:
        """Show another page where one of that name was added; empty goes back to the keys."""
        if not name or self._window.has_page(name):
            self._page = name
            self.render_now()

    # -- state in ------------------------------------------------------------------------------------------------

    def _heard(self, before: Snapshot, after: Snapshot) -> None:
        if before.sessions is not after.sessions:
            for key_id, session in after.sessions.items():
                was = before.session(key_id)
                if was is not session and (said := failure_began(after.keys[key_id].name, was, session)):
                    self._window.announce(said)
        self._plan()

    def _plan(self) -> None:
        if not self._planned:
            self._planned = True
            self.changed.emit()

    def render_now(self) -> None:
        """Derive and render. Cheap when little changed: rows of unchanged keys are not derived again."""
        self._planned = False
        now = self._clock.now()
        snapshot = self._state.snapshot
        if self._selected is not None and self._selected not in snapshot.keys:
            self._selected = None
        self._rows = self._derive_rows(snapshot, now)
        self._crossings.plan(self._rows)
        shown = self._arranged()
        self._detail = self._derive_detail(snapshot, now)
        self._window.render_props(
            WindowProps(
                page=self._page or (KEYS if snapshot.keys else FIRST_RUN if snapshot.loaded else LOADING),
                rail=derive_rail(self._rows, self._filter, self._page),
                notices=derive_notices(snapshot, expanded=self._expanded),
                rows=tuple(shown),
                selected=self._selected,
                sort=self._sort,
                empty=("", "") if shown else self._why_empty(),
                detail=self._detail,
                status=derive_statusbar(snapshot, self._rows, self._zone),
            )
        )

    def _derive_rows(self, snapshot: Snapshot, now: float) -> list[Row]:
        seen: dict[KeyId, Seen] = {}
        for key_id, key in snapshot.keys.items():
            session = snapshot.session(key_id)
            known = self._seen.get(key_id)
            if known is not None and known[0] is key and known[1] is session:
                bar = known[3].bar
                if known[2] == (bar is not None and bar.expires_at > now):
                    seen[key_id] = known
                    continue
            row = derive_row(key, session, snapshot.environments.get(key.environment_id), now, self._zone)
            alive = row.bar is not None and row.bar.expires_at > now
            seen[key_id] = (key, session, alive, row)
        self._seen = seen
        return [entry[3] for entry in seen.values()]

    def _arranged(self) -> list[Row]:
        wanted = arrange(self._rows, self._filter, self._query, self._sort)
        fresh, self._fresh = self._fresh, False
        if fresh or not self._window.table.holds_order():
            return wanted
        return keep_order(wanted, self._window.table.keys.order, self._rows)

    def _derive_detail(self, snapshot: Snapshot, now: float) -> DetailProps | None:
        if self._selected is None:
            return None
        key = snapshot.keys[self._selected]
        return derive_detail(
            key,
            snapshot.session(key.id),
            snapshot.environments.get(key.environment_id),
            now,
            clock_offset=snapshot.clock_offset,
            zone=self._zone,
        )

    def _why_empty(self) -> tuple[str, str]:
        if self._query.strip():
            return (
                f"No key matches “{self._query.strip()}”",
                "The search looks at names, client IDs, roles, environments and tags.",
            )
        match self._filter.view:
            case View.NEEDS_PERSON:
                return "Nobody is needed", "Every key looks after itself at the moment."
            case View.SIGNED_IN:
                return "No key is signed in", "Sign in with one from the list of all keys."
            case View.SUSPENDED | View.REVOKED:
                return f"No key is {self._filter.view.value.casefold()}", "The filter hides all other keys."
            case View.ALL:
                return "No key here", "The filter hides all keys."
            case _:
                assert_never(self._filter.view)

    # -- what the person looks at --------------------------------------------------------------------------------

    def _search(self, query: str) -> None:
        self._query, self._fresh = query, True
        self.render_now()

    def _choose_filter(self, wanted: Filter) -> None:
        self._filter, self._page, self._fresh = wanted, "", True
        self.render_now()

    def _choose_sort(self, sort: Sort) -> None:
        self._sort, self._fresh = sort, True
        self.render_now()

    def _show_all(self) -> None:
        self._filter = EVERYTHING
        self._window.search.clear()
        self._search("")

    def _expand(self) -> None:
        self._expanded = True
        self.render_now()

    def _reveal(self) -> Secret | None:
        return self._intents.reveal(self._selected) if self._selected else None

    # -- time ----------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Say what was crossed; a token that ended is another row now."""
        sentences = self._crossings.passed(now)
        for sentence in sentences:
            self._window.announce(sentence)
        if sentences:
            self._plan()

    def next_change(self, now: float) -> float | None:
        """Seconds until the next crossing."""
        at = self._crossings.next_at
        return max(0.0, at - now) if at is not None else None
