"""uvicorn's HTTP protocol, with each request's connection within reach of the faults."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from nomba_desktop.practice.wire import WIRE


class TransportWire:
    """A ``Wire`` over an asyncio transport."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def is_closing(self) -> bool:
        """Whether the client has gone or the connection is being closed."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send raw bytes."""
        self._transport.write(data)

    def half_close(self) -> None:
        """Send FIN and go on listening."""
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    def cut(self, reset: bool) -> None:
        """Drop the connection."""
        if reset:
            sock: socket.socket | None = self._transport.get_extra_info("socket")
            if sock is not None:
                # Linger for zero seconds: the kernel answers the close with RST instead of FIN.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def close(self) -> None:
        """Close after what was written."""
        self._transport.close()


class PracticeProtocol(H11Protocol):
    """Puts a ``TransportWire`` into the scope's ``extensions`` of every request."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        inner = self.app

        async def with_wire(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {WIRE: TransportWire(self.transport)}
            try:
                await inner(scope, receive, send)
            except asyncio.CancelledError:
                # The server stops and has aborted the connection; there is nobody to answer.
                if not self.transport.is_closing():
                    raise

        self.app = cast(Any, with_wire)
