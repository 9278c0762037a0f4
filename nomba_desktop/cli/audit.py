"""`nomba audit`: the activity log."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from nomba_desktop.cli.desk import Desk, Services
from nomba_desktop.cli.problems import Usage
from nomba_desktop.cli.report import Result, report
from nomba_desktop.cli.select import echo, find
from nomba_desktop.cli.tables import table
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain import audit
from nomba_desktop.domain.audit_export import moment, plain_of
from nomba_desktop.domain.errors import ActivityLogBroken, StoreError
from nomba_desktop.domain.text import clean
from nomba_desktop.services.audit import AuditLog
from nomba_desktop.services.audit_ports import Filter
from nomba_desktop.services.sessions import Sessions


class AuditCommand:
    """Lists, verifies and exports the log."""

    name = "audit"
    summary = "List, verify or export the activity log."
    takes_command = False

    def __init__(self, desk: Desk, terminal: Terminal) -> None:
        self._desk, self._terminal = desk, terminal

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """The verb, and what chooses entries."""
        parser.add_argument("verb", choices=["list", "verify", "export"])
        parser.add_argument("--key", metavar="KEY", help="only entries of this key")
        parser.add_argument("--what", choices=[what.value for what in audit.What], help="only this event")
        parser.add_argument(
            "--result", choices=[result.value for result in audit.Result], help="only with this result"
        )
        parser.add_argument("--since", metavar="TIME", help="from this time on, UTC (2026-11-21T17:42:10Z)")
        parser.add_argument("--until", metavar="TIME", help="before this time, UTC")
        parser.add_argument("--text", default="", metavar="WORDS", help="only entries with these words")
        parser.add_argument(
            "--limit", type=int, default=50, metavar="N", help="list: at most so many (%(default)s)"
        )
        parser.add_argument(
            "--before", type=int, metavar="NUMBER", help="list: only entries before this number"
        )
        parser.add_argument("--format", choices=["csv", "json"], default="csv", help="export: the format")

    def run(self, options: argparse.Namespace) -> int:
        """Do one of the three."""

        async def work(services: Services, _: Sessions) -> Result:
            if services.trail is None:
                raise StoreError("The activity log is not open.")
            log = services.trail.log
            if options.verb == "verify":
                return await _verified(log)
            chosen = _filter(options, services)
            if options.verb == "list":
                return await _listed(log, chosen, options)
            text = await (log.export_csv(chosen) if options.format == "csv" else log.export_json(chosen))
            if not options.json:
                self._terminal.write(text)
            return Result({"format": options.format, "text": text})

        def checked() -> Result:
            if options.limit < 1:
                raise Usage("--limit is a number from 1.")
            return self._desk.with_sessions(work)

        return report(self._terminal, self.name, options.json, checked)


def _filter(options: argparse.Namespace, services: Services) -> Filter:
    key = find(services.state.snapshot.keys.values(), options.key) if options.key else None
    return Filter(
        key_id=key.id if key else None,
        what=frozenset({audit.What(options.what)}) if options.what else frozenset(),
        result=audit.Result(options.result) if options.result else None,
        since=_time(options.since),
        until=_time(options.until),
        text=options.text,
    )


def _time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{echo(text)} is no time. Write it as 2026-11-21T17:42:10Z.") from None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


async def _listed(log: AuditLog, chosen: Filter, options: argparse.Namespace) -> Result:
    page, total = await log.page(chosen, options.before, options.limit), await log.count(chosen)
    rows = [
        (
            str(entry.number),
            moment(entry.at)[:19].replace("T", " "),
            entry.what.value,
            entry.result.value,
            clean(entry.key_name, 40) or "-",
            clean(entry.operator or entry.system_user, 30),
            clean(f"{entry.host}, {entry.process}", 50),
            clean(". ".join(part for part in (entry.reason, entry.evidence) if part), 100),
        )
        for entry in page.entries
    ]
    head = ("NUMBER", "AT (UTC)", "WHAT", "RESULT", "KEY", "WHO", "WHERE", "EVIDENCE")
    lines = [*table(head, rows)] if rows else ["There are no such entries."]
    if page.next_before is not None:
        lines.append(f"{total} in all. The next ones: --before {page.next_before}")
    lines += [f"Entry {number} can't be read: nomba audit verify" for number in page.unreadable]
    data = {
        "entries": [plain_of(entry) for entry in page.entries],
        "total": total,
        "next_before": page.next_before,
        "unreadable": list(page.unreadable),
    }
    return Result(data, lines)


async def _verified(log: AuditLog) -> Result:
    verdict = await log.verify()
    data = {
        "first": verdict.first,
        "last": verdict.last,
        "dropped": verdict.dropped,
        "anchored": verdict.anchored,
        "unanchored": verdict.unanchored,
        "broken": verdict.broken,
        "finding": verdict.sentence,
    }
    if not verdict.whole:
        return Result(data, problem=ActivityLogBroken(verdict.sentence))
    if not verdict.last:
        return Result(data, ["The activity log is empty, and the keyring knows of no entries."])
    lines = [f"The activity log is whole up to entry {verdict.last}."]
    if verdict.dropped:
        lines.append(f"Entries up to {verdict.dropped} were dropped by retention, behind a checkpoint.")
    if verdict.unanchored:
        lines.append(
            f"{verdict.unanchored} at the end are not anchored in the keyring yet: if some were cut off behind them, "
            "nobody could tell."
        )
    return Result(data, lines)
