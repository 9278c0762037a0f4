"""Fixed windows and their headers (facts 7)."""

from __future__ import annotations

import httpx
import pytest

from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.world import PracticeWorld
from tests.practice import golden
from tests.practice.conftest import Api, other_key


def limits(answer: httpx.Response) -> tuple[str, str, str]:
    return (
        answer.headers["X-Rate-Limit-Limit"],
        answer.headers["X-Rate-Limit-Remaining"],
        answer.headers["X-Rate-Limit-Window"],
    )


@pytest.mark.parametrize(
    ("profile", "posts", "others", "window"),
    [("regular", 15, 75, 1), ("elevated", 40, 100, 1), ("low_traffic", 1, 25, 60)],
)
async def test_limits_by_profile(
    api: Api, world: PracticeWorld, key: PracticeKey, profile: str, posts: int, others: int, window: int
) -> None:
    world.set_switches({"rate_limit": profile})
    for left in range(posts - 1, -1, -1):
        answer = await api.issue(key)
        assert answer.status_code == 200
        assert limits(answer) == (str(posts), str(left), f"{window}s")
    refused = await api.issue(key)
    assert (refused.status_code, refused.text) == (429, golden.TOO_MANY)
    assert limits(refused) == (str(posts), "0", f"{window}s")
    assert "retry-after" not in refused.headers
    world.advance(window)
    access = (await api.sign_in(key)).access
    for left in range(others - 1, -1, -1):
        answer = await api.get(key, access)
        assert (answer.status_code, limits(answer)[1]) == (200, str(left))
    assert (await api.get(key, access)).status_code == 429


async def test_windows_are_fixed_and_per_account(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    world.set_switches({"rate_limit": "low_traffic"})
    other = world.add_key(other_key())
    world.advance(59)
    assert (await api.issue(key)).status_code == 200
    assert (await api.issue(key)).status_code == 429
    assert (await api.issue(other)).status_code == 200
    world.advance(1)
    assert (await api.issue(key)).status_code == 200


async def test_without_limits_there_are_no_headers(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    world.set_switches({"rate_limit": "off"})
    for _ in range(50):
        answer = await api.issue(key)
        assert answer.status_code == 200
        assert "X-Rate-Limit-Limit" not in answer.headers
