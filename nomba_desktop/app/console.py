"""Entry point of the `nomba` command. No Qt, not even by way of others, and nothing loaded before it is needed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from nomba_desktop.app.paths import Paths, user_paths

if TYPE_CHECKING:
    from nomba_desktop.app.core import Core
    from nomba_desktop.app.world import World
    from nomba_desktop.cli.command import Command
    from nomba_desktop.cli.doctor import Finding
    from nomba_desktop.cli.practice import Doll
    from nomba_desktop.cli.quick import Quick
    from nomba_desktop.cli.terminal import Terminal
    from nomba_desktop.domain.renewal import Policy
    from nomba_desktop.services.ports import Clock


class Program:
    """The command line of one profile. `world` is made when a command needs it; `quick` reads a token without it."""

    def __init__(
        self,
        terminal: Terminal,
        paths: Paths,
        quick: Quick,
        *,
        world: Callable[[Paths], World] | None = None,
        clock: Clock | None = None,
        policy: Policy | None = None,
        leave: Callable[[], None] = lambda: None,
    ) -> None:
        self._terminal, self._paths, self._quick = terminal, paths, quick
        self._world, self._clock, self._policy = world or _nomba_world, clock, policy
        self._leave = leave

    def run(self, arguments: Sequence[str]) -> int:
        """Run one command; returns its exit code."""
        from nomba_desktop.cli.problems import OutputLost

        try:
            return self._run(arguments)
        except KeyboardInterrupt:
            return 130
        except (OutputLost, BrokenPipeError):
            self._leave()
            return 141

    def _run(self, arguments: Sequence[str]) -> int:
        if _is_plain_token(arguments) and not self._terminal.shows_output:
            found = self._quick.token(arguments[1])
            if found is not None:
                from nomba_desktop.cli.token import write_token

                return write_token(self._terminal, found)
        gc.enable()
        from nomba_desktop.cli.command import run_command

        return run_command(self.commands(), arguments, _version, self._terminal)

    def commands(self) -> tuple[Command, ...]:
        """Every subcommand with what it works on."""
        from nomba_desktop.adapters.system_clock import SystemClock
        from nomba_desktop.cli.add import AddCommand
        from nomba_desktop.cli.audit import AuditCommand
        from nomba_desktop.cli.completion import CompletionCommand
        from nomba_desktop.cli.desk import Desk
        from nomba_desktop.cli.doctor import DoctorCommand
        from nomba_desktop.cli.exec_command import ExecCommand
        from nomba_desktop.cli.inspect import InspectCommand
        from nomba_desktop.cli.keys import KeysCommand
        from nomba_desktop.cli.leave import ForgetCommand, SignOutCommand
        from nomba_desktop.cli.practice import PracticeCommand
        from nomba_desktop.cli.sign_in import RefreshCommand, SignInCommand
        from nomba_desktop.cli.status import StatusCommand
        from nomba_desktop.cli.token import TokenCommand

        terminal, quick, desk = self._terminal, self._quick, Desk(self._core)
        clock = self._clock or SystemClock()
        return (
            KeysCommand(desk, terminal, quick.names),
            AddCommand(desk, terminal),
            SignInCommand(desk, terminal, clock),
            TokenCommand(desk, terminal, quick),
            RefreshCommand(desk, terminal, clock),
            StatusCommand(desk, terminal, clock),
            InspectCommand(desk, terminal, clock),
            ExecCommand(desk, terminal, quick),
            SignOutCommand(desk, terminal),
            ForgetCommand(desk, terminal),
            AuditCommand(desk, terminal),
            PracticeCommand(_practice, terminal),
            DoctorCommand(self._examine, terminal),
            CompletionCommand(self.commands, terminal),
        )

    def _core(self) -> Core:
        from nomba_desktop.app.core import Core
        from nomba_desktop.domain.renewal import DEFAULT_POLICY

        return Core(self._world(self._paths), self._policy or DEFAULT_POLICY)

    def _examine(self, ask: bool) -> Sequence[Finding]:
        from nomba_desktop.app.doctor import examine

        return examine(self._world(self._paths), ask=ask)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line on the user's profile and return the exit code (docs/command-line.md)."""
    gc.disable()  # a token that is at hand is handed out before the first garbage would be looked for
    try:
        from nomba_desktop.app.quick import QuickFiles
        from nomba_desktop.cli.terminal import abandon_output, standard

        paths = user_paths()
        program = Program(standard(), paths, QuickFiles(paths), leave=abandon_output)
        return program.run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        gc.enable()


def _is_plain_token(arguments: Sequence[str]) -> bool:
    return len(arguments) == 2 and arguments[0] == "token" and not arguments[1].startswith("-")


def _nomba_world(paths: Paths) -> World:
    from nomba_desktop.app.world import real_world

    return real_world("nomba", paths)


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
