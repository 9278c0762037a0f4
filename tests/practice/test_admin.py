"""Admin routes: guard, key management contract, strict bodies."""

from __future__ import annotations

from typing import Any

import pytest

from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.world import PracticeWorld
from tests.practice.conftest import ACCOUNT, CLIENT, NOON, SUB_ACCOUNT, Api, make_key

ROUTES = (
    ("GET", "/keys"),
    ("POST", "/keys"),
    ("GET", f"/keys/{CLIENT}"),
    ("POST", f"/keys/{CLIENT}/revoke"),
    ("GET", "/tokens/" + "0" * 64),
    ("POST", "/clock"),
    ("POST", "/switches"),
    ("POST", "/faults"),
    ("DELETE", "/faults/1"),
    ("POST", "/gates/x"),
    ("GET", "/log"),
    ("GET", "/grants"),
)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
async def test_every_route_wants_the_admin_token(
    api: Api, world: PracticeWorld, method: str, path: str, token: str | None
) -> None:
    headers = {} if token is None else {b"X-Practice-Admin": token.encode()}
    answer = await api.http.request(method, f"/practice{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"error": "The admin token in X-Practice-Admin is missing or wrong."}
    assert world.key(CLIENT) == make_key()


async def test_admin_calls_are_neither_logged_nor_limited_nor_spoiled(api: Api, world: PracticeWorld) -> None:
    await api.admin("POST", "/faults", {"kind": "error", "path": "*", "times": None})
    for _ in range(100):
        assert (await api.admin("GET", "/keys")).status_code == 200
    assert world.log.entries() == []


async def test_suspend_resume_revoke_are_one_call_each(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    shown = (await api.admin("GET", f"/keys/{CLIENT}")).json()
    assert shown == {
        "name": "Checkout web",
        "client_id": CLIENT,
        "account_id": ACCOUNT,
        "role": "Admin",
        "state": "active",
        "environment": "live",
        "permissions": None,
        "sub_account_ids": [SUB_ACCOUNT],
        "live_access": [pair.mark],
        "live_refresh": shown["live_refresh"],
    }
    assert len(shown["live_refresh"]) == 1
    suspended = await api.admin("POST", f"/keys/{CLIENT}/suspend")
    assert (suspended.status_code, suspended.json()["state"]) == (200, "suspended")
    assert (await api.get(key, pair.access)).status_code == 403
    assert (await api.admin("POST", f"/keys/{CLIENT}/suspend")).status_code == 200
    assert (await api.admin("POST", f"/keys/{CLIENT}/resume")).json()["state"] == "active"
    assert (await api.get(key, pair.access)).status_code == 200
    revoked = (await api.admin("POST", f"/keys/{CLIENT}/revoke")).json()
    assert (revoked["state"], revoked["live_access"], revoked["live_refresh"]) == ("revoked", [], [])
    again = await api.admin("POST", f"/keys/{CLIENT}/resume")
    assert (again.status_code, again.json()) == (409, {"error": "A revoked key stays revoked."})
    assert (await api.admin("POST", f"/keys/{CLIENT}/regenerate")).status_code == 409


async def test_no_answer_shows_a_secret_that_was_not_just_made(api: Api, key: PracticeKey) -> None:
    made = (await api.admin("POST", f"/keys/{CLIENT}/regenerate")).json()["client_secret"]
    assert len(made) == 88
    for method, path in (("GET", "/keys"), ("GET", f"/keys/{CLIENT}"), ("POST", f"/keys/{CLIENT}/suspend")):
        text = (await api.admin(method, path)).text
        assert made not in text
        assert key.client_secret not in text


async def test_regenerate_with_overlap(api: Api, key: PracticeKey) -> None:
    await api.admin("POST", f"/keys/{CLIENT}/regenerate", {"overlap": 30})
    assert (await api.issue(key)).status_code == 200
    assert (await api.admin("POST", "/clock", {"advance": 30})).json() == {
        "now": NOON + 30,
        "advanced_by": 30.0,
    }
    assert (await api.issue(key)).status_code == 401


async def test_create_key_makes_up_what_is_left_out(api: Api) -> None:
    made = (await api.admin("POST", "/keys", {"name": "New", "role": "Transfers"})).json()
    assert (made["name"], made["role"], made["state"]) == ("New", "Transfers", "active")
    assert (len(made["client_id"]), len(made["account_id"]), len(made["client_secret"])) == (36, 36, 88)
    headers = {"accountId": made["account_id"]}
    body = {"grant_type": "client_credentials"} | {n: made[n] for n in ("client_id", "client_secret")}
    assert (await api.http.post("/v1/auth/token/issue", headers=headers, json=body)).status_code == 200
    names = [key["name"] for key in (await api.admin("GET", "/keys")).json()["keys"]]
    assert names == ["Checkout web", "New"]


async def test_tokens_expire_on_request_and_are_told_by_fingerprint(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    live = (await api.admin("GET", f"/tokens/{pair.mark.upper()}")).json()
    assert live == {
        "fingerprint": pair.mark,
        "kind": "access",
        "client_id": CLIENT,
        "live": True,
        "standing": "live",
    }
    after = (await api.admin("POST", f"/keys/{CLIENT}/expire")).json()
    assert (after["live_access"], len(after["live_refresh"])) == ([], 1)
    assert (await api.admin("GET", f"/tokens/{pair.mark}")).json()["standing"] == "expired"
    after = (await api.admin("POST", f"/keys/{CLIENT}/expire", {"kind": "both"})).json()
    assert after["live_refresh"] == []
    assert (await api.admin("GET", "/tokens/" + "0" * 64)).status_code == 404


async def test_role_and_sign_in_elsewhere(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    assert (await api.admin("POST", f"/keys/{CLIENT}/role", {"role": "Read-only"})).json()[
        "role"
    ] == "Read-only"
    after = (await api.admin("POST", f"/keys/{CLIENT}/sign-in-elsewhere")).json()
    assert len(after["live_access"]) == 1
    assert after["live_access"] != [pair.mark]


async def test_switches_are_shown_and_changed(api: Api, world: PracticeWorld) -> None:
    answer = await api.admin(
        "POST",
        "/switches",
        {"access_ttl": 60, "suspended_key": {"status": 401, "code": "401", "description": "Off"}},
    )
    assert answer.json()["access_ttl"] == 60
    assert answer.json()["suspended_key"] == {"status": 401, "code": "401", "description": "Off"}
    assert world.switches.access_ttl == 60
    assert (await api.admin("GET", "/switches")).json() == answer.json()


async def test_faults_are_set_shown_and_cleared(api: Api, world: PracticeWorld) -> None:
    numbers = [
        (await api.admin("POST", "/faults", {"kind": kind})).json()["number"] for kind in ("drop", "error")
    ]
    shown = (await api.admin("GET", "/faults")).json()["faults"]
    assert [(f["number"], f["fault"]["kind"], f["left"]) for f in shown] == [(1, "drop", 1), (2, "error", 1)]
    left = (await api.admin("DELETE", f"/faults/{numbers[0]}")).json()["faults"]
    assert [f["number"] for f in left] == [2]
    assert (await api.admin("DELETE", "/faults")).json() == {"faults": []}
    assert world.faults() == []


async def test_the_log_is_read_and_reset(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    (entry,) = (await api.admin("GET", "/log")).json()["entries"]
    assert (entry["kind"], entry["issued_access"]) == ("issue", pair.mark)
    assert (await api.admin("DELETE", "/log")).json() == {"entries": []}


async def test_grants_are_shown(api: Api, key: PracticeKey) -> None:
    headers = {"accountId": ACCOUNT, "Authorization": f"Bearer {(await api.sign_in(key)).access}"}
    body = {"grantType": "allow", "clientId": CLIENT, "role": "ACCOUNT_WRITER"}
    await api.http.put(f"/v1/accounts/{ACCOUNT}/access", headers=headers, json=body)
    assert (await api.admin("GET", "/grants")).json() == {
        "grants": [
            {
                "account_id": ACCOUNT,
                "client_id": CLIENT,
                "grant_type": "allow",
                "role": "ACCOUNT_WRITER",
                "by_client_id": CLIENT,
            }
        ]
    }


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/keys", {}, 400, "'name' is required."),
        ("/keys", [], 400, "The body must be a JSON object."),
        ("/keys", {"name": "x", "role": "King"}, 400, "'role' must be one of: Admin, "),
        ("/keys", {"name": "x", "client_id": "x"}, 400, "'client_id' must be a UUID of 36 characters."),
        ("/keys", {"name": "x", "client_id": CLIENT}, 400, "There is a key with this client id already."),
        ("/keys", {"name": "x", "permissions": "all"}, 400, "'permissions' must be a list."),
        ("/keys", {"name": "x", "permissions": ["all"]}, 400, "'permissions' must be one of: "),
        ("/keys", {"name": 5}, 400, "'name' must be text."),
        (
            "/keys/00000000-0000-4000-8000-000000000000/suspend",
            {},
            404,
            "There is no key with this client id.",
        ),
        (f"/keys/{CLIENT}/polish", {}, 404, "There is no such action on a key."),
        (f"/keys/{CLIENT}/expire", {"kind": "all"}, 400, "'kind' must be one of: access, refresh, both."),
        (f"/keys/{CLIENT}/regenerate", {"overlap": -1}, 400, "'overlap' must not be negative."),
        (f"/keys/{CLIENT}/role", {}, 400, "'role' is required."),
        ("/clock", {"advance": -1}, 400, "The clock can only be advanced by zero or more seconds."),
        ("/clock", {"advance": "1"}, 400, "'advance' must be a number."),
        ("/clock", {}, 400, "'advance' is required."),
        ("/switches", {"nonsense": 1}, 400, "'nonsense' is not known here. Known: access_ttl, "),
        ("/faults", {"kind": "fire"}, 400, "'kind' must be one of: error, "),
        ("/faults", {"kind": "drop", "times": 0}, 400, "'times' must be 1 or more, or null"),
        ("/faults", {"kind": "drop", "skip": -1}, 400, "'skip' and 'seconds' must not be negative."),
        ("/faults", {"kind": "drop", "size": 0}, 400, "'step' must be at least 1, and 'size' between"),
        ("/faults", {"kind": "error", "status": 7}, 400, "'status' must be between 200 and 599."),
        ("/faults", {"kind": "drop", "gate": "x"}, 400, "Only 'hold_before' and 'hold_after' know a 'gate'."),
        (
            "/faults",
            {"kind": "hold_before", "seconds": 1},
            400,
            "This practice server was given no way to wait",
        ),
    ],
)
async def test_bad_input_gets_a_sentence(api: Api, path: str, body: Any, status: int, sentence: str) -> None:
    answer = await api.admin("POST", path, body)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(sentence)


async def test_a_body_that_is_no_json_gets_a_sentence(api: Api, world: PracticeWorld) -> None:
    headers = {"X-Practice-Admin": world.admin_token}
    answer = await api.http.post("/practice/clock", headers=headers, content=b"{")
    assert (answer.status_code, answer.json()) == (400, {"error": "The body is not valid JSON."})
