"""Chance without surprises (mirrors `SystemChance`)."""

from __future__ import annotations

import itertools


class FixedChance:
    """`Chance`: always the same jitter, tokens counted up."""

    def __init__(self, uniform: float = 0.5) -> None:
        self._uniform = uniform
        self._tokens = itertools.count(1)

    def uniform(self) -> float:
        return self._uniform

    def token(self) -> str:
        return f"{next(self._tokens):032x}"
