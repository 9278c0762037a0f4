"""What a subcommand of `nomba` is, and the parser that finds it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from nomba_desktop.cli.exits import USAGE
from nomba_desktop.cli.problems import SecretAsArgument, Usage
from nomba_desktop.cli.report import refuse, told
from nomba_desktop.cli.select import echo
from nomba_desktop.cli.terminal import Terminal

#: A client secret (88 or 44 characters) or a token (three parts), as an argument (facts 2, 3).
_SECRET = re.compile(r"[A-Za-z0-9+/_-]{86}==|[A-Za-z0-9+/_-]{43}=|[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}")
_SECRET_OPTIONS = ("--secret", "--client-secret", "--private-key", "--password", "--token")
#: Longer values are not repeated in an error: they may be secrets in the wrong place.
_LONGEST_ECHO = 36


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

    @property
    def takes_command(self) -> bool:
        """Whether what follows `--` is a command of its own, as `options.rest`."""
        ...

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its own options besides `--json`; may load what names them, so it is called for the chosen one only."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Do it; returns an exit code of `exits`."""
        ...


class _Parser(argparse.ArgumentParser):
    """argparse that ends through `Usage`, and never repeats a long value."""

    def error(self, message: str) -> NoReturn:
        shown = " ".join(
            word if len(word.strip("'\",")) <= _LONGEST_ECHO else "•••" for word in message.split()
        )
        raise Usage(f"{shown[:1].upper()}{shown[1:]}.")

    def print_usage(self, file: object = None) -> None:
        """Only where it is asked for."""


def parser_of(command: Command) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = _Parser(prog=f"nomba {command.name}", description=command.summary, allow_abbrev=False)
    command.add_options(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object with a stable schema (docs/command-line.md)",
    )
    return parser


def run_command(
    commands: Sequence[Command], arguments: Sequence[str], version: Callable[[], str], terminal: Terminal
) -> int:
    """Find the command that the arguments name, parse its options and run it; returns the exit code.

    argparse's `SystemExit` of `--help` and `--version` goes through.
    """
    by_name = {command.name: command for command in commands}
    name, own = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if not arguments:
        terminal.write(_overview(commands, version).format_help())
        return USAGE.code
    try:
        command = by_name.get(name)
        if command is None:
            _overview(commands, version).parse_args(list(arguments))
            raise Usage(f"There is no command {echo(name)}. There are: {', '.join(by_name)}.")
        own, rest = _split(own) if command.takes_command else (own, [])
        _refuse_secrets(own)
        options = parser_of(command).parse_args(own)
        options.rest = rest
    except Usage as error:
        before = own[: own.index("--")] if "--" in own else own
        return refuse(terminal, name if name in by_name else "", "--json" in before, told(error))
    return command.run(options)


def _overview(commands: Sequence[Command], version: Callable[[], str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="nomba",
        description="Nomba API keys on the command line.",
        epilog="commands:\n"
        + "\n".join(f"  {c.name:<12}{c.summary}" for c in commands)
        + "\n\nnomba COMMAND --help says more. Exit codes and JSON: docs/command-line.md",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="nomba [-h] [--version] COMMAND ...",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"nomba {version() or '(unknown version)'}")
    parser.add_argument("command", metavar="COMMAND", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _refuse_secrets(arguments: Sequence[str]) -> None:
    for argument in arguments:
        option, _, value = argument.partition("=")
        if option.lower() in _SECRET_OPTIONS or _SECRET.fullmatch(argument) or _SECRET.fullmatch(value):
            raise SecretAsArgument
