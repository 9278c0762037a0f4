"""The activity log: append, look up, verify, export, retain (ADR 0012)."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Sequence

from nomba_desktop.domain.audit import (
    Checkpoint,
    Entry,
    Fact,
    Head,
    Link,
    Place,
    What,
    entry_of,
    linked,
    sealed_checkpoint,
)
from nomba_desktop.domain.audit_check import Verdict, Verifier
from nomba_desktop.domain.audit_export import csv_lines, json_text
from nomba_desktop.domain.errors import ActivityLogBroken, KeyringError
from nomba_desktop.services.audit_ports import EVERYTHING, AuditStore, Filter, Page
from nomba_desktop.services.ports import Clock, Vault

#: The keyring is told the end of the log every so many entries, and at each cut-off.
ANCHOR_EVERY = 50
CUT_OFFS = frozenset(
    {What.SUSPENDED, What.RESUMED, What.CUT_OFF, What.REVOKED, What.CUT_OFF_STEP, What.PRUNED}
)
#: Rows read at once for verifying and exporting.
CHUNK = 2000


class AuditLog:
    """One chain, written by all processes of the user. `key` is `chain_key(cache_key)`; `vault` holds the anchor."""

    def __init__(self, store: AuditStore, vault: Vault, clock: Clock, place: Place, key: bytes) -> None:
        self._store, self._vault, self._clock = store, vault, clock
        self._place, self._key = place, key
        self._owed = False

    async def append(self, *facts: Fact) -> tuple[Entry, ...]:
        """Write these down, durably, and anchor the log's end where that is due.

        Raises `StoreError`, then nothing was written; and `ActivityLogBroken` where the keyring knows of entries that
        are no longer there, then they were written. A keyring that is away only leaves the tail unanchored.
        """
        # Before the write: who is cancelled during it has written all the same.
        self._owed = self._owed or any(fact.what in CUT_OFFS for fact in facts)
        links = await self._store.append(lambda head: self._links(head, facts))
        self._owed = self._owed or _crossed(links)
        await self.pay_anchor()
        return tuple(link.entry for link in links)

    async def pay_anchor(self) -> None:
        """Anchor what is due and could not be anchored so far. Raises as `anchor`."""
        if self._owed:
            await self.anchor()

    async def anchor(self) -> bool:
        """Tell the keyring where the log ends; False while the keyring is away. Raises `ActivityLogBroken`.

        An anchor that the log contradicts is left as it is: it is the proof that something was cut off.
        """
        try:
            known = await self._vault.read_anchor()  # before the head: others may be appending
            head, checkpoints = await self._store.state()
            if known is not None:
                await self._agrees(known, head, checkpoints)
            if known is None or known.number < head.number:
                await self._vault.anchor(head)
        except KeyringError:
            self._owed = True
            return False
        except ActivityLogBroken:
            self._owed = False
            raise
        self._owed = False
        return True

    async def verify(self) -> Verdict:
        """Check every entry, the checkpoints and the anchor. Raises `StoreError`, `KeyringError`."""
        while True:
            anchor = await self._vault.read_anchor()  # before the rows: others may be appending
            _, checkpoints = await self._store.state()
            verdict = await self._verified(Verifier(self._key, checkpoints, anchor))
            if verdict.whole or (await self._store.state())[1] == checkpoints:
                return verdict  # else somebody dropped old entries meanwhile

    async def _verified(self, verifier: Verifier) -> Verdict:
        after = -(2**63)
        while rows := await self._store.rows(after, CHUNK):
            if not verifier.take(rows):
                break
            last = rows[-1]
            after = last.entry.number if isinstance(last, Link) else last.number
        return verifier.verdict()

    async def page(self, chosen: Filter = EVERYTHING, before: int | None = None, limit: int = 200) -> Page:
        """Up to `limit` entries, newest first, below the number `before`. Raises `StoreError`."""
        return await self._store.page(chosen, before, limit)

    async def count(self, chosen: Filter = EVERYTHING) -> int:
        """How many entries there are. Raises `StoreError`."""
        return await self._store.count(chosen)

    async def export_csv(self, chosen: Filter = EVERYTHING) -> str:
        """RFC 4180, newest first, safe to open in a spreadsheet. Raises `StoreError`."""
        return "".join(csv_lines([entry async for entry in self._every(chosen)]))

    async def export_json(self, chosen: Filter = EVERYTHING) -> str:
        """A JSON list, newest first. Raises `StoreError`."""
        return json_text([entry async for entry in self._every(chosen)])

    async def retain(self, seconds: float, operator: str = "") -> int:
        """Drop what is older than that, behind a chained checkpoint; returns how many entries.

        Raises `ActivityLogBroken` and drops nothing while verification finds something; `StoreError`, `KeyringError`.
        """
        verdict = await self.verify()
        if not verdict.whole:
            raise ActivityLogBroken(verdict.sentence)
        now = self._clock.now()

        def seal(last: Checkpoint | None, head: Head) -> Checkpoint:
            return sealed_checkpoint(self._key, last, head, now)

        def note(head: Head, last: int) -> Sequence[Link]:
            evidence = f"entries up to {last} dropped, older than {seconds / 86_400:g} days"
            return self._links(head, (Fact(What.PRUNED, operator=operator, evidence=evidence),))

        dropped = await self._store.prune(now - seconds, seal, note)
        if dropped:
            await self.anchor()
        return dropped

    async def _every(self, chosen: Filter) -> AsyncIterator[Entry]:
        before: int | None = None
        while True:
            page = await self._store.page(chosen, before, CHUNK)
            for entry in page.entries:
                yield entry
            if page.next_before is None:
                return
            before = page.next_before

    def _links(self, head: Head, facts: Sequence[Fact]) -> Sequence[Link]:
        now, links = self._clock.now(), []
        for fact in facts:
            link = linked(self._key, head, entry_of(fact, head.number + 1, now, self._place))
            links.append(link)
            head = Head(link.entry.number, link.mac)
        return links

    async def _agrees(self, known: Head, head: Head, checkpoints: tuple[Checkpoint, ...]) -> None:
        if checkpoints and known.number < checkpoints[-1].number:
            return
        mac = await self._store.mac_of(known.number) if known.number else known.mac
        if mac is None or not hmac.compare_digest(mac, known.mac):
            raise ActivityLogBroken(
                f"The keyring knows of {known.number} entries; the log has {head.number}, and they don't agree."
            )


def _crossed(links: Sequence[Link]) -> bool:
    if not links:
        return False
    first, last = links[0].entry.number, links[-1].entry.number
    return last // ANCHOR_EVERY > (first - 1) // ANCHOR_EVERY
