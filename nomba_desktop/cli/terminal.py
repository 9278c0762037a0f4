"""Where the command line writes and asks: any encoding, a reader that goes away, no terminal at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from nomba_desktop.cli.problems import OutputLost
from nomba_desktop.domain.secret import Secret

#: Our own typography, for terminals that don't have it.
_PLAIN = str.maketrans({"“": '"', "”": '"', "…": "...", "·": "-", "•": "*", "–": "-", "→": "->", "’": "'"})


def _hidden(prompt: str) -> str:
    from getpass import getpass  # noqa: PLC0415 - only when somebody is asked

    return getpass(prompt)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Standard streams, each None where it is closed. `hidden` asks a person without echo."""

    out: TextIO | None
    err: TextIO | None
    source: TextIO | None
    hidden: Callable[[str], str] = _hidden

    @property
    def shows_output(self) -> bool:
        """Whether what is written goes to a screen."""
        return self.out is not None and self.out.isatty()

    @property
    def has_person(self) -> bool:
        """Whether somebody can be asked."""
        return self.source is not None and self.source.isatty()

    def write(self, text: str) -> None:
        """Write and flush. Raises `OutputLost`."""
        if self.out is None:
            raise OutputLost("Standard output is closed.")
        try:
            self.out.write(_fitting(text, self.out))
            self.out.flush()
        except (OSError, ValueError) as error:
            raise OutputLost(getattr(error, "strerror", None) or "Standard output is closed.") from None

    def tell(self, text: str) -> None:
        """Say something beside the output; if nobody reads that, so be it."""
        if self.err is not None:
            with suppress(OSError, ValueError):
                self.err.write(_fitting(text, self.err) + "\n")
                self.err.flush()

    def ask_secret(self, prompt: str) -> Secret:
        """What a person types, without echo; white space around it goes. Raises EOFError where nobody answers."""
        return Secret(self.hidden(prompt).strip())

    def read_all(self, limit: int = 200_000) -> str:
        """Standard input to its end, at most `limit` characters. Bytes that are no text become question marks."""
        if self.source is None:
            return ""
        try:
            return self.source.read(limit)
        except (OSError, ValueError):  # UnicodeDecodeError is a ValueError
            return ""


def _fitting(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    for form in (text, text.translate(_PLAIN)):
        with suppress(UnicodeEncodeError):
            form.encode(encoding)
            return form
    return text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)


def standard() -> Terminal:
    """The streams of this process."""
    return Terminal(sys.stdout, sys.stderr, sys.stdin)


def abandon_output() -> None:
    """Nobody reads any more: what Python still holds for standard output goes nowhere when the process ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
