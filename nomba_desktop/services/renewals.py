"""The schedule: wakes at the next moment that matters and does what is due."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nomba_desktop.domain.clocks import NOTICEABLE_JUMP, Instant, clock_jump
from nomba_desktop.domain.errors import ApiError, KeyringError, SealBroken, SessionError, StoreError
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.schedule import Due, What, moments
from nomba_desktop.services.ports import Chance, Clock
from nomba_desktop.services.sessions import Sessions
from nomba_desktop.services.state import State
from nomba_desktop.services.tasks import Tasks

#: Never one long sleep: a computer that slept, or a clock that was set, is noticed within this many seconds.
LONGEST_NAP = 30.0


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    at: float
    key_id: KeyId
    version: int


class Renewals:
    """Renews, probes and re-judges keys by itself. `probe_every` is in seconds, 0 for never."""

    def __init__(
        self,
        *,
        state: State,
        sessions: Sessions,
        clock: Clock,
        chance: Chance,
        tasks: Tasks,
        probe_every: float = 300.0,
    ) -> None:
        self._state, self._sessions, self._clock, self._tasks = state, sessions, clock, tasks
        self._chance = chance
        self.probe_every = probe_every
        self._heap: list[_Entry] = []
        self._version: dict[KeyId, int] = {}
        self._planned: dict[KeyId, Due] = {}
        self._busy: set[tuple[KeyId, What]] = set()
        self._not_before: dict[tuple[KeyId, What], float] = {}
        self._failed: dict[tuple[KeyId, What], int] = {}
        self._dirty: set[KeyId] = set()
        self._wake = asyncio.Event()
        sessions.on_change(self._looked_at)

    def wake(self) -> None:
        """Judge everything again now: the computer woke up, the keyring is back, a setting changed."""
        self._not_before.clear()
        self._failed.clear()
        self._dirty.update(self._state.snapshot.keys)
        self._wake.set()

    def _looked_at(self, keys: Sequence[ApiKey]) -> None:
        self._dirty.update(key.id for key in keys)
        self._wake.set()

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            self._wake.clear()
            self._plan()
            self._do_due()
            before = Instant(self._clock.now(), self._clock.monotonic())
            await self._nap()
            after = Instant(self._clock.now(), self._clock.monotonic())
            if abs(clock_jump(before, after)) > NOTICEABLE_JUMP:
                self.wake()
                self._sessions.observe()

    def next_due(self) -> float | None:
        """Wall time of the next planned moment."""
        self._drop_stale()
        return self._heap[0].at if self._heap else None

    def _plan(self) -> None:
        now = self._clock.now()
        dirty, self._dirty = self._dirty, set()
        for key_id in dirty:
            key = self._state.snapshot.keys.get(key_id)
            due = self._first(key, now) if key is not None else None
            if due == self._planned.get(key_id):
                continue
            version = self._version[key_id] = self._version.get(key_id, 0) + 1
            if due is None:
                self._planned.pop(key_id, None)
            else:
                self._planned[key_id] = due
                heapq.heappush(self._heap, _Entry(due.at, key_id, version))

    def _first(self, key: ApiKey, now: float) -> Due | None:
        try:
            record = self._sessions.record(key)
        except SealBroken:
            return None  # shown as the session's state; a person decides
        except StoreError:
            return Due(now + LONGEST_NAP, What.JUDGE)
        dues = [
            replace(due, at=max(due.at, self._not_before.get((key.id, due.what), 0.0)))
            for due in moments(key, record, now, self.probe_every)
            if (key.id, due.what) not in self._busy
        ]
        return min(dues, key=lambda due: due.at, default=None)

    def _drop_stale(self) -> None:
        while self._heap and (
            self._heap[0].key_id not in self._planned
            or self._version.get(self._heap[0].key_id) != self._heap[0].version
        ):
            heapq.heappop(self._heap)

    def _do_due(self) -> None:
        now = self._clock.now()
        keys = self._state.snapshot.keys
        while (at := self.next_due()) is not None and at <= now:
            entry = heapq.heappop(self._heap)
            due = self._planned.pop(entry.key_id)
            key = keys.get(entry.key_id)
            if key is not None:
                self._start(key, due.what)

    def _start(self, key: ApiKey, what: What) -> None:
        if what is What.JUDGE:
            self._not_before[(key.id, what)] = self._clock.now() + 1.0
            self._sessions.observe([key])
            return
        if (key.id, what) in self._busy:
            return
        self._busy.add((key.id, what))
        if self._tasks.spawn(self._work(key, what), name=f"{what.value} “{key.name}”") is None:
            self._busy.discard((key.id, what))

    async def _work(self, key: ApiKey, what: What) -> None:
        ok = False
        try:
            match what:
                case What.RENEW:
                    before = self._sessions.record(key).generation
                    await self._sessions.renew_due(key.id)
                    if self._sessions.record(key).generation == before:
                        return  # no error, and no progress either: not at once again
                case What.PROBE:
                    await self._sessions.check(key.id)
                case What.PAY:
                    if not await self._sessions.pay_owed_ends(key.id):
                        return
            ok = True
        except (ApiError, SessionError):
            pass  # the record holds it, and every window shows it as the session's state
        except KeyringError as error:
            if error.permanent:
                raise
        finally:
            self._done(key.id, what, ok)

    def _done(self, key_id: KeyId, what: What, ok: bool) -> None:
        """Whatever happened, the same is not due again at once, also where the record can't hold it back."""
        each = (key_id, what)
        failed = self._failed[each] = 0 if ok else self._failed.get(each, 0) + 1
        if what is What.PROBE and ok:
            pause = self.probe_every
        else:
            longest = 300.0 if what is What.PAY else 60.0
            pause = min(longest, 2.0 ** min(failed, 9)) * (1 + 0.1 * self._chance.uniform())
        self._not_before[each] = self._clock.now() + pause
        self._busy.discard(each)
        self._dirty.add(key_id)
        self._wake.set()

    async def _nap(self) -> None:
        due = self.next_due()
        left = LONGEST_NAP if due is None else max(0.0, due - self._clock.now())
        sleep = asyncio.ensure_future(self._clock.sleep(min(left, LONGEST_NAP)))
        wake = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({sleep, wake}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleep, wake):
                task.cancel()
            await asyncio.gather(sleep, wake, return_exceptions=True)
