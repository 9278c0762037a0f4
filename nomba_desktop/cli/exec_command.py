"""`nomba exec`: a command with the token in its environment, and nowhere else."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from nomba_desktop.cli.desk import Desk, Services
from nomba_desktop.cli.handover import environment
from nomba_desktop.cli.problems import NoSuchCommand, NotExecutable, Usage
from nomba_desktop.cli.quick import Quick, QuickToken
from nomba_desktop.cli.report import Result, Told, attempt, refuse, told, warn
from nomba_desktop.cli.select import find
from nomba_desktop.cli.sign_in import YES
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.errors import SecretBoundElsewhere
from nomba_desktop.domain.text import clean
from nomba_desktop.services.sessions import Sessions

#: Starts a command; on POSIX it takes the place of this process and never returns. Raises OSError.
Start = Callable[[Sequence[str], Mapping[str, str]], int]


if sys.platform == "win32":

    def start(command: Sequence[str], environ: Mapping[str, str]) -> int:
        """Run the command, leave Ctrl+C to it, and take over its exit code: Windows can't become another program."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return subprocess.run(list(command), env=dict(environ), check=False).returncode  # noqa: S603

else:

    def start(command: Sequence[str], environ: Mapping[str, str]) -> int:
        """Become the command: its exit code and the signals are its own. Returns only by raising."""
        os.execvpe(command[0], list(command), dict(environ))  # noqa: S606 - what the person asked for


class ExecCommand:
    """Runs a command with `NOMBA_ACCESS_TOKEN`, `NOMBA_ACCOUNT_ID` and `NOMBA_BASE_URL`."""

    name = "exec"
    summary = "Run a command with a key's token in its environment: nomba exec KEY -- COMMAND."
    takes_command = True

    def __init__(
        self,
        desk: Desk,
        terminal: Terminal,
        quick: Quick,
        environ: Mapping[str, str] = os.environ,
        start: Start = start,
    ) -> None:
        self._desk, self._terminal, self._quick = desk, terminal, quick
        self._environ, self._start = environ, start

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`KEY [--min-life SECONDS] [--yes] -- COMMAND`."""
        parser.usage = "nomba exec [-h] [--min-life SECONDS] [--yes] [--json] KEY -- COMMAND ..."
        parser.epilog = (
            "The token is not renewed while the command runs; --json is for errors before it starts."
        )
        parser.add_argument("key", metavar="KEY", help="name, client ID, or the start of one")
        parser.add_argument(
            "--min-life",
            type=float,
            metavar="SECONDS",
            help="renew the token unless it lives that long (default: 30, less for short-lived tokens)",
        )
        parser.add_argument("--yes", action="store_true", help=YES)

    def run(self, options: argparse.Namespace) -> int:
        """Fetch the token, then run the command; its exit code."""
        found: list[QuickToken] = []

        def fetch() -> Result:
            if not options.rest:
                raise Usage("No command: nomba exec KEY -- COMMAND.")
            quick = self._quick.token(options.key, options.min_life)
            if quick is not None and quick.base_url:
                found.append(quick)
                return Result()
            return self._desk.with_sessions(work)

        async def work(services: Services, sessions: Sessions) -> Result:
            key = find(services.state.snapshot.keys.values(), options.key)
            place = services.state.snapshot.environments.get(key.environment_id)
            if place is None or place.host != key.host:
                raise SecretBoundElsewhere(
                    f"“{clean(key.name, 80)}” belongs to {key.host}, which is no environment now."
                )
            held = await sessions.for_program(key.id, min_life=options.min_life, confirmed=options.yes)
            found.append(QuickToken(held.access, key.account_id, place.base_url))
            return Result()

        result = attempt(fetch)
        if isinstance(result, Told):
            return refuse(self._terminal, self.name, options.json, result)
        warn(self._terminal, result.warnings)
        return self._become(options, found[0])

    def _become(self, options: argparse.Namespace, token: QuickToken) -> int:
        environ = environment(self._environ, token.access, token.account_id, token.base_url)
        name = clean(options.rest[0], 120)
        try:
            return self._start(options.rest, environ)
        except (FileNotFoundError, NotADirectoryError):
            error: NoSuchCommand | NotExecutable = NoSuchCommand(f"“{name}” was not found.")
        except (OSError, ValueError) as problem:
            error = NotExecutable(
                f"“{name}”: {getattr(problem, 'strerror', None) or 'it holds a null byte'}."
            )
        return refuse(self._terminal, self.name, options.json, told(error))
