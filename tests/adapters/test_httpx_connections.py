"""Getting there: TLS, proxy, redirects, hosts, time limits, cancelling, the number of connections."""

from __future__ import annotations

import asyncio
import os
import socket
from functools import partial
from pathlib import Path

import pytest

from nomba_desktop.adapters.httpx_nomba import CONNECTIONS, TimeLimits
from nomba_desktop.domain.errors import ApiError, Fate, Offline, TlsFailed, UnreadableAnswer
from nomba_desktop.domain.secret import Secret
from tests.adapters.httpx_rig import (
    ACCESS,
    CALLS,
    CLIENT_SECRET,
    TOKENS,
    Authority,
    ConnectProxy,
    OpenGate,
    RawServer,
    Seen,
    api,
    envelope,
    http,
    listening,
    raw_server,
    target,
)
from tests.support.qtloop import turn, wait_until

OK = http(200, envelope(data=TOKENS))
NOT_SENT = "Nothing was sent"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def proxy_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


# -- TLS ---------------------------------------------------------------------------------------------------------


async def test_an_unknown_authority_is_refused(authority: Authority) -> None:
    async with raw_server(OK, context=authority.context("127.0.0.1")) as server, api() as door:
        for call in CALLS.values():
            with pytest.raises(TlsFailed, match=NOT_SENT) as caught:
                await call(door, target(server.url))
            assert caught.value.fate is Fate.NOT_HANDLED
    assert server.seen == []


async def test_an_authority_from_the_settings_is_trusted(authority: Authority) -> None:
    context = authority.context("127.0.0.1")
    async with raw_server(OK, context=context) as server, api(extra_ca=str(authority.pem)) as door:
        await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert len(server.seen) == 1


@pytest.mark.parametrize(("name", "days"), [("other.example", 1), ("127.0.0.1", -1)])
async def test_a_certificate_for_another_name_or_time_is_refused(
    authority: Authority, name: str, days: int
) -> None:
    context = authority.context(name, days=days)
    async with raw_server(OK, context=context) as server, api(extra_ca=str(authority.pem)) as door:
        with pytest.raises(TlsFailed):
            await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert server.seen == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\x00"])
async def test_an_authority_that_cannot_be_read_stops_everything(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    async with raw_server(OK) as server, api(extra_ca=str(path)) as door:
        with pytest.raises(TlsFailed, match="PEM"):
            await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert server.connections == 0


async def test_a_server_without_tls_gets_nothing() -> None:
    heard = bytearray()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(65536))
        writer.write(http(400, b""))
        writer.close()

    async with listening(plain) as port, api() as door:
        with pytest.raises(Offline, match=NOT_SENT) as caught:
            await door.issue(target(f"https://127.0.0.1:{port}"), Secret(CLIENT_SECRET))
    assert caught.value.fate is Fate.NOT_HANDLED
    assert b"POST" not in heard


# -- hosts and redirects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://api.nomba.com",
        "http://192.0.2.1",
        "http://127.0.0.1.example",
        "http://127.1",
        "http://2130706433",
        "http://0.0.0.0",
        "https://user:word@api.nomba.com",
        "https://api.nomba.com\\@evil.example",
        "https://api.nomba.com/elsewhere",
        "https://api.nomba.com:99999",
        "ftp://127.0.0.1",
        "",
    ],
)
async def test_an_address_that_may_not_be_used(url: str) -> None:
    gate = OpenGate()
    async with api(gate) as door:
        for call in CALLS.values():
            with pytest.raises(TlsFailed, match=NOT_SENT) as caught:
                await call(door, target(url))
            assert caught.value.fate is Fate.NOT_HANDLED
    assert gate.admitted == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    async with raw_server(OK) as elsewhere, api() as door:
        for location in (f"{elsewhere.url}/v1/auth/token/issue", "/v1/auth/token/other"):
            async with raw_server(http(status, b"", location=location)) as server:
                for call in CALLS.values():
                    with pytest.raises(UnreadableAnswer, match="redirect"):
                        await call(door, target(server.url))
            assert len(server.seen) == len(CALLS)
    assert elsewhere.connections == 0


# -- proxies -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("proxy_in_the_environment")
async def test_no_proxy_is_taken_from_the_environment(authority: Authority) -> None:
    assert os.environ["HTTPS_PROXY"]
    context = authority.context("127.0.0.1", "nomba.test.localhost")
    async with raw_server(OK, context=context) as server, api(extra_ca=str(authority.pem)) as door:
        await door.issue(target(server.url), Secret(CLIENT_SECRET))
        # Not a loopback address to the adapter, so a proxy would be asked if there were one.
        with pytest.raises(Offline, match=r"127\.0\.0\.2 does not accept"):
            await door.issue(target(f"https://127.0.0.2:{server.port}"), Secret(CLIENT_SECRET))
    assert len(server.seen) == 1


async def test_the_proxy_of_the_settings_is_asked(authority: Authority) -> None:
    async with raw_server(OK, context=authority.context("api.nomba.test")) as server:
        proxy = ConnectProxy(server.port)
        async with listening(proxy.handle) as port:
            proxy_url = f"http://ada:pass@127.0.0.1:{port}"
            async with api(proxy=proxy_url, extra_ca=str(authority.pem)) as door:
                await door.issue(target("https://api.nomba.test"), Secret(CLIENT_SECRET))
    assert len(server.seen) == 1
    (head,) = proxy.heads
    assert head.startswith("CONNECT api.nomba.test:443 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic YWRhOnBhc3M=" in head
    assert "accountId" not in head
    assert CLIENT_SECRET not in head
    assert "Proxy-Authorization" not in server.seen[0].headers


async def test_loopback_is_never_reached_by_way_of_a_proxy() -> None:
    async with raw_server(OK) as server, api(proxy="http://127.0.0.1:9") as door:
        await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert len(server.seen) == 1


async def test_a_proxy_does_not_weaken_tls(authority: Authority) -> None:
    async with (
        raw_server(OK, context=authority.context("api.nomba.test")) as server,
        listening(ConnectProxy(server.port).handle) as port,
        api(proxy=f"http://127.0.0.1:{port}") as door,
    ):
        for _ in range(CONNECTIONS + 5):  # a connection lost for good each time would show
            with pytest.raises(TlsFailed):
                await door.issue(target("https://api.nomba.test"), Secret(CLIENT_SECRET))
    assert server.seen == []


@pytest.mark.parametrize("status", [407, 403, 502])
async def test_a_proxy_that_refuses(status: int) -> None:
    proxy = ConnectProxy(9, status)
    async with listening(proxy.handle) as port, api(proxy=f"http://127.0.0.1:{port}") as door:
        with pytest.raises(Offline, match=rf"proxy in Settings.*\({status}\).*{NOT_SENT}") as caught:
            await door.issue(target("https://api.nomba.test"), Secret(CLIENT_SECRET))
    assert caught.value.fate is Fate.NOT_HANDLED


async def test_a_proxy_that_is_silent_or_away() -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            writer.close()

    async with (
        listening(silent) as port,
        api(proxy=f"http://127.0.0.1:{port}", limits=TimeLimits(auth=0.1)) as door,
    ):
        with pytest.raises(Offline, match=NOT_SENT) as caught:
            await door.issue(target("https://api.nomba.test"), Secret(CLIENT_SECRET))
        assert caught.value.fate is Fate.NOT_HANDLED
    async with api(proxy=f"http://127.0.0.1:{free_port()}") as door:
        with pytest.raises(Offline, match=NOT_SENT):
            await door.issue(target("https://api.nomba.test"), Secret(CLIENT_SECRET))


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1", "127.0.0.1:8080", "http://", "http://h:99999", "http://h/p"]
)
async def test_a_proxy_that_is_no_address(proxy: str) -> None:
    async with api(proxy=proxy) as door:
        with pytest.raises(Offline, match="http://host:port"):
            await door.issue(target("https://api.nomba.test"), Secret(CLIENT_SECRET))


# -- no connection -----------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("call", CALLS)
async def test_nobody_listens(call: str) -> None:
    gate = OpenGate()
    async with api(gate) as door:
        with pytest.raises(Offline, match="does not accept connections") as caught:
            await CALLS[call](door, target(f"http://127.0.0.1:{free_port()}"))
    assert caught.value.fate is Fate.NOT_HANDLED
    assert [told[1:] for told in gate.learned] == [(None, None)]


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70 + ".invalid", "a..b.invalid"])
async def test_a_name_that_is_not_found(host: str) -> None:
    async with api() as door:
        with pytest.raises(Offline, match=NOT_SENT) as caught:
            await door.issue(target(f"https://{host}"), Secret(CLIENT_SECRET))
    assert caught.value.fate is Fate.NOT_HANDLED


async def test_a_handshake_that_never_ends_sends_nothing() -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            writer.close()

    for limits in (TimeLimits(connect=0.1), TimeLimits(auth=0.1)):
        async with listening(silent) as port, api(limits=limits) as door:
            with pytest.raises(Offline, match="in time") as caught:
                await door.issue(target(f"https://127.0.0.1:{port}"), Secret(CLIENT_SECRET))
            assert caught.value.fate is Fate.NOT_HANDLED


# -- the hook before the first byte ------------------------------------------------------------------------------


async def test_the_hook_runs_once_after_every_wait_and_before_the_first_byte(authority: Authority) -> None:
    gate = OpenGate()
    async with raw_server(OK, context=authority.context("127.0.0.1")) as server:
        order: list[object] = []

        async def hook() -> None:
            order.append((len(gate.admitted), len(server.seen)))

        async with api(gate, extra_ca=str(authority.pem)) as door:
            await door.issue(target(server.url), Secret(CLIENT_SECRET), before_send=hook)
            await door.refresh(target(server.url), Secret(ACCESS), Secret("r" * 39), before_send=hook)
    assert order == [(1, 0), (2, 1)]
    assert server.connections == 1


class HookError(Exception):
    pass


@pytest.mark.parametrize("error", [HookError("stop"), OSError("disk"), TimeoutError("late")])
async def test_what_the_hook_raises_goes_through_and_nothing_is_sent(error: Exception) -> None:
    async def hook() -> None:
        raise error

    async with raw_server(OK) as server, api() as door:
        with pytest.raises(type(error)) as caught:
            await door.issue(target(server.url), Secret(CLIENT_SECRET), before_send=hook)
        assert caught.value is error
        await door.issue(target(server.url), Secret(CLIENT_SECRET))
    assert len(server.seen) == 1


async def test_the_deadline_stands_still_while_the_hook_runs() -> None:
    async def slow() -> None:
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.3)

    async with raw_server(OK) as server, api(limits=TimeLimits(auth=0.2)) as door:
        await door.issue(target(server.url), Secret(CLIENT_SECRET), before_send=slow)
    assert len(server.seen) == 1


async def test_no_hook_where_nobody_listens() -> None:
    called = []

    async def hook() -> None:
        called.append(1)

    async with api() as door:
        nobody = target(f"http://127.0.0.1:{free_port()}")
        with pytest.raises(Offline):
            await door.issue(nobody, Secret(CLIENT_SECRET), before_send=hook)
    assert not called


# -- many calls --------------------------------------------------------------------------------------------------


def _has_seen(server: RawServer, number: int) -> bool:
    return len(server.seen) == number


class Held:
    """Answers when told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def __call__(self, _: Seen, writer: asyncio.StreamWriter) -> None:
        await self.go.wait()
        writer.write(OK)
        await writer.drain()


async def test_cancelling_calls_under_way_leaves_room_for_others() -> None:
    held = Held()
    gate = OpenGate()
    async with raw_server(held) as server, api(gate) as door:
        for _ in range(3):
            calls = [
                asyncio.ensure_future(door.issue(target(server.url), Secret(CLIENT_SECRET)))
                for _ in range(50)
            ]
            await wait_until(partial(_has_seen, server, len(server.seen) + CONNECTIONS))
            for call in calls:
                call.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
        held.go.set()
        await asyncio.gather(*(door.issue(target(server.url), Secret(CLIENT_SECRET)) for _ in range(30)))
    assert len(gate.admitted) == len(gate.learned) == 180


async def test_never_more_connections_than_allowed_and_a_cut_off_goes_first() -> None:
    held = Held()
    done: list[str] = []

    async with raw_server(held) as server, api() as door:

        async def probe() -> None:
            await door.probe(target(server.url), Secret(ACCESS))
            done.append("probe")

        async def revoke() -> None:
            await door.revoke(target(server.url), Secret(ACCESS))
            done.append("revoke")

        tasks = [asyncio.ensure_future(probe()) for _ in range(3 * CONNECTIONS)]
        await wait_until(lambda: len(server.seen) == CONNECTIONS)
        tasks.append(asyncio.ensure_future(revoke()))
        await turn(10)
        assert server.connections == CONNECTIONS
        held.go.set()
        await asyncio.gather(*tasks)
    assert server.connections == CONNECTIONS
    assert server.seen[CONNECTIONS].method == "POST"
    assert done.index("revoke") < 2 * CONNECTIONS


async def test_closing_ends_calls_under_way_and_refuses_later_ones() -> None:
    async with raw_server(Held()) as server, api() as door:
        call = asyncio.ensure_future(door.issue(target(server.url), Secret(CLIENT_SECRET)))
        await wait_until(lambda: len(server.seen) == 1)
        await door.aclose()
        with pytest.raises(ApiError) as caught:
            await call
        assert caught.value.fate is Fate.UNKNOWN
        with pytest.raises(Offline, match="closing"):
            await door.issue(target(server.url), Secret(CLIENT_SECRET))


async def test_a_call_cancelled_in_the_handshake_leaves_nothing_open() -> None:
    connected, ended = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        try:
            while await reader.read(65536):
                pass
        finally:
            ended.set()
            writer.close()

    async with listening(silent) as port, api() as door:
        call = asyncio.ensure_future(door.issue(target(f"https://127.0.0.1:{port}"), Secret(CLIENT_SECRET)))
        await connected.wait()
        await turn(5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(ended.wait(), 2)
