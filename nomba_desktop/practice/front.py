"""The door of the practice server: reads a request, logs it, applies limits and faults, answers."""

from __future__ import annotations

from email.utils import formatdate

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nomba_desktop.practice.call import bearer_of
from nomba_desktop.practice.envelopes import too_many_requests
from nomba_desktop.practice.faults import CUTTING, REPLACING, SPOILING, Fault
from nomba_desktop.practice.identify import belongs_to, kind_of, uuid_or_none
from nomba_desktop.practice.jwt import fingerprint
from nomba_desktop.practice.log import Outcome
from nomba_desktop.practice.replacement import json_answer, replacement
from nomba_desktop.practice.wire import ConnectionCutError, Delivery, RawAnswer
from nomba_desktop.practice.world import PracticeWorld

ADMIN_PREFIX = "/practice"
ENTRY = "nomba.practice.entry"
"""The key in the scope under which a request's log number travels."""

MAX_BODY = 1_048_576
"""Longest request body in bytes."""


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
            if not isinstance(error, ConnectionCutError):
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
            client_id, presented = belongs_to(world, kind, body, bearer)
            faults = world.take_faults(method, path, client_id)
            number = world.log.open(
                method=method,
                path=path,
                kind=kind,
                client_id=client_id,
                account_id=uuid_or_none(headers.get("accountid")),
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
            answer = replacement(replacing)
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
