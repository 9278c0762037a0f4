"""`nomba token`: an access token alone on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nomba_desktop.cli.handover import check_screen, plain
from nomba_desktop.cli.terminal import Terminal

if TYPE_CHECKING:
    import argparse

    from nomba_desktop.cli.desk import Desk, Services
    from nomba_desktop.cli.quick import Quick, QuickToken
    from nomba_desktop.cli.report import Result
    from nomba_desktop.domain.keys import ApiKey
    from nomba_desktop.services.renewer import Held
    from nomba_desktop.services.sessions import Sessions


def write_token(terminal: Terminal, found: QuickToken) -> int:
    """The shortest way: a token that was at hand, to what is no screen."""
    terminal.write(plain(found.access) + "\n")
    return 0


class TokenCommand:
    """Hands out the token at hand, or renews it first; never signs in by itself."""

    name = "token"
    summary = "Print a key's access token, renewed where it has to be."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal, quick: Quick) -> None:
        self._desk, self._terminal, self._quick = desk, terminal, quick

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`KEY [--show] [--min-life SECONDS] [--yes]`."""
        from nomba_desktop.cli.sign_in import YES  # noqa: PLC0415 - the shortest way loads as little as it can

        parser.add_argument("key", metavar="KEY", help="name, client ID, or the start of one")
        parser.add_argument("--show", action="store_true", help="print it even to a terminal")
        parser.add_argument(
            "--min-life",
            type=float,
            metavar="SECONDS",
            help="renew it unless it lives that long (default: 30, less for short-lived tokens)",
        )
        parser.add_argument("--yes", action="store_true", help=YES)

    def run(self, options: argparse.Namespace) -> int:
        """Print it."""
        from nomba_desktop.cli.report import Result, report  # noqa: PLC0415

        async def work(services: Services, sessions: Sessions) -> Result:
            from nomba_desktop.cli.select import find  # noqa: PLC0415

            key = find(services.state.snapshot.keys.values(), options.key)
            held = await sessions.for_program(key.id, min_life=options.min_life, confirmed=options.yes)
            return Result(_fields(key, held), [plain(held.access)])

        def fetch() -> Result:
            check_screen(self._terminal, show=options.show)
            found = None if options.json else self._quick.token(options.key, options.min_life)
            if found is not None:
                return Result(lines=[plain(found.access)])
            return self._desk.with_sessions(work)

        return report(self._terminal, self.name, options.json, fetch)


def _fields(key: ApiKey, held: Held) -> dict[str, object]:
    from nomba_desktop.cli.describe import key_json, moment  # noqa: PLC0415

    return {
        "key": key_json(key),
        "token": plain(held.access),
        "generation": held.generation,
        "expires_at": moment(held.expires_at),
    }
