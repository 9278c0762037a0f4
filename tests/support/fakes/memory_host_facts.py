"""Observations about hosts in memory (mirrors `adapters/sqlite_host_facts.py`)."""

from __future__ import annotations


class MemoryHostFacts:
    """`HostFacts`."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, str], str] = {}

    def read(self, host: str, name: str) -> str | None:
        return self.facts.get((host, name))

    async def note(self, host: str, name: str, value: str) -> None:
        self.facts[host, name] = value
