"""Random days of two or three processes with a misbehaving server: the invariants of the session protocol hold."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nomba_desktop.domain.errors import KeyStopped, NombaDesktopError, StoreUnavailable
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.record import LatchKind, StopKind
from nomba_desktop.domain.renewal import DEFAULT_POLICY
from nomba_desktop.domain.secret import Secret
from nomba_desktop.practice.faults import FaultKind
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.renewer import Asked, Held
from tests.services.test_walk import stopped
from tests.support.office import Desk, Died, Office
from tests.support.virtual_time import VirtualTimeLoop

# -- what can happen ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """Somebody at a desk wants something; it goes on in the background."""

    desk: int
    what: Literal["token", "forced", "due", "copy", "check", "late 401"]


@dataclass(frozen=True)
class Pass:
    """Time passes."""

    seconds: float


@dataclass(frozen=True)
class Jump:
    """The computer slept, or its clock was set."""

    seconds: float


@dataclass(frozen=True)
class Misbehave:
    """The server or the way to it misbehaves with the next calls."""

    kind: FaultKind
    path: str
    seconds: float
    times: int


@dataclass(frozen=True)
class Die:
    """A process ends and another starts; `when`: now, before the next call goes out, or when its answer is written."""

    desk: int
    when: Literal["now", "calling", "writing"]


@dataclass(frozen=True)
class Disk:
    """A desk's disk."""

    desk: int
    how: Literal["full", "full after the answer", "fine"]


@dataclass(frozen=True)
class Outside:
    """Somebody who is none of ours signs in with the key."""


@dataclass(frozen=True)
class Stop:
    """Another program writes a stop mark."""


Step = Ask | Pass | Jump | Misbehave | Die | Disk | Outside | Stop

DESKS = st.integers(0, 2)
ASKS = st.builds(
    Ask, DESKS, st.sampled_from(["token", "forced", "forced", "due", "copy", "check", "late 401"])
)
FORCED = st.builds(Ask, DESKS, st.just("forced"))
SHORT, LONG = st.sampled_from([0.0, 0.02, 0.5, 5.0]), st.sampled_from([20.0, 70.0, 400.0, 1480.0])
HOLDS = st.builds(
    Misbehave,
    st.sampled_from(["hold_before", "hold_after"]),
    st.just("/v1/auth/*"),
    st.sampled_from([1.0, 1.0, 25.0]),
    st.just(1),
)
FAULTS = st.builds(
    Misbehave,
    st.sampled_from(["lose_reply", "drop", "error", "rate_limited", "truncated_json"]),
    st.sampled_from(["/v1/auth/*", "/v1/auth/token/refresh", "*"]),
    st.just(0.0),
    st.integers(1, 12),
)
DEATHS = st.builds(Die, DESKS, st.sampled_from(["now", "calling", "writing"]))
DISKS = st.builds(Disk, DESKS, st.sampled_from(["full", "full after the answer", "fine"]))
JUMPS = st.builds(Jump, st.sampled_from([-4000.0, -90.0, 40.0, 7000.0]))
OTHERS: st.SearchStrategy[Step] = st.one_of(
    DEATHS, DISKS, DEATHS, DISKS, JUMPS, st.just(Outside()), st.just(Stop())
)


def after(*steps: st.SearchStrategy[Step]) -> st.SearchStrategy[list[Step]]:
    """One after the other."""
    return st.tuples(*steps).map(list)


#: What happens together in a day: the combinations that hurt are likelier than by chance alone.
EPISODES: st.SearchStrategy[list[Step]] = st.one_of(
    after(ASKS, st.builds(Pass, SHORT)),
    after(ASKS, ASKS, ASKS, st.builds(Pass, LONG)),
    after(FAULTS, FORCED, st.builds(Pass, SHORT), ASKS, st.builds(Pass, SHORT), ASKS),
    after(
        HOLDS,
        FORCED,
        st.builds(Pass, SHORT),
        OTHERS,
        st.builds(Pass, SHORT),
        ASKS,
        st.builds(Pass, LONG),
        ASKS,
    ),
    after(OTHERS, ASKS, st.builds(Pass, SHORT), OTHERS, st.builds(Pass, LONG), ASKS),
    st.tuples(FAULTS, st.lists(FORCED, min_size=3, max_size=8)).map(lambda both: [both[0], *spaced(both[1])]),
)
DAYS = st.lists(EPISODES, min_size=1, max_size=6).map(lambda parts: [step for part in parts for step in part])


def spaced(asks: list[Ask]) -> list[Step]:
    """Impatient people: one asking a second."""
    return [step for ask in asks for step in (ask, Pass(1.0))]


RULES = st.builds(
    Switches,
    spent_refresh=st.sampled_from(["refused", "ends_session"]),
    refresh_single_use=st.sampled_from([True, True, False]),
    expires_at_format=st.sampled_from(["seconds_z", "missing"]),
)


# -- the machine -------------------------------------------------------------------------------------------------------


class Day:
    """One random day; every step ends with a look at what must always hold."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.key: ApiKey
        self.asks: list[tuple[int, asyncio.Task[None]]] = []
        self.jumped = self.outsider = self.held = self.died = False
        self.late = False  # a call may land that nobody waits for any more
        self.stopped_at: float | None = None
        self.generation, self.newest = 0, 0

    async def begin(self) -> None:
        first = await self.office.desk()
        self.key = await first.add(self.office.new_key())
        self.first_desks = [first, await self.office.desk(), await self.office.desk()]
        await first.sessions.sign_in(self.key.id)

    def at(self, desk: int) -> Desk:
        return self.first_desks[desk]

    async def take(self, step: Step) -> None:
        office = self.office
        match step:
            case Ask(desk, what):
                self.asks.append((desk, asyncio.create_task(self.ask(self.at(desk), what))))
                await office.clock.sleep(0.0)
            case Pass(seconds):
                await office.clock.sleep(seconds)
            case Jump(seconds):
                self.jumped = True
                office.clock.jump(seconds)
                if seconds < 0:
                    office.server.advance(-seconds)
            case Misbehave(kind, path, seconds, times):
                self.held |= kind.startswith("hold")
                self.late |= seconds > 15.0
                office.fault(kind, path, seconds=seconds, times=times)
            case Die():
                await self.die(step)
            case Disk(desk, how):
                error, calls = StoreUnavailable("The disk is full."), self.calls() if how != "full" else -1
                full = (lambda: error if self.calls() > calls else None) if how != "fine" else lambda: None
                self.at(desk).disk.trouble = full
            case Outside():
                self.outsider = True
                office.server.sign_in_elsewhere(self.key.client_id)
            case Stop():
                with suppress(StoreUnavailable, Died):
                    await self.looker().write(self.key, stopped)
                    self.stopped_at = office.clock.monotonic()
        self.look()

    def calls(self) -> int:
        return self.office.count("issue", "refresh")

    async def die(self, step: Die) -> None:
        desk, self.died = self.at(step.desk), True
        if step.when == "calling":
            desk.line.trouble = Died
        elif step.when == "writing":
            calls = self.calls()
            desk.disk.trouble = lambda: Died() if self.calls() > calls else None
        else:
            mine = [ask for owner, ask in self.asks if owner == step.desk]
            self.asks = [each for each in self.asks if each[0] != step.desk]
            for ask in mine:
                ask.cancel()
            await asyncio.gather(*mine, return_exceptions=True)
            await desk.close()
            self.first_desks[step.desk] = await self.office.desk()

    async def ask(self, desk: Desk, what: str) -> None:
        key, held = self.key, None
        try:
            record = desk.record(key)
            match what:
                case "forced":
                    held = await desk.sessions.refresh_now(key.id, record.generation)
                case "due":
                    await desk.sessions.renew_due(key.id)
                case "copy":
                    held = await desk.sessions.token(key.id)
                case "check":
                    await desk.sessions.check(key.id)
                case "late 401":
                    held = await desk.renewer.after_refusal(key, record.generation - 1, asked=Asked.PROGRAM)
                case _:
                    held = await desk.use(key)
        except (NombaDesktopError, Died):
            return
        if held is not None:
            self.handed_out(held)

    def handed_out(self, held: Held) -> None:
        now = self.office.clock.monotonic()
        assert self.stopped_at is None or self.stopped_at >= now, "a stopped key's token was handed out"
        self.alive(held)

    def alive(self, held: Held) -> None:
        """What is handed out lives, unless something happened that nobody here could know."""
        unknowable = self.outsider or self.jumped or self.late or (self.held and self.died)
        assert unknowable or self.office.lives(held), "a token was handed out that had been replaced"

    # -- what must always hold ---------------------------------------------------------------------------------------

    def looker(self) -> Desk:
        return next(desk for desk in self.office.desks if not desk.closed)

    def look(self) -> None:
        assert self.office.traffic.peak <= 1, "two auth calls of one session under way"
        desk = self.looker()
        record = desk.record(self.key)
        assert record.generation >= self.generation
        if record.tokens is not None:
            order = self.order(record.tokens.access)
            assert order >= self.newest, "an older session was put over a newer one"
            assert order == self.newest or record.generation > self.generation
            self.newest = order
        self.generation = record.generation
        if self.stopped_at is not None:
            assert record.stop is StopKind.SUSPENDED, "a stop is lifted by resume alone"
            with suppress(KeyStopped):
                desk.sessions.peek(self.key.id)
                raise AssertionError("the hot read handed out a stopped key's token")
        else:
            for each in self.first_desks:
                if (held := each.sessions.peek(self.key.id)) is not None:
                    self.alive(held)
        if record.latch is not None and record.latch.kind is LatchKind.TAKEN_ELSEWHERE:
            assert self.outsider, "taken elsewhere is said only if somebody outside signed in"
        if record.intent is None and record.tokens is None:
            assert self.outsider or record.latch is not None

    def order(self, access: Secret) -> int:
        """The number of the request that this token came from."""
        mark = hashlib.sha256(access.reveal().encode()).hexdigest()
        return next(e.number for e in self.office.server.log.entries() if e.issued_access == mark)

    async def end(self) -> None:
        """The bad day is over: nobody waits any more, and one asking gives the live session back."""
        office, policy = self.office, DEFAULT_POLICY
        office.server.clear_faults()
        for desk in self.first_desks:
            desk.disk.trouble = desk.line.trouble = lambda: None
        await office.clock.sleep(120.0)
        assert all(ask.done() for _, ask in self.asks), "nobody waits for ever"
        for _, ask in self.asks:
            ask.result()
        self.look()
        self.bounded()
        self.spent_once()
        if self.stopped_at is not None:
            return
        await office.clock.sleep(policy.budget_window)
        await office.drain()
        if self.jumped:
            await office.clock.sleep(8000.0)  # stamps of before a clock was set back
        before = office.count("issue", "refresh")
        held = await self.recovered()
        assert office.count("issue", "refresh") - before <= 3
        assert office.lives(held)
        others = [desk.sessions.peek(self.key.id) for desk in self.first_desks]
        assert all(other is not None and other.access == held.access for other in others)
        assert office.server.live_fingerprints(self.key.client_id) == (
            hashlib.sha256(held.access.reveal().encode()).hexdigest(),
        ), "the stored session is the live one"

    async def recovered(self) -> Held:
        desk, error = self.first_desks[0], None
        for _ in range(3):
            try:
                await desk.sessions.sign_in(self.key.id)
                return await desk.sessions.token(self.key.id)
            except NombaDesktopError as found:
                error = found
                await self.office.clock.sleep(310.0)
        raise AssertionError(f"no token after the bad day: {error!r}") from error

    def spent_once(self) -> None:
        """A refresh token that the server took is never presented again: that is what reuse detection waits for."""
        taken: set[str] = set()
        for entry in self.office.server.log.entries(kind="refresh"):
            assert entry.presented not in taken
            if entry.status == 200 and entry.presented is not None:
                taken.add(entry.presented)

    def bounded(self) -> None:
        """At most six calls without a lasting token in ten minutes."""
        if self.jumped:
            return
        failed = [
            e.received
            for e in self.office.server.log.entries()
            if e.kind in ("issue", "refresh") and (e.status != 200 or e.outcome != "answered")
        ]
        window, most = DEFAULT_POLICY.budget_window, DEFAULT_POLICY.budget_calls
        assert all(sum(at <= t < at + window for t in failed) <= most for at in failed)


async def play(root: Path, rules: Switches, steps: list[Step]) -> None:
    office = Office(root, rules)
    day = Day(office)
    try:
        await day.begin()
        for step in steps:
            await day.take(step)
        await day.end()
    finally:
        for _, ask in day.asks:
            ask.cancel()
        await asyncio.gather(*(ask for _, ask in day.asks), return_exceptions=True)
        await office.close()


@pytest.mark.timeout(600)  # a failing day is made small before it is shown
@settings(
    max_examples=80 if os.environ.get("CI") else 50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(rules=RULES, steps=DAYS)
def test_random_days(rules: Switches, steps: list[Step]) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="nomba-day-") as root,
        asyncio.Runner(loop_factory=VirtualTimeLoop) as runner,
    ):
        runner.run(play(Path(root), rules, steps))
