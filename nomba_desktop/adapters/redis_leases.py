"""Leases on sessions, and which of them the running task holds."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from nomba_desktop.domain.environments import SessionId
from nomba_desktop.services.ports import Clock


@dataclass(slots=True)
class Lease:
    """A lease on one session, by way of one connection (`team`): owner's nonce, epoch, fencing number, sealed owner.

    `ends`, `ends_wall`: when it ends by this computer's two clocks unless it is extended. One of them may stand
    still while the computer sleeps. `lost`: somebody else had it since, or its epoch is over; `over`: given back.
    """

    team: object
    session: SessionId
    nonce: str
    epoch: str
    number: int
    who: bytes
    ends: float
    ends_wall: float
    lost: bool = False
    over: bool = False

    def extended(self, asked: float, asked_wall: float, seconds: float) -> None:
        """The server began the lease's length anew, at the earliest when it was asked."""
        self.ends, self.ends_wall = asked + seconds, asked_wall + seconds

    def runs(self, clock: Clock) -> bool:
        """Whether it surely is still ours."""
        return not self.lost and clock.monotonic() < self.ends and clock.now() < self.ends_wall


# Of the task that holds the lock, and of those it starts: others of this process write without a number.
_held: ContextVar[tuple[Lease, ...]] = ContextVar("held", default=())


def carried(team: object, session: SessionId) -> Lease | None:
    """The lease of the running task on this session, by way of that connection."""
    for lease in _held.get():
        if lease.team is team and lease.session == session and not lease.over:
            return lease
    return None


def carry(lease: Lease) -> None:
    """The running task holds this lease until it is over."""
    _held.set((*(kept for kept in _held.get() if not kept.over), lease))
