"""What a subcommand of `nomba` is, and the parser that finds it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol, TextIO


class Command(Protocol):
    """One subcommand. What it works with arrived by its constructor; nothing is loaded before `run`."""

    @property
    def name(self) -> str:
        """The word after `nomba`."""
        ...

    @property
    def summary(self) -> str:
        """One line for the list of commands."""
        ...

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its own options; may load what names them, so it is called for the chosen command only."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Do it; returns the exit code: 0 done, 1 it could not, 2 asked wrongly."""
        ...


def run_command(commands: Sequence[Command], arguments: Sequence[str], version: str, out: TextIO) -> int:
    """Find the command that the arguments name, parse its options and run it. argparse's `SystemExit` goes through."""
    by_name = {command.name: command for command in commands}
    parser = argparse.ArgumentParser(
        prog="nomba",
        description="Nomba API keys on the command line.",
        epilog="commands:\n" + "\n".join(f"  {c.name:<12}{c.summary}" for c in commands),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="nomba [-h] [--version] COMMAND ...",
    )
    parser.add_argument("--version", action="version", version=f"nomba {version or '(unknown version)'}")
    parser.add_argument("command", metavar="COMMAND", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    chosen = parser.parse_args(list(arguments))
    if chosen.command is None:
        parser.print_help(out)
        return 2
    command = by_name.get(chosen.command)
    if command is None:
        parser.error(f"there is no command '{chosen.command}'; there are: {', '.join(by_name)}")
    own = argparse.ArgumentParser(prog=f"nomba {command.name}", description=command.summary)
    command.add_options(own)
    return command.run(own.parse_args(chosen.rest))
