"""Puts dialogs and pages into the window: who opens what, and what hears of which change."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject

from nomba_desktop.domain.settings import Settings
from nomba_desktop.domain.snapshot import Snapshot
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.state import State
from nomba_desktop.ui.cutting_off import CuttingOff
from nomba_desktop.ui.dialogs.add_key import AddKeyDialog
from nomba_desktop.ui.dialogs.edit_key import EditKeyForm
from nomba_desktop.ui.intents import Intents
from nomba_desktop.ui.pages.inspect import InspectPage
from nomba_desktop.ui.pages.settings import SettingsPage
from nomba_desktop.ui.presenter import Presenter
from nomba_desktop.ui.window import MainWindow

Spawn = Callable[[Coroutine[Any, Any, object], str], object]


class Furnishing(QObject):
    """The window's dialogs and pages. `spawn` is `Tasks.spawn`."""

    def __init__(
        self,
        window: MainWindow,
        presenter: Presenter,
        intents: Intents,
        *,
        state: State,
        spawn: Spawn,
        clock: Clock,
    ) -> None:
        super().__init__(window)
        self._window, self._presenter, self._intents = window, presenter, intents
        self._state, self._spawn = state, spawn
        theme = window.theme
        self.edit = EditKeyForm(window, theme, intents, spawn, self._environments())
        self.inspect = InspectPage(theme, intents, spawn, clock.now)
        self.settings = SettingsPage(theme, intents, spawn, clock.now)
        window.detail.set_settings_widget(self.edit)
        window.add_page("inspect", self.inspect)
        window.add_page("settings", self.settings)
        window.ticker.add(self.inspect)
        self.inspect.shown.connect(window.ticker.replan)
        self.settings.saved.connect(self._apply)
        window.add_key_requested.connect(self._add_key)
        self.cutting_off = CuttingOff(presenter.gestures, presenter, intents, window, spawn)
        presenter.looked_at.connect(self._show_key)
        self._stop = state.subscribe(self._heard)

    def close(self) -> None:
        """Stop listening to the state."""
        self._stop()

    def settings_loaded(self, settings: Settings) -> None:
        """The settings were read: the look follows them, the page shows them."""
        self._apply(settings)
        self.settings.reload()

    def _environments(self) -> tuple[Any, ...]:
        return tuple(self._state.snapshot.environments.values())

    def _add_key(self) -> None:
        theme = self._window.theme
        AddKeyDialog(self._window, theme, self._intents, self._spawn, self._environments()).open()

    def _apply(self, settings: Settings) -> None:
        self._window.theme.choose(settings.theme, settings.density, reduce_motion=settings.reduce_motion)

    def _show_key(self) -> None:
        key_id = self._presenter.selected
        key = self._state.snapshot.keys.get(key_id) if key_id else None
        if key is not None:
            self.edit.show_key(key)

    def _heard(self, before: Snapshot, after: Snapshot) -> None:
        if before.environments != after.environments:
            self.edit.set_environments(self._environments())
        if before.keyring != after.keyring:
            self.settings.render_keyring(after.keyring)
        if before.keys is not after.keys:
            self._show_key()
