"""`nomba sign-out` and `nomba forget`: what takes a session or a key away."""

from __future__ import annotations

import argparse

from nomba_desktop.cli.describe import key_json
from nomba_desktop.cli.desk import Desk, Services
from nomba_desktop.cli.problems import EndOwed
from nomba_desktop.cli.report import Result, report
from nomba_desktop.cli.select import find
from nomba_desktop.cli.sign_in import YES
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.errors import AskFirst
from nomba_desktop.domain.keys import SharedUse
from nomba_desktop.domain.text import clean
from nomba_desktop.services.sessions import Sessions


class ForgetFirst(AskFirst):
    """A person has to agree before a key is forgotten."""

    title = "A key is forgotten only when a person agrees"
    hint = "Repeat it with --yes. To add the key again you need its secret from the dashboard."


class SignOutCommand:
    """Clears the token here and ends it at Nomba."""

    name = "sign-out"
    summary = "End a key's token at Nomba and clear it here."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal) -> None:
        self._desk, self._terminal = desk, terminal

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`KEY [--yes]`."""
        parser.add_argument("key", metavar="KEY", help="name, client ID, or the start of one")
        parser.add_argument("--yes", action="store_true", help=YES)

    def run(self, options: argparse.Namespace) -> int:
        """Sign out."""

        async def work(services: Services, sessions: Sessions) -> Result:
            key = find(services.state.snapshot.keys.values(), options.key)
            name = clean(key.name, 80)
            if key.shared_use is not SharedUse.ONLY_HERE and not options.yes:
                raise AskFirst(f"A server may be using the token of “{name}”, and it would end.")
            ended = await sessions.sign_out(key.id)
            services.note_signed_out(key, ended=ended)
            data = {"key": key_json(key), "ended_at_nomba": ended}
            if ended:
                return Result(data, [f"Signed out “{name}”: Nomba refuses its token now, or it had none."])
            owed = EndOwed(f"That the token of “{name}” ended there could not be proved.")
            return Result(data, [], problem=owed)

        return report(self._terminal, self.name, options.json, lambda: self._desk.with_sessions(work))


class ForgetCommand:
    """Deletes a key from this computer."""

    name = "forget"
    summary = "Delete a key, its token and its secret from this computer; nothing changes at Nomba."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal) -> None:
        self._desk, self._terminal = desk, terminal

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`KEY [--yes]`."""
        parser.add_argument("key", metavar="KEY", help="name, client ID, or the start of one")
        parser.add_argument(
            "--yes", action="store_true", help="yes, delete it (not needed for keys of Practice)"
        )

    def run(self, options: argparse.Namespace) -> int:
        """Forget it."""

        async def work(services: Services, sessions: Sessions) -> Result:
            key = find(services.state.snapshot.keys.values(), options.key)
            name = clean(key.name, 80)
            if key.environment_id != "practice" and not options.yes:
                raise ForgetFirst(
                    f"The entry of “{name}”, its token and its client secret would be deleted from this computer; "
                    "its session at Nomba would go on."
                )
            await services.keys.forget(key.id)
            return Result({"key": key_json(key)}, [f"Forgot “{name}”. Nothing changed at Nomba."])

        return report(self._terminal, self.name, options.json, lambda: self._desk.with_sessions(work))
