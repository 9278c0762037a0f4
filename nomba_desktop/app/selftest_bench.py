"""What the checks of the self-test and of `nomba doctor` are made of. No Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.services.tasks import redacted_report

if TYPE_CHECKING:
    from nomba_desktop.services.ports import Chance, Clock

#: Seconds a check may take before it counts as hanging.
LONGEST = 40.0

Facts = Mapping[str, object]


class CheckFailed(Exception):
    """A check found something wrong; the message is the sentence a person sees."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What checks work with: clock, chance and a private directory that is gone afterwards."""

    clock: Clock
    chance: Chance
    root: Path


Check = Callable[[Bench], Awaitable[Facts]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the result."""

    name: str
    ok: bool
    seconds: float
    problem: str = ""
    facts: Facts = field(default_factory=dict)


def program_version() -> str:
    """The version of this program, empty where its metadata is missing."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nomba-desktop")
    except PackageNotFoundError:
        return ""


async def try_out(name: str, check: Check, bench: Bench, longest: float = LONGEST) -> Outcome:
    """Run one check and say how it went, whatever it raises. `longest` is in seconds."""
    began = bench.clock.monotonic()
    task = asyncio.ensure_future(check(bench))
    await asyncio.wait([task], timeout=longest)
    facts: Facts = {}
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1.0)
        problem = f"It did not end within {longest:g} seconds."
    elif task.cancelled():
        problem = "It was cancelled from inside."
    elif (error := task.exception()) is not None:
        problem = sentence_of(error)
    else:
        problem, facts = "", task.result()
    return Outcome(name, not problem, round(bench.clock.monotonic() - began, 3), problem, facts)


def sentence_of(error: BaseException) -> str:
    """What a person is told about an error of a check: a defect shows where it happened, and no value."""
    if isinstance(error, CheckFailed):
        return str(error)
    if isinstance(error, NombaDesktopError):
        return " ".join(part for part in (f"{error.title}: {error.sentence}", error.hint) if part)
    return f"A defect: {' | '.join(redacted_report(error).split(chr(10)))}"
