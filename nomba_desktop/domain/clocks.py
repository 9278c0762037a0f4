"""Comparing clocks: the server's with ours, the wall clock with the monotonic one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

#: A larger difference is cut to this many seconds: it is a fault, not an offset.
MAX_OFFSET = 86_400.0
#: Offsets above this many seconds are shown in the status bar.
SHOWN_OFFSET = 5.0


def clock_offset(date_header: str | None, sent_at: float, received_at: float) -> float | None:
    """Server time minus ours from an HTTP `Date` (RFC 9110 6.6.1): whole seconds, capped at 24 h; None unreadable.

    `Date` has whole seconds, so an answer made in the second of our own clock counts as no offset.
    """
    if not date_header or len(date_header) > 64:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - the window's rows would wait for it

    try:
        read = parsedate_to_datetime(date_header)
        # without a zone, and with "-0000", it is read as naive: UTC is meant, not this computer's zone
        server = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    if sent_at - 1 <= server <= received_at:
        return 0.0
    offset = server - (sent_at + received_at) / 2
    whole = float(int(offset + 0.5)) if offset > 0 else float(-int(-offset + 0.5))
    return max(-MAX_OFFSET, min(MAX_OFFSET, whole))


@dataclass(frozen=True, slots=True)
class Instant:
    """One reading of both clocks, in seconds."""

    wall: float
    monotonic: float


def clock_jump(before: Instant, after: Instant) -> float:
    """How far the wall clock moved beyond the monotonic one: positive after sleep, negative when set back."""
    return (after.wall - before.wall) - (after.monotonic - before.monotonic)


#: A jump beyond this many seconds means that everything due is judged again.
NOTICEABLE_JUMP = 2.0
