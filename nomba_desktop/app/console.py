"""Entry point of the `nomba` command. No Qt, not even by way of others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from nomba_desktop.cli.command import Command, run_command
from nomba_desktop.cli.practice import PracticeCommand

if TYPE_CHECKING:
    from nomba_desktop.cli.practice import Doll


def commands(out: TextIO, err: TextIO) -> tuple[Command, ...]:
    """Every subcommand with what it works on. What is heavy is loaded when the command is chosen."""
    return (PracticeCommand(_practice, out, err),)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; 130 when it was interrupted."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        return run_command(commands(sys.stdout, sys.stderr), given, _version(), sys.stdout)
    except KeyboardInterrupt:
        return 130


def _practice() -> Doll:
    from nomba_desktop.practice import command

    return command


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nomba-desktop")
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
