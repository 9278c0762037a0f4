"""The one holder of the shared snapshot."""

from __future__ import annotations

from collections.abc import Callable

from nomba_desktop.domain.snapshot import Event, Snapshot, reduce

Listener = Callable[[Snapshot, Snapshot], None]


class State:
    """Holds the snapshot; `publish` is the only way to change it. Used from the loop's thread alone."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self._snapshot = snapshot or Snapshot()
        self._listeners: list[Listener] = []

    @property
    def snapshot(self) -> Snapshot:
        """The state now."""
        return self._snapshot

    def publish(self, event: Event) -> None:
        """Take a fact in; listeners hear of it with the snapshots before and after, unless both are equal."""
        before, self._snapshot = self._snapshot, reduce(self._snapshot, event)
        if self._snapshot is before or self._snapshot == before:
            self._snapshot = before
            return
        for listener in tuple(self._listeners):
            listener(before, self._snapshot)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of every change; returns how to stop."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop
