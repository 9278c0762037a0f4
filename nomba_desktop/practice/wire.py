"""How an answer leaves: whole, late, in drips, in part, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from starlette.types import Receive, Scope, Send

from nomba_desktop.practice.clock import Sleep
from nomba_desktop.practice.faults import Fault

WIRE = "nomba.practice.wire"
"""The key in the scope's ``extensions`` under which ``server.py`` puts its ``Wire``."""


class ConnectionCutError(ConnectionResetError):
    """Raised out of the app where there is no real connection to cut, as under an in-process transport."""


class Wire(Protocol):
    """The connection beneath one request."""

    def is_closing(self) -> bool:
        """Whether the client has gone or the connection is being closed."""
        ...

    def write(self, data: bytes) -> None:
        """Send raw bytes, past the HTTP machinery; the connection is good for nothing else afterwards."""
        ...

    def half_close(self) -> None:
        """Send FIN after what was written, and go on listening."""
        ...

    def cut(self, reset: bool) -> None:
        """Drop the connection at once; with a TCP reset if asked."""
        ...

    def close(self) -> None:
        """Close the connection after what was written."""
        ...


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An HTTP answer before it leaves."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def with_headers(self, *more: tuple[bytes, bytes]) -> RawAnswer:
        """A copy with further headers."""
        return RawAnswer(self.status, self.headers + more, self.body)

    def with_body(self, body: bytes) -> RawAnswer:
        """A copy with another body and the Content-Length that fits it."""
        kept = tuple(pair for pair in self.headers if pair[0] != b"content-length")
        return RawAnswer(self.status, (*kept, (b"content-length", str(len(body)).encode())), body)

    def head(self) -> bytes:
        """Status line and headers as they look on the wire, with ``Connection: close``."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}".encode()]
        lines += [name + b": " + value for name, value in (*self.headers, (b"connection", b"close"))]
        return b"\r\n".join(lines) + b"\r\n\r\n"


def wire_of(scope: Scope) -> Wire | None:
    """The connection beneath a request; None in process."""
    wire: Wire | None = scope.get("extensions", {}).get(WIRE)
    return wire


class Delivery:
    """Sends one answer, spoiled by at most one fault. ``wait`` lets seconds pass."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, wait: Sleep) -> None:
        self._wire = wire_of(scope)
        self._receive = receive
        self._send = send
        self._wait = wait

    async def whole(self, answer: RawAnswer) -> None:
        """Send it as it is."""
        await self._start(answer)
        await self._send({"type": "http.response.body", "body": answer.body})

    @property
    def client_gone(self) -> bool:
        """Whether nobody is there to read the answer, as far as the connection knows."""
        return self._wire is not None and self._wire.is_closing()

    async def _start(self, answer: RawAnswer) -> None:
        headers = list(answer.headers)
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def nothing(self, reset: bool = False) -> None:
        """Cut the connection before the first byte."""
        await self._cut(reset)

    async def spoiled(self, answer: RawAnswer, fault: Fault) -> None:
        """Send it the way the fault says."""
        match fault.kind:
            case "lose_reply":
                await self._cut(fault.reset)
            case "half_close" | "cut_body":
                await self._part(answer, fault)
            case "truncated_json":
                await self.whole(answer.with_body(answer.body[: len(answer.body) // 2]))
            case "slow_headers":
                await self._slow_headers(answer, fault)
            case _:
                await self._slow_body(answer, fault)

    async def _cut(self, reset: bool) -> None:
        if self._wire is None:
            raise ConnectionCutError("The practice server cut the connection.")
        self._wire.cut(reset)
        await self._until_gone()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _part(self, answer: RawAnswer, fault: Fault) -> None:
        if self._wire is None:
            raise ConnectionCutError("The practice server cut the connection in the middle of an answer.")
        self._wire.write(answer.head() + answer.body[: len(answer.body) // 2])
        if fault.kind == "half_close":
            self._wire.half_close()
        else:
            self._wire.cut(reset=True)
        await self._until_gone()

    async def _slow_headers(self, answer: RawAnswer, fault: Fault) -> None:
        head = answer.head()
        if self._wire is None:
            await self._wait(fault.seconds * (len(head) // fault.step))
            await self.whole(answer)
            return
        for start in range(0, len(head), fault.step):
            if self._wire.is_closing():
                break
            self._wire.write(head[start : start + fault.step])
            await self._wait(fault.seconds)
        else:
            self._wire.write(answer.body)
        self._wire.close()
        await self._until_gone()

    async def _slow_body(self, answer: RawAnswer, fault: Fault) -> None:
        await self._start(answer)
        for start in range(0, len(answer.body), fault.step):
            if self._wire is not None and self._wire.is_closing():
                return
            chunk = answer.body[start : start + fault.step]
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            await self._wait(fault.seconds)
        await self._send({"type": "http.response.body", "body": b""})
