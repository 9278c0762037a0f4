"""For `first_frame.py rows`: the program on a seeded profile, its world handed in."""

# ruff: noqa: PLC0415 - nothing may be imported before its time

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nomba_desktop.app.world import World


def run(root: str) -> None:
    from nomba_desktop.app.opening import run_window

    run_window(lambda: _world(root))


def _world(root: str) -> World:
    from nomba_desktop.app.paths import paths_below
    from nomba_desktop.app.world import real_world

    world = real_world("window", paths_below(Path(root)))
    return replace(world, vault=FixedVault(world.vault))


class FixedVault:
    """The real vault, but for the cache key, which a keyring would have to be set up for."""

    def __init__(self, vault: object) -> None:
        self._vault = vault

    async def cache_key(self) -> bytes:
        return bytes(range(32))

    async def test(self) -> object:
        from nomba_desktop.domain.snapshot import KeyringState, KeyringStatus

        return KeyringStatus(KeyringState.OK, "bench", 0.0)

    def __getattr__(self, name: str) -> object:
        return getattr(self._vault, name)
