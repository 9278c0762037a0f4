"""SIGKILL at random moments and at named points: the record is the old or the new one, and the next read mends it."""

from __future__ import annotations

import logging
import os
import random
from collections import Counter
from itertools import pairwise
from statistics import median

import pytest

from nomba_desktop.domain.record import SessionRecord
from tests.processes.death import POINTS
from tests.processes.rig import LONG_AFTER, Nursery, Place, Process, Seen, seconds

#: A thousand take two minutes on two busy cores: NOMBA_KILLS=1000 says so.
KILLS = int(os.environ.get("NOMBA_KILLS", "300"))
TIMES = 20
_log = logging.getLogger(__name__)


@pytest.mark.timeout(60 + KILLS // 3)
def test_killed_at_random_moments_while_tokens_rotate(place: Place, nursery: Nursery) -> None:
    """`KILLS` lives: a process reads, then renews again and again until it is killed within two renewals' time.

    Before every second life so much time goes by that nothing abandoned can land: then renewals are refreshes, else
    issues. The last kill is followed by a read too.
    """
    chance = random.Random(3)
    pace = _pace(place, nursery)
    outcomes: Counter[str] = Counter()
    for kill in range(KILLS + 1):
        if kill % 2 == 0:
            place.world.advance(LONG_AFTER)
        calls = place.calls()
        with nursery.born() as process:
            last = _mended(place, process, calls)
            process.begin("rotate", replacing=last.generation)
            process.talk.quiet_for(chance.uniform(0.0, 2.0 * pace))
            process.kill()
            nursery.bury(process)
            while answer := process.talk.hear_or_end():
                assert "error" not in answer, answer
                last = Seen(answer["generation"], answer["fingerprint"])
        place.idle()
        outcome, record = _old_or_new(place, last)
        outcomes[outcome] += 1
        outcomes["in the middle of a call"] += record.intent is not None
    _log.info("%s, a renewal takes %.4f s", dict(outcomes), pace)
    assert outcomes["in the middle of a call"] > KILLS // 20, "the moments were no moments of danger"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point(place: Place, nursery: Nursery, point: str) -> None:
    """Half of the killed calls are refreshes, half issues."""
    sent, begun = point not in POINTS[:3], point not in POINTS[:2]
    outcome = "new" if point == POINTS[-1] else "old"
    for time in range(TIMES):
        kind = ("refresh", "issue")[time % 2]
        place.world.advance(LONG_AFTER)
        if kind == "issue":
            _leave_doubt(place, nursery)
        calls = place.calls()
        with nursery.born() as process:
            last = _mended(place, process, calls)
            if kind == "refresh":
                last = _renewed(place, process, last)
            before = len(place.auth())
            _die(nursery, process, point, last)
        place.idle(before + sent)
        assert [entry.kind for entry in place.auth()[before:]] == [kind] * sent
        which, record = _old_or_new(place, last)
        assert which == outcome
        assert (record.intent is not None) == (begun and outcome == "old")
    calls = place.calls()
    with nursery.born() as process:
        _mended(place, process, calls)
        process.kill()
        nursery.bury(process)


def _mended(place: Place, process: Process, before: tuple[int, int]) -> Seen:
    """What the first read after a kill handed out: it lives, and cost at most one refresh and one issue."""
    answer = process.talk.hear()
    refreshes, issues = (now - then for now, then in zip(place.calls(), before, strict=True))
    assert place.lives(answer)
    assert refreshes <= 1
    assert issues <= 1
    return Seen(answer["generation"], answer["fingerprint"])


def _renewed(place: Place, process: Process, last: Seen) -> Seen:
    answer = process.ask("renew", replacing=last.generation)
    assert place.lives(answer)
    assert answer["generation"] == last.generation + 1
    return Seen(answer["generation"], answer["fingerprint"])


def _die(nursery: Nursery, process: Process, point: str, last: Seen) -> None:
    process.begin("die", point=point, replacing=last.generation)
    assert process.talk.hear_or_end() is None, "it lived on"
    nursery.bury(process)


def _leave_doubt(place: Place, nursery: Nursery) -> None:
    """A call was announced and its fate is unknown: for a minute, renewing means signing in."""
    calls = place.calls()
    with nursery.born() as process:
        _die(nursery, process, "before send", _mended(place, process, calls))


def _old_or_new(place: Place, last: Seen) -> tuple[str, SessionRecord]:
    """Which of the two the record is, whole; `last` is what was handed out last."""
    record = place.record()
    seen = place.seen(record)
    if seen.generation == last.generation:
        assert seen.access == last.access
        return "old", record
    assert seen == place.granted(last.generation + 1)
    return "new", record


def _pace(place: Place, nursery: Nursery) -> float:
    """Seconds between two renewals here and now."""
    times = []
    with nursery.born() as process:
        last = _mended(place, process, place.calls())
        process.begin("rotate", replacing=last.generation)
        for _ in range(21):
            process.talk.hear()
            times.append(seconds())
        process.kill()
        nursery.bury(process)
    place.idle()
    return median(after - before for before, after in pairwise(times))
