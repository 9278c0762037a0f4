"""`nomba inspect`: what a token says. Nothing is sent, and nothing is stored."""

from __future__ import annotations

import argparse
from dataclasses import replace

from nomba_desktop.cli.describe import Json, key_json, moment
from nomba_desktop.cli.desk import Desk, OnSessions, Services
from nomba_desktop.cli.problems import Usage
from nomba_desktop.cli.report import Failed, Result, report
from nomba_desktop.cli.select import find
from nomba_desktop.cli.tables import facts
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.countdown import ago, derive_countdown
from nomba_desktop.domain.errors import SealBroken, SignInNeeded
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.text import clean
from nomba_desktop.domain.tokens import Claims, describe, read_claims
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.sessions import Sessions

_CAVEAT = "What the token says. Only Nomba can verify it."


class InspectCommand:
    """Decodes the stored token of a key, or one from standard input."""

    name = "inspect"
    summary = "Say what a token says: that of a key, or one from standard input."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal, clock: Clock) -> None:
        self._desk, self._terminal, self._clock = desk, terminal, clock

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`[KEY]`."""
        parser.add_argument(
            "key", metavar="KEY", nargs="?", help="read this key's token (default: one from standard input)"
        )

    def run(self, options: argparse.Namespace) -> int:
        """Decode it."""

        def stored() -> Result:
            return self._desk.with_sessions(self._of_key(options.key))

        def given() -> Result:
            token = self._given()
            claims = read_claims(token)  # what is no token needs no keyring
            try:
                return self._desk.with_sessions(self._of_token(token, claims))
            except Failed as closed:
                return replace(self._said(claims, len(token), "not_checked", None), warnings=(closed.told,))

        return report(self._terminal, self.name, options.json, stored if options.key is not None else given)

    def _given(self) -> Secret:
        if self._terminal.has_person:
            try:
                return self._terminal.ask_secret("Token (not shown): ")
            except EOFError:
                raise Usage("Nothing was entered.") from None
        text = self._terminal.read_all().strip()
        if not text:
            raise Usage("Give a token on standard input, or name a key.")
        return Secret(text)

    def _of_key(self, text: str) -> OnSessions:
        async def work(services: Services, sessions: Sessions) -> Result:
            key = find(services.state.snapshot.keys.values(), text)
            tokens = sessions.record(key).tokens
            if tokens is None:
                raise SignInNeeded(f"“{clean(key.name, 80)}” has no token to read.")
            claims = describe(tokens.access, tokens.refresh).claims
            return self._said(claims, len(tokens.access), "present", key)

        return work

    def _of_token(self, token: Secret, claims: Claims) -> OnSessions:
        async def work(services: Services, sessions: Sessions) -> Result:
            for key in services.state.snapshot.keys.values():
                try:
                    record = sessions.record(key)
                except SealBroken:
                    continue
                if record.tokens is not None and record.tokens.access == token:
                    return self._said(claims, len(token), "present", key)
                if any(end.access == token for end in (*record.superseded, *record.owed)):
                    return self._said(claims, len(token), "earlier", key)
            return self._said(claims, len(token), "unknown", None)

        return work

    def _said(self, claims: Claims, length: int, known: str, key: ApiKey | None) -> Result:
        now = self._clock.now()
        data: Json = {
            "known": known,
            "key": key_json(key) if key else None,
            "roles": list(claims.roles),
            "groups": list(claims.groups),
            "emails": list(claims.emails),
            "subject": claims.subject,
            "algorithm": claims.algorithm,
            "issued_at": moment(claims.issued_at or 0.0),
            "expires_at": moment(claims.expires_at or 0.0),
            "expired": claims.expires_at is not None and claims.expires_at <= now,
            "length": length,
            "others": dict(claims.others),
        }
        pairs = [
            ("Here", _known(known, key)),
            ("Expires", _expires(claims, now)),
            ("Issued", _issued(claims, now)),
            ("Roles", ", ".join(claims.roles) or "none"),
            ("Groups", ", ".join(claims.groups) or "none"),
            ("E-mail", ", ".join(claims.emails) or "none"),
            ("Subject", claims.subject or "none"),
            ("Signed with", claims.algorithm or "it does not say"),
            ("Length", f"{length} characters"),
            *claims.others,
        ]
        return Result(data, [_CAVEAT, *facts(pairs)])


def _known(known: str, key: ApiKey | None) -> str:
    name = clean(key.name, 80) if key else ""
    return {
        "present": f"the present token of “{name}”",
        "earlier": f"an earlier token of “{name}”",
        "not_checked": "the stored sessions are closed, so nobody can say whose it is",
    }.get(known, "not a present token of any key here")


def _expires(claims: Claims, now: float) -> str:
    if claims.expires_at is None:
        return "it does not say"
    left = derive_countdown(claims.expires_at, now)
    return f"{moment(claims.expires_at)}, {left.text if left.expired else f'in {left.text}'}"


def _issued(claims: Claims, now: float) -> str:
    if claims.issued_at is None:
        return "it does not say"
    passed = now - claims.issued_at
    return f"{moment(claims.issued_at)}, {ago(passed) if passed >= 0 else 'in the future by this clock'}"
