"""Faults: what goes wrong on purpose, for the next N matching requests or until cleared."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

FaultKind = Literal[
    "error",
    "rate_limited",
    "edge_html",
    "not_json",
    "empty",
    "huge_body",
    "drop",
    "lose_reply",
    "half_close",
    "cut_body",
    "truncated_json",
    "slow_headers",
    "slow_body",
    "hold_before",
    "hold_after",
]
"""Instead of handling: ``error`` .. ``drop``. After handling: the rest; ``hold_before`` waits, then handles.

``error``: an envelope with ``status``, ``code`` and ``description``. ``rate_limited``: 429, with Retry-After
if ``retry_after`` is given. ``edge_html``: an HTML page as from an edge, 403 or ``status``.
``not_json``: 200 with plain text. ``empty``: 200 without a body. ``huge_body``: 200 with ``size`` bytes of
JSON. ``drop``: the connection is cut, nothing is done. ``lose_reply``: *the work is done, then the connection
is cut before a byte of the answer*. ``half_close``: half of the answer, then the server stops sending (FIN)
and goes on listening. ``cut_body``: half of the answer, then the connection is reset. ``truncated_json``: a
well-formed HTTP answer whose JSON stops in the middle. ``slow_headers`` / ``slow_body``: ``step`` bytes, a
wait of ``seconds``, and so on. ``hold_before`` / ``hold_after``: wait ``seconds``, or at ``gate`` until it is
released, before or after handling.
"""

REPLACING: frozenset[FaultKind] = frozenset(get_args(FaultKind)[:7])
SPOILING: frozenset[FaultKind] = frozenset(get_args(FaultKind)[7:13])
CUTTING: frozenset[FaultKind] = frozenset({"drop", "lose_reply", "half_close", "cut_body"})
HOLDING: frozenset[FaultKind] = frozenset(get_args(FaultKind)[13:])


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and the requests it matches.

    ``path`` is a pattern (``*`` any text); ``method`` and ``client_id`` narrow it. The first ``skip``
    matching requests pass unharmed, then it strikes ``times`` times (None: until cleared). ``reset`` makes a
    cut a TCP reset where it would be an orderly end.
    """

    kind: FaultKind
    path: str = "/v*"
    method: str | None = None
    client_id: str | None = None
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    gate: str | None = None
    status: int | None = None
    code: str | None = None
    description: str | None = None
    retry_after: int | None = None
    size: int = 2_097_152
    step: int = 1
    reset: bool = False

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError("'times' must be 1 or more, or null for 'until cleared'.")
        if self.skip < 0 or self.seconds < 0:
            raise ValueError("'skip' and 'seconds' must not be negative.")
        if self.step < 1 or not 1 <= self.size <= 64 * 1024 * 1024:
            raise ValueError("'step' must be at least 1, and 'size' between 1 and 67108864 bytes.")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError("'status' must be between 200 and 599.")
        if self.gate is not None and self.kind not in HOLDING:
            raise ValueError("Only 'hold_before' and 'hold_after' know a 'gate'.")

    @property
    def needs_sleep(self) -> bool:
        """Whether it waits for time to pass."""
        return self.seconds > 0 and self.gate is None

    def matches(self, method: str, path: str, client_id: str | None) -> bool:
        """Whether a request is one of those meant."""
        return (
            fnmatchcase(path, self.path)
            and self.method in (None, method)
            and (self.client_id is None or self.client_id == client_id)
        )


@dataclass(slots=True)
class ActiveFault:
    """A fault that was set, under its number, with what is left of it."""

    number: int
    fault: Fault
    skip: int = field(init=False)
    left: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.skip, self.left = self.fault.skip, self.fault.times

    def strike(self) -> bool:
        """Count a matching request; True where it is to be harmed."""
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The faults in force. Callers hold the world's lock."""

    def __init__(self) -> None:
        self._active: list[ActiveFault] = []
        self._last = 0

    def add(self, fault: Fault) -> int:
        """Set a fault; returns its number."""
        self._last += 1
        self._active.append(ActiveFault(self._last, fault))
        return self._last

    def take(self, method: str, path: str, client_id: str | None) -> tuple[Fault, ...]:
        """The faults that strike this request; each is counted, and gone when used up."""
        struck = [a for a in self._active if a.fault.matches(method, path, client_id) and a.strike()]
        self._active = [a for a in self._active if a.left is None or a.left > 0]
        return tuple(active.fault for active in struck)

    def active(self) -> list[ActiveFault]:
        """Faults in force, oldest first."""
        return list(self._active)

    def clear(self, number: int | None = None) -> None:
        """Take one fault back, or all."""
        self._active = [a for a in self._active if number is not None and a.number != number]


class Gates:
    """Named gates at which requests wait. Released from any thread; open from then on until shut again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[str] = set()
        self._waiting: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def shut(self, name: str) -> None:
        """Requests that come to this gate from now on wait."""
        with self._lock:
            self._open.discard(name)

    def release(self, name: str) -> int:
        """Open the gate; returns how many requests were waiting there."""
        with self._lock:
            self._open.add(name)
            waiting = self._waiting.pop(name, [])
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)
        return len(waiting)

    async def wait(self, name: str) -> None:
        """Wait until the gate is open."""
        event = asyncio.Event()
        with self._lock:
            if name in self._open:
                return
            self._waiting.setdefault(name, []).append((asyncio.get_running_loop(), event))
        await event.wait()
