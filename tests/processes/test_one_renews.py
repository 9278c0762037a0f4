"""Eight processes and one key: whatever expires, one of them asks the server and all get what it got."""

from __future__ import annotations

import pytest

from tests.processes.conftest import LIFE
from tests.processes.rig import Place, Started

PROCESSES = 8
EXPIRIES = 200


@pytest.mark.timeout(120)
def test_two_hundred_expiries_are_two_hundred_refreshes(place: Place) -> None:
    """Every second token ends by the clock, the others at the server, which callers learn from a 401."""
    generation = place.seen().generation
    with Started(place, PROCESSES) as processes:
        for expiry in range(1, EXPIRIES + 1):
            at_the_server = expiry % 2 == 0
            if at_the_server:
                place.world.expire_tokens(place.client_id)
            else:
                place.world.advance(LIFE + 1.0)
            for process in processes:
                if at_the_server:
                    process.begin("renew", replacing=generation)
                else:
                    process.begin("token")
            answers = [process.talk.hear() for process in processes]
            generation += 1
            assert all(place.lives(answer) for answer in answers), answers
            assert {answer["generation"] for answer in answers} == {generation}
            assert place.calls() == (expiry, 1)

    assert place.world.log.peak_auth_in_flight(place.client_id) == 1
    assert {entry.status for entry in place.auth()} == {200}
    assert place.seen() == place.granted(generation)
