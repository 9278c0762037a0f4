"""The process dies at every step of a cut-off: after the next start the state is right, and the debt is paid."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from nomba_desktop.domain.cutoff import WhatHappened
from nomba_desktop.domain.errors import ApiError, SessionError
from nomba_desktop.domain.keys import ApiKey, KeyState
from nomba_desktop.domain.moves_stop import state_of
from nomba_desktop.practice.switches import Switches
from tests.services.cut_off_rig import InProcessManagement, no_refresh_lives, nothing_lives, state
from tests.support.office import Desk, Died, Office
from tests.support.virtual_time import VirtualTimeLoop

Verb = Callable[[Desk, ApiKey], Awaitable[object]]

#: No verb here makes so many requests and writes.
MANY = 80


async def suspend(desk: Desk, key: ApiKey) -> None:
    await desk.cut_off.suspend(key.id)


async def revoke(desk: Desk, key: ApiKey) -> None:
    await desk.cut_off.revoke(key.id, WhatHappened.TOKEN_LEAKED)


async def revoke_leaked(desk: Desk, key: ApiKey) -> None:
    await desk.cut_off.revoke(key.id, WhatHappened.SECRET_LEAKED)


async def check_again(desk: Desk, key: ApiKey) -> None:
    await desk.cut_off.check_again(key.id)


async def resume(desk: Desk, key: ApiKey) -> None:
    await desk.cut_off.resume(key.id)


@dataclass(frozen=True)
class Flow:
    """A verb, what happened before it, and what the inventory says once it has succeeded."""

    verb: Verb
    ends: tuple[KeyState, int]
    before: tuple[Verb, ...] = ()
    regenerated: bool = False
    managed: bool = False
    spares_refresh: bool = False
    lost_reply: bool = False
    may_stay_unknown: bool = False


FLOWS = {
    "suspend": Flow(suspend, (KeyState.SUSPENDED, 0)),
    "suspend, a reply lost": Flow(suspend, (KeyState.SUSPENDED, 0), lost_reply=True),
    "suspend, spared": Flow(suspend, (KeyState.SUSPENDED, 0), spares_refresh=True),
    "suspend, managed": Flow(suspend, (KeyState.SUSPENDED, 0), managed=True),
    "revoke": Flow(revoke, (KeyState.REVOKING, 1)),
    "revoke, leaked": Flow(revoke_leaked, (KeyState.REVOKING, 1)),
    "revoke, managed": Flow(revoke, (KeyState.REVOKED, 0), managed=True),
    "check again": Flow(check_again, (KeyState.REVOKING, 1), before=(revoke,)),
    "check again, regenerated": Flow(
        check_again, (KeyState.REVOKED, 0), before=(revoke,), regenerated=True, may_stay_unknown=True
    ),
    "resume": Flow(resume, (KeyState.ACTIVE, 0), before=(suspend,)),
    "resume, managed": Flow(resume, (KeyState.ACTIVE, 0), before=(suspend,), managed=True),
}


class Countdown:
    """Dies at the request or write number `at`, and counts them."""

    def __init__(self, at: int) -> None:
        self.at, self.number, self.dead = at, 0, False

    def __call__(self) -> BaseException | None:
        self.number += 1
        if self.dead or self.number > self.at:
            self.dead = True
            return Died()
        return None


async def prepared(office: Office, flow: Flow) -> tuple[Desk, ApiKey]:
    if flow.managed:
        office.management = InProcessManagement(office)
    if flow.spares_refresh:
        office.server.switches = Switches(revoke_kills_refresh=False, revoked_bearer_at_refresh="accepted")
    desk, key = await office.one_desk()
    if flow.lost_reply:
        office.fault("lose_reply", "/v1/auth/token/refresh")
        with suppress(ApiError):
            await desk.sessions.refresh_now(key.id, 1)
    for verb in flow.before:
        await verb(desk, key)
    if flow.regenerated:
        office.server.regenerate_secret(key.client_id)
    return desk, key


async def once(root: Path, flow: Flow, at: int) -> bool:
    """Die at that step; whether the verb got so far at all."""
    office = Office(root)
    try:
        desk, key = await prepared(office, flow)
        dying = Countdown(at)
        desk.line.trouble = desk.disk.trouble = dying
        with suppress(Died, SessionError):
            await flow.verb(desk, key)
        await desk.close()
        await office.drain()
        next_desk = await office.desk()
        await next_desk.cut_off.pay_debts()
        record = next_desk.record(key)
        shown = state(next_desk, key)
        assert shown == state_of(record), "the inventory says what the record says"
        if shown[0] is not KeyState.ACTIVE:
            assert nothing_lives(office, key), f"{shown}: a token lives"
            unknown = flow.may_stay_unknown and record.in_doubt
            assert record.debt is None or unknown or not record.debt.tokens_left
        if shown[0] is KeyState.REVOKED:
            assert key.id not in office.keyring.entries
        await flow.verb(next_desk, key)
        if next_desk.record(key).in_doubt and flow.may_stay_unknown:
            # died between the question and its answer: what it gave, if it was handled, nobody knows
            assert state(next_desk, key) == (KeyState.REVOKING, 1)
            assert key.id not in office.keyring.entries
            return dying.dead
        assert state(next_desk, key) == flow.ends, "repeating it finishes it"
        if flow.ends[0] is not KeyState.ACTIVE:
            assert nothing_lives(office, key)
            assert flow.spares_refresh or no_refresh_lives(office, key)
        else:
            held = await next_desk.sessions.sign_in(key.id, confirmed=True)
            assert office.lives(held)
        return dying.dead
    finally:
        await office.close()


@pytest.mark.may_log(r"write the activity log[\s\S]*Died", level="ERROR", logger="asyncio")
@pytest.mark.parametrize("name", FLOWS)
def test_died_at_every_step(name: str, tmp_path: Path) -> None:
    died = 0
    for at in range(MANY):
        root = tmp_path / str(at)
        root.mkdir()
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            if not runner.run(once(root, FLOWS[name], at)):
                break
        died += 1
    assert 2 <= died < MANY, "it died at each of its steps"
