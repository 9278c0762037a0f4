"""A second start raises the first window and passes its arguments. Nothing else goes through this socket."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

#: The longest message that is read, in bytes, and the most arguments that are passed on.
MAX_MESSAGE = 8192
MAX_ARGUMENTS = 32
#: Milliseconds a second start waits for the first window to answer.
PATIENCE_MS = 400
_ANSWER = b"raised\n"


class FirstInstance(QObject):
    """Listens for later starts of the same user. `raised` carries the arguments of such a start."""

    raised = Signal(list)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.setMaxPendingConnections(8)
        self._server.newConnection.connect(self._arrived)

    def listen(self) -> bool:
        """Become the first; False when another one is listening, or no socket can be made.

        A socket that a killed process left behind is removed: whoever calls has found that nobody answers there.
        """
        if self._server.listen(self._name):
            return True
        QLocalServer.removeServer(self._name)
        return self._server.listen(self._name)

    def close(self) -> None:
        """Stop listening; the socket goes away."""
        self._server.close()

    def _arrived(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.setParent(self)
            socket.readyRead.connect(lambda s=socket: self._read(s))
            socket.disconnected.connect(socket.deleteLater)
            if socket.bytesAvailable():
                self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if socket.bytesAvailable() > MAX_MESSAGE:
            socket.abort()
            return
        if not socket.canReadLine():
            return
        arguments = parse_message(bytes(socket.readLine(MAX_MESSAGE).data()))
        if arguments is None:
            socket.abort()
            return
        socket.write(_ANSWER)
        socket.flush()
        socket.disconnectFromServer()
        self.raised.emit(arguments)


def parse_message(line: bytes) -> list[str] | None:
    """The arguments in a message; None when it is no message of ours."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, list) or len(said) > MAX_ARGUMENTS or not all(isinstance(a, str) for a in said):
        return None
    return said


def raise_first(name: str, arguments: Sequence[str]) -> bool:
    """Ask the first window to show itself; False when there is none, or it doesn't answer in time."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(PATIENCE_MS):
        return False
    socket.write(json.dumps(list(arguments)[:MAX_ARGUMENTS]).encode() + b"\n")
    socket.flush()
    said = socket.waitForReadyRead(PATIENCE_MS) and bytes(socket.readLine().data()) == _ANSWER
    socket.abort()
    return said
