"""`nomba add`: a key into the inventory, its secret into the keyring."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import replace

from nomba_desktop.cli.describe import Json, key_json
from nomba_desktop.cli.desk import Desk, Services
from nomba_desktop.cli.handover import is_plain
from nomba_desktop.cli.problems import Usage
from nomba_desktop.cli.report import Result, Told, report
from nomba_desktop.cli.sign_in import YES
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.environments import LIVE, SANDBOX
from nomba_desktop.domain.errors import AskFirst, DraftRejected, NombaDesktopError
from nomba_desktop.domain.keys import ApiKey, FieldRemark, KeyDraft, Role, SharedUse
from nomba_desktop.domain.paste import Pasted, recognise
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.text import clean
from nomba_desktop.services.sessions import Sessions

DESKTOP_WARNING = Told(
    "",
    "Nomba advises against secrets on desktops until its PKCE sign-in opens",
    "A copy kept here is protected by your login keyring, not more.",
    "This is said once.",
)
_SHARED = {
    "yes": SharedUse.YES_OR_NOT_SURE,
    "not-sure": SharedUse.YES_OR_NOT_SURE,
    "no": SharedUse.ONLY_HERE,
}
_UNSURE = {"account_id": "--account-id", "client_id": "--client-id", "secret": "--secret-stdin"}


class AddCommand:
    """Adds a key. Its secret comes by prompt or on standard input, never as an argument."""

    name = "add"
    summary = "Add a key; its secret comes by prompt or on standard input."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal) -> None:
        self._desk, self._terminal = desk, terminal

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """The fields of a key."""
        parser.add_argument("--name", default="", help="what you call it")
        parser.add_argument(
            "--environment",
            choices=[LIVE.id, SANDBOX.id, "practice"],
            help="where it lives; nothing is preset",
        )
        parser.add_argument("--account-id", default="", metavar="UUID", help="the parent account's ID")
        parser.add_argument("--client-id", default="", metavar="UUID", help="the key's client ID")
        parser.add_argument(
            "--server-uses-it",
            choices=list(_SHARED),
            help="does a server also sign in with this key? Yes or not sure: nothing happens by itself, and what "
            "would end the server's session asks first",
        )
        parser.add_argument("--role", choices=[role.value for role in Role], default=Role.ADMIN.value)
        parser.add_argument("--role-note", default="", metavar="TEXT")
        parser.add_argument("--tags", default="", metavar="A,B")
        parser.add_argument("--notes", default="", metavar="TEXT")
        given = parser.add_mutually_exclusive_group()
        given.add_argument(
            "--secret-stdin", action="store_true", help="the client secret is on standard input, alone"
        )
        given.add_argument(
            "--paste-stdin",
            action="store_true",
            help="standard input is a copy of the dashboard, JSON, .env lines or a message: ids and secret are found "
            "in it; what options say wins",
        )
        parser.add_argument("--sign-in", action="store_true", help="sign in with it at once")
        parser.add_argument("--yes", action="store_true", help=YES)

    def run(self, options: argparse.Namespace) -> int:
        """Add it."""

        def added() -> Result:
            pasted = self._pasted(options)
            secret = self._secret(options, pasted)
            draft = _draft(options, pasted, secret)
            if options.sign_in and draft.shared_use is not SharedUse.ONLY_HERE and not options.yes:
                raise AskFirst("A server may sign in with this key too. It was not added.")

            async def work(services: Services) -> Result:
                await services.open_secrets()  # the activity log needs them too
                return await _add(services, draft, secret, trimmed=pasted.trimmed)

            async def and_sign_in(services: Services, sessions: Sessions) -> Result:
                result = await _add(services, draft, secret, trimmed=pasted.trimmed)
                return await _sign_in(services, sessions, result, confirmed=options.yes)

            if options.sign_in:
                return self._desk.with_sessions(and_sign_in)
            return self._desk.with_keys(work)

        return report(self._terminal, self.name, options.json, added)

    def _pasted(self, options: argparse.Namespace) -> Pasted:
        if not options.paste_stdin:
            return Pasted()
        if self._terminal.has_person and not options.json:
            self._terminal.tell("Paste the text, then press Ctrl+D (on Windows Ctrl+Z and Enter).")
        pasted = recognise(self._terminal.read_all())
        if pasted.found_nothing:
            raise DraftRejected("No account ID, client ID or secret was recognised on standard input.")
        doubtful = [_UNSURE[kind] for kind in pasted.unsure if not _is_given(options, kind)]
        if doubtful:
            raise DraftRejected(
                "The text does not say for certain which value is which. Compare with the dashboard and give "
                f"{', '.join(doubtful)}."
            )
        return pasted

    def _secret(self, options: argparse.Namespace, pasted: Pasted) -> Secret:
        if pasted.secret is not None:
            return pasted.secret
        if options.secret_stdin:
            return Secret(self._terminal.read_all().strip())
        if not self._terminal.has_person or options.paste_stdin:
            raise Usage("There is no client secret: use --secret-stdin, or a terminal that can ask for it.")
        try:
            return self._terminal.ask_secret(
                "Client secret (called private key in the dashboard; not shown): "
            )
        except EOFError:
            raise Usage("No client secret was entered.") from None


def _is_given(options: argparse.Namespace, kind: str) -> bool:
    return bool(getattr(options, kind, ""))


def _draft(options: argparse.Namespace, pasted: Pasted, secret: Secret) -> KeyDraft:
    return KeyDraft(
        name=options.name,
        environment_id=options.environment,
        account_id=options.account_id or pasted.account_id,
        client_id=options.client_id or pasted.client_id,
        secret_length=len(secret),
        secret_is_plain=is_plain(secret),
        role=Role(options.role),
        role_note=options.role_note,
        tags=options.tags,
        notes=options.notes,
        shared_use=_SHARED[options.server_uses_it] if options.server_uses_it else None,
    )


async def _add(services: Services, draft: KeyDraft, secret: Secret, *, trimmed: bool) -> Result:
    remarks = services.keys.check(draft)
    key = await services.keys.add(draft, secret)
    if not isinstance(key, ApiKey):
        raise _rejected(key)
    warnings = [Told("", remark.sentence, "", "") for remark in remarks if not remark.blocks]
    warnings += await _warning(services)
    lines = [f"Added “{clean(key.name, 80)}”. Its secret is in the keyring, bound to {key.host}."]
    if trimmed:
        lines.append("White space around a value was removed.")
    return Result({"key": key_json(key)}, lines, warnings)


async def _sign_in(services: Services, sessions: Sessions, added: Result, *, confirmed: bool) -> Result:
    """Signing in failed is no reason to lose what was saved: the key is told, and the error beside it."""
    key = next(k for k in services.state.snapshot.keys.values() if key_json(k) == added.data["key"])
    sessions.observe([key])
    data: Json = dict(added.data)
    try:
        held = await sessions.sign_in(key.id, confirmed=confirmed)
    except NombaDesktopError as error:
        return replace(added, data={**data, "signed_in": False}, problem=error)
    line = f"Signed in with it: generation {held.generation}."
    return replace(added, data={**data, "signed_in": True}, lines=[*added.lines, line])


async def _warning(services: Services) -> list[Told]:
    settings = services.settings
    if settings.secrets_warning_seen or services.settings_mistaken:
        return []
    with suppress(NombaDesktopError):  # then it is said again next time
        await services.save_settings(replace(settings, secrets_warning_seen=True))
    return [DESKTOP_WARNING]


def _rejected(remarks: tuple[FieldRemark, ...]) -> DraftRejected:
    return DraftRejected(" ".join(remark.sentence for remark in remarks if remark.blocks))
