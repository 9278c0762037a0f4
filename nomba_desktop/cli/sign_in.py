"""`nomba sign-in` and `nomba refresh`: what makes a token."""

from __future__ import annotations

import argparse

from nomba_desktop.cli.describe import key_json, moment
from nomba_desktop.cli.desk import Desk, Services
from nomba_desktop.cli.report import Result, report
from nomba_desktop.cli.select import find
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.countdown import span
from nomba_desktop.domain.errors import SignInNeeded
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.text import clean
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.renewer import Held
from nomba_desktop.services.sessions import Sessions

YES = "yes, although programs holding the present token get 401"


class SignInCommand:
    """Signs in; a session that lives already is taken as it is."""

    name = "sign-in"
    summary = "Sign in with a key; a session that lives already is taken as it is."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal, clock: Clock) -> None:
        self._desk, self._terminal, self._clock = desk, terminal, clock

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`KEY [--yes]`."""
        parser.add_argument("key", metavar="KEY", help="name, client ID, or the start of one")
        parser.add_argument("--yes", action="store_true", help=YES)

    def run(self, options: argparse.Namespace) -> int:
        """Sign in."""

        async def work(services: Services, sessions: Sessions) -> Result:
            key = find(services.state.snapshot.keys.values(), options.key)
            held = await sessions.sign_in(key.id, confirmed=options.yes)
            return _done("Signed in with", key, held, self._clock.now())

        return report(self._terminal, self.name, options.json, lambda: self._desk.with_sessions(work))


class RefreshCommand:
    """Replaces the present token, or adopts a newer one."""

    name = "refresh"
    summary = "Replace a key's token now."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal, clock: Clock) -> None:
        self._desk, self._terminal, self._clock = desk, terminal, clock

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`KEY [--generation N] [--yes]`."""
        parser.add_argument("key", metavar="KEY", help="name, client ID, or the start of one")
        parser.add_argument(
            "--generation",
            type=int,
            metavar="N",
            help="replace this generation, such as that of a token that got 401; a newer one that is there already "
            "is taken instead (default: the present one)",
        )
        parser.add_argument("--yes", action="store_true", help=YES)

    def run(self, options: argparse.Namespace) -> int:
        """Refresh."""

        async def work(services: Services, sessions: Sessions) -> Result:
            key = find(services.state.snapshot.keys.values(), options.key)
            record = sessions.record(key)
            if record.tokens is None:
                raise SignInNeeded(f"“{clean(key.name, 80)}” has no token to replace.")
            seen = record.generation if options.generation is None else options.generation
            held = await sessions.refresh_now(key.id, seen, confirmed=options.yes)
            return _done("Refreshed", key, held, self._clock.now())

        return report(self._terminal, self.name, options.json, lambda: self._desk.with_sessions(work))


def _done(what: str, key: ApiKey, held: Held, now: float) -> Result:
    data = {
        "key": key_json(key),
        "generation": held.generation,
        "expires_at": moment(held.expires_at),
        "expires_in": max(0, int(held.expires_at - now)),
    }
    return Result(
        data, [f"{what} “{clean(key.name, 80)}”: the token lives for {span(held.expires_at - now)}."]
    )
