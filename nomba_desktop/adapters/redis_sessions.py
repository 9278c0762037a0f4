"""Session records of a team of desktops: in Valkey or Redis for all, mirrored in this desktop's own store."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nomba_desktop.adapters import redis_scripts as scripts
from nomba_desktop.adapters.offload import to_its_end
from nomba_desktop.adapters.redis_judgement import Step, judge
from nomba_desktop.adapters.redis_leases import Lease, carried
from nomba_desktop.adapters.redis_rows import Row
from nomba_desktop.adapters.redis_team import TeamConnection
from nomba_desktop.adapters.sqlite_mirror import Mark, SqliteMirror
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import SealBroken, StoreUnavailable, TeamCacheAway, TeamRolledBack
from nomba_desktop.domain.moves import LeaseLost, restored
from nomba_desktop.domain.record import EMPTY, CallKind, Intent, SessionRecord
from nomba_desktop.domain.renewal import DEFAULT_POLICY, Policy
from nomba_desktop.domain.team import folded
from nomba_desktop.services.ports import Chance, Clock, Move

_MOST_TRIES = 200
#: Rows that one question asks for.
_AT_ONCE = 100
_BUSY = "The other desktops of the team keep changing this session."


@dataclass(frozen=True, slots=True)
class _At:
    """A row as it was found in the store's present epoch, and the record in it."""

    session: SessionId
    epoch: str
    row: Row | None
    record: SessionRecord

    @property
    def revision(self) -> int:
        return self.row.revision if self.row else 0

    @property
    def base(self) -> int:
        return self.row.base if self.row else 0


class TeamSessionStore:
    """`SessionStore` on a team's server.

    `read` is the mirror's: local, without network, and kept fresh by `TeamFollower`. `apply` asks the server, runs
    the move, and writes with one atomic step that compares epoch, version and, while this task holds the session's
    lease, the fencing number; then it mirrors. Beside what a `SessionStore` raises: `TeamCacheAway` (the write may
    have been done if its answer was lost; the same move given again finds out), `LeaseLost`, `SealBroken`.

    What the server shows older than this desktop has seen becomes no state: `on_rollback` is told, and what is known
    is put back in doubt.
    """

    def __init__(
        self,
        team: TeamConnection,
        mirror: SqliteMirror,
        clock: Clock,
        chance: Chance,
        me: str,
        *,
        on_rollback: Callable[[TeamRolledBack], None],
        policy: Policy = DEFAULT_POLICY,
        lease_seconds: float = 15.0,
    ) -> None:
        self._team, self._mirror, self._clock, self._chance = team, mirror, clock, chance
        self._me, self._policy, self._on_rollback = me, policy, on_rollback
        self._lease_ms = int(lease_seconds * 1000)
        self._names: dict[SessionId, str] = {}
        self._followed: dict[str, SessionId] = {}
        self._each: defaultdict[SessionId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unsure: dict[SessionId, tuple[Row, Move]] = {}
        self._epoch = ""
        self._alarmed: set[tuple[SessionId, bytes]] = set()
        self._wanted = asyncio.Event()
        self._unfetched: set[SessionId] = set()

    # -- SessionStore ------------------------------------------------------------------------------------------------

    def read(self, session: SessionId) -> SessionRecord:
        """The mirror's record now, `EMPTY` where there is none. Raises `StoreError`."""
        self.follow(session)
        return self._mirror.read(session)

    async def apply(self, session: SessionId, move: Move) -> SessionRecord:
        """Apply a move for the whole team; returns the new record."""
        self.follow(session)
        try:
            return await to_its_end(self._apply(session, move))
        except TeamCacheAway:
            if not self._team.alone:
                raise
        return await self._mirror.apply_alone(session, move)

    def changed(self) -> bool:
        """Whether any process of this desktop, this one too, may have mirrored something since the last call."""
        return self._mirror.changed()

    async def forget(self, session: SessionId) -> None:
        """Delete the record for the whole team. A mirrored record that doesn't open is deleted here only."""
        try:
            self._mirror.read(session)
        except SealBroken:
            await self._mirror.forget(session)
            return
        await self.apply(session, _forgotten)

    # -- more than a SessionStore --------------------------------------------------------------------------------------

    def waits_for_others(self, session: SessionId) -> bool:
        """Whether the store may have lost this session, nothing of it is known here, and another desktop may know."""
        return self._mirror.mark(session) is None and self._mirror.epochs() > 1

    def follow(self, session: SessionId) -> None:
        """Keep this session's mirror fresh from now on."""
        if session not in self._names:
            name = self._names[session] = self._team.sealer.id(session)
            self._followed[name] = session
            self._unfetched.add(session)
            self._wanted.set()

    def followed(self, name: str) -> SessionId | None:
        """The session with that name in the store, if it is followed."""
        return self._followed.get(name)

    def is_mirrored(self, session: SessionId, revision: int) -> bool:
        """Whether the mirror has that revision of the present epoch already."""
        mark = self._mirror.mark(session)
        return (
            mark is not None
            and not mark.alone
            and mark.epoch == self._epoch == self._team.epoch
            and mark.revision >= revision
        )

    async def refresh(self, session: SessionId) -> SessionRecord:
        """Look at the server and make row and mirror agree; returns the record. Raises like `apply`."""
        self.follow(session)
        return await to_its_end(self._refresh(session))

    async def refresh_all(self) -> list[SealBroken]:
        """Look at all sessions followed or mirrored; returns what did not open. Raises `TeamCacheAway`."""
        for session in self._mirror.marked():
            self.follow(session)
        self._unfetched.clear()
        return await self._refresh_many(list(self._followed.values()))

    async def refresh_wanted(self) -> list[SealBroken]:
        """Wait until somebody reads a session that was never looked at, and look; returns what did not open."""
        await self._wanted.wait()
        self._wanted.clear()
        sessions = list(self._unfetched)
        self._unfetched.clear()
        return await self._refresh_many(sessions)

    # -- reading and judging -------------------------------------------------------------------------------------------

    async def _refresh_many(self, sessions: Sequence[SessionId]) -> list[SealBroken]:
        broken: list[SealBroken] = []
        for start in range(0, len(sessions), _AT_ONCE):
            part = sessions[start : start + _AT_ONCE]
            epoch, rows = await self._fetch(part)
            for session, row in zip(part, rows, strict=True):
                if not self._agrees(session, epoch, row, self._mirror.mark(session)):
                    try:
                        await self.refresh(session)
                    except SealBroken as error:
                        broken.append(error)
        return broken

    async def _refresh(self, session: SessionId) -> SessionRecord:
        async with self._each[session]:
            return (await self._settled(session)).record

    async def _fetch(self, sessions: Sequence[SessionId]) -> tuple[str, list[Row | None]]:
        keys = [self._team.name("s", self._team.sealer.id(session)) for session in sessions]
        epoch, rows = await self._team.run(scripts.READ, keys)
        if epoch != self._epoch:
            await self._mirror.saw_epoch(epoch)
            self._epoch = epoch
        return epoch, [Row.read(fields) for fields in rows]

    def _agrees(self, session: SessionId, epoch: str, row: Row | None, mark: Mark | None) -> bool:
        if row is None or mark is None:
            return row is None and mark is None and self._mirror.read(session) == EMPTY
        seen = (mark.epoch, mark.revision, mark.head)
        return not mark.alone and row.epoch == epoch and seen == (row.epoch, row.revision, row.head)

    async def _settled(self, session: SessionId) -> _At:
        """The row, after whatever it takes that mirror and row agree in the present epoch."""
        for _ in range(_MOST_TRIES):
            # In this order: what another process of this desktop writes meanwhile makes the record newer than the
            # mark and the row, never older, and then the compare-and-set fails.
            mark = self._mirror.mark(session)
            epoch, (row,) = await self._fetch([session])
            known = self._mirror.read(session)
            if self._agrees(session, epoch, row, mark):
                return _At(session, epoch, row, known)
            found = self._team.sealer.open(session, row) if row is not None else EMPTY
            judged = judge(epoch, row, found, mark, known)
            if judged.lost and mark is not None:
                self._alarm(session, mark, row, known)
            if judged.renew:
                await self._team.renew_epoch(epoch)
                continue
            if judged.step is Step.NOTHING:
                return _At(session, epoch, row, known)
            if judged.step is Step.ADOPT and row is not None:
                await self._mirror.put(session, found, Mark(row.epoch, row.revision, row.head), mark)
                continue
            at = _At(session, epoch, row, found)
            highest = max(at.revision, mark.revision if mark else 0)
            base = at.base if judged.step is Step.SEND else highest
            record = self._put_together(judged.step, found, known)
            await self._write(at, record, revision=highest + 1, base=base, mark=mark)
        raise StoreUnavailable(_BUSY)

    def _put_together(self, step: Step, found: SessionRecord, known: SessionRecord) -> SessionRecord:
        """What the store gets in place of `found`."""
        now = self._clock.now()
        intent = Intent(CallKind.RESTORED, known.generation, self._me, now, self._chance.token())
        match step:
            case Step.SEND:
                return known
            case Step.PUT_BACK:
                return restored(known, intent)
            case Step.CONFIRM:
                return folded(found, found, intent, now, self._policy)
            case _:
                return folded(found, known, intent, now, self._policy)

    def _alarm(self, session: SessionId, mark: Mark, row: Row | None, known: SessionRecord) -> None:
        if (session, mark.head) in self._alarmed:
            return
        self._alarmed.add((session, mark.head))
        shown = "nothing of it any more" if row is None else f"version {row.generation} ({row.revision})"
        self._on_rollback(
            TeamRolledBack(
                f"This desktop saw version {known.generation} ({mark.revision}) of a session; "
                f"the team cache has {shown}."
            )
        )

    # -- writing -------------------------------------------------------------------------------------------------------

    async def _apply(self, session: SessionId, move: Move) -> SessionRecord:
        async with self._each[session]:
            for _ in range(_MOST_TRIES):
                at = await self._settled(session)
                if self._was_written(session, at.row, move):
                    return at.record
                after = move(at.record)
                if after == at.record:
                    return after
                revision = at.revision + 1
                base = revision if move is _forgotten else at.base
                mark, lease = self._mirror.mark(session), carried(self._team, session)
                if await self._write(
                    at, after, revision=revision, base=base, mark=mark, move=move, lease=lease
                ):
                    return after
        raise StoreUnavailable(_BUSY)

    def _was_written(self, session: SessionId, row: Row | None, move: Move) -> bool:
        """Whether this very move was written by a try whose answer was lost."""
        unsure = self._unsure.get(session)
        if unsure is None or unsure[1] is not move:
            return False
        del self._unsure[session]
        return row is not None and row.head == unsure[0].head

    async def _write(
        self,
        at: _At,
        record: SessionRecord,
        *,
        revision: int,
        base: int,
        mark: Mark | None,
        move: Move | None = None,
        lease: Lease | None = None,
    ) -> bool:
        """One compare-and-set, and the mirror after it; False when somebody was faster."""
        if lease is not None and (lease.lost or lease.epoch != at.epoch):
            lease.lost = True
            raise LeaseLost
        name = self._team.sealer.id(at.session)
        row = self._team.sealer.seal(at.session, record, epoch=at.epoch, revision=revision, base=base)
        asked, asked_wall = self._clock.monotonic(), self._clock.now()
        try:
            _, (said, *extended) = await self._team.run(
                scripts.WRITE,
                [self._team.name(kind, name) for kind in ("s", "f", "l")],
                name,
                at.epoch,
                at.row.head if at.row else b"",
                lease.number if lease else "",
                lease.nonce if lease else "",
                self._lease_ms,
                row.revision,
                row.generation,
                row.base,
                row.schema,
                row.sealed,
            )
        except TeamCacheAway:
            if move is not None:
                self._unsure[at.session] = (row, move)
            raise
        if said == b"fence" and lease is not None:
            lease.lost = True
            raise LeaseLost
        if said != b"written":
            return False
        if lease is not None and extended == [1]:
            lease.extended(asked, asked_wall, self._lease_ms / 1000)
        # Another process of this desktop may have mirrored it, or what came after it, already.
        await self._mirror.put(at.session, record, Mark(at.epoch, revision, row.head), mark)
        return True


def _forgotten(_: SessionRecord) -> SessionRecord:
    return EMPTY
