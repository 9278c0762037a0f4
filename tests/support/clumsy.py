"""Doors that fail in ways nobody planned for: their exceptions carry what they were given."""

from __future__ import annotations

from typing import Any

from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import BoundSecret


def plain(values: tuple[object, ...]) -> list[str]:
    """The values of all secrets among some arguments, as a careless exception would carry them."""
    told: list[str] = []
    for value in values:
        if isinstance(value, BoundSecret):
            told.append(value.secret.reveal())
        elif isinstance(value, Secret):
            told.append(value.reveal())
    return told


class Clumsy:
    """Any port. While `broken`, each of its calls raises an exception with every secret in its text and arguments."""

    def __init__(self, inner: object) -> None:
        self._inner = inner
        self.broken = False
        self.raised = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if name in ("aclose", "close", "test", "unlock"):
            return call

        async def tried(*args: Any, **more: Any) -> Any:
            if not self.broken:
                return await call(*args, **more)
            self.raised += 1
            told = plain((*args, *more.values()))
            try:
                raise KeyError(*told)
            except KeyError as error:
                error.add_note(" ".join(told))
                raise RuntimeError(f"could not {name}: {told}") from error

        return tried
