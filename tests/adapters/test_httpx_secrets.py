"""No secret in what is raised, nor in what hangs on it, nor in a log (law 6)."""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest

from nomba_desktop.adapters import nomba_wire
from nomba_desktop.adapters.httpx_nomba import TimeLimits
from nomba_desktop.domain.errors import ApiError, TlsFailed
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import BeforeSend
from tests.adapters.httpx_rig import (
    ACCESS,
    CALLS,
    CLIENT_SECRET,
    REFRESH,
    SECRETS,
    TOKENS,
    Answer,
    Authority,
    ConnectProxy,
    Seen,
    api,
    envelope,
    http,
    listening,
    raw_server,
    target,
)
from tests.support.qtloop import wait_until


def everything_of(error: BaseException) -> Iterator[str]:
    """All that a report could print: texts, attributes, causes, and the local names of every frame below the test."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or current in seen:
            continue
        seen.append(current)
        waiting += [current.__cause__, current.__context__]
        yield from (str(current), repr(current), repr(current.args), repr(vars(current)))
        yield from frames(current.__traceback__)
    yield "".join(traceback.format_exception(error))


def frames(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        if "/tests/" not in trace.tb_frame.f_code.co_filename:
            yield from (repr(value) for value in trace.tb_frame.f_locals.values())
        trace = trace.tb_next


def assert_clean(error: BaseException) -> None:
    trace = error.__traceback__
    while trace is not None:  # their frames reach the request, headers and all
        assert not re.search(r"site-packages.(httpx|httpcore|h11|anyio)\b", trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    for text in everything_of(error):
        for secret in SECRETS:
            # A part would do harm too.
            assert secret[:24] not in text
            assert secret[-24:] not in text


ECHO = f"Bad {CLIENT_SECRET} and {ACCESS} and {REFRESH} and {TOKENS['access_token']}"
GRANT = http(200, envelope(data=TOKENS))


async def _cut(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(GRANT[:-40])
    writer.close()


async def _silent(_: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(GRANT[:-40])
    await asyncio.Event().wait()


ANSWERS: dict[str, Answer] = {
    "words repeat it": http(401, envelope("01", None, ECHO)),
    "message repeats it": http(400, {"code": "400", "message": ECHO}),
    "errors repeat it": http(422, {"errors": [ECHO, {"why": ECHO}]}),
    "reason repeats it": http(500, b"", reason=ECHO),
    "code repeats it": http(400, envelope(ACCESS, None, "no")),
    "header repeats it": http(401, envelope("401"), www_authenticate=f'Bearer realm="{ECHO}"'),
    "tokens in a failure": http(200, envelope("400", TOKENS, str(TOKENS["access_token"]))),
    "tokens at the top": http(200, {"code": "00", **TOKENS}),
    "tokens in a list": http(200, envelope(data=[TOKENS])),
    "tokens in text": http(200, ECHO.encode()),
    "cut JSON": http(200, GRANT.partition(b"\r\n\r\n")[2][:-20]),
    "redirect": http(302, b"", location=f"https://evil.example/?t={ACCESS}"),
    "no HTTP": f"HTTP/1.1 {ECHO}\r\n{ECHO}\r\n\r\n".encode(),
    "cut": _cut,
    "silent": _silent,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", ANSWERS)
async def test_no_secret_in_an_error(answer: str, call: str) -> None:
    limits = TimeLimits(auth=0.2, read_total=0.2)
    async with raw_server(ANSWERS[answer]) as server, api(limits=limits) as door:
        try:
            await CALLS[call](door, target(server.url))
        except ApiError as error:
            caught = error
        else:
            assert (answer, call) in SUCCESSES
            return
    assert caught.__cause__ is None
    assert caught.__context__ is None
    assert_clean(caught)


# Without tokens in their place, an answer to a revocation or a probe may still be a good one.
SUCCESSES = {
    (answer, call) for answer in ("tokens at the top", "tokens in a list") for call in ("revoke", "probe")
}


async def test_no_secret_in_a_refusal_before_sending(tmp_path: Path) -> None:
    broken = Secret(ACCESS + "\n")
    async with api(extra_ca=str(tmp_path / "none.pem")) as door:
        calls = [
            door.issue(target("http://127.0.0.1:9", "bad id"), Secret(CLIENT_SECRET)),
            door.refresh(target("http://127.0.0.1:9", "bad id"), Secret(ACCESS), Secret(REFRESH)),
            door.refresh(target("http://127.0.0.1:9"), broken, Secret(REFRESH)),
            door.revoke(target("http://127.0.0.1:9", "bad id"), Secret(ACCESS)),
            door.probe(target("http://127.0.0.1:9"), broken),
            door.issue(target(f"https://{CLIENT_SECRET}@h/"), Secret(CLIENT_SECRET)),
            door.issue(target("https://api.nomba.test"), Secret(CLIENT_SECRET)),
        ]
        for call in calls:
            with pytest.raises(ApiError) as caught:
                await call
            assert caught.value.__context__ is None
            for text in everything_of(caught.value):
                assert ACCESS not in text
                assert REFRESH not in text


async def test_no_secret_where_no_connection_is_made(authority: Authority) -> None:
    proxy = ConnectProxy(9, 407)
    async with listening(proxy.handle) as port, api(proxy=f"http://127.0.0.1:{port}") as door:
        for call in CALLS.values():
            with pytest.raises(ApiError) as caught:
                await call(door, target("https://api.nomba.test"))
            assert_clean(caught.value)
    async with raw_server(GRANT, context=authority.context("127.0.0.1")) as server, api() as door:
        with pytest.raises(TlsFailed) as refused:
            await door.issue(target(server.url), Secret(CLIENT_SECRET))
        assert_clean(refused.value)


async def test_no_secret_behind_what_the_hook_raised_or_a_cancelled_call() -> None:
    async with raw_server(_silent) as server, api() as door:
        for error in (LookupError("stop"), OSError("stop")):
            with pytest.raises(type(error)) as caught:
                await door.refresh(
                    target(server.url), Secret(ACCESS), Secret(REFRESH), before_send=_raising(error)
                )
            assert_clean(caught.value)
        call = asyncio.ensure_future(door.refresh(target(server.url), Secret(ACCESS), Secret(REFRESH)))
        await wait_until(lambda: server.seen)
        call.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await call
        assert_clean(cancelled.value)


async def test_a_short_secret_is_masked_too() -> None:
    async with (
        raw_server(http(400, envelope("400", None, "client_secret pass word! is not valid"))) as server,
        api() as door,
    ):
        with pytest.raises(ApiError) as caught:
            await door.issue(target(server.url), Secret("pass word!"))
    assert caught.value.details == "HTTP 400 · code 400 · “client_secret •••• is not valid”"


def _raising(error: Exception) -> BeforeSend:
    async def hook() -> None:
        raise error

    return hook


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    async with raw_server(GRANT) as server, api() as door:
        for call in CALLS.values():
            await call(door, target(server.url))
    logged = [record for record in caplog.records if record.name.partition(".")[0] != "asyncio"]
    assert logged == []


def test_no_secret_in_the_repr_of_a_request() -> None:
    at = target("https://api.nomba.test")
    asks = [
        nomba_wire.issue(at, Secret(CLIENT_SECRET)),
        nomba_wire.refresh(at, Secret(ACCESS), Secret(REFRESH)),
        nomba_wire.revoke(at, Secret(ACCESS)),
        nomba_wire.probe(at, Secret(ACCESS), "/v1/accounts/parent"),
    ]
    for ask in asks:
        assert not [secret for secret in SECRETS if secret in repr(ask)]
