"""Suspending and revoking race refreshes, sign-ins and lost replies: what is said to be dead is dead."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import suppress
from pathlib import Path

import pytest

from nomba_desktop.domain.cutoff import Receipt, Step, WhatHappened
from nomba_desktop.domain.errors import KeyStopped, NombaDesktopError
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.record import StopKind
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.renewer import Asked
from tests.services.cut_off_rig import InProcessManagement, nothing_lives, words
from tests.support.office import Desk, Office
from tests.support.virtual_time import VirtualTimeLoop

#: 512 interleavings, or 208 on somebody's desk.
BATCHES, IN_A_BATCH = 16, (32 if os.environ.get("CI") else 13)


def rules(rng: random.Random) -> Switches:
    """A server within what is unknown of Nomba's."""
    return Switches(
        spent_refresh=rng.choice(["refused", "ends_session"]),
        revoke_effect=rng.choice(["now", "now", "now", "late"]),
        revoke_late_by=rng.choice([0.3, 4.0]),
        revoke_kills_refresh=rng.choice([True, True, False]),
        revoked_bearer_at_refresh=rng.choice(["refused", "accepted"]),
        refresh_authorization=rng.choice(["strict", "lenient"]),
        session_rule=rng.choice(["issue_and_refresh", "issue_and_refresh", "issue_only", "none"]),
        revoke_dead_token=rng.choice([200, 400, 404]),
    )


class Race:
    """One interleaving, made from a seed."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.rng = office, random.Random(seed)
        self.stopped_at: float | None = None
        self.receipts: list[Receipt] = []
        self.key: ApiKey
        self.desks: list[Desk] = []

    async def run(self) -> None:
        office, rng = self.office, self.rng
        office.server.switches = rules(rng)
        managed = rng.random() < 0.15
        if managed:
            office.management = InProcessManagement(office)
        first, second, self.key = await office.two_desks()
        self.desks = [first, second, await office.desk()]
        for _ in range(rng.randrange(3)):
            kind = rng.choice(["hold_before", "hold_after", "lose_reply", "drop", "error"])
            path = rng.choice(["/v1/auth/token/refresh", "/v1/auth/token/*"])
            seconds = rng.choice([0.1, 1.0, 20.0]) if kind.startswith("hold") else 0.0
            office.fault(kind, path, seconds=seconds, status=503 if kind == "error" else None)
        async with asyncio.TaskGroup() as group:
            for _ in range(rng.randrange(1, 5)):
                group.create_task(self.renew(rng.choice(self.desks), rng.choice([0.0, 0.05, 0.5, 3.0])))
            for _ in range(rng.randrange(1, 3)):
                group.create_task(self.cut(rng.choice(self.desks), rng.choice([0.0, 0.02, 0.1, 0.9, 3.0])))
        await office.drain()
        await self.judge(last=self.receipts[-1])

    async def renew(self, desk: Desk, after: float) -> None:
        office, key = self.office, self.key
        await office.clock.sleep(after)
        asked_at = office.clock.monotonic()
        began_stopped = desk.record(key).stop is not StopKind.NONE
        what = self.rng.choice(["refresh", "use", "sign in", "check"])
        try:
            match what:
                case "refresh":
                    await desk.sessions.refresh_now(key.id, desk.record(key).generation)
                case "use":
                    await desk.use(key, asked=Asked.PERSON, min_life=3000.0)
                case "sign in":
                    await desk.sessions.sign_in(key.id)
                case _:
                    with suppress(NombaDesktopError):
                        await desk.sessions.check(key.id)
                    return
        except KeyStopped:
            return
        except NombaDesktopError:
            assert not began_stopped or self.stopped_at is None or asked_at >= self.stopped_at
            return
        assert not began_stopped, "a stopped key's token was handed out"
        now = office.clock.monotonic()
        assert self.stopped_at is None or now <= self.stopped_at, "the stop could be seen at the last look"

    async def cut(self, desk: Desk, after: float) -> None:
        rng, key = self.rng, self.key
        await self.office.clock.sleep(after)
        if rng.random() < 0.4:
            cutting = asyncio.create_task(desk.cut_off.suspend(key.id))
        else:
            what = rng.choice([WhatHappened.TOKEN_LEAKED, WhatHappened.SECRET_LEAKED, WhatHappened.RETIRING])
            cutting = asyncio.create_task(desk.cut_off.revoke(key.id, what))
        while desk.record(key).stop is StopKind.NONE:
            await self.office.clock.sleep(0.0)
        self.stopped_at = self.stopped_at or self.office.clock.monotonic()
        receipt = await cutting
        self.receipts.append(receipt)
        self.judge_tokens(receipt)

    def judge_tokens(self, receipt: Receipt) -> None:
        """What is said to be dead is dead, at that very moment."""
        record = self.desks[0].record(self.key)
        owes = record.debt is not None and record.debt.tokens_left
        if not owes and not receipt.lifted:
            assert nothing_lives(self.office, self.key), receipt.to_text()

    async def judge(self, last: Receipt) -> None:
        """When all is quiet, what is owed can be paid; then nothing lives, and a spared refresh token is named."""
        office, key = self.office, self.key
        office.server.clear_faults()
        desk = self.desks[0]
        record = desk.record(key)
        if record.debt is not None and record.debt.tokens_left:
            paid = await desk.cut_off.pay_debts()
            assert paid
            last = paid[-1]
        record = desk.record(key)
        assert record.stop is not StopKind.NONE
        if record.debt is not None and record.debt.tokens_left:
            # only at a server where a sign-in ends nothing: the session of a lost reply can't be reached
            assert last.title.startswith("An unknown token may live until"), last.to_text()
            assert office.server.switches.session_rule == "none"
            return
        assert nothing_lives(office, key), last.to_text()
        assert not record.in_doubt or office.management is not None
        assert record.tokens is None
        if office.server.live_fingerprints(key.client_id, "refresh") and self.can_be_found():
            told = " ".join(words(receipt, Step.REFRESH) for receipt in (*self.receipts, last))
            assert "outlived" in told or "can't be killed" in told, "a spared refresh token is reported"
        for each in self.desks:
            with pytest.raises(KeyStopped):
                each.sessions.peek(key.id)

    def can_be_found(self) -> bool:
        """Whether a spared refresh token can be told from a dead one: tried with its old bearer and without."""
        switches = self.office.server.switches
        return switches.revoked_bearer_at_refresh == "accepted" or switches.refresh_authorization == "lenient"


async def race(root: Path, seed: int) -> None:
    office = Office(root, seed=seed)
    try:
        await Race(office, seed).run()
    finally:
        await office.close()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_races(batch: int, tmp_path: Path) -> None:
    for seed in range(batch * IN_A_BATCH, (batch + 1) * IN_A_BATCH):
        root = tmp_path / str(seed)
        root.mkdir()
        try:
            with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
                runner.run(race(root, seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
