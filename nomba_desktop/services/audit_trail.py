"""From what happened to the activity log: listens to the shared state, and takes facts that others tell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields

from nomba_desktop.domain.audit import Fact, Fingerprint, Result, What
from nomba_desktop.domain.cutoff import Outcome, Receipt
from nomba_desktop.domain.errors import NombaDesktopError, StoreError
from nomba_desktop.domain.keys import ApiKey, KeyState
from nomba_desktop.domain.record import EMPTY, SessionRecord
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import Life, Refreshing, Session, SigningIn, TakenAway, Unknown
from nomba_desktop.domain.snapshot import Snapshot
from nomba_desktop.services.audit import AuditLog
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.state import State
from nomba_desktop.services.tasks import Report, Tasks

_BY_STATE = {
    KeyState.ACTIVE: What.RESUMED,
    KeyState.SUSPENDED: What.SUSPENDED,
    KeyState.REVOKING: What.CUT_OFF,
    KeyState.REVOKED: What.REVOKED,
}
_SETTLED = frozenset({Outcome.PROVED, Outcome.REFUSED, Outcome.NOTHING, Outcome.CLOSED})


class Trail:
    """Writes facts into the log, in order, in the background. Used from the loop's thread alone.

    `record` reads a key's session record, `fingerprint` names a token, `me` is this process as records name it: a
    session that another process renewed is that process's fact. Errors go to `report`.
    """

    def __init__(
        self,
        *,
        log: AuditLog,
        state: State,
        tasks: Tasks,
        clock: Clock,
        record: Callable[[ApiKey], SessionRecord],
        fingerprint: Callable[[Secret], str],
        me: str,
        report: Report,
    ) -> None:
        self.log = log
        self._tasks, self._clock, self._report = tasks, clock, report
        self._record, self._fingerprint, self._me = record, fingerprint, me
        self._queue: list[Fact] = []
        self._writing = asyncio.Lock()
        self.stop = state.subscribe(self._changed)

    def tell(self, *facts: Fact) -> None:
        """Write these down soon; for what the shared state doesn't show."""
        if facts:
            self._queue += facts
            self._tasks.spawn(self.settle(), name="write the activity log")

    async def settle(self) -> None:
        """Return once everything told so far is written, or was reported as not written."""
        async with self._writing:
            while self._queue:
                batch = tuple(self._queue)
                self._queue.clear()
                await self._reported(self.log.append(*batch))
            await self._reported(self.log.pay_anchor())  # whoever did it before may have been cancelled

    async def _reported(self, work: Awaitable[object]) -> None:
        try:
            await work
        except NombaDesktopError as error:
            self._report("write the activity log", error)

    def _changed(self, before: Snapshot, after: Snapshot) -> None:
        facts: list[Fact] = []
        if before.loaded and before.keys is not after.keys:
            facts += self._keys_changed(before, after)
        if before.sessions is not after.sessions:
            for key in after.keys.values():
                was, now = before.session(key.id), after.session(key.id)
                if was != now and not isinstance(was, Unknown):
                    facts += self._session_changed(key, was, now)
        self.tell(*facts)

    def _keys_changed(self, before: Snapshot, after: Snapshot) -> list[Fact]:
        facts = [fact_of(key, What.KEY_FORGOTTEN) for key in before.keys.values() if key.id not in after.keys]
        for key in after.keys.values():
            was = before.keys.get(key.id)
            if was is None:
                facts.append(fact_of(key, What.KEY_ADDED))
            elif was != key:
                facts.append(self._edited(was, key))
        return facts

    def _edited(self, was: ApiKey, key: ApiKey) -> Fact:
        if (was.state, was.steps_left) == (key.state, key.steps_left):
            names = [part.name for part in fields(key) if getattr(was, part.name) != getattr(key, part.name)]
            return fact_of(key, What.KEY_EDITED, evidence=", ".join(names))
        debt = self._read(key).debt
        return fact_of(
            key,
            What.CUT_OFF_STEP if was.state is key.state else _BY_STATE[key.state],
            Result.OPEN if key.steps_left else Result.OK,
            operator=debt.operator if debt else "",
            reason=debt.reason if debt else "",
            evidence=f"steps left: {key.steps_left}" if key.state is not KeyState.ACTIVE else "",
        )

    def _session_changed(self, key: ApiKey, was: Session, now: Session) -> list[Fact]:
        if isinstance(now, TakenAway):
            if isinstance(was, TakenAway):
                return []
            evidence = "sure" if now.certain else "cause not known"
            return [fact_of(key, What.TAKEN_ELSEWHERE, Result.FAILED, evidence=evidence)]
        calling = isinstance(was, Refreshing | SigningIn)
        life, known = _life(now), _life(was)
        since = was.since if isinstance(was, Refreshing | SigningIn) else self._clock.now()
        duration = max(0.0, self._clock.now() - since)
        if life is not None and (known is None or known.generation != life.generation):
            return self._renewed(key, What.REFRESHED if known else What.SIGNED_IN, duration)
        if not calling or isinstance(now, Refreshing | SigningIn):
            return []
        failure = self._read(key).failure
        if failure is None or failure.at < since:
            return []
        what = What.REFRESH_FAILED if known else What.SIGN_IN_FAILED
        evidence = f"{failure.reference} {failure.sentence or failure.title}"
        return [fact_of(key, what, Result.FAILED, duration=duration, evidence=evidence)]

    def _renewed(self, key: ApiKey, what: What, duration: float) -> list[Fact]:
        record = self._read(key)
        if record.tokens is None or record.tokens.renewed_by != self._me:
            return []
        held = (record.tokens.access, record.tokens.refresh)
        marks = tuple(Fingerprint(self._fingerprint(token)) for token in held if token is not None)
        evidence = f"generation {record.generation}"
        return [fact_of(key, what, duration=duration, evidence=evidence, fingerprints=marks)]

    def _read(self, key: ApiKey) -> SessionRecord:
        try:
            return self._record(key)
        except StoreError:
            return EMPTY  # its session says so


def fact_of(
    key: ApiKey,
    what: What,
    result: Result = Result.OK,
    *,
    operator: str = "",
    reason: str = "",
    duration: float = 0.0,
    evidence: str = "",
    fingerprints: tuple[Fingerprint, ...] = (),
) -> Fact:
    """A fact about a key."""
    return Fact(what, result, key.id, key.name, operator, reason, duration, evidence, fingerprints)


def facts_of_receipt(key: ApiKey, receipt: Receipt) -> tuple[Fact, ...]:
    """One fact for each step of a cut-off, with its evidence."""
    return tuple(
        fact_of(
            key,
            What.CUT_OFF_STEP,
            Result.OK if line.outcome in _SETTLED else Result.OPEN,
            operator=receipt.operator,
            reason=receipt.reason,
            duration=receipt.took,
            evidence=f"{line.step.value}: {line.word()}; {line.evidence.words()}".rstrip("; "),
        )
        for line in receipt.lines
    )


def _life(session: Session) -> Life | None:
    life = getattr(session, "life", None)
    return life if isinstance(life, Life) else None
