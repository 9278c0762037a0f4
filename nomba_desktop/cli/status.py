"""`nomba status`: sessions as every program of the user sees them. No server is asked."""

from __future__ import annotations

import argparse

from nomba_desktop.cli.describe import environment_name, key_json, row, session_json
from nomba_desktop.cli.desk import Desk, Services
from nomba_desktop.cli.report import Result, report
from nomba_desktop.cli.select import find
from nomba_desktop.cli.tables import table
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.errors import SealBroken
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.record import EMPTY, SessionRecord
from nomba_desktop.domain.text import clean
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.sessions import Sessions


class StatusCommand:
    """Shows state, time left and what comes next."""

    name = "status"
    summary = "Show the sessions: state, time left, what comes next."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal, clock: Clock) -> None:
        self._desk, self._terminal, self._clock = desk, terminal, clock

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`[KEY ...]`."""
        parser.add_argument("keys", metavar="KEY", nargs="*", help="only these keys")

    def run(self, options: argparse.Namespace) -> int:
        """Show them."""

        async def work(services: Services, sessions: Sessions) -> Result:
            every = services.state.snapshot.keys.values()
            chosen = [find(every, text) for text in options.keys] or sorted(
                every, key=lambda key: key.name.casefold()
            )
            return self._shown(services, sessions, list(dict.fromkeys(chosen)))

        return report(self._terminal, self.name, options.json, lambda: self._desk.with_sessions(work))

    def _shown(self, services: Services, sessions: Sessions, keys: list[ApiKey]) -> Result:
        snapshot, now = services.state.snapshot, self._clock.now()
        rows, data = [], []
        for key in keys:
            session = snapshot.session(key.id)
            place = environment_name(key, snapshot.environments.get(key.environment_id))
            rows.append((clean(key.name, 80), place, *row(key, session, now)))
            data.append({"key": key_json(key), "session": session_json(session, _record(sessions, key), now)})
        head = ("NAME", "ENVIRONMENT", "STATE", "LEFT", "NEXT")
        lines = table(head, rows) if rows else ["There are no keys yet. Add one with nomba add."]
        return Result({"now": int(now), "sessions": data}, lines)


def _record(sessions: Sessions, key: ApiKey) -> SessionRecord:
    try:
        return sessions.record(key)
    except SealBroken:
        return EMPTY  # its session says so
