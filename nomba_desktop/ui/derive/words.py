"""Moments and counts as words. The zone is handed in; None is this computer's."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def clock_time(moment: float, zone: tzinfo | None = None) -> str:
    """`18:42:10`, local."""
    return _local(moment, zone).strftime("%H:%M:%S")


def day_and_time(moment: float, now: float, zone: tzinfo | None = None) -> str:
    """`18:42:10` today, `20 Nov 18:42:10` on another day."""
    then, today = _local(moment, zone), _local(now, zone)
    return clock_time(moment, zone) if then.date() == today.date() else f"{day(moment, zone)} {then:%H:%M:%S}"


def day(moment: float, zone: tzinfo | None = None) -> str:
    """`2 Oct`, local; month names as in English whatever the locale."""
    then = _local(moment, zone)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{then.day} {months[then.month - 1]}"


def utc(moment: float) -> str:
    """`2026-11-21 17:42:10 UTC`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _local(moment: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(moment, UTC).astimezone(zone)


def count(number: int, one: str, many: str = "") -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
