"""Every line of the error table, and answers no server should give (facts 6)."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib

import pytest

from nomba_desktop.adapters import nomba_wire, nomba_wire_answers
from nomba_desktop.adapters.httpx_nomba import TimeLimits
from nomba_desktop.domain.errors import (
    ApiError,
    BadCredentials,
    BadRequest,
    Blocked,
    ConnectionBroke,
    Fate,
    Forbidden,
    RateLimited,
    ServerFault,
    TimedOut,
    TokenRefused,
    UnreadableAnswer,
)
from nomba_desktop.domain.secret import Secret
from tests.adapters.httpx_rig import (
    ACCESS,
    CALLS,
    CLIENT_SECRET,
    NEW_ACCESS,
    TOKENS,
    Answer,
    Seen,
    api,
    envelope,
    http,
    raw_server,
    target,
)

NOT, UNKNOWN = Fate.NOT_HANDLED, Fate.UNKNOWN
AUTH = ("issue", "refresh", "revoke")
ALL = (*AUTH, "probe")
HTML = b"<!DOCTYPE html><html><body>Access denied</body></html>"

# calls, status, body, error, fate
TABLE: list[tuple[tuple[str, ...], int, object, type[ApiError], Fate]] = [
    (("issue",), 401, envelope("01", None, "Invalid client credentials"), BadCredentials, NOT),
    (("issue",), 401, envelope("401", None, "Unauthorized"), BadCredentials, NOT),
    (("issue",), 200, envelope("01", None, "Invalid"), BadCredentials, NOT),
    (("issue",), 200, envelope("401"), BadCredentials, NOT),
    (("issue",), 403, envelope("403", None, "Forbidden"), BadCredentials, NOT),
    (("issue",), 200, envelope("403"), BadCredentials, NOT),
    (("refresh", "revoke", "probe"), 401, envelope("401"), TokenRefused, NOT),
    (("refresh", "revoke", "probe"), 401, envelope("02", None, "Token expired"), TokenRefused, NOT),
    (("refresh", "revoke"), 200, envelope("02"), TokenRefused, NOT),
    (("probe",), 200, envelope("02"), BadRequest, NOT),
    (("probe",), 200, envelope("01"), ServerFault, UNKNOWN),
    (("refresh", "revoke", "probe"), 403, envelope("403"), Forbidden, NOT),
    (("refresh", "probe"), 200, envelope(403), Forbidden, NOT),
    (ALL, 400, envelope("400", None, "Request failed."), BadRequest, NOT),
    (ALL, 200, {"code": "400", "status": False, "message": "Invalid"}, BadRequest, NOT),
    (ALL, 404, envelope("404", None, "Record not found"), BadRequest, NOT),
    (ALL, 422, {"message": "client_id is required"}, BadRequest, NOT),
    (ALL, 429, envelope("429"), RateLimited, NOT),
    (ALL, 200, envelope("429"), RateLimited, NOT),
    (ALL, 429, b"slow down", RateLimited, NOT),
    (ALL, 500, envelope("500", None, "Server error"), ServerFault, UNKNOWN),
    (ALL, 200, envelope("500"), ServerFault, UNKNOWN),
    (ALL, 502, HTML, ServerFault, UNKNOWN),
    (ALL, 503, b"", ServerFault, UNKNOWN),
    (ALL, 403, HTML, Blocked, NOT),
    (ALL, 403, b"error code: 1020", Blocked, NOT),
    (ALL, 401, HTML, UnreadableAnswer, NOT),
    (ALL, 200, HTML, UnreadableAnswer, UNKNOWN),
    (ALL, 201, envelope("201", None, "PROCESSING"), UnreadableAnswer, UNKNOWN),
    (("issue",), 200, envelope("05"), BadCredentials, NOT),
    (("refresh", "revoke", "probe"), 200, envelope("05"), Forbidden, NOT),
    (ALL, 200, envelope("06"), BadRequest, NOT),
    (ALL, 200, envelope("77"), UnreadableAnswer, UNKNOWN),
    (ALL, 200, envelope(["00"]), UnreadableAnswer, UNKNOWN),
    (ALL, 200, envelope(True), UnreadableAnswer, UNKNOWN),
    (ALL, 200, envelope("00 or so"), UnreadableAnswer, UNKNOWN),
    (ALL, 418, envelope("418"), UnreadableAnswer, NOT),
    (ALL, 301, b"", UnreadableAnswer, NOT),
    (("issue", "refresh"), 200, envelope(data=None), UnreadableAnswer, UNKNOWN),
    (("issue", "refresh"), 200, envelope(data=[TOKENS]), UnreadableAnswer, UNKNOWN),
    (("issue", "refresh"), 200, envelope(data={"refresh_token": "x"}), UnreadableAnswer, UNKNOWN),
    (("issue", "refresh"), 200, {"code": "00", **TOKENS}, UnreadableAnswer, UNKNOWN),
    (("issue", "refresh"), 204, b"", UnreadableAnswer, UNKNOWN),
]
LINES = [(call, *line) for calls, *line in TABLE for call in calls]


@pytest.mark.parametrize(("call", "status", "body", "kind", "fate"), LINES)
async def test_the_table(call: str, status: int, body: object, kind: type[ApiError], fate: Fate) -> None:
    is_html = isinstance(body, bytes) and body.startswith(b"<")
    answer = http(status, body, content_type="text/html" if is_html else "application/json")
    async with raw_server(answer) as server, api() as door:
        with pytest.raises(ApiError) as caught:
            await CALLS[call](door, target(server.url))
    assert type(caught.value) is kind
    assert caught.value.fate is fate
    assert caught.value.answer is not None
    assert caught.value.answer.status == status
    assert f"HTTP {status}" in caught.value.details
    assert len(server.seen) == 1


async def test_the_servers_words_are_cleaned_and_kept_as_details() -> None:
    body = {"code": "400", "errors": ["client_id\u202e bad\x00", {"field": "x", "why": "too\nlong"}, 7]}
    async with raw_server(http(400, body)) as server, api() as door:
        with pytest.raises(BadRequest) as caught:
            await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert caught.value.details == "HTTP 400 · code 400 · “client_id bad; x; too long”"


async def test_the_reason_stands_in_for_missing_words() -> None:
    async with raw_server(http(404, b"{}", reason="No Such Place")) as server, api() as door:
        with pytest.raises(BadRequest) as caught:
            await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert "No Such Place" in caught.value.details


async def test_www_authenticate_is_kept() -> None:
    answer = http(401, envelope("401"), www_authenticate='Bearer error="invalid_token"')
    async with raw_server(answer) as server, api() as door:
        with pytest.raises(TokenRefused) as caught:
            await door.probe(target(server.url), Secret(ACCESS))
    assert caught.value.answer is not None
    assert caught.value.answer.www_authenticate == 'Bearer error="invalid_token"'


async def test_a_revocation_may_be_answered_without_a_body() -> None:
    async with raw_server(http(204, b"", content_type="", content_length="")) as server, api() as door:
        await door.revoke(target(server.url), Secret(ACCESS))
    assert len(server.seen) == 1


GOOD = json.dumps(envelope(data=TOKENS)).encode()
UNREADABLE: dict[str, bytes] = {
    "empty": http(200, b""),
    "no JSON": http(200, b"OK"),
    "cut JSON": http(200, GOOD[:-30]),
    "array": http(200, b"[]"),
    "number": http(200, b"7"),
    "invalid UTF-8": http(200, b'{"code":"00","data":"\xff\xfe"}'),
    "deeply nested": http(200, b'{"data":' * 100_000 + b"1" + b"}" * 100_000),
    "nested arrays": http(200, b"[" * 500_000),
    "endless number": http(200, b'{"code": ' + b"1" * 10_000 + b"}"),
    "huge": http(200, b'{"code":"00","pad":"' + b"x" * 1_100_000 + b'"}'),
    "huge, no length": http(200, b'{"pad":"' + b"x" * 1_100_000, content_length="", connection="close"),
    "bomb": http(200, gzip.compress(b'{"pad":"' + b"x" * 30_000_000 + b'"}'), content_encoding="gzip"),
    "cut gzip": http(200, gzip.compress(GOOD)[:-9], content_encoding="gzip"),
    "no gzip": http(200, GOOD, content_encoding="gzip"),
    "unknown packing": http(200, GOOD, content_encoding="br"),
    "two packings": http(200, GOOD, content_encoding="gzip, br"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "endless head": b"HTTP/1.1 200 OK\r\n" + b"X-Pad: " + b"x" * 200_000,
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
}


@pytest.mark.parametrize("call", ["issue", "probe"])
@pytest.mark.parametrize("what", UNREADABLE)
async def test_unreadable(what: str, call: str) -> None:
    async with raw_server(UNREADABLE[what]) as server, api() as door:
        with pytest.raises(UnreadableAnswer) as caught:
            await CALLS[call](door, target(server.url))
    assert caught.value.fate is UNKNOWN


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [(gzip.compress(GOOD), "gzip"), (zlib.compress(GOOD), "deflate"), (GOOD, "identity"), (GOOD, "")],
)
async def test_packed_although_not_asked_for(packed: bytes, encoding: str) -> None:
    async with raw_server(http(200, packed, content_encoding=encoding)) as server, api() as door:
        assert (await door.issue(target(server.url), Secret(CLIENT_SECRET))).access == Secret(NEW_ACCESS)


async def test_a_huge_refusal_is_judged_by_its_status() -> None:
    page = http(403, b"<html>" + b"x" * 2_000_000, content_type="text/html")
    async with raw_server(page, http(401, b"x" * 2_000_000)) as server, api() as door:
        with pytest.raises(Blocked):
            await door.probe(target(server.url), Secret(ACCESS))
        with pytest.raises(TokenRefused):
            await door.probe(target(server.url), Secret(ACCESS))


async def _drip(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _byte in range(1000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.01)


async def _silent(_: Seen, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _continue_for_ever(_: Seen, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        await writer.drain()
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.001)


@pytest.mark.parametrize("call", ["refresh", "probe"])
@pytest.mark.parametrize("answer", [_drip, _silent, _continue_for_ever])
async def test_the_deadline_ends_it(answer: Answer, call: str) -> None:
    async with raw_server(answer) as server, api(limits=TimeLimits(auth=0.15, read_total=0.15)) as door:
        with pytest.raises(TimedOut) as caught:
            await CALLS[call](door, target(server.url))
    assert caught.value.fate is UNKNOWN


async def test_a_silence_longer_than_the_read_limit_ends_it() -> None:
    async with raw_server(_silent) as server, api(limits=TimeLimits(read=0.1)) as door:
        with pytest.raises(TimedOut) as caught:
            await door.probe(target(server.url), Secret(ACCESS))
    assert caught.value.fate is UNKNOWN


async def _cut(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _cut_in_the_head(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    writer.close()


async def _cut_in_the_body(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(http(200, GOOD)[:-30])
    writer.close()


async def _reset(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(http(200, GOOD)[:-30])
    await writer.drain()
    writer.transport.abort()


@pytest.mark.parametrize("call", ["issue", "refresh", "revoke", "probe"])
@pytest.mark.parametrize("answer", [_cut, _cut_in_the_head, _cut_in_the_body, _reset])
async def test_a_cut_connection_leaves_the_fate_unknown(answer: Answer, call: str) -> None:
    async with raw_server(answer) as server, api() as door:
        with pytest.raises(ConnectionBroke) as caught:
            await CALLS[call](door, target(server.url))
    assert caught.value.fate is UNKNOWN
    assert len(server.seen) == 1


async def test_a_kept_connection_that_ends_under_a_call_leaves_the_fate_unknown() -> None:
    async with raw_server(http(200, GOOD), _cut, http(200, GOOD)) as server, api() as door:
        await door.issue(target(server.url), Secret(CLIENT_SECRET))
        with pytest.raises(ConnectionBroke) as caught:
            await door.issue(target(server.url), Secret(CLIENT_SECRET))
        assert caught.value.fate is UNKNOWN
        assert (server.connections, len(server.seen)) == (1, 2)
        await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert (server.connections, len(server.seen)) == (2, 3)


def test_a_bomb_is_not_unpacked_in_memory() -> None:
    ask = nomba_wire.issue(target("https://api.nomba.test"), Secret(CLIENT_SECRET))
    bomb = zlib.compress(b"0" * 100_000_000)
    reply = nomba_wire_answers.Reply(200, {"content-encoding": "deflate"}, bomb, 0.0, 0.0, 0.0)
    tracemalloc.start()
    try:
        assert isinstance(nomba_wire_answers.grant(ask, reply), UnreadableAnswer)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
