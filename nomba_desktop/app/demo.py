"""The practice window: sample keys on a practice server, in this process. Nothing is kept.

Secrets stay in memory, files in a directory that is deleted at the end; the OS keyring and the user's own files are
never opened. The keys' past is played through the real services over HTTP, on a clock that starts in the past.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import SystemRandom

from nomba_desktop.app.core import Core
from nomba_desktop.app.opening import run_window
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.world import World, http_api, this_process
from nomba_desktop.domain.environments import LIVE, SANDBOX, practice
from nomba_desktop.domain.errors import ApiError, SessionError
from nomba_desktop.domain.keys import ApiKey, KeyDraft, Role, SharedUse
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import DEFAULTS, Settings, Theme
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer, system_sleep
from nomba_desktop.practice.world import PracticeWorld
from nomba_desktop.services.ports import Clock


class PlayedClock:
    """A clock that runs like another one, some seconds behind, until it is brought forward."""

    def __init__(self, clock: Clock, behind: float) -> None:
        self._clock, self._behind = clock, behind

    def now(self) -> float:
        """Wall clock, epoch seconds."""
        return self._clock.now() - self._behind

    def monotonic(self) -> float:
        """The other clock's monotonic seconds, less what is played over."""
        return self._clock.monotonic() - self._behind

    async def sleep(self, seconds: float) -> None:
        """As the other clock."""
        await self._clock.sleep(seconds)

    def come_to(self, behind: float) -> None:
        """Go on from that many seconds behind; never back."""
        self._behind = min(self._behind, behind)


class HeldSettings:
    """Settings of one run; nothing is written."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def load(self) -> Settings:
        """The settings of this run."""
        return self._settings

    async def save(self, settings: Settings) -> None:
        """Keep them for this run."""
        self._settings = settings


@dataclass(frozen=True, slots=True)
class Past:
    """When a sample key signed in, in seconds before now, and what came over it; None never signed in."""

    signed_in: float | None
    what: str = ""
    shared: SharedUse = SharedUse.ONLY_HERE


_PAST = {
    "Branch kiosk": Past(960, "signed in elsewhere"),
    "Coastal pilot": Past(700),
    "Virtual accounts": Past(1618, "refresh fails"),
    "Agent banking (old)": Past(1, "refused"),
    "Checkout web": Past(522),
    "Payouts service": Past(216),
    "Reconciliation job": Past(1503, "refresh is slow"),
    "Sandbox QA": Past(810),
    "Terminal fleet": Past(1026),
    "Vendor trial": Past(None, shared=SharedUse.YES_OR_NOT_SURE),
    "First gateway": Past(1, "refused"),
}
_LONGEST = 1700.0


class Play:
    """Brings the sample keys from their past to now."""

    def __init__(self, server: PracticeServer, clock: PlayedClock) -> None:
        self._server, self._clock = server, clock

    async def prepare(self, core: Core) -> None:
        """Add every sample key, sign in in the order of time, let happen what the samples' past holds."""
        samples = {key.name: key for key in sample_keys()}
        keys = {name: await self._add(core, sample) for name, sample in samples.items()}
        for name, past in sorted(_PAST.items(), key=lambda item: -(item[1].signed_in or 0)):
            if past.signed_in is None:
                continue
            self._come_to(past.signed_in)
            await self._sign_in(core, keys[name])
            if past.what == "signed in elsewhere":
                self._come_to(past.signed_in - 130.0)
                self._server.world.sign_in_elsewhere(samples[name].client_id)
                await self._check(core, keys[name])
        self._come_to(0.0)
        self._inject(samples["Virtual accounts"], Fault("error", "/v1/auth/token/*", times=None, status=503))
        self._inject(
            samples["Reconciliation job"], Fault("hold_before", "/v1/auth/token/refresh", seconds=8.0)
        )
        assert core.sessions is not None
        core.sessions.observe()

    async def _add(self, core: Core, sample: PracticeKey) -> ApiKey:
        past = _PAST[sample.name]
        draft = KeyDraft(
            name=sample.name,
            environment_id="practice",
            account_id=sample.account_id,
            client_id=sample.client_id,
            secret_length=len(sample.client_secret),
            role=Role(sample.role),
            shared_use=past.shared,
        )
        added = await core.keys.add(draft, Secret(sample.client_secret))
        assert isinstance(added, ApiKey)
        return added

    async def _sign_in(self, core: Core, key: ApiKey) -> None:
        assert core.sessions is not None
        try:
            await core.sessions.sign_in(key.id, confirmed=True)
        except ApiError:
            return  # refused keys are part of the play

    async def _check(self, core: Core, key: ApiKey) -> None:
        assert core.sessions is not None
        try:
            await core.sessions.check(key.id)
        except SessionError:
            return

    def _come_to(self, behind: float) -> None:
        self._clock.come_to(behind)

    def _inject(self, sample: PracticeKey, fault: Fault) -> None:
        self._server.world.inject(replace(fault, client_id=sample.client_id))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the practice window until it is closed; returns the exit code."""
    parser = argparse.ArgumentParser(prog="nomba-desktop --practice")
    parser.add_argument("--theme", choices=[theme.value for theme in Theme], default=DEFAULTS.theme.value)
    parser.add_argument("--empty", action="store_true", help="start without sample keys")
    options = parser.parse_args(arguments)

    from nomba_desktop.adapters.memory_vault import MemoryVault
    from nomba_desktop.adapters.system_clock import SystemChance, SystemClock

    clock = PlayedClock(SystemClock(), 0.0 if options.empty else _LONGEST)
    settings = replace(DEFAULTS, theme=Theme(options.theme))
    with (
        tempfile.TemporaryDirectory(prefix="nomba-practice-") as directory,
        PracticeServer(
            PracticeWorld(clock, SystemRandom(), sleep=system_sleep), keys=sample_keys()
        ) as server,
    ):
        world = World(
            clock=clock,
            chance=SystemChance(),
            who=this_process("window"),
            paths=paths_below(Path(directory)),
            vault=MemoryVault(clock),
            settings_file=HeldSettings(settings),
            api=http_api(clock),
            environments=lambda _: (LIVE, SANDBOX, practice(server.url)),
        )
        play = Play(server, clock)

        async def prepare(core: Core) -> None:
            if not options.empty:
                await play.prepare(core)
            count = len(core.state.snapshot.keys)
            print(
                f"Practice window: {count} sample keys on {server.url}. Secrets stay in memory; nothing is kept.",
                flush=True,
            )

        return run_window(lambda: world, prepare=prepare, title="Nomba Desktop: practice")


if __name__ == "__main__":
    sys.exit(main())
