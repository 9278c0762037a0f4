"""What goes out, byte for byte, and what a good answer becomes (facts 1, 2, 3.5, 5, 7)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nomba_desktop.domain.errors import BadRequest, UnreadableAnswer
from nomba_desktop.domain.limits import Lane, Priority, RateHeaders
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.tokens import parse_expires_at
from tests.adapters.httpx_rig import (
    ACCESS,
    ACCOUNT,
    CALLS,
    CLIENT,
    CLIENT_SECRET,
    NEW_ACCESS,
    NEW_REFRESH,
    REFRESH,
    TOKENS,
    OpenGate,
    api,
    envelope,
    http,
    raw_server,
    target,
)

OK = http(200, envelope(data=TOKENS))


async def test_issue_as_documented() -> None:
    async with raw_server(OK) as server, api(user_agent="nomba-desktop/0.1.0") as door:
        grant = await door.issue(target(server.url), Secret(CLIENT_SECRET))
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/v1/auth/token/issue")
    assert seen.fields == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": CLIENT_SECRET,
    }
    assert {name: value for name, value in seen.headers.items() if name != "Content-Length"} == {
        "Host": f"127.0.0.1:{server.port}",
        "accountId": ACCOUNT,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "nomba-desktop/0.1.0",
        "Content-Type": "application/json",
    }
    assert grant.access == Secret(NEW_ACCESS)
    assert grant.refresh == Secret(NEW_REFRESH)
    assert grant.expires_at == "2026-11-21T21:00:00Z"
    assert 0 < grant.sent_at <= grant.received_at
    assert grant.offset is None


async def test_refresh_carries_the_old_access_token() -> None:
    async with raw_server(OK) as server, api() as door:
        await door.refresh(target(server.url), Secret(ACCESS), Secret(REFRESH))
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/v1/auth/token/refresh")
    assert seen.fields == {"grant_type": "refresh_token", "refresh_token": REFRESH}
    assert seen.headers["Authorization"] == f"Bearer {ACCESS}"
    assert seen.headers["accountId"] == ACCOUNT


async def test_revoke_has_camel_case_and_no_authorization() -> None:
    async with raw_server(http(200, {"code": "00", "description": "done"})) as server, api() as door:
        await door.revoke(target(server.url), Secret(ACCESS))
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/v1/auth/token/revoke")
    assert seen.fields == {"clientId": CLIENT, "access_token": ACCESS}
    assert seen.headers["accountId"] == ACCOUNT
    assert "Authorization" not in seen.headers


async def test_probe_shows_harmless_values_only() -> None:
    data = {
        "accountName": "Ada\u202e \x07Stores",
        "status": "ACTIVE",
        "currency": "NGN",
        "bvn": "22212345678",
    }
    data |= {"accountId": ACCOUNT, "banks": [{"bankAccountNumber": "0123456789"}]}  # type: ignore[dict-item]
    async with raw_server(http(200, envelope(data=data))) as server, api() as door:
        probed = await door.probe(target(server.url), Secret(ACCESS))
        without = await door.probe(target(server.url), None)
    first, second = server.seen
    assert (first.method, first.target, first.body) == ("GET", "/v1/accounts/parent", b"")
    assert first.headers["Authorization"] == f"Bearer {ACCESS}"
    assert "Content-Type" not in first.headers
    assert "Authorization" not in second.headers
    assert second.headers["accountId"] == ACCOUNT
    assert probed.summary == {"accountName": "Ada Stores", "status": "ACTIVE", "currency": "NGN"}
    assert probed.status == without.status == 200


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/v1/accounts", "/v1/accounts?limit=1"),
        ("/v1/accounts?limit=1", "/v1/accounts?limit=1"),
        ("/v1/transfers/banks", "/v1/transfers/banks"),
    ],
)
async def test_probe_paths(path: str, sent: str) -> None:
    banks = [{"code": "044", "name": "Access"}]
    async with raw_server(http(200, envelope(data=banks))) as server, api() as door:
        assert (await door.probe(target(server.url), Secret(ACCESS), path=path)).summary == {}
    assert server.seen[0].target == sent


@pytest.mark.parametrize(
    "path", ["/v1/accounts?limit=50", "/v2/transfers/bank", "/v1/accounts/parent/", "", "//evil.example/x"]
)
async def test_no_other_path_is_asked(path: str) -> None:
    async with raw_server(OK) as server, api() as door:
        with pytest.raises(ValueError, match="harmless"):
            await door.probe(target(server.url), Secret(ACCESS), path=path)
    assert server.connections == 0


async def test_one_connection_is_kept() -> None:
    async with raw_server(OK) as server, api() as door:
        for _ in range(3):
            await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert len(server.seen) == 3
    assert server.connections == 1


async def test_no_cookie_is_kept() -> None:
    async with (
        raw_server(http(200, envelope(data=TOKENS), set_cookie="who=me; Path=/")) as server,
        api() as door,
    ):
        for account in (ACCOUNT, "8e1f0c52-0b5e-4a51-9a53-2f6a4f0f9b22"):
            await door.issue(target(server.url, account), Secret(CLIENT_SECRET))
    assert not [seen for seen in server.seen if "Cookie" in seen.headers]


@pytest.mark.parametrize("call", CALLS)
async def test_every_call_passes_the_gate_and_tells_it(call: str) -> None:
    rate = {"x_rate_limit_limit": "40", "x_rate_limit_remaining": "39", "x_rate_limit_window": "1s"}
    gate = OpenGate()
    async with raw_server(http(200, envelope(data=TOKENS), **rate)) as server, api(gate) as door:
        await CALLS[call](door, target(server.url))
    lane = Lane(f"127.0.0.1:{server.port}", ACCOUNT, "GET" if call == "probe" else "POST")
    priority = {"issue": Priority.SIGN_IN, "refresh": Priority.REFRESH, "revoke": Priority.CUT_OFF}
    assert gate.admitted == [(lane, priority.get(call, Priority.PROBE))]
    assert gate.learned == [(lane, RateHeaders(40, 39, 1.0), None)]


async def test_retry_after_counts_where_it_has_a_meaning() -> None:
    gate = OpenGate()
    answers = [http(429, envelope("429"), retry_after="7"), http(503, envelope("500"), retry_after="9"), OK]
    answers[2] = http(200, envelope(data=TOKENS), retry_after="3600")
    seen = []
    async with raw_server(*answers) as server, api(gate) as door:
        for _ in range(3):
            try:
                await door.issue(target(server.url), Secret(CLIENT_SECRET))
            except Exception as error:  # noqa: BLE001
                seen.append(getattr(error, "retry_after", None))
    assert seen == [7.0, 9.0]
    assert [told[2] for told in gate.learned] == [7.0, 9.0, None]


async def test_the_servers_clock_is_compared() -> None:
    answer = http(200, envelope(data=TOKENS), date="Sat, 21 Nov 2020 20:00:00 GMT")
    async with raw_server(answer) as server, api() as door:
        grant = await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert grant.offset == -86_400.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-07-08T14:33:00Z", 1783521180.0),
        ("2026-07-08T14:33:00.900Z", 1783521180.9),
        ("2026-07-08T14:33:00.657000Z", 1783521180.657),
        ("2026-07-08T15:33:00+01:00", 1783521180.0),
        ("2026-07-08T14:33", 1783521180.0),
        (1783521180, 1783521180.0),
        (1783521180000, 1783521180.0),
        (None, None),
        ([1], None),
    ],
)
async def test_expires_at_is_handed_on_as_sent(value: object, seconds: float | None) -> None:
    tokens = {**TOKENS, "expiresAt": value}
    async with raw_server(http(200, envelope(data=tokens))) as server, api() as door:
        grant = await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert grant.expires_at == value
    assert parse_expires_at(grant.expires_at) == seconds


@pytest.mark.parametrize(
    "body",
    [
        envelope(data=TOKENS) | {"status": False},
        envelope("200", TOKENS),
        envelope(200, TOKENS),
        envelope(0, TOKENS),
        envelope(None, TOKENS),
        {"data": TOKENS},
        envelope(data={**TOKENS, "businessId": ACCOUNT, "expires_in": 5}),
    ],
)
async def test_odd_envelopes_of_a_success(body: object) -> None:
    async with raw_server(http(200, body)) as server, api() as door:
        assert (await door.issue(target(server.url), Secret(CLIENT_SECRET))).access == Secret(NEW_ACCESS)


@pytest.mark.parametrize("token", [None, "", 7, "two\nlines", "späce", "x" * 20_000])
async def test_a_token_that_could_not_be_used_is_none(token: object) -> None:
    refresh_only = http(200, envelope(data={**TOKENS, "refresh_token": token}))
    access_only = http(200, envelope(data={**TOKENS, "access_token": token}))
    async with raw_server(refresh_only, access_only) as server, api() as door:
        assert (await door.issue(target(server.url), Secret(CLIENT_SECRET))).refresh is None
        with pytest.raises(UnreadableAnswer, match="no access token"):
            await door.issue(target(server.url), Secret(CLIENT_SECRET))


@pytest.mark.parametrize("bad", ["", "a b", "a\r\nX-Evil: 1", "ä"])
async def test_what_does_not_fit_a_header_is_not_sent(bad: str) -> None:
    async with raw_server(OK) as server, api() as door:
        for call in CALLS.values():
            with pytest.raises(BadRequest, match="account ID"):
                await call(door, target(server.url, bad))
        with pytest.raises(BadRequest, match="access token"):
            await door.refresh(target(server.url), Secret(bad), Secret(REFRESH))
        with pytest.raises(BadRequest, match="access token"):
            await door.probe(target(server.url), Secret(bad))
    assert server.connections == 0


def test_importing_the_door_does_not_import_httpx() -> None:
    code = (
        "import sys, nomba_desktop.adapters.httpx_nomba\n"
        "sys.exit(', '.join({'httpx', 'httpcore', 'anyio', 'truststore', 'h11'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
