"""Issue, refresh and revoke: bodies against hand-written answers, and the order of the checks (facts 2, 11.1)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.world import PracticeWorld
from tests.practice import golden
from tests.practice.conftest import ACCOUNT, CLIENT, SUB_ACCOUNT, Api, other_key


def without_tokens(answer: httpx.Response) -> str:
    data = answer.json()["data"]
    return answer.text.replace(data["access_token"], "ACCESS").replace(data["refresh_token"], "REFRESH")


async def test_issue_answers_the_documented_body(api: Api, key: PracticeKey) -> None:
    answer = await api.issue(key)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["date"] == "Wed, 08 Jul 2026 14:03:00 GMT"
    assert without_tokens(answer) == golden.ISSUED


async def test_refresh_answers_like_issue_and_rotates_both(api: Api, key: PracticeKey) -> None:
    first = await api.sign_in(key)
    answer = await api.refresh(key, first.refresh, first.access)
    assert without_tokens(answer) == golden.ISSUED
    data = answer.json()["data"]
    assert data["access_token"] != first.access
    assert data["refresh_token"] != first.refresh


async def test_revoke_answers_without_data(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    answer = await api.revoke(key, pair.access)
    assert (answer.status_code, answer.text) == (200, golden.REVOKED)
    assert (await api.get(key, pair.access)).text == golden.UNAUTHORIZED


@pytest.mark.parametrize(
    ("body", "described"),
    [
        (b"{", "The request body is not valid JSON."),
        (b"[" * 100_000, "The request body is not valid JSON."),
        (b"\xff\xfe", "The request body is not valid JSON."),
        (b"[]", "The request body must be a JSON object."),
        (b"{}", "grant_type is required."),
        (b'{"grant_type":"refresh_token"}', "grant_type must be client_credentials."),
        (b'{"grant_type":"client_credentials"}', "client_id is required."),
        (b'{"grant_type":"client_credentials","client_id":"short"}', "client_id is not valid."),
        (b'{"grant_type":"client_credentials","client_id":7}', "client_id is not valid."),
        (
            b'{"grant_type":"client_credentials","client_id":"2a4c6e80-1111-4222-8333-944455566677"}',
            "client_secret is required.",
        ),
    ],
)
async def test_issue_names_what_is_wrong_in_the_body(api: Api, body: bytes, described: str) -> None:
    answer = await api.http.post("/v1/auth/token/issue", headers={"accountId": ACCOUNT}, content=body)
    assert answer.status_code == 400
    assert answer.json() == {"code": "400", "description": described, "data": None}


async def test_issue_refuses_an_endless_body(api: Api) -> None:
    answer = await api.http.post(
        "/v1/auth/token/issue", headers={"accountId": ACCOUNT}, content=b" " * 1_048_577
    )
    assert (answer.status_code, answer.json()["description"]) == (400, "The request body is too long.")


@pytest.mark.parametrize(
    ("account", "status", "body"),
    [
        (None, 401, golden.UNAUTHORIZED),
        ("not-a-uuid", 401, golden.UNAUTHORIZED),
        ("aa11bb22-3333-4444-8555-266677788899", 401, golden.UNAUTHORIZED),
        (SUB_ACCOUNT, 403, golden.FORBIDDEN),
    ],
)
async def test_issue_checks_the_account_header(
    api: Api, key: PracticeKey, account: str | None, status: int, body: str
) -> None:
    answer = await api.issue(key, headers={} if account is None else {"accountId": account})
    assert (answer.status_code, answer.text) == (status, body)


async def test_issue_checks_json_before_the_account_and_the_account_before_the_fields(api: Api) -> None:
    assert (await api.http.post("/v1/auth/token/issue", content=b"{")).status_code == 400
    assert (await api.http.post("/v1/auth/token/issue", content=b"{}")).status_code == 401


async def test_issue_checks_the_state_before_the_secret(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.suspend_key(CLIENT)
    answer = await api.issue(key, client_secret="wrong")
    assert (answer.status_code, answer.text) == (403, golden.FORBIDDEN)


@pytest.mark.parametrize(
    "changes", [{"client_secret": "wrong"}, {"client_id": "00000000-0000-4000-8000-000000000000"}]
)
async def test_issue_refuses_bad_credentials(api: Api, key: PracticeKey, changes: dict[str, Any]) -> None:
    answer = await api.issue(key, **changes)
    assert (answer.status_code, answer.text) == (401, golden.BAD_CREDENTIALS)


async def test_a_secret_with_a_space_before_it_is_wrong(api: Api, key: PracticeKey) -> None:
    assert (await api.issue(key, client_secret=" " + key.client_secret)).status_code == 401


async def test_half_a_surrogate_is_just_another_wrong_secret(api: Api) -> None:
    body = b'{"grant_type":"client_credentials","client_id":"%s","client_secret":"\\ud800"}' % CLIENT.encode()
    answer = await api.http.post("/v1/auth/token/issue", headers={"accountId": ACCOUNT}, content=body)
    assert (answer.status_code, answer.text) == (401, golden.BAD_CREDENTIALS)


async def test_refresh_needs_its_fields(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    short = await api.refresh(key, "short", pair.access)
    assert (short.status_code, short.json()["description"]) == (400, "refresh_token is not valid.")
    grant = await api.refresh(key, pair.refresh, pair.access, grant_type="client_credentials")
    assert (grant.status_code, grant.json()["description"]) == (400, "grant_type must be refresh_token.")


async def test_refresh_refuses_unknown_and_spent_tokens(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    unknown = await api.refresh(key, "0" * 39, pair.access)
    assert (unknown.status_code, unknown.text) == (401, golden.BAD_REFRESH)
    renewed = await api.renew(key, pair)
    spent = await api.refresh(key, pair.refresh, renewed.access)
    assert (spent.status_code, spent.text) == (401, golden.BAD_REFRESH)
    assert await api.alive(key, renewed)


async def test_refresh_takes_a_live_an_expired_and_a_replaced_bearer(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    first = await api.sign_in(key)
    second = await api.renew(key, first)
    world.expire_tokens(CLIENT)
    third = await api.renew(key, second)
    answer = await api.refresh(key, third.refresh, first.access)
    assert answer.status_code == 200


async def test_refresh_refuses_a_bearer_that_is_not_this_clients(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    other = world.add_key(other_key())
    pair, foreign = await api.sign_in(key), await api.sign_in(other)
    for bearer in ("nonsense", foreign.access):
        answer = await api.refresh(key, pair.refresh, bearer)
        assert (answer.status_code, answer.text) == (401, golden.UNAUTHORIZED)
    assert await api.alive(key, pair)


async def test_refresh_refuses_another_account(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    headers = {"accountId": "aa11bb22-3333-4444-8555-266677788899", "Authorization": f"Bearer {pair.access}"}
    body = {"grant_type": "refresh_token", "refresh_token": pair.refresh}
    answer = await api.http.post("/v1/auth/token/refresh", headers=headers, json=body)
    assert (answer.status_code, answer.text) == (401, golden.UNAUTHORIZED)


async def test_an_expired_refresh_token_is_refused(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    world.advance(86_399)
    renewed = await api.renew(key, pair)
    world.advance(86_400)
    answer = await api.refresh(key, renewed.refresh, renewed.access)
    assert (answer.status_code, answer.text) == (401, golden.BAD_REFRESH)


async def test_revoke_needs_camel_case_and_plausible_lengths(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    wrong_case = {"client_id": CLIENT, "access_token": pair.access}
    answer = await api.http.post("/v1/auth/token/revoke", json=wrong_case)
    assert (answer.status_code, answer.json()["description"]) == (400, "clientId is required.")
    short = {"clientId": CLIENT, "access_token": "x" * 299}
    answer = await api.http.post("/v1/auth/token/revoke", json=short)
    assert (answer.status_code, answer.json()["description"]) == (400, "access_token is not valid.")


async def test_another_client_can_not_revoke(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    other = world.add_key(other_key())
    pair = await api.sign_in(key)
    assert (await api.revoke(other, pair.access)).status_code == 200
    assert await api.alive(key, pair)


async def test_old_wrong_paths_do_not_exist(api: Api) -> None:
    for path in ("/auth/issue/token", "/v1/auth/token", "/auth/token/issue"):
        answer = await api.http.post(path, content=json.dumps({}))
        assert (answer.status_code, answer.text) == (404, golden.NOT_FOUND)
