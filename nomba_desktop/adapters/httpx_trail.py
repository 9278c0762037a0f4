"""How far a call got, and what that means when it fails: nothing sent, or nobody knows."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Literal

from nomba_desktop.domain.errors import (
    ApiError,
    ConnectionBroke,
    Fate,
    Offline,
    TimedOut,
    TlsFailed,
    UnreadableAnswer,
)
from nomba_desktop.domain.text import clean
from nomba_desktop.services.ports import BeforeSend, Clock

#: What kind of exception came out of the transport.
Kind = Literal["timeout", "proxy", "protocol", "network"]
_CONNECTED = "connection.connect_tcp.complete"
_SENDING = "http11.send_request_headers.started"


class Trail:
    """Follows one request through httpcore's `trace` extension.

    `sending` runs `before_send` and then notes that bytes may be out; the deadline stands still meanwhile.
    """

    def __init__(self, clock: Clock, before_send: BeforeSend | None = None) -> None:
        self._clock, self._before_send = clock, before_send
        self.deadline: asyncio.Timeout | None = None
        self.sent = False
        self.sent_at = clock.now()
        self._stream: Any = None
        self._refused: tuple[Exception, TracebackType | None] | None = None

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore. The CONNECT to a proxy is not our request yet."""
        if event == _CONNECTED:
            self._stream = info["return_value"]
        if event == _SENDING and info["request"].method != b"CONNECT":
            await self.sending()

    async def sending(self) -> None:
        """The first byte is about to go out. Raises what `before_send` raises."""
        if self.sent:
            return
        if self._before_send is not None:
            loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
            ends = self.deadline.when() if self.deadline else None
            self._reschedule(None)
            try:
                await self._before_send()
            except Exception as error:
                self._refused = (error, error.__traceback__)
                raise
            self._reschedule(None if ends is None else ends + loop.time() - began)
        self.sent, self.sent_at = True, self._clock.now()

    async def abandon(self) -> None:
        """Close a connection over which nothing was sent: httpcore leaves it open when cancelled in a handshake."""
        if self._stream is not None:
            await self._stream.aclose()

    def _reschedule(self, when: float | None) -> None:
        if self.deadline is not None and not self.deadline.expired():
            self.deadline.reschedule(when)

    def refused(self) -> Exception | None:
        """What `before_send` raised, with its own traceback only: httpx's frames hold the request."""
        if self._refused is None:
            return None
        error, frames = self._refused
        return error.with_traceback(frames)

    def frames_of(self, error: BaseException) -> TracebackType | None:
        """The part of a traceback that may be shown: none of httpx's frames."""
        return self._refused[1] if self._refused is not None and self._refused[0] is error else None

    def fault(self, host: str, kind: Kind, error: BaseException, seconds: float) -> ApiError:
        """The typed error for an exception of the transport. Its text is never passed on."""
        host = clean(host, 120)
        if not self.sent:
            return _not_sent(host, kind, error)
        if kind == "timeout":
            return TimedOut(f"{host} did not answer within {seconds:g} seconds.", fate=Fate.UNKNOWN)
        if kind == "protocol" and not re.search("disconnected|closed", str(error)):
            return UnreadableAnswer(f"What {host} sent is no HTTP answer.", fate=Fate.UNKNOWN)
        return ConnectionBroke(
            f"The connection to {host} ended before the whole answer came.", fate=Fate.UNKNOWN
        )


def _not_sent(host: str, kind: Kind, error: BaseException) -> ApiError:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = clean(cause.verify_message or "not trusted", 120)
            return TlsFailed(f"The certificate of {host} was not accepted: {why}. Nothing was sent.")
    if kind == "proxy":
        status = re.match(r"\d{3}", str(error))
        code = f" ({status[0]})" if status else ""
        return Offline(f"The proxy in Settings did not connect to {host}{code}. Nothing was sent.")
    if kind == "timeout":
        return Offline(f"No connection to {host} was made in time. Nothing was sent.")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Offline(f"The name {host} was not found. Nothing was sent.")
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return Offline(f"{host} does not accept connections. Nothing was sent.")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Offline(f"No safe connection to {host} could be agreed on. Nothing was sent.")
    return Offline(f"No connection to {host} could be made. Nothing was sent.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from, and the members of groups; each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__context__, cause.__cause__]
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions
