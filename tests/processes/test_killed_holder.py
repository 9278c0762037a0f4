"""Whoever holds the lock is killed while the server has its call: the next process goes on at once."""

from __future__ import annotations

import logging
from itertools import cycle, islice, product
from statistics import median

import pytest

from nomba_desktop.practice.faults import Fault, FaultKind
from tests.processes.rig import LONG_AFTER, Nursery, Place, Process, Started, seconds

KILLS = 100
GATE = "held"
HELD: tuple[FaultKind, ...] = ("hold_before", "hold_after")
_log = logging.getLogger(__name__)


@pytest.mark.timeout(120)
def test_a_holder_killed_in_the_middle_of_its_call_costs_nobody_a_session(
    place: Place, nursery: Nursery
) -> None:
    """Half of the calls are killed before the server handled them, half after; half of the next processes wait at the
    lock already, half come afterwards. No answer is "held elsewhere", and none waits for the abandoned call.

    The next process is done with the lock, its own call included, in what is logged as `recovery`.
    """
    recoveries: dict[bool, list[float]] = {True: [], False: []}
    cases = islice(cycle(product(HELD, (True, False))), KILLS)
    with Started(place, 1) as (following,):
        generation = place.seen().generation
        for kind, waiting in cases:
            generation = _settled(place, following, generation)
            refreshes, issues = place.calls()
            place.world.inject(Fault(kind, "/v1/auth/*", gate=GATE))
            with nursery.born() as holder:
                assert holder.talk.hear()["generation"] == generation
                holder.begin("renew", replacing=generation)
                assert place.world.log.wait_for(lambda entries: any(e.held for e in entries))
                if waiting:
                    following.begin("renew", replacing=generation)
                    assert following.talk.quiet_for(0.0)
                holder.kill()
                begun = seconds()
                nursery.bury(holder)
            if not waiting:
                following.begin("renew", replacing=generation)
            answer = following.talk.hear()
            recoveries[waiting].append(seconds() - begun)
            assert any(entry.held for entry in place.auth()), "the abandoned call is still at the server"
            assert place.lives(answer)
            assert place.calls() == (refreshes + 1, issues + 1)  # the holder's, and one to recover
            place.world.release(GATE)
            place.idle()
            assert place.lives(answer), "the abandoned call ended the session when it landed"
            assert place.seen() == place.granted(generation + 1)
            generation += 1
    for waiting, took in recoveries.items():
        how = "waiting" if waiting else "coming afterwards"
        _log.info("recovery, %s: median %.4f s, worst %.4f s", how, median(took), max(took))


def _settled(place: Place, process: Process, generation: int) -> int:
    """Time goes by until nothing abandoned can land, and the session is renewed: the next renewal is a refresh."""
    place.world.advance(LONG_AFTER)
    answer = process.ask("renew", replacing=generation)
    assert place.lives(answer)
    return generation + 1
