"""Read probes and write routes: bodies, permissions, and what is checked first (facts 5, 6.3)."""

from __future__ import annotations

import json

import pytest

from nomba_desktop.practice.keys import PracticeKey, Role
from nomba_desktop.practice.records import Grant
from nomba_desktop.practice.world import PracticeWorld
from tests.practice import golden
from tests.practice.conftest import ACCOUNT, CLIENT, SUB_ACCOUNT, Api, other_key

PROBES = (
    "/v1/accounts/parent",
    "/v1/accounts/balance",
    "/v1/accounts",
    "/v1/accounts/terminals",
    "/v1/transactions/accounts",
    "/v1/transactions/bank",
    "/v1/transfers/banks",
)
WRITES = ("/v1/accounts", "/v1/terminals/assign", "/v2/transfers/bank")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/accounts/parent", golden.PARENT),
        ("/v1/accounts/balance", golden.BALANCE),
        ("/v1/accounts/terminals?limit=1", golden.TERMINALS_FIRST),
        ("/v1/transfers/banks", golden.BANKS),
    ],
)
async def test_probe_bodies(api: Api, key: PracticeKey, path: str, body: str) -> None:
    answer = await api.get(key, (await api.sign_in(key)).access, path)
    assert answer.status_code == 200
    assert answer.json() == json.loads(body)


@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/transactions/accounts", "/v1/transactions/bank"])
async def test_lists_come_in_pages(api: Api, key: PracticeKey, path: str) -> None:
    access = (await api.sign_in(key)).access
    every = (await api.get(key, access, path)).json()["data"]
    assert (len(every["results"]), every["cursor"]) == (3, "")
    first = (await api.get(key, access, f"{path}?limit=2")).json()["data"]
    rest = (await api.get(key, access, f"{path}?limit=2&cursor={first['cursor']}")).json()["data"]
    assert first["results"] + rest["results"] == every["results"]
    assert rest["cursor"] == ""
    for bad in ("limit=0", "limit=51", "limit=x", "limit=²", "cursor=9"):
        answer = await api.get(key, access, f"{path}?{bad}")
        assert (answer.status_code, answer.json()["code"]) == (400, "400")


ALLOWED: dict[Role, tuple[set[str], set[str]]] = {
    "Admin": (set(PROBES), set(WRITES)),
    "Accounts": (set(PROBES[:3]), {"/v1/accounts"}),
    "Transactions": (set(PROBES[4:6]), set()),
    "Terminals": ({"/v1/accounts/terminals"}, {"/v1/terminals/assign"}),
    "Transfers": ({"/v1/transfers/banks"}, {"/v2/transfers/bank"}),
    "Read-only": (set(PROBES), set()),
}


@pytest.mark.parametrize("role", list(ALLOWED))
async def test_each_role_may_read_and_write_its_own(api: Api, world: PracticeWorld, role: Role) -> None:
    key = world.add_key(other_key(role=role))
    access = (await api.sign_in(key)).access
    headers = {"accountId": key.account_id, "Authorization": f"Bearer {access}"}
    reads, writes = ALLOWED[role]
    for path in PROBES:
        answer = await api.http.get(path, headers=headers)
        assert answer.status_code == (200 if path in reads else 403), path
        assert path in reads or answer.text == golden.FORBIDDEN
    for path in WRITES:
        answer = await api.http.post(path, headers=headers, json={})
        assert answer.status_code == (200 if path in writes else 403), path


async def test_permissions_can_differ_from_the_role(api: Api, world: PracticeWorld) -> None:
    key = world.add_key(other_key(role="Transfers", permissions=frozenset({"accounts:read"})))
    access = (await api.sign_in(key)).access
    assert (await api.get(key, access, "/v1/accounts/parent")).status_code == 200
    assert (await api.get(key, access, "/v1/transfers/banks")).status_code == 403


async def test_a_transfer_answers_in_shape_and_names_the_key(api: Api, key: PracticeKey) -> None:
    access = (await api.sign_in(key)).access
    headers = {"accountId": ACCOUNT, "Authorization": f"Bearer {access}"}
    answer = await api.http.post("/v2/transfers/bank", headers=headers, json={"amount": 1})
    assert answer.json() == json.loads(golden.TRANSFER)


@pytest.mark.parametrize("path", WRITES)
async def test_write_routes_check_the_token(api: Api, path: str) -> None:
    answer = await api.http.post(path, headers={"accountId": ACCOUNT}, json={})
    assert (answer.status_code, answer.text) == (401, golden.UNAUTHORIZED)


async def test_the_access_endpoint_notes_grants_for_the_operator_alone(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    access = (await api.sign_in(key)).access
    headers = {"accountId": ACCOUNT, "Authorization": f"Bearer {access}"}
    body = {"grantType": "deny", "clientId": CLIENT, "role": "ACCOUNT_READER"}
    path = f"/v1/accounts/{SUB_ACCOUNT}/access"
    answer = await api.http.put(path, headers=headers, json=body)
    assert (answer.status_code, answer.text) == (200, golden.ACCESS_GRANTED)
    assert world.grants() == [Grant(SUB_ACCOUNT, CLIENT, "deny", "ACCOUNT_READER", CLIENT)]
    assert (await api.get(key, access)).status_code == 200
    wrong: list[dict[str, str]] = [{}, body | {"grantType": "maybe"}, body | {"role": "OWNER"}]
    for given in wrong:
        assert (await api.http.put(path, headers=headers, json=given)).status_code == 400
    assert (await api.http.put("/v1/accounts/x/access", headers=headers, json=body)).status_code == 400
    assert len(world.grants()) == 1


@pytest.mark.parametrize("path", PROBES)
async def test_a_probe_needs_a_token(api: Api, path: str) -> None:
    for authorization in (None, "", "Bearer", "Bearer ", "Bearer nonsense", "Basic abc"):
        headers = {"accountId": ACCOUNT} | ({} if authorization is None else {"Authorization": authorization})
        answer = await api.http.get(path, headers=headers)
        assert (answer.status_code, answer.text) == (401, golden.UNAUTHORIZED)


@pytest.mark.parametrize(
    ("account", "status", "body"),
    [
        (None, 401, golden.UNAUTHORIZED),
        ("aa11bb22-3333-4444-8555-266677788899", 401, golden.UNAUTHORIZED),
        (SUB_ACCOUNT, 403, golden.FORBIDDEN),
    ],
)
async def test_a_probe_needs_the_parent_account(
    api: Api, key: PracticeKey, account: str | None, status: int, body: str
) -> None:
    headers = {"Authorization": f"Bearer {(await api.sign_in(key)).access}"}
    if account is not None:
        headers["accountId"] = account
    answer = await api.http.get("/v1/accounts/parent", headers=headers)
    assert (answer.status_code, answer.text) == (status, body)


async def test_an_expired_token_has_its_own_code(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    world.advance(1800)
    answer = await api.get(key, pair.access)
    assert (answer.status_code, answer.text) == (401, golden.EXPIRED)


async def test_a_refresh_token_is_no_access_token(api: Api, key: PracticeKey) -> None:
    assert (await api.get(key, (await api.sign_in(key)).refresh)).status_code == 401


async def test_unknown_routes(api: Api) -> None:
    for method, path, status, body in (
        ("GET", "/accounts/parent", 404, golden.NOT_FOUND),
        ("GET", "/v1/accounts/parent/", 404, golden.NOT_FOUND),
        ("GET", "/v1/auth/authorize", 404, golden.NOT_FOUND),
        ("POST", "/v1/accounts/anything", 500, golden.SERVER_ERROR),
        ("GET", "/v2/transfers/bank", 500, golden.SERVER_ERROR),
        ("PUT", "/v1/accounts/suspend/x", 404, golden.NOT_FOUND),
    ):
        answer = await api.http.request(method, path)
        assert (answer.status_code, answer.text) == (status, body), path
