"""Offices for the scenario tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.office import Office


@pytest.fixture
async def office(tmp_path: Path, _no_leaked_tasks: None) -> AsyncIterator[Office]:
    """An office on virtual time; its desks are closed at the end, before anybody looks for tasks left over."""
    office = Office(tmp_path)
    yield office
    await office.close()
