"""The switches that change how answers look: formats, envelopes, shapes, clocks."""

from __future__ import annotations

import json

import pytest

from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.world import PracticeWorld
from tests.practice import golden
from tests.practice.conftest import ACCOUNT, Api, claims_of


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("seconds_z", "2026-07-08T14:33:00Z"),
        ("millis_z", "2026-07-08T14:33:00.000Z"),
        ("offset", "2026-07-08T15:33:00+01:00"),
        ("naive", "2026-07-08T14:33:00"),
        ("micros_z", "2026-07-08T14:33:00.000000Z"),
        ("minutes", "2026-07-08T14:33"),
        ("epoch_seconds", 1783521180),
        ("epoch_millis", 1783521180000),
        ("missing", None),
    ],
)
async def test_expires_at_format(
    api: Api, world: PracticeWorld, key: PracticeKey, value: str, expected: str | int | None
) -> None:
    world.set_switches({"expires_at_format": value})
    data = (await api.issue(key)).json()["data"]
    assert data.get("expiresAt") == expected
    assert ("expiresAt" in data) is (value != "missing")


async def test_envelope(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    seen = {}
    for value in ("plain", "status_false", "validation_200"):
        world.set_switches({"envelope": value})
        good = await api.issue(key)
        bad = await api.http.post("/v1/auth/token/issue", headers={"accountId": ACCOUNT}, content=b"{}")
        refused = await api.issue(key, client_secret="wrong")
        seen[value] = (good.json().get("status"), bad.status_code, bad.text)
        assert (refused.status_code, refused.text) == (401, golden.BAD_CREDENTIALS)
    plain = '{"code":"400","description":"grant_type is required.","data":null}'
    assert seen == {
        "plain": (None, 400, plain),
        "status_false": (False, 400, plain),
        "validation_200": (None, 200, '{"code":"400","status":false,"message":"grant_type is required."}'),
    }


async def test_banks_shape(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    access = (await api.sign_in(key)).access
    banks = json.loads(golden.BANKS)["data"]
    assert (await api.get(key, access, "/v1/transfers/banks")).json()["data"] == banks
    world.set_switches({"banks_shape": "results"})
    assert (await api.get(key, access, "/v1/transfers/banks")).json()["data"] == {"results": banks}


@pytest.mark.parametrize("value", [True, False])
async def test_business_id_and_role_claim(
    api: Api, world: PracticeWorld, key: PracticeKey, value: bool
) -> None:
    world.set_switches({"business_id": value, "role_claim": value})
    data = (await api.issue(key)).json()["data"]
    assert ("businessId" in data) is value
    assert ("R:TEAMS_OWNER" in claims_of(data["access_token"])) is value


@pytest.mark.parametrize(
    ("skew", "date", "expires", "iat"),
    [
        (0, "Wed, 08 Jul 2026 14:03:00 GMT", "2026-07-08T14:33:00Z", 1783519380),
        (600, "Wed, 08 Jul 2026 14:13:00 GMT", "2026-07-08T14:43:00Z", 1783519980),
        (-3600, "Wed, 08 Jul 2026 13:03:00 GMT", "2026-07-08T13:33:00Z", 1783515780),
    ],
)
async def test_clock_skew(
    api: Api, world: PracticeWorld, key: PracticeKey, skew: float, date: str, expires: str, iat: int
) -> None:
    world.set_switches({"clock_skew": skew})
    answer = await api.issue(key)
    data = answer.json()["data"]
    claims = claims_of(data["access_token"])
    assert (answer.headers["date"], data["expiresAt"]) == (date, expires)
    assert (claims["iat"], claims["exp"]) == (iat, iat + 1800)
    assert data["refresh_token"].endswith(f"{iat}000")
    world.advance(1799)
    assert (await api.get(key, data["access_token"])).status_code == 200
    world.advance(1)
    assert (await api.get(key, data["access_token"])).status_code == 401


@pytest.mark.parametrize("offset", [0, -300])
async def test_jwt_exp_offset(api: Api, world: PracticeWorld, key: PracticeKey, offset: int) -> None:
    world.set_switches({"jwt_exp_offset": offset})
    data = (await api.issue(key)).json()["data"]
    assert data["expiresAt"] == "2026-07-08T14:33:00Z"
    assert claims_of(data["access_token"])["exp"] == 1783521180 + offset
