"""What a command says, as text or as JSON, and the exit code it ends with (docs/command-line.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nomba_desktop.cli.exits import OK, exit_of
from nomba_desktop.cli.problems import Ambiguous, Interrupted
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.domain.snapshot import Notice
from nomba_desktop.services.tasks import typed

#: Rises when a field of the JSON goes away or changes its meaning; fields may be added.
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Told:
    """An error or warning as a person reads it."""

    reference: str
    title: str
    sentence: str
    hint: str
    details: str = ""
    more: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The documented fields; `more` differs from error to error."""
        return {
            "reference": self.reference,
            "title": self.title,
            "sentence": self.sentence,
            "hint": self.hint,
            "details": self.details,
            **self.more,
        }

    def lines(self) -> list[str]:
        """What happened and why; what to do."""
        what = self.title if self.sentence in ("", self.title) else f"{self.title}: {self.sentence}"
        return [part for part in (what, self.hint, self.details) if part]


#: What to do, where the window's hint does not fit here.
_HINTS = {
    "ND-201": "Sign in with it: nomba sign-in KEY.",
    "ND-205": "Signing in or refreshing ends the token other programs hold: they get 401. If that is meant, repeat it "
    "with --yes.",
    "ND-208": "Check the key, then sign in again: nomba sign-in KEY.",
    "ND-303": "Install or start one (on Linux gnome-keyring or KWallet).",
    "ND-305": "Enter the client secret again in the window, or forget the key and add it anew.",
    "ND-330": "Correct the line that is named. Nothing was done.",
    "ND-323": "It was changed outside this app or belongs to another keyring. Sign in again: nomba sign-in KEY.",
}


class Failed(NombaDesktopError):
    """A failure that was a notice already."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.sentence)
        self.told = told


@dataclass(frozen=True, slots=True)
class Result:
    """What came out: fields for JSON, lines for people, and an error beside it where it was done only in part."""

    data: Mapping[str, object] = field(default_factory=dict)
    lines: Sequence[str] = ()
    warnings: Sequence[Told] = ()
    problem: NombaDesktopError | None = None


def told(error: NombaDesktopError) -> Told:
    """An error's words."""
    if isinstance(error, Failed):
        return error.told
    more: dict[str, object] = {}
    if isinstance(error, Ambiguous):
        more["candidates"] = list(error.candidates)
    sentence = "" if error.sentence == error.title else error.sentence
    own_hint = type(error).__module__.startswith("nomba_desktop.cli")
    hint = error.hint if own_hint else _HINTS.get(error.reference, error.hint)
    return Told(error.reference, error.title, sentence, hint, error.details, more)


def told_notice(notice: Notice) -> Told:
    """A notice's words."""
    hint = _HINTS.get(notice.reference, notice.hint)
    return Told(notice.reference, notice.title, notice.sentence, hint, notice.details)


def attempt(work: Callable[[], Result]) -> Result | Told:
    """The result of the work, or why there is none."""
    try:
        return typed(work)
    except NombaDesktopError as error:
        return told(error)
    except KeyboardInterrupt:
        return told(Interrupted())


def report(terminal: Terminal, command: str, as_json: bool, work: Callable[[], Result]) -> int:
    """Do the work and say what came of it; returns the exit code. Raises `OutputLost` when nobody reads it."""
    result = attempt(work)
    if isinstance(result, Told):
        return refuse(terminal, command, as_json, result)
    wrong = told(result.problem) if result.problem else None
    if as_json:
        write_json(terminal, command, wrong, result.data, result.warnings)
    else:
        terminal.write("".join(f"{line}\n" for line in result.lines))
        warn(terminal, result.warnings)
        _complain(terminal, command, wrong)
    return exit_of(wrong.reference).code if wrong else OK.code


def refuse(terminal: Terminal, command: str, as_json: bool, wrong: Told) -> int:
    """Say why it was not done; returns the exit code."""
    if as_json:
        write_json(terminal, command, wrong)
    else:
        _complain(terminal, command, wrong)
    return exit_of(wrong.reference).code


def write_json(
    terminal: Terminal,
    command: str,
    wrong: Told | None,
    data: Mapping[str, object] | None = None,
    warnings: Iterable[Told] = (),
) -> None:
    """One object with a line end, ASCII only: it arrives the same in every encoding."""
    body: dict[str, object] = {
        "schema": SCHEMA,
        "ok": wrong is None,
        "command": command,
        "exit_code": exit_of(wrong.reference).code if wrong else OK.code,
        **(data or {}),
        "warnings": [warning.as_json() for warning in warnings],
    }
    if wrong is not None:
        body["error"] = wrong.as_json()
    terminal.write(json.dumps(body, indent=2) + "\n")


def warn(terminal: Terminal, warnings: Iterable[Told]) -> None:
    """Say what does not stand in the way."""
    for warning in warnings:
        terminal.tell("warning: " + "\n  ".join(warning.lines()))


def _complain(terminal: Terminal, command: str, wrong: Told | None) -> None:
    if wrong is not None:
        terminal.tell(f"nomba {command}: " + "\n  ".join([*wrong.lines(), f"({wrong.reference})"]))
