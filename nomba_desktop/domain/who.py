"""Who did it: a host, a program and its process, as one line that other desktops can read."""

from __future__ import annotations

from dataclasses import dataclass

from nomba_desktop.domain.text import clean


@dataclass(frozen=True, slots=True)
class Who:
    """One process of one computer, unique while it runs."""

    host: str
    program: str
    process: int

    def __str__(self) -> str:
        return f"{self.host}/{self.program}/{self.process}"


def describe_who(text: str, me: str) -> str:
    """A name for people: `this desktop, ops-desk-1` for our own computer, else the host, with the program where it
    is not the window."""
    host, _, rest = clean(text, 120).partition("/")
    program = rest.partition("/")[0]
    if not host:
        return "unknown"
    mine = host == me.partition("/")[0]
    name = f"this desktop, {host}" if mine else host
    return name if program in ("", "window") else f"{name} ({program})"
