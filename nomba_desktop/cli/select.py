"""Which key is meant: its name, a start of the name that only it has, its client ID, or the start of that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from nomba_desktop.cli.problems import Ambiguous
from nomba_desktop.domain.errors import UnknownKey
from nomba_desktop.domain.text import clean, short_id

#: A longer text may be a secret that slipped into the wrong place: it is not repeated.
_LONGEST_ECHO = 36


class Named(Protocol):
    """What a key is found by."""

    @property
    def id(self) -> str:
        """The app's own identifier."""
        ...

    @property
    def name(self) -> str:
        """The person's name for it."""
        ...

    @property
    def client_id(self) -> str:
        """Nomba's identifier."""
        ...

    @property
    def environment_id(self) -> str:
        """Where it lives."""
        ...


_K = TypeVar("_K", bound=Named)


def find(keys: Iterable[_K], text: str) -> _K:
    """The one key that is meant. Raises `UnknownKey`, or `Ambiguous` with the candidates.

    What fits exactly wins over starts; the app's own id always fits. Capital letters don't matter.
    """
    every = list(keys)
    wanted = " ".join(text.split()).casefold()
    for fits in (
        [k for k in every if k.id == wanted],
        [k for k in every if k.name.casefold() == wanted],
        [k for k in every if k.client_id.casefold() == wanted],
        [
            k
            for k in every
            if k.name.casefold().startswith(wanted) or k.client_id.casefold().startswith(wanted)
        ],
    ):
        if len(fits) == 1 and wanted:
            return fits[0]
        if fits and wanted:
            raise _ambiguous(text, fits)
    raise UnknownKey(f"No key has the name or client ID {echo(text)}." if wanted else "No key was named.")


def echo(text: str) -> str:
    """What was given, as far as it may be repeated."""
    shown = clean(text, _LONGEST_ECHO + 1)
    return f"“{shown}”" if len(text) <= _LONGEST_ECHO else f"that was given ({len(text)} characters)"


def _ambiguous(text: str, fits: list[_K]) -> Ambiguous:
    fits = sorted(fits, key=lambda key: key.name.casefold())
    named = ", ".join(
        f"“{clean(k.name, 80)}” ({short_id(k.client_id)}, {k.environment_id})" for k in fits[:8]
    )
    more = f" and {len(fits) - 8} more" if len(fits) > 8 else ""
    return Ambiguous(
        f"{echo(text)} fits {named}{more}.",
        tuple(
            {"id": k.id, "name": clean(k.name, 80), "client_id": k.client_id, "environment": k.environment_id}
            for k in fits
        ),
    )
