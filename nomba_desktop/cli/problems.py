"""Errors that only a command line has, in the one tree."""

from __future__ import annotations

from nomba_desktop.domain.errors import NombaDesktopError


class Usage(NombaDesktopError):
    """Asked wrongly."""

    reference = "ND-600"
    title = "That is not how it is asked"
    hint = "See --help."


class SecretAsArgument(Usage):
    """A secret or token stood on the command line."""

    title = "A secret or token is never given as an argument"
    hint = (
        "Other programs and the shell's history can read it there: if it was a real one, change it. Type it when it "
        "is asked for, or give it on standard input."
    )


class NotToATerminal(NombaDesktopError):
    """A token would have been shown on a screen."""

    reference = "ND-601"
    title = "A token is not shown on a screen by itself"
    hint = "Use it in a pipe or with nomba exec; with --show it is printed here."


class Ambiguous(NombaDesktopError):
    """More than one key answers to what was given."""

    reference = "ND-602"
    title = "More than one key has that"
    hint = "Give more of the name, or of the client ID."

    def __init__(self, sentence: str, candidates: tuple[dict[str, str], ...]) -> None:
        super().__init__(sentence)
        self.candidates = candidates


class EndOwed(NombaDesktopError):
    """Signed out here; that the token ended at Nomba is not proved."""

    reference = "ND-603"
    title = "Signed out here; its end at Nomba is owed"
    hint = "Repeat it when Nomba can be reached. An open window does it by itself."


class ChecksFailed(NombaDesktopError):
    """The doctor found something."""

    reference = "ND-604"
    title = "Something is wrong"
    hint = "Each finding says what to do."


class NotExecutable(NombaDesktopError):
    """The command of `exec` can't be run."""

    reference = "ND-605"
    title = "The command can't be run"
    hint = "Nothing was started."


class NoSuchCommand(NombaDesktopError):
    """The command of `exec` was not found."""

    reference = "ND-606"
    title = "There is no such command"
    hint = "Nothing was started."


class Interrupted(NombaDesktopError):
    """Ctrl+C."""

    reference = "ND-607"
    title = "Interrupted"
    hint = "If a call was under way, the next program finds out what came of it."


class OutputLost(NombaDesktopError):
    """Nobody reads what is written."""

    reference = "ND-608"
    title = "The output could not be written"
    hint = "The reader went away, or the disk is full."
