"""The schedule: what is due happens once, what can't succeed is not hammered, a thousand keys cost little."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest

from nomba_desktop.domain.errors import (
    AskFirst,
    BackingOff,
    KeyringLocked,
    NombaDesktopError,
    Offline,
    SealBroken,
    SecretBoundElsewhere,
    StoreUnavailable,
    Unexpected,
)
from nomba_desktop.domain.keys import ApiKey, KeyId, SharedUse
from nomba_desktop.domain.moves import MoveRefused
from nomba_desktop.domain.record import SessionRecord, Tokens
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import SignedIn
from nomba_desktop.domain.snapshot import InventoryLoaded
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.renewals import Renewals
from nomba_desktop.services.sessions import Sessions
from nomba_desktop.services.state import State
from nomba_desktop.services.tasks import Tasks
from tests.support.fakes.fixed_chance import FixedChance
from tests.support.office import Office
from tests.support.virtual_time import VirtualClock

pytestmark = pytest.mark.virtual_time


def an_api_key(number: int, *, auto: bool = True) -> ApiKey:
    return ApiKey(
        KeyId(f"k{number}"),
        f"Key {number}",
        "practice",
        "host",
        "account",
        f"client-{number}",
        shared_use=SharedUse.ONLY_HERE,
        auto_refresh=auto,
    )


class CountedSessions:
    """The part of `Sessions` that the schedule uses, on records in memory."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.records: dict[KeyId, SessionRecord] = {}
        self.count: Counter[str] = Counter()
        self.unreadable: StoreUnavailable | SealBroken | None = None
        self.renew: Callable[[ApiKey], None] = self.renewed
        self._listeners: list[Callable[[Sequence[ApiKey]], None]] = []
        self.keys: dict[KeyId, ApiKey] = {}

    def on_change(self, listener: Callable[[Sequence[ApiKey]], None]) -> None:
        self._listeners.append(listener)

    def record(self, key: ApiKey) -> SessionRecord:
        self.count["read"] += 1
        if self.unreadable is not None:
            raise self.unreadable
        return self.records[key.id]

    def observe(self, keys: Iterable[ApiKey] | None = None) -> None:
        chosen = list(self.keys.values() if keys is None else keys)
        self.count["observe"] += len(chosen)
        for listener in self._listeners:
            listener(chosen)

    def renewed(self, key: ApiKey) -> None:
        now = self.clock.now()
        before = self.records[key.id]
        tokens = Tokens(Secret("a"), Secret("r"), now, now + 1800.0, now + 1500.0)
        self.records[key.id] = replace(before, generation=before.generation + 1, tokens=tokens)

    async def renew_due(self, key_id: KeyId) -> None:
        self.count["renew"] += 1
        self.renew(self.keys[key_id])
        self.observe([self.keys[key_id]])

    async def check(self, key_id: KeyId) -> None:
        self.count["probe"] += 1
        self.records[key_id] = replace(self.records[key_id], accepted_at=self.clock.now())
        self.observe([self.keys[key_id]])

    async def pay_owed_ends(self, key_id: KeyId) -> bool:
        self.count["pay"] += 1
        return False


class Bench:
    def __init__(self, many: int, probe_every: float = 0.0) -> None:
        self.clock = VirtualClock(asyncio.get_running_loop())
        self.sessions = CountedSessions(self.clock)
        self.told: list[NombaDesktopError] = []
        self.tasks = Tasks(lambda what, error: self.told.append(error))
        state = State()
        self.keys = [an_api_key(number) for number in range(many)]
        state.publish(InventoryLoaded(tuple(self.keys)))
        self.sessions.keys = {key.id: key for key in self.keys}
        self.renewals = Renewals(
            state=state,
            sessions=cast("Sessions", self.sessions),
            clock=self.clock,
            chance=FixedChance(),
            tasks=self.tasks,
            probe_every=probe_every,
        )
        began = self.clock.now()
        for number, key in enumerate(self.keys):
            issued = began - 1500.0 * number / many
            tokens = Tokens(Secret("a"), Secret("r"), issued, issued + 1800.0, issued + 1500.0)
            self.sessions.records[key.id] = SessionRecord(generation=1, tokens=tokens, accepted_at=began)
        self.sessions.observe()

    def run(self) -> None:
        self.tasks.spawn(self.renewals.run(), name="the schedule")


@asynccontextmanager
async def bench(many: int = 1, probe_every: float = 0.0) -> AsyncIterator[Bench]:
    made = Bench(many, probe_every)
    try:
        yield made
    finally:
        await made.tasks.aclose()


# -- cost --------------------------------------------------------------------------------------------------------------


async def test_a_thousand_keys_cost_what_is_due_not_what_is_there() -> None:
    async with bench(1000) as b:
        b.run()
        await b.clock.sleep(3000.0)
        assert 1999 <= b.sessions.count["renew"] <= 2001
        assert b.sessions.count["read"] <= 1000 + 4 * b.sessions.count["renew"]
        assert b.sessions.count["observe"] <= 1000 + 3 * b.sessions.count["renew"]


async def test_nothing_due_costs_nothing() -> None:
    async with bench(1000) as b:
        for key in b.keys:
            b.sessions.renewed(key)
        b.sessions.observe()
        b.run()
        await b.clock.sleep(10.0)
        b.sessions.count.clear()
        await b.clock.sleep(1200.0)
        assert b.sessions.count == Counter()


async def test_a_key_that_left_is_left_alone() -> None:
    async with bench(2) as b:
        b.run()
        await b.clock.sleep(1.0)
        b.renewals._state.publish(InventoryLoaded((b.keys[0],)))
        b.sessions.count.clear()
        await b.clock.sleep(1600.0)
        assert b.sessions.count["renew"] == 1


async def test_next_due_names_the_next_moment() -> None:
    async with bench(1) as b:
        assert b.renewals.next_due() is None, "nothing is planned before it runs"
        b.run()
        await b.clock.sleep(0.1)
        due = b.renewals.next_due()
        assert due is not None
        assert due == pytest.approx(b.clock.now() - 0.1 + 1500.0)


async def test_probes_come_at_their_time() -> None:
    async with bench(1, probe_every=300.0) as b:
        b.run()
        await b.clock.sleep(1450.0)
        assert b.sessions.count["probe"] == 4


# -- not spinning ------------------------------------------------------------------------------------------------------


ERRORS = [
    Offline(),
    BackingOff(),
    AskFirst(),
    KeyringLocked(),
    SecretBoundElsewhere(),
    StoreUnavailable(),
    MoveRefused(),
    RuntimeError("a defect"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
async def test_what_fails_without_a_trace_in_the_record_is_tried_once_a_minute(error: Exception) -> None:
    async with bench(1) as b:

        def failing(key: ApiKey) -> None:
            raise error

        b.sessions.renew = failing
        await b.clock.sleep(1501.0)
        b.run()
        await b.clock.sleep(3600.0)
        assert 50 <= b.sessions.count["renew"] <= 70
        silent = isinstance(error, Offline | BackingOff | AskFirst | KeyringLocked)
        assert bool(b.told) != silent
        assert all("a defect" not in told.details for told in b.told)
        assert isinstance(error, NombaDesktopError) or all(isinstance(told, Unexpected) for told in b.told)
        # and when it passes, the schedule goes on
        b.sessions.renew = b.sessions.renewed
        await b.clock.sleep(70.0)
        assert b.sessions.records[b.keys[0].id].generation == 2


async def test_what_changes_nothing_is_not_repeated_every_second() -> None:
    async with bench(1) as b:
        b.sessions.renew = lambda key: None
        await b.clock.sleep(1501.0)
        b.run()
        await b.clock.sleep(3600.0)
        assert 50 <= b.sessions.count["renew"] <= 70


async def test_a_store_that_cannot_be_read_for_a_while_is_looked_at_again() -> None:
    async with bench(1) as b:
        b.run()
        await b.clock.sleep(1.0)
        b.sessions.unreadable = StoreUnavailable()
        b.sessions.observe()
        b.sessions.count.clear()
        await b.clock.sleep(600.0)
        assert 10 <= b.sessions.count["read"] <= 70
        b.sessions.unreadable = None
        await b.clock.sleep(1000.0)
        assert b.sessions.records[b.keys[0].id].generation == 2


async def test_a_record_that_does_not_open_waits_for_a_person() -> None:
    async with bench(1) as b:
        b.sessions.unreadable = SealBroken()
        b.run()
        await b.clock.sleep(3600.0)
        assert b.sessions.count["read"] == 1
        assert b.sessions.count["renew"] == 0


async def test_waking_up_forgets_the_back_off() -> None:
    async with bench(1) as b:

        def failing(key: ApiKey) -> None:
            raise Offline

        b.sessions.renew = failing
        await b.clock.sleep(1501.0)
        b.run()
        await b.clock.sleep(1000.0)
        b.sessions.count.clear()
        b.renewals.wake()
        await b.clock.sleep(0.1)
        assert b.sessions.count["renew"] == 1


# -- with the real core ------------------------------------------------------------------------------------------------


async def test_an_hour_where_probes_prove_nothing(office: Office) -> None:
    office.environment = replace(office.environment, answers_without_token=True)
    office.server.switches = Switches(probes_without_token=True)
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(3600.0)
    assert isinstance(desk.state(key), SignedIn)
    assert desk.record(key).accepted_at == 0.0
    assert office.count("probe") <= 14
    assert office.count("issue", "refresh") <= 4


async def test_a_lost_reply_where_probes_prove_nothing_is_made_good_by_one_issue(office: Office) -> None:
    office.environment = replace(office.environment, answers_without_token=True)
    office.server.switches = Switches(probes_without_token=True)
    desk, key = await office.one_desk(schedule=True)
    await office.clock.sleep(1300.0)
    office.fault("lose_reply")
    await office.clock.sleep(400.0)
    held = desk.sessions.peek(key.id)
    assert held is not None
    assert office.lives(held)
    assert office.calls() == ["issue 200", "refresh 200", "issue 200"]


async def test_a_key_that_may_read_nothing_is_not_hammered(office: Office) -> None:
    desk = await office.desk()
    key = await desk.add(office.new_key(permissions=frozenset()))
    await desk.sessions.sign_in(key.id)
    desk.core.run_schedule()
    await office.clock.sleep(3600.0)
    assert isinstance(desk.state(key), SignedIn)
    assert office.count("probe") <= 4 * 14
    assert office.count("issue", "refresh") <= 4


async def test_automatic_refresh_off_calls_nobody(office: Office) -> None:
    desk, key = await office.one_desk()
    await desk.core.keys.set_auto_refresh(key.id, False)
    desk.sessions.observe()
    desk.core.run_schedule()
    await office.clock.sleep(3600.0)
    assert office.calls() == ["issue 200"]
    await desk.core.keys.set_auto_refresh(key.id, True)
    desk.sessions.observe()
    await office.clock.sleep(5.0)
    assert office.calls() == ["issue 200", "refresh 200"]


async def test_two_schedules_renew_once(office: Office) -> None:
    first, second, key = await office.two_desks()
    first.core.run_schedule()
    second.core.run_schedule()
    await office.clock.sleep(6 * 3600.0)
    assert office.count("issue") == 1
    assert office.count("refresh") == first.record(key).generation - 1
    assert 14 <= office.count("refresh") <= 15
    assert office.server.log.peak_auth_in_flight() == 1
