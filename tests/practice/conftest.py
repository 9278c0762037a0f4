"""A practice world on a clock that stands still, and a client that knows the raw protocol only."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from nomba_desktop.practice.jwt import fingerprint
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.world import PracticeWorld
from tests.practice.inprocess import InProcessTransport

NOON = 1783519380.0
"""2026-07-08T14:03:00Z."""

ACCOUNT = "7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11"
SUB_ACCOUNT = "5c9e1a00-aaaa-4bbb-8ccc-000000000001"
CLIENT = "2a4c6e80-1111-4222-8333-944455566677"
SECRET = "c2VjcmV0IG9mIHRoZSBwcmFjdGljZSBrZXksIGludmVudGVkLCA2NCBieXRlcyBsb25nLCBpbiBiYXNlNjQgZm9ybS4=="

OTHER_CLIENT = "9b1c7d20-2222-4333-8444-155566677788"
OTHER_ACCOUNT = "aa11bb22-3333-4444-8555-266677788899"


@dataclass
class StillClock:
    """A clock that moves when told."""

    moment: float = NOON

    def now(self) -> float:
        return self.moment


def make_key(**changes: Any) -> PracticeKey:
    """The key of most tests: Admin, active, of this server."""
    fields: dict[str, Any] = {
        "name": "Checkout web",
        "client_id": CLIENT,
        "account_id": ACCOUNT,
        "client_secret": SECRET,
        "sub_account_ids": (SUB_ACCOUNT,),
    }
    return PracticeKey(**(fields | changes))


def other_key(**changes: Any) -> PracticeKey:
    """A second key, of another account unless changed."""
    return make_key(
        **(
            {"name": "Other", "client_id": OTHER_CLIENT, "account_id": OTHER_ACCOUNT, "sub_account_ids": ()}
            | changes
        )
    )


@dataclass
class Pair:
    """The tokens of one answer."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)

    @property
    def mark(self) -> str:
        return fingerprint(self.access)


class Api:
    """Raw calls to a practice app, in Nomba's field names."""

    def __init__(self, world: PracticeWorld) -> None:
        self.world = world
        self.transport = InProcessTransport(world)
        self.http = httpx.AsyncClient(transport=self.transport, base_url="http://practice.test")

    async def issue(
        self, key: PracticeKey, *, headers: dict[str, str] | None = None, **changes: Any
    ) -> httpx.Response:
        body = {
            "grant_type": "client_credentials",
            "client_id": key.client_id,
            "client_secret": key.client_secret,
        }
        sent = {"accountId": key.account_id} if headers is None else headers
        return await self.http.post("/v1/auth/token/issue", headers=sent, json=body | changes)

    async def sign_in(self, key: PracticeKey) -> Pair:
        return pair_of(await self.issue(key))

    async def refresh(
        self, key: PracticeKey, refresh: str, bearer: str | None, **changes: Any
    ) -> httpx.Response:
        headers = {"accountId": key.account_id}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        body = {"grant_type": "refresh_token", "refresh_token": refresh}
        return await self.http.post("/v1/auth/token/refresh", headers=headers, json=body | changes)

    async def renew(self, key: PracticeKey, pair: Pair) -> Pair:
        return pair_of(await self.refresh(key, pair.refresh, pair.access))

    async def revoke(self, key: PracticeKey, access: str) -> httpx.Response:
        body = {"clientId": key.client_id, "access_token": access}
        return await self.http.post("/v1/auth/token/revoke", json=body)

    async def get(self, key: PracticeKey, access: str, path: str = "/v1/accounts/parent") -> httpx.Response:
        headers = {"accountId": key.account_id, "Authorization": f"Bearer {access}"}
        return await self.http.get(path, headers=headers)

    async def alive(self, key: PracticeKey, pair: Pair) -> bool:
        return (await self.get(key, pair.access)).status_code == 200

    async def admin(self, method: str, path: str, json: Any = None) -> httpx.Response:
        headers = {"X-Practice-Admin": self.world.admin_token}
        return await self.http.request(method, f"/practice{path}", headers=headers, json=json)


def claims_of(access: str) -> dict[str, Any]:
    part = access.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def pair_of(answer: httpx.Response) -> Pair:
    assert answer.status_code == 200, answer.status_code
    data = answer.json()["data"]
    return Pair(data["access_token"], data["refresh_token"])


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def key() -> PracticeKey:
    return make_key()


@pytest.fixture
def world(clock: StillClock, key: PracticeKey) -> PracticeWorld:
    world = PracticeWorld(clock, random.Random(7))
    world.add_key(key)
    return world


@pytest.fixture
async def api(world: PracticeWorld) -> AsyncIterator[Api]:
    api = Api(world)
    yield api
    await api.transport.drain()
    await api.http.aclose()
