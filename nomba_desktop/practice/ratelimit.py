"""Fixed-window rate limits per account, and the three headers that tell of them (facts 7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Profile = Literal["regular", "low_traffic", "elevated", "off"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One request counted against its window (seconds)."""

    allowed: bool
    limit: int
    remaining: int
    window: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """X-Rate-Limit-Limit, -Remaining and -Window, as in the OpenAPI samples ("40", "39", "1s")."""
        return [
            (b"x-rate-limit-limit", str(self.limit).encode()),
            (b"x-rate-limit-remaining", str(self.remaining).encode()),
            (b"x-rate-limit-window", f"{self.window}s".encode()),
        ]


_PROFILES: dict[Profile, tuple[int, int, int]] = {
    "regular": (15, 75, 1),
    "low_traffic": (1, 25, 60),
    "elevated": (40, 100, 1),
}
"""POST requests, other requests, window in seconds."""


class RateLimiter:
    """Counts per account and window; POST requests apart from the others. Callers hold the world's lock."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, bool], tuple[int, int]] = {}

    def take(self, account: str, method: str, now: float, profile: Profile) -> Verdict | None:
        """Count one request at ``now`` (epoch seconds). None where limits are off."""
        if profile == "off":
            return None
        posts, others, window = _PROFILES[profile]
        is_post = method == "POST"
        limit = posts if is_post else others
        number = math.floor(now / window)
        seen, used = self._counts.get((account, is_post), (number, 0))
        if seen != number:
            used = 0
        allowed = used < limit
        used += allowed
        self._counts[account, is_post] = (number, used)
        return Verdict(allowed, limit, limit - used, window)

    def reset(self) -> None:
        """Forget all counts."""
        self._counts.clear()
