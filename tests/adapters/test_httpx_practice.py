"""The door against the practice server: each switch and fault of facts 11.2 that the client can see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from nomba_desktop.adapters.httpx_nomba import HttpxNombaApi, TimeLimits
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.domain.environments import practice
from nomba_desktop.domain.errors import (
    ApiError,
    BadCredentials,
    BadRequest,
    Blocked,
    ConnectionBroke,
    Fate,
    RateLimited,
    ServerFault,
    TimedOut,
    TokenRefused,
    UnreadableAnswer,
)
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.tokens import parse_expires_at
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer
from nomba_desktop.services.ports import Target
from nomba_desktop.services.rate_limit import RateLimiter
from tests.adapters.httpx_rig import OpenGate

KEY = next(key for key in sample_keys() if key.state == "active" and key.role == "Admin")
SECRET = Secret(KEY.client_secret)


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(keys=[KEY]) as running:
        running.world.set_switches({"rate_limit": "off"})
        yield running


@pytest.fixture
async def door() -> AsyncIterator[HttpxNombaApi]:
    adapter = HttpxNombaApi(OpenGate(), SystemClock(), limits=TimeLimits(auth=1.0, read_total=1.0))
    yield adapter
    await adapter.aclose()


def at(server: PracticeServer) -> Target:
    return Target(practice(server.url), KEY.account_id, KEY.client_id)


@pytest.mark.parametrize(
    "form",
    ["seconds_z", "millis_z", "micros_z", "offset", "naive", "minutes", "epoch_seconds", "epoch_millis"],
)
async def test_every_form_of_expires_at(server: PracticeServer, door: HttpxNombaApi, form: str) -> None:
    server.world.set_switches({"expires_at_format": form, "access_ttl": 3600})
    grant = await door.issue(at(server), SECRET)
    ends = parse_expires_at(grant.expires_at)
    assert ends is not None
    assert abs(ends - grant.received_at - 3600) < (61 if form == "minutes" else 2)


async def test_no_expires_at(server: PracticeServer, door: HttpxNombaApi) -> None:
    server.world.set_switches({"expires_at_format": "missing", "business_id": False})
    assert (await door.issue(at(server), SECRET)).expires_at is None


@pytest.mark.parametrize("envelope", ["plain", "status_false", "validation_200"])
async def test_every_envelope(server: PracticeServer, door: HttpxNombaApi, envelope: str) -> None:
    server.world.set_switches({"envelope": envelope})
    grant = await door.issue(at(server), SECRET)
    await door.probe(at(server), grant.access)
    short = Target(at(server).environment, KEY.account_id, "no-uuid")
    with pytest.raises(BadRequest, match="40") as caught:
        await door.issue(short, SECRET)
    assert "client_id is not valid" in caught.value.details


@pytest.mark.parametrize("shape", ["array", "results"])
async def test_both_shapes_of_the_banks(server: PracticeServer, door: HttpxNombaApi, shape: str) -> None:
    server.world.set_switches({"banks_shape": shape})
    grant = await door.issue(at(server), SECRET)
    assert (await door.probe(at(server), grant.access, path="/v1/transfers/banks")).status == 200


@pytest.mark.parametrize("answer", [401, 403, 200])
async def test_every_answer_to_a_wrong_secret(
    server: PracticeServer, door: HttpxNombaApi, answer: int
) -> None:
    server.world.set_switches({"wrong_secret": answer})
    with pytest.raises(BadCredentials):
        await door.issue(at(server), Secret("x" * 88))


@pytest.mark.parametrize("code", ["02", "401"])
async def test_an_expired_token(server: PracticeServer, door: HttpxNombaApi, code: str) -> None:
    server.world.set_switches({"expired_code": code})
    grant = await door.issue(at(server), SECRET)
    server.world.expire_tokens(KEY.client_id)
    with pytest.raises(TokenRefused):
        await door.probe(at(server), grant.access)


@pytest.mark.parametrize(("answer", "kind"), [(200, None), (400, BadRequest), (404, BadRequest)])
async def test_revoking_a_dead_token(
    server: PracticeServer, door: HttpxNombaApi, answer: int, kind: type[ApiError] | None
) -> None:
    server.world.set_switches({"revoke_dead_token": answer})
    grant = await door.issue(at(server), SECRET)
    await door.revoke(at(server), grant.access)
    if kind is None:
        await door.revoke(at(server), grant.access)
    else:
        with pytest.raises(kind):
            await door.revoke(at(server), grant.access)


async def test_probes_without_a_token(server: PracticeServer, door: HttpxNombaApi) -> None:
    server.world.set_switches({"probes_without_token": True})
    assert (await door.probe(at(server), None)).status == 200


@pytest.mark.parametrize("skew", [-90.0, 0.0, 300.0])
async def test_the_servers_clock(server: PracticeServer, door: HttpxNombaApi, skew: float) -> None:
    server.world.set_switches({"clock_skew": skew})
    offset = (await door.issue(at(server), SECRET)).offset
    assert offset is not None
    assert abs(offset - skew) <= 1


FAULTS: list[tuple[str, dict[str, Any], type[ApiError], Fate]] = [
    ("error", {"status": 500, "code": "500"}, ServerFault, Fate.UNKNOWN),
    ("error", {"status": 200, "code": "500"}, ServerFault, Fate.UNKNOWN),
    ("rate_limited", {"retry_after": 3}, RateLimited, Fate.NOT_HANDLED),
    ("edge_html", {}, Blocked, Fate.NOT_HANDLED),
    ("edge_html", {"status": 502}, ServerFault, Fate.UNKNOWN),
    ("not_json", {}, UnreadableAnswer, Fate.UNKNOWN),
    ("empty", {}, UnreadableAnswer, Fate.UNKNOWN),
    ("huge_body", {}, UnreadableAnswer, Fate.UNKNOWN),
    ("truncated_json", {}, UnreadableAnswer, Fate.UNKNOWN),
    ("drop", {}, ConnectionBroke, Fate.UNKNOWN),
    ("drop", {"reset": True}, ConnectionBroke, Fate.UNKNOWN),
    ("lose_reply", {}, ConnectionBroke, Fate.UNKNOWN),
    ("half_close", {}, ConnectionBroke, Fate.UNKNOWN),
    ("cut_body", {}, ConnectionBroke, Fate.UNKNOWN),
    ("slow_headers", {"seconds": 0.2}, TimedOut, Fate.UNKNOWN),
    ("slow_body", {"seconds": 0.2}, TimedOut, Fate.UNKNOWN),
    ("hold_before", {"gate": "shut"}, TimedOut, Fate.UNKNOWN),
    ("hold_after", {"gate": "shut"}, TimedOut, Fate.UNKNOWN),
]


@pytest.mark.parametrize(("fault", "options", "kind", "fate"), FAULTS)
async def test_every_fault(
    server: PracticeServer,
    door: HttpxNombaApi,
    fault: Any,
    options: dict[str, Any],
    kind: type[ApiError],
    fate: Fate,
) -> None:
    server.world.inject(Fault(fault, **options))
    with pytest.raises(kind) as caught:
        await door.issue(at(server), SECRET)
    assert caught.value.fate is fate
    assert caught.value.retry_after == options.get("retry_after")
    await door.issue(at(server), SECRET)


async def test_the_limiter_keeps_a_burst_below_the_servers_limit(server: PracticeServer) -> None:
    server.world.set_switches({"rate_limit": "regular"})
    door = HttpxNombaApi(RateLimiter(SystemClock()), SystemClock())
    try:
        for _ in range(25):
            await door.issue(at(server), SECRET)
    finally:
        await door.aclose()
