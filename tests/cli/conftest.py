"""A practice server and a shell on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.server import PracticeServer
from tests.cli.rig import Process, Shell, some_keys


@pytest.fixture
def keys() -> list[PracticeKey]:
    """Two keys that the server knows."""
    return some_keys()


@pytest.fixture
def server(keys: list[PracticeKey]) -> Iterator[PracticeServer]:
    """A practice server on loopback that doesn't slow anybody down."""
    with PracticeServer(keys=keys) as running:
        running.world.set_switches({"rate_limit": "off"})
        yield running


@pytest.fixture
def shell(tmp_path: Path, server: PracticeServer) -> Shell:
    """The command line in this process."""
    return Shell(tmp_path, server)


@pytest.fixture
def nomba(private_keyring: None, tmp_path: Path, server: PracticeServer) -> Process:
    """The command line as its own process, with the real keyring."""
    return Process(tmp_path / "profile", server.url)
