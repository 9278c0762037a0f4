"""A strict practice server on loopback and a signed-in key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nomba_desktop.practice.server import PracticeServer
from tests.processes.rig import Nursery, Place

#: Seconds that a token lives: time goes forward by a minute after many a kill.
LIFE = 10_800


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Signed in once, the one issue in the log."""
    with PracticeServer() as server:
        server.world.set_switches(
            {
                "rate_limit": "off",
                "access_ttl": LIFE,
                "refresh_ttl": 1000 * LIFE,
                "spent_refresh": "ends_session",
            }
        )
        made = Place(tmp_path, server)
        assert made.calls() == (0, 1)
        yield made


@pytest.fixture
def nursery(place: Place) -> Iterator[Nursery]:
    """Where processes that will be killed come from."""
    with Nursery(place) as running:
        yield running
