"""The door of the practice server: reads a request, logs it, applies limits and faults, answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nomba_desktop.practice.call import bearer_of
from nomba_desktop.practice.envelopes import Answer, failure, server_error, too_many_requests
from nomba_desktop.practice.faults import CUTTING, REPLACING, SPOILING, Fault
from nomba_desktop.practice.jwt import fingerprint
from nomba_desktop.practice.log import CallKind, Outcome
from nomba_desktop.practice.routes_probes import PROBES
from nomba_desktop.practice.wire import ConnectionCut, Delivery, RawAnswer
from nomba_desktop.practice.world import PracticeWorld

ADMIN_PREFIX = "/practice"
ENTRY = "nomba.practice.entry"
"""The key in the scope under which a request's log number travels."""

MAX_BODY = 1_048_576
"""Longest request body in bytes."""

_AUTH: dict[str, CallKind] = {
    "/v1/auth/token/issue": "issue",
    "/v1/auth/token/refresh": "refresh",
    "/v1/auth/token/revoke": "revoke",
}

_EDGE_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Attention Required!</title></head>\n"
    b"<body><h1>Sorry, you have been blocked</h1>\n"
    b"<p>You are unable to access this site. (Practice server, pretended edge.)</p></body></html>\n"
)


def json_answer(answer: Answer) -> RawAnswer:
    """An answer as bytes."""
    body = json.dumps(answer.body, separators=(",", ":"), ensure_ascii=False).encode()
    return RawAnswer(answer.status, ((b"content-type", b"application/json"),), b"").with_body(body)


def kind_of(method: str, path: str) -> CallKind:
    """What sort of call a request is."""
    if method == "POST" and path in _AUTH:
        return _AUTH[path]
    if method == "GET":
        return "probe" if path in PROBES else "other"
    if method == "PUT" and path.startswith("/v1/accounts/") and path.endswith("/access"):
        return "access"
    return "other" if path.startswith("/v1/auth/") else "write"


class Front:
    """ASGI middleware around the API routes. The admin routes pass untouched."""

    def __init__(self, app: ASGIApp, world: PracticeWorld) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path == ADMIN_PREFIX or path.startswith(ADMIN_PREFIX + "/"):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        if body is None:
            return
        world = self._world
        number, faults = self._arrive(scope, body)
        delivery = Delivery(scope, receive, send, self._wait)
        try:
            await self._hold(number, faults, "before")
            drop = next((fault for fault in faults if fault.kind == "drop"), None)
            if drop is not None:
                self._close(number, "cut")
                await delivery.nothing(drop.reset)
                return
            answer = await self._decide(scope, body, faults)
            world.log.update(number, status=answer.status)
            await self._hold(number, faults, "after")
            await self._leave(number, answer, faults, delivery)
        except BaseException as error:
            if not isinstance(error, ConnectionCut):
                self._close(number, "failed")
            raise

    async def _leave(
        self, number: int, answer: RawAnswer, faults: tuple[Fault, ...], delivery: Delivery
    ) -> None:
        spoiler = next((fault for fault in faults if fault.kind in SPOILING), None)
        if delivery.client_gone:
            self._close(number, "client_gone")
            await delivery.whole(answer)
        elif spoiler is None:
            self._close(number, "answered")
            await delivery.whole(answer)
        elif spoiler.kind in CUTTING:
            self._close(number, "cut")
            await delivery.spoiled(answer, spoiler)
        else:
            await delivery.spoiled(answer, spoiler)
            self._close(number, "answered")

    def _close(self, number: int, outcome: Outcome) -> None:
        # Before the bytes leave: who has read the answer finds it in the log, and is not counted as company.
        self._world.log.update(number, outcome=outcome, answered=self._world.now(), held=None)

    def _arrive(self, scope: Scope, body: bytes) -> tuple[int, tuple[Fault, ...]]:
        world, method, path = self._world, scope["method"], scope["path"]
        headers = Headers(scope=scope)
        kind = kind_of(method, path)
        with world.lock:
            bearer = bearer_of(headers, world.switches)
            client_id, presented = _belongs_to(world, kind, body, bearer)
            faults = world.take_faults(method, path, client_id)
            number = world.log.open(
                method=method,
                path=path,
                kind=kind,
                client_id=client_id,
                account_id=headers.get("accountid"),
                received=world.now(),
                bearer=None if bearer is None else fingerprint(bearer),
                presented=presented,
                faults=tuple(fault.kind for fault in faults),
            )
        scope[ENTRY] = number
        return number, faults

    async def _decide(self, scope: Scope, body: bytes, faults: tuple[Fault, ...]) -> RawAnswer:
        world = self._world
        verdict = world.count_request(Headers(scope=scope).get("accountid", "-"), scope["method"])
        replacing = next((fault for fault in faults if fault.kind in REPLACING), None)
        if replacing is not None:
            answer = _replacement(replacing)
        elif verdict is not None and not verdict.allowed:
            answer = json_answer(too_many_requests())
        else:
            answer = await self._route(scope, body)
        skew = world.switches.clock_skew
        answer = answer.with_headers((b"date", formatdate(world.now() + skew, usegmt=True).encode()))
        return answer if verdict is None else answer.with_headers(*verdict.headers())

    async def _route(self, scope: Scope, body: bytes) -> RawAnswer:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return RawAnswer(sent[0]["status"], tuple(tuple(pair) for pair in sent[0]["headers"]), content)

    async def _hold(self, number: int, faults: tuple[Fault, ...], when: str) -> None:
        world = self._world
        for fault in faults:
            if fault.kind != f"hold_{when}":
                continue
            world.log.update(number, held=when)
            if fault.gate is not None:
                await world.gates.wait(fault.gate)
            else:
                await self._wait(fault.seconds)
            world.log.update(number, held=None)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0 and self._world.sleep is not None:
            await self._world.sleep(seconds)


async def read_body(receive: Receive) -> bytes | None:
    """The request's whole body, cut off one byte past ``MAX_BODY``; None where the client left."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk: bytes = message.get("body", b"")
        body = (body + chunk)[: MAX_BODY + 1]
        if not message.get("more_body", False):
            return body


def _belongs_to(
    world: PracticeWorld, kind: CallKind, body: bytes, bearer: str | None
) -> tuple[str | None, str | None]:
    """The client id a request belongs to, and the fingerprint of the token it presents in its body."""
    given: Any = None
    if kind in ("issue", "refresh", "revoke"):
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):
            given = None
    field: Callable[[str], str | None] = lambda name: _text(given, name)  # noqa: E731
    if kind == "issue":
        return _short(field("client_id")), None
    if kind == "revoke":
        token = field("access_token")
        return _short(field("clientId")), None if token is None else fingerprint(token)
    token = field("refresh_token") if kind == "refresh" else None
    record = None if token is None else world.sessions.find(token, "refresh")
    if record is None and bearer is not None:
        record = world.sessions.find(bearer, "access")
    return (None if record is None else record.client_id), (None if token is None else fingerprint(token))


def _text(given: Any, name: str) -> str | None:
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, str) else None


def _short(client_id: str | None) -> str | None:
    # A secret pasted into the client id field must not reach the log.
    return client_id if client_id is not None and len(client_id) == 36 else None


def _replacement(fault: Fault) -> RawAnswer:
    match fault.kind:
        case "error":
            plain = server_error(fault.status or 500)
            code = plain.body["code"] if fault.code is None else fault.code
            description = plain.body["description"] if fault.description is None else fault.description
            return json_answer(failure(plain.status, code, description))
        case "rate_limited":
            answer = json_answer(too_many_requests())
            if fault.retry_after is None:
                return answer
            return answer.with_headers((b"retry-after", str(fault.retry_after).encode()))
        case "edge_html":
            html = RawAnswer(fault.status or 403, ((b"content-type", b"text/html; charset=UTF-8"),), b"")
            return html.with_body(_EDGE_PAGE)
        case "not_json":
            return RawAnswer(fault.status or 200, ((b"content-type", b"text/plain"),), b"").with_body(b"OK\n")
        case "empty":
            return RawAnswer(fault.status or 200, (), b"").with_body(b"")
        case _:
            shell = json_answer(Answer(200, {"code": "00", "description": "Success", "data": ""})).body
            return RawAnswer(200, ((b"content-type", b"application/json"),), b"").with_body(
                shell[:-2] + b"x" * max(0, fault.size - len(shell)) + shell[-2:]
            )
