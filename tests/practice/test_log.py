"""The request log: what tests count, and that it holds no secret."""

from __future__ import annotations

import asyncio
import hashlib
import json

import httpx
import pytest

from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.strict import to_json
from nomba_desktop.practice.world import PracticeWorld
from tests.practice.conftest import ACCOUNT, CLIENT, NOON, OTHER_CLIENT, Api, other_key


def sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def test_each_call_leaves_an_entry_with_fingerprints(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    first = await api.sign_in(key)
    world.advance(3)
    second = await api.renew(key, first)
    await api.get(key, second.access)
    await api.revoke(key, second.access)
    issue, refresh, probe, revoke = world.log.entries()
    assert (issue.kind, issue.method, issue.path, issue.status) == (
        "issue",
        "POST",
        "/v1/auth/token/issue",
        200,
    )
    assert (issue.client_id, issue.account_id, issue.outcome) == (CLIENT, ACCOUNT, "answered")
    assert (issue.issued_access, issue.issued_refresh) == (sha256(first.access), sha256(first.refresh))
    assert (issue.received, issue.answered, issue.bearer) == (NOON, NOON, None)
    assert (refresh.kind, refresh.client_id, refresh.received) == ("refresh", CLIENT, NOON + 3)
    assert (refresh.bearer, refresh.presented) == (sha256(first.access), sha256(first.refresh))
    assert refresh.issued_access == sha256(second.access)
    assert (probe.kind, probe.client_id, probe.bearer) == ("probe", CLIENT, sha256(second.access))
    assert (revoke.kind, revoke.client_id, revoke.presented) == ("revoke", CLIENT, sha256(second.access))
    assert [entry.number for entry in (issue, refresh, probe, revoke)] == [1, 2, 3, 4]


async def test_kinds_of_calls_are_told_apart(api: Api, world: PracticeWorld) -> None:
    for method, path in (
        ("GET", "/v1/accounts"),
        ("POST", "/v1/accounts"),
        ("POST", "/v2/transfers/bank"),
        ("DELETE", "/v1/accounts/x"),
        ("PUT", "/v1/accounts/x/access"),
        ("GET", "/nothing"),
        ("POST", "/v1/auth/elsewhere"),
    ):
        await api.http.request(method, path)
    kinds = [entry.kind for entry in world.log.entries()]
    assert kinds == ["probe", "write", "write", "write", "access", "other", "other"]


async def test_counting(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    other = world.add_key(other_key())
    pair = await api.sign_in(key)
    await api.sign_in(other)
    await api.issue(key, client_secret="wrong")
    await api.get(key, pair.access)
    log = world.log
    assert (log.count("issue"), log.count("issue", client_id=CLIENT), log.count("issue", status=401)) == (
        3,
        2,
        1,
    )
    assert (log.auth_calls(), log.auth_calls(OTHER_CLIENT), log.count("refresh")) == (3, 1, 0)
    log.reset()
    assert log.entries() == []
    await api.get(key, pair.access)
    assert [entry.number for entry in log.entries()] == [5]


async def test_company_is_counted_per_client_and_family(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    other = world.add_key(other_key())
    pair = await api.sign_in(key)
    world.inject(Fault("hold_before", gate="all", times=None))
    calls = [
        asyncio.create_task(call)
        for call in (
            api.issue(key),
            api.get(key, pair.access),
            api.revoke(key, pair.access),
            api.issue(other),
        )
    ]
    assert await asyncio.to_thread(world.log.wait_for, lambda e: sum(x.held is not None for x in e) == 4)
    held = world.log.entries()[1:]
    assert {(e.kind, e.client_id, e.in_flight) for e in held} == {
        ("issue", CLIENT, 1),
        ("probe", CLIENT, 1),
        ("revoke", CLIENT, 2),
        ("issue", OTHER_CLIENT, 1),
    }
    assert {e.outcome for e in held} == {"in_flight"}
    assert world.release("all") == 4
    await asyncio.gather(*calls)
    assert {e.outcome for e in world.log.entries()} == {"answered"}
    assert world.log.peak_auth_in_flight(CLIENT) == 2
    assert world.log.peak_auth_in_flight(OTHER_CLIENT) == 1
    world.log.reset()
    world.clear_faults()
    await api.issue(key)
    assert world.log.peak_auth_in_flight() == 1


async def test_waiting_for_the_log_gives_up(world: PracticeWorld) -> None:
    assert await asyncio.to_thread(world.log.wait_for, bool, 0.01) is False


@pytest.mark.parametrize("spoil", [False, True])
async def test_the_log_holds_no_secret_and_no_token(
    api: Api, world: PracticeWorld, key: PracticeKey, spoil: bool
) -> None:
    pair = await api.sign_in(key)
    if spoil:
        world.inject(Fault("lose_reply"))
        with pytest.raises(httpx.ReadError):
            await api.renew(key, pair)
    await api.issue(key, client_id=key.client_secret, client_secret=key.client_id)
    await api.issue(key, client_id=key.client_secret[:36])
    await api.issue(key, headers={"accountId": key.client_secret})
    await api.http.get("/v1/accounts?token=" + pair.access, headers={"accountId": pair.access})
    await api.revoke(key, pair.access)
    text = json.dumps(to_json(world.log.entries()))
    for hidden in (key.client_secret, pair.access, pair.refresh):
        for start in range(len(hidden) - 12):
            assert hidden[start : start + 12] not in text
