"""Over a real socket: what a client meets on the wire, and how the server starts and stops."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator

import pytest

from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.server import PracticeServer
from tests.practice.conftest import ACCOUNT, CLIENT, make_key

ISSUE = json.dumps(
    {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": make_key().client_secret}
)
REQUEST = (
    f"POST /v1/auth/token/issue HTTP/1.1\r\nHost: practice\r\naccountId: {ACCOUNT}\r\n"
    f"Content-Length: {len(ISSUE)}\r\n\r\n{ISSUE}"
).encode()


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer(keys=[make_key()]) as server:
        yield server


def connect(server: PracticeServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=10)


def all_of(sock: socket.socket) -> bytes:
    data = b""
    while chunk := sock.recv(65536):
        data += chunk
    return data


def issue(server: PracticeServer) -> tuple[int, bytes]:
    with connect(server) as sock:
        sock.sendall(REQUEST.replace(b"Host", b"Connection: close\r\nHost"))
        head, _, body = all_of(sock).partition(b"\r\n\r\n")
        return int(head.split()[1]), body


def test_a_whole_answer(server: PracticeServer) -> None:
    status, body = issue(server)
    assert status == 200
    assert json.loads(body)["code"] == "00"


def test_connections_are_kept_alive(server: PracticeServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rsplit(":", 1)[1]), timeout=10)
    for _ in range(3):
        connection.request("GET", "/v1/accounts/parent")
        answer = connection.getresponse()
        assert answer.status == 401
        answer.read()
        assert not answer.will_close
        assert answer.getheader("server") is None
    connection.close()


@pytest.mark.parametrize("kind", ["drop", "lose_reply"])
def test_a_cut_connection_ends_without_a_byte(server: PracticeServer, kind: str) -> None:
    server.world.inject(Fault("lose_reply" if kind == "lose_reply" else "drop"))
    with connect(server) as sock:
        sock.sendall(REQUEST)
        assert all_of(sock) == b""
    assert bool(server.world.live_fingerprints(CLIENT)) is (kind == "lose_reply")
    assert server.world.log.entries()[-1].outcome == "cut"


def test_a_cut_connection_can_be_a_reset(server: PracticeServer) -> None:
    server.world.inject(Fault("lose_reply", reset=True))
    with connect(server) as sock:
        sock.sendall(REQUEST)
        with pytest.raises(ConnectionResetError):
            all_of(sock)


def test_half_close_sends_half_and_goes_on_listening(server: PracticeServer) -> None:
    server.world.inject(Fault("half_close"))
    with connect(server) as sock:
        sock.sendall(REQUEST)
        head, _, body = all_of(sock).partition(b"\r\n\r\n")
        promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert len(body) == promised // 2
        sock.sendall(b"still open for this direction")
    assert server.world.log.entries()[-1].outcome == "cut"


def test_cut_body_resets_in_the_middle(server: PracticeServer) -> None:
    server.world.inject(Fault("cut_body"))
    with connect(server) as sock:
        sock.sendall(REQUEST)
        with pytest.raises(ConnectionResetError):
            all_of(sock)


def test_truncated_json_is_well_formed_http(server: PracticeServer) -> None:
    server.world.inject(Fault("truncated_json"))
    status, body = issue(server)
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


@pytest.mark.parametrize("kind", ["slow_headers", "slow_body"])
def test_drips_arrive_whole_in_the_end(server: PracticeServer, kind: str) -> None:
    server.world.inject(
        Fault("slow_headers" if kind == "slow_headers" else "slow_body", seconds=0.0001, step=9)
    )
    status, body = issue(server)
    assert status == 200
    assert json.loads(body)["code"] == "00"


def test_a_header_drip_shows_no_whole_head_for_long(server: PracticeServer) -> None:
    server.world.inject(Fault("slow_headers", seconds=60, step=5))
    with connect(server) as sock:
        sock.sendall(REQUEST)
        assert sock.recv(65536) == b"HTTP/"
    assert server.world.live_fingerprints(CLIENT), "the work was done before"


def test_a_client_that_left_is_noted_and_its_call_lands(server: PracticeServer) -> None:
    server.world.inject(Fault("hold_before", gate="late"))
    log = server.world.log
    with connect(server) as sock:
        sock.sendall(REQUEST)
        assert log.wait_for(lambda entries: bool(entries) and entries[-1].held == "before")
    with connect(server) as other:  # When this is answered, the server has seen the other one leave.
        other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        all_of(other)
    server.world.release("late")
    assert log.wait_for(lambda entries: entries[0].outcome == "client_gone")
    assert len(server.world.live_fingerprints(CLIENT)) == 1


def test_a_client_that_leaves_in_the_middle_of_its_request_does_no_harm(server: PracticeServer) -> None:
    with connect(server) as sock:
        sock.sendall(REQUEST[:-10])
    assert issue(server)[0] == 200
    assert server.world.log.count("issue") == 1


def test_nonsense_on_the_wire_is_refused_quietly(server: PracticeServer) -> None:
    with connect(server) as sock:
        sock.sendall(b"\x16\x03\x01 what is this\r\n\r\n")
        assert all_of(sock).startswith(b"HTTP/1.1 400 ")


def test_many_at_once_leave_one_session(server: PracticeServer) -> None:
    server.world.set_switches({"rate_limit": "off"})
    start = threading.Barrier(12)
    statuses: list[int] = []

    def sign_in() -> None:
        start.wait()
        statuses.append(issue(server)[0])

    threads = [threading.Thread(target=sign_in) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 12
    assert len(server.world.live_fingerprints(CLIENT)) == 1
    assert server.world.log.count("issue", client_id=CLIENT, status=200) == 12


def test_it_stops_at_once_whoever_hangs_on(server: PracticeServer) -> None:
    server.world.inject(Fault("hold_before", gate="never"))
    with connect(server) as idle, connect(server) as held:
        idle.sendall(b"GET /v2/x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert server.world.log.wait_for(lambda entries: len(entries) == 1 and entries[0].held == "before")
        server.world.inject(Fault("hold_before", seconds=600))
        held.sendall(REQUEST)
        assert server.world.log.wait_for(lambda entries: len(entries) == 2 and entries[1].held == "before")
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        stopping.join(0.3)
        assert not stopping.is_alive()
        assert all_of(held) == b""
    assert not server.running
    assert "practice-server" not in {thread.name for thread in threading.enumerate()}
    server.stop()


def test_it_comes_back_on_the_same_port_with_the_same_world(server: PracticeServer) -> None:
    issue(server)
    url, live = server.url, server.world.live_fingerprints(CLIENT)
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(server)
    server.start()
    assert (server.url, server.world.live_fingerprints(CLIENT)) == (url, live)
    assert issue(server)[0] == 200
    with pytest.raises(RuntimeError, match="runs already"):
        server.start()


def test_a_taken_port_is_an_os_error(server: PracticeServer) -> None:
    other = PracticeServer(port=int(server.url.rsplit(":", 1)[1]))
    with pytest.raises(OSError, match="in use"):
        other.start()
    assert not other.running
    with pytest.raises(RuntimeError, match="has not been started"):
        PracticeServer().url  # noqa: B018


def test_an_admin_token_is_random_and_long() -> None:
    tokens = {PracticeServer().admin_token for _ in range(3)}
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {48}


def test_a_world_brings_its_own_switches() -> None:
    with pytest.raises(ValueError, match="brings its own"):
        PracticeServer(PracticeServer().world, persona="sandbox")
