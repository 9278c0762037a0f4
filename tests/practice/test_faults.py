"""Faults in process: matching, counting, order, holds. (On the wire: test_wire.py.)"""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import httpx
import pytest

from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.world import PracticeWorld
from tests.practice import golden
from tests.practice.conftest import CLIENT, OTHER_CLIENT, Api, StillClock, make_key, other_key


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "body"),
    [
        (Fault("error"), 500, "application/json", golden.SERVER_ERROR),
        (
            Fault("error", status=503),
            503,
            "application/json",
            '{"code":"503","description":"Server error","data":null}',
        ),
        (
            Fault("error", status=403, code="07", description="Address not allowed"),
            403,
            "application/json",
            '{"code":"07","description":"Address not allowed","data":null}',
        ),
        (Fault("rate_limited"), 429, "application/json", golden.TOO_MANY),
        (Fault("not_json"), 200, "text/plain", "OK\n"),
        (Fault("empty"), 200, None, ""),
        (Fault("empty", status=502), 502, None, ""),
    ],
)
async def test_answers_in_place_of_the_real_one(
    api: Api,
    key: PracticeKey,
    world: PracticeWorld,
    fault: Fault,
    status: int,
    content_type: str | None,
    body: str,
) -> None:
    pair = await api.sign_in(key)
    world.inject(fault)
    answer = await api.refresh(key, pair.refresh, pair.access)
    assert (answer.status_code, answer.text) == (status, body)
    assert answer.headers.get("content-type") == content_type
    assert "date" in answer.headers
    assert await api.alive(key, pair), "nothing was done"
    assert world.log.entries()[1].faults == (fault.kind,)
    assert world.log.entries()[1].status == status


async def test_an_edge_answers_with_a_page(api: Api, key: PracticeKey, world: PracticeWorld) -> None:
    world.inject(Fault("edge_html"))
    world.inject(Fault("edge_html", status=502, skip=1))
    first, second = await api.issue(key), await api.issue(key)
    assert (first.status_code, second.status_code) == (403, 502)
    assert first.headers["content-type"] == "text/html; charset=UTF-8"
    assert first.text.startswith("<!DOCTYPE html>")


async def test_retry_after_comes_when_asked_for(api: Api, key: PracticeKey, world: PracticeWorld) -> None:
    world.inject(Fault("rate_limited", retry_after=7))
    assert (await api.issue(key)).headers["retry-after"] == "7"


async def test_a_huge_body_is_json_of_the_size_asked_for(
    api: Api, key: PracticeKey, world: PracticeWorld
) -> None:
    world.inject(Fault("huge_body", size=3_000_000))
    answer = await api.issue(key)
    assert len(answer.content) == 3_000_000
    assert set(answer.json()) == {"code", "description", "data"}


async def test_truncated_json_is_half_of_the_real_answer(
    api: Api, key: PracticeKey, world: PracticeWorld
) -> None:
    world.inject(Fault("truncated_json"))
    answer = await api.issue(key)
    assert answer.status_code == 200
    assert answer.text.startswith('{"code":"00","description":"Success","data":{')
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert len(world.live_fingerprints(CLIENT)) == 1


async def test_lose_reply_does_the_work_and_cuts(api: Api, key: PracticeKey, world: PracticeWorld) -> None:
    pair = await api.sign_in(key)
    world.inject(Fault("lose_reply", path="*/refresh"))
    with pytest.raises(httpx.ReadError):
        await api.refresh(key, pair.refresh, pair.access)
    assert not await api.alive(key, pair)
    entry = world.log.entries()[1]
    assert (entry.outcome, entry.status, entry.faults) == ("cut", 200, ("lose_reply",))
    assert world.live_fingerprints(CLIENT) == (entry.issued_access,)


async def test_drop_cuts_and_does_nothing(api: Api, key: PracticeKey, world: PracticeWorld) -> None:
    pair = await api.sign_in(key)
    world.inject(Fault("drop"))
    with pytest.raises(httpx.ReadError):
        await api.refresh(key, pair.refresh, pair.access)
    assert await api.alive(key, pair)
    assert (world.log.entries()[1].outcome, world.log.entries()[1].status) == ("cut", None)


async def test_a_fault_strikes_so_many_matching_requests(
    api: Api, key: PracticeKey, world: PracticeWorld
) -> None:
    pair = await api.sign_in(key)
    world.inject(Fault("error", path="/v1/accounts/*", method="GET", times=2, skip=1))
    assert (await api.get(key, pair.access, "/v1/transfers/banks")).status_code == 200
    codes = [(await api.get(key, pair.access)).status_code for _ in range(4)]
    assert codes == [200, 500, 500, 200]
    assert world.faults() == []


async def test_a_fault_without_end_lasts_until_cleared(
    api: Api, key: PracticeKey, world: PracticeWorld
) -> None:
    number = world.inject(Fault("error", times=None))
    assert [(await api.issue(key)).status_code for _ in range(5)] == [500] * 5
    world.clear_faults(number)
    assert (await api.issue(key)).status_code == 200


async def test_a_fault_can_be_one_clients(api: Api, key: PracticeKey, world: PracticeWorld) -> None:
    other = world.add_key(other_key())
    world.inject(Fault("error", client_id=OTHER_CLIENT, times=None))
    assert (await api.issue(key)).status_code == 200
    assert (await api.issue(other)).status_code == 500


@pytest.mark.parametrize(("kind", "done"), [("hold_before", False), ("hold_after", True)])
async def test_a_gate_holds_before_or_after_the_work(
    api: Api, key: PracticeKey, world: PracticeWorld, kind: Any, done: bool
) -> None:
    world.inject(Fault(kind, gate="door"))
    call = asyncio.create_task(api.issue(key))
    assert await asyncio.to_thread(world.log.wait_for, lambda e: bool(e) and e[-1].held is not None)
    assert world.log.entries()[-1].held == kind.removeprefix("hold_")
    assert bool(world.live_fingerprints(CLIENT)) is done
    assert not call.done()
    assert world.release("door") == 1
    assert (await call).status_code == 200


async def test_a_request_that_was_given_up_lands_all_the_same(
    api: Api, key: PracticeKey, world: PracticeWorld
) -> None:
    pair = await api.sign_in(key)
    world.inject(Fault("hold_before", gate="late", path="*/issue"))
    call = asyncio.create_task(api.issue(key))
    assert await asyncio.to_thread(world.log.wait_for, lambda e: e[-1].held is not None)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    renewed = await api.renew(key, pair)
    assert await api.alive(key, renewed)
    world.release("late")
    await api.transport.drain()
    assert not await api.alive(key, renewed)


@pytest.mark.parametrize("kind", ["hold_before", "hold_after", "slow_headers", "slow_body"])
async def test_slow_answers_wait_with_the_sleep_handed_in(clock: StillClock, kind: Any) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock.moment += seconds

    world = PracticeWorld(clock, random.Random(1), sleep=sleep)
    key = world.add_key(make_key())
    api = Api(world)
    world.inject(Fault(kind, seconds=2.5, step=100))
    answer = await api.issue(key)
    assert answer.status_code == 200
    assert sum(waited) >= 2.5
    entry = world.log.entries()[0]
    assert entry.answered is not None
    assert entry.answered - entry.received == sum(waited)


async def test_a_hold_and_a_lost_reply_strike_together(
    api: Api, key: PracticeKey, world: PracticeWorld
) -> None:
    world.inject(Fault("hold_after", gate="both"))
    world.inject(Fault("lose_reply"))
    call = asyncio.create_task(api.issue(key))
    assert await asyncio.to_thread(world.log.wait_for, lambda e: bool(e) and e[-1].held == "after")
    world.release("both")
    with pytest.raises(httpx.ReadError):
        await call
    assert world.log.entries()[0].faults == ("hold_after", "lose_reply")
