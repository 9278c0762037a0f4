"""Each switch of facts 11.2 with each of its values. (Session rules and the looks of answers: see beside.)"""

from __future__ import annotations

import random

import pytest

from nomba_desktop.practice.keys import KeyState, Persona, PracticeKey
from nomba_desktop.practice.strict import BadInputError
from nomba_desktop.practice.switches import Refusal, Switches
from nomba_desktop.practice.world import PracticeWorld
from tests.practice import golden
from tests.practice.conftest import ACCOUNT, CLIENT, Api, StillClock, claims_of, make_key


@pytest.mark.parametrize(
    ("ttl", "expires"), [(1800, "14:33:00"), (3600, "15:03:00"), (10_800, "17:03:00"), (2, "14:03:02")]
)
async def test_access_ttl(api: Api, world: PracticeWorld, key: PracticeKey, ttl: int, expires: str) -> None:
    world.set_switches({"access_ttl": ttl})
    data = (await api.issue(key)).json()["data"]
    assert data["expiresAt"] == f"2026-07-08T{expires}Z"
    assert claims_of(data["access_token"])["exp"] == 1783519380 + ttl
    world.advance(ttl - 1)
    assert (await api.get(key, data["access_token"])).status_code == 200
    world.advance(1)
    assert (await api.get(key, data["access_token"])).status_code == 401


@pytest.mark.parametrize(("ttl", "status"), [(86_400, 200), (100, 401)])
async def test_refresh_ttl(api: Api, world: PracticeWorld, key: PracticeKey, ttl: int, status: int) -> None:
    world.set_switches({"refresh_ttl": ttl})
    pair = await api.sign_in(key)
    world.advance(100)
    assert (await api.refresh(key, pair.refresh, pair.access)).status_code == status


@pytest.mark.parametrize(("value", "body"), [(200, golden.REVOKED), (400, None), (404, golden.NOT_FOUND)])
async def test_revoke_dead_token(
    api: Api, world: PracticeWorld, key: PracticeKey, value: int, body: str | None
) -> None:
    world.set_switches({"revoke_dead_token": value})
    pair = await api.sign_in(key)
    assert (await api.revoke(key, pair.access)).status_code == 200
    for token in (pair.access, "x" * 400):
        answer = await api.revoke(key, token)
        assert answer.status_code == value
        assert answer.text == (body or '{"code":"400","description":"Request failed.","data":null}')


@pytest.mark.parametrize(("kills", "status"), [(True, 401), (False, 200)])
async def test_revoke_kills_refresh(
    api: Api, world: PracticeWorld, key: PracticeKey, kills: bool, status: int
) -> None:
    world.set_switches({"revoke_kills_refresh": kills, "refresh_authorization": "lenient"})
    pair = await api.sign_in(key)
    await api.revoke(key, pair.access)
    assert bool(world.live_fingerprints(CLIENT, "refresh")) is not kills
    assert (await api.refresh(key, pair.refresh, None)).status_code == status


@pytest.mark.parametrize(("value", "status"), [("refused", 401), ("accepted", 200)])
async def test_revoked_bearer_at_refresh(
    api: Api, world: PracticeWorld, key: PracticeKey, value: str, status: int
) -> None:
    world.set_switches({"revoke_kills_refresh": False, "revoked_bearer_at_refresh": value})
    pair = await api.sign_in(key)
    await api.revoke(key, pair.access)
    assert (await api.refresh(key, pair.refresh, pair.access)).status_code == status


@pytest.mark.parametrize(
    ("value", "alive"), [("now", [False, False]), ("late", [True, False]), ("never", [True, True])]
)
async def test_revoke_effect(
    api: Api, world: PracticeWorld, key: PracticeKey, value: str, alive: list[bool]
) -> None:
    world.set_switches({"revoke_effect": value})
    pair = await api.sign_in(key)
    answer = await api.revoke(key, pair.access)
    assert (answer.status_code, answer.text) == (200, golden.REVOKED)
    world.advance(3.9)
    seen = [await api.alive(key, pair)]
    world.advance(0.1)
    seen.append(await api.alive(key, pair))
    assert seen == alive
    assert bool(world.live_fingerprints(CLIENT, "refresh")) is alive[1]


@pytest.mark.parametrize(("value", "status"), [("strict", 401), ("lenient", 200)])
async def test_refresh_authorization(
    api: Api, world: PracticeWorld, key: PracticeKey, value: str, status: int
) -> None:
    world.set_switches({"refresh_authorization": value})
    pair = await api.sign_in(key)
    assert (await api.refresh(key, pair.refresh, None)).status_code == status


@pytest.mark.parametrize("ends", [True, False])
async def test_regenerate_ends_tokens(api: Api, world: PracticeWorld, key: PracticeKey, ends: bool) -> None:
    world.set_switches({"regenerate_ends_tokens": ends})
    pair = await api.sign_in(key)
    secret = world.regenerate_secret(CLIENT)
    assert len(secret) == 88
    assert await api.alive(key, pair) is not ends
    assert (await api.issue(key)).text == golden.BAD_CREDENTIALS
    assert (await api.issue(key, client_secret=secret)).status_code == 200


@pytest.mark.parametrize(
    ("value", "body"), [(401, golden.BAD_CREDENTIALS), (403, golden.FORBIDDEN), (200, golden.BAD_CREDENTIALS)]
)
async def test_wrong_secret(api: Api, world: PracticeWorld, key: PracticeKey, value: int, body: str) -> None:
    world.set_switches({"wrong_secret": value})
    answer = await api.issue(key, client_secret="wrong")
    assert (answer.status_code, answer.text) == (value, body)


@pytest.mark.parametrize(
    ("here", "value", "status", "body"),
    [
        ("live", "named", 403, golden.SANDBOX_TOKEN),
        ("live", "plain", 401, golden.UNAUTHORIZED),
        ("sandbox", "named", 401, golden.UNAUTHORIZED),
        ("sandbox", "plain", 401, golden.UNAUTHORIZED),
    ],
)
async def test_other_environment(
    clock: StillClock, here: Persona, value: str, status: int, body: str
) -> None:
    there: Persona = "sandbox" if here == "live" else "live"
    far, near = (PracticeWorld(clock, random.Random(1), persona=persona) for persona in (there, here))
    near.set_switches({"other_environment": value})
    key = far.add_key(make_key())
    near.add_key(make_key())
    far_api, near_api = Api(far), Api(near)
    pair = await far_api.sign_in(key)
    mine = await near_api.sign_in(key)
    answer = await near_api.get(key, pair.access)
    assert (answer.status_code, answer.text) == (status, body)
    answer = await near_api.refresh(key, mine.refresh, pair.access)
    assert (answer.status_code, answer.text) == (status, body)
    assert await near_api.alive(key, mine)


@pytest.mark.parametrize(("value", "issued", "used"), [("rejected", 401, None), ("accepted", 200, 403)])
async def test_cross_host_issue(
    api: Api, world: PracticeWorld, value: str, issued: int, used: int | None
) -> None:
    world.set_switches({"cross_host_issue": value})
    key = world.add_key(make_key(client_id="11111111-2222-4333-8444-555555555555", environment="sandbox"))
    answer = await api.issue(key)
    assert answer.status_code == issued
    if used is not None:
        use = await api.get(key, answer.json()["data"]["access_token"])
        assert (use.status_code, use.text) == (used, golden.SANDBOX_TOKEN)


@pytest.mark.parametrize(
    ("value", "body"),
    [("02", golden.EXPIRED), ("401", '{"code":"401","description":"Token expired","data":null}')],
)
async def test_expired_code(api: Api, world: PracticeWorld, key: PracticeKey, value: str, body: str) -> None:
    world.set_switches({"expired_code": value})
    pair = await api.sign_in(key)
    world.expire_tokens(CLIENT)
    assert (await api.get(key, pair.access)).text == body


@pytest.mark.parametrize(("value", "status"), [(False, 401), (True, 200)])
async def test_raw_authorization(
    api: Api, world: PracticeWorld, key: PracticeKey, value: bool, status: int
) -> None:
    world.set_switches({"raw_authorization": value})
    headers = {"accountId": ACCOUNT, "Authorization": (await api.sign_in(key)).access}
    assert (await api.http.get("/v1/accounts/parent", headers=headers)).status_code == status


@pytest.mark.parametrize(("value", "status"), [(False, 401), (True, 200)])
async def test_probes_without_token(api: Api, world: PracticeWorld, value: bool, status: int) -> None:
    world.set_switches({"probes_without_token": value})
    assert (await api.http.get("/v1/transfers/banks")).status_code == status
    bad = {"Authorization": "Bearer bad", "accountId": ACCOUNT}
    assert (await api.http.get("/v1/transfers/banks", headers=bad)).status_code == 401
    assert (await api.http.post("/v2/transfers/bank", json={})).status_code == 401


@pytest.mark.parametrize(("state", "name"), [("suspended", "suspended_key"), ("revoked", "revoked_key")])
async def test_what_suspended_and_revoked_keys_are_told(
    api: Api, world: PracticeWorld, key: PracticeKey, state: KeyState, name: str
) -> None:
    pair = await api.sign_in(key)
    (world.suspend_key if state == "suspended" else world.revoke_key)(CLIENT)
    default = (403, golden.FORBIDDEN) if state == "suspended" else (401, golden.UNAUTHORIZED)
    for told in (default, (423, '{"code":"07","description":"Key is off","data":null}')):
        for answer in (
            await api.issue(key),
            await api.refresh(key, pair.refresh, pair.access),
            await api.get(key, pair.access),
        ):
            assert (answer.status_code, answer.text) == told
        world.set_switches({name: {"status": 423, "code": "07", "description": "Key is off"}})


async def test_missing_permission(api: Api, world: PracticeWorld) -> None:
    key = world.add_key(make_key(client_id="11111111-2222-4333-8444-555555555555", role="Transfers"))
    access = (await api.sign_in(key)).access
    assert (await api.get(key, access)).text == golden.FORBIDDEN
    world.set_switches(
        {"missing_permission": {"status": 404, "code": "404", "description": "Record not found"}}
    )
    answer = await api.get(key, access)
    assert (answer.status_code, answer.text) == (404, golden.NOT_FOUND)


def test_the_defaults_are_those_of_the_specification() -> None:
    switches = Switches()
    assert (switches.access_ttl, switches.refresh_ttl, switches.refresh_single_use) == (1800, 86_400, True)
    assert (switches.session_scope, switches.session_rule) == ("client", "issue_and_refresh")
    assert (switches.suspended_key, switches.revoked_key.status) == (Refusal(403, "403", "Forbidden"), 401)
    assert switches.rate_limit == "regular"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "The body must be a JSON object."),
        ({"acces_ttl": 5}, "'acces_ttl' is not known here."),
        ({"access_ttl": "5"}, "'access_ttl' must be a whole number."),
        ({"access_ttl": True}, "'access_ttl' must be a whole number."),
        ({"access_ttl": 1.5}, "'access_ttl' must be a whole number."),
        ({"access_ttl": 0}, "'access_ttl' must be at least 1 second."),
        ({"refresh_ttl": -1}, "'refresh_ttl' must be at least 1 second."),
        ({"revoke_late_by": -1}, "'revoke_late_by' must not be negative."),
        ({"clock_skew": float("nan")}, "'clock_skew' must be a number."),
        ({"refresh_single_use": 1}, "'refresh_single_use' must be true or false."),
        ({"session_scope": "world"}, "'session_scope' must be one of: client, account, environment."),
        ({"wrong_secret": "401"}, "'wrong_secret' must be one of: 401, 403, 200."),
        ({"wrong_secret": 401.0}, "'wrong_secret' must be one of: 401, 403, 200."),
        ({"suspended_key": 403}, "'suspended_key' must be a JSON object."),
        ({"suspended_key": {"status": 403}}, "'code' is required."),
        (
            {"suspended_key": {"status": 99, "code": "x", "description": ""}},
            "'status' must be between 200 and 599.",
        ),
    ],
)
def test_switches_are_read_strictly(given: object, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Switches().changed(given)
    assert str(caught.value).startswith(sentence)
