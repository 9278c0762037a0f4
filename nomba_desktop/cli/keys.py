"""`nomba keys`: the inventory."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from nomba_desktop.cli.describe import environment_name, key_json
from nomba_desktop.cli.desk import Desk, Services
from nomba_desktop.cli.report import Result, report
from nomba_desktop.cli.tables import table
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.text import clean

#: Names of all keys, read without opening the store; None where that can't be done.
Names = Callable[[], list[str] | None]


class KeysCommand:
    """Lists the keys; asks neither keyring nor Nomba."""

    name = "keys"
    summary = "List the keys."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal, names: Names = lambda: None) -> None:
        self._desk, self._terminal, self._names = desk, terminal, names

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`--names`."""
        parser.add_argument(
            "--names", action="store_true", help="names alone, one on a line (for completion)"
        )

    def run(self, options: argparse.Namespace) -> int:
        """List them."""
        if options.names:
            return report(self._terminal, self.name, options.json, self._only_names)
        return report(self._terminal, self.name, options.json, lambda: self._desk.with_keys(_listed))

    def _only_names(self) -> Result:
        names = self._names()
        if names is not None:
            return _names_result(names)
        return self._desk.with_keys(_named)


async def _named(services: Services) -> Result:
    return _names_result([key.name for key in services.state.snapshot.keys.values()])


def _names_result(names: list[str]) -> Result:
    cleaned = sorted((clean(name, 80) for name in names), key=str.casefold)
    return Result({"names": cleaned}, cleaned)


async def _listed(services: Services) -> Result:
    snapshot = services.state.snapshot
    keys = sorted(snapshot.keys.values(), key=lambda key: key.name.casefold())
    rows = [
        (
            clean(key.name, 80),
            environment_name(key, snapshot.environments.get(key.environment_id)),
            key.masked_client_id,
            key.role.value,
            key.state.value,
            "on" if key.auto_refresh else "off",
        )
        for key in keys
    ]
    head = ("NAME", "ENVIRONMENT", "CLIENT ID", "ROLE", "STATE", "REFRESH")
    lines = table(head, rows) if rows else ["There are no keys yet. Add one with nomba add."]
    return Result({"keys": [key_json(key) for key in keys]}, lines)
