"""`nomba doctor`: whether this installation works, and what stands in the way for this user."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from nomba_desktop.cli.problems import ChecksFailed
from nomba_desktop.cli.report import Result, report
from nomba_desktop.cli.tables import table
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.text import clean


class Finding(Protocol):
    """One check: its stable name, a sentence when it is not ok, and facts for whoever reads them."""

    @property
    def name(self) -> str:
        """Stable name."""
        ...

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        ...

    @property
    def problem(self) -> str:
        """What is wrong and what to do."""
        ...

    @property
    def seconds(self) -> float:
        """How long it took."""
        ...

    @property
    def facts(self) -> Mapping[str, object]:
        """What was found."""
        ...


#: Examines everything; `ask` whether Nomba's hosts may be asked.
Examine = Callable[[bool], Sequence[Finding]]


class DoctorCommand:
    """Checks the installation on things of its own, then looks at the user's: keyring, store, locks, clock, places."""

    name = "doctor"
    summary = "Check this installation, the keyring, the store, the locks, the clock and the way to Nomba."
    takes_command = False

    def __init__(self, examine: Examine, terminal: Terminal) -> None:
        self._examine, self._terminal = examine, terminal

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """`--offline`."""
        parser.add_argument(
            "--offline",
            action="store_true",
            help="don't ask the hosts of your keys whether they answer (it takes one harmless read without a token)",
        )

    def run(self, options: argparse.Namespace) -> int:
        """Check everything."""

        def examined() -> Result:
            found = self._examine(not options.offline)
            wrong = [finding.name for finding in found if not finding.ok]
            rows = [("ok" if f.ok else "WRONG", f.name, f.problem or _told(f.facts)) for f in found]
            data = {
                "checks": [
                    {
                        "name": f.name,
                        "ok": f.ok,
                        "problem": f.problem,
                        "seconds": f.seconds,
                        "facts": dict(f.facts),
                    }
                    for f in found
                ]
            }
            problem = ChecksFailed(f"Not as it should be: {', '.join(wrong)}.") if wrong else None
            return Result(data, table(("", "CHECK", "WHAT"), rows), problem=problem)

        return report(self._terminal, self.name, options.json, examined)


def _told(facts: Mapping[str, object]) -> str:
    return clean(
        ", ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in facts.items()), 160
    )


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name} {part}" for name, part in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return str(value)
