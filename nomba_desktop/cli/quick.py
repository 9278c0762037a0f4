"""A token without opening anything: what `app` hands in for the shortest way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nomba_desktop.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class QuickToken:
    """A token at hand, with what a child needs to use it. `base_url` is empty where only the settings know it."""

    access: Secret
    account_id: str
    base_url: str


class Quick(Protocol):
    """Reads the store without the services. Everything it can't do is None: then the services are opened."""

    def token(self, key: str, min_life: float | None = None) -> QuickToken | None:
        """The token at hand of the one key that is meant, if it may be handed out as it is."""
        ...

    def names(self) -> list[str] | None:
        """The names of all keys."""
        ...


class NotQuick:
    """Where there is no file to read, such as in tests."""

    def token(self, key: str, min_life: float | None = None) -> QuickToken | None:
        """Nothing."""
        return None

    def names(self) -> list[str] | None:
        """Nothing."""
        return None
