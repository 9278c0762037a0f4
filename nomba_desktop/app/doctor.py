"""What `nomba doctor` examines: the installation by the self-test's checks, then this user's own things. No Qt."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nomba_desktop.adapters.filelock_lock import FileSessionLock
from nomba_desktop.app import selftest_checks as checks
from nomba_desktop.app.core import Core
from nomba_desktop.app.selftest_bench import Bench, Check, CheckFailed, Facts, Outcome, try_out
from nomba_desktop.app.world import World
from nomba_desktop.domain.clocks import SHOWN_OFFSET
from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.errors import ApiError, SealBroken
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.snapshot import KeyringState, Notice
from nomba_desktop.domain.text import clean
from nomba_desktop.services.ports import NombaApi, Target
from nomba_desktop.services.rate_limit import RateLimiter

#: A lock held longer than this many seconds belongs to a program that hangs: a call ends after 15.
LONG_HELD = 120.0


def examine(world: World, *, ask: bool) -> Sequence[Outcome]:
    """Run every check and say how each went; `ask`: whether the keys' hosts may be asked whether they answer."""
    return asyncio.run(_examine(world, ask))


async def _examine(world: World, ask: bool) -> list[Outcome]:
    installation = {
        "keyring": checks.keyring,
        "database": checks.database,
        "lock": checks.lock,
        "trust": checks.trust_store,
        "round-trip": checks.round_trip,
    }
    core = Core(world)
    own = Own(world, core)
    mine = {
        "settings": own.settings,
        "store": own.store,
        "keyring-state": own.keyring,
        "sessions": own.sessions,
        "locks": own.locks,
    }
    with tempfile.TemporaryDirectory(prefix="nomba-doctor-") as folder:
        bench = Bench(world.clock, world.chance, Path(folder))
        try:
            found = [await try_out(name, check, bench) for name, check in (installation | mine).items()]
            if ask:
                found += [await try_out(f"host-{place.id}", own.host(place), bench) for place in own.places()]
                found.append(await try_out("clock", own.clock, bench))
        finally:
            await own.aclose()
    return found


class Own:
    """Looks at the user's own settings, store, keyring, sessions, locks and hosts; changes nothing of them."""

    def __init__(self, world: World, core: Core) -> None:
        self._world, self._core = world, core
        self._api: NombaApi | None = None
        self._offsets: dict[str, float] = {}
        self._opened = False

    async def settings(self, _: Bench) -> Facts:
        """The settings file has no mistake."""
        self._opened = await self._core.open_inventory()
        self._refuse(self._notice("ND-330"))
        return {
            "file": str(self._world.paths.settings),
            "changed": self._core.state.snapshot.non_default_settings,
        }

    async def store(self, _: Bench) -> Facts:
        """The database opens, and nothing was put back."""
        self._refuse(self._notice("ND-32"))
        return {"file": str(self._world.paths.database), "keys": len(self._keys())}

    async def keyring(self, _: Bench) -> Facts:
        """The profile's keyring answers without a prompt."""
        if self._opened:
            await self._core.open_secrets()
        else:
            await self._core.keyring.test()
        status = self._core.state.snapshot.keyring
        self._refuse(self._notice("ND-30"))
        if status.state not in (KeyringState.OK, KeyringState.MEMORY):
            raise CheckFailed(f"The keyring is {status.state.value}.")
        return {"backend": status.backend, "state": status.state.value, "profile": self._world.paths.keyring}

    async def sessions(self, _: Bench) -> Facts:
        """Every stored session opens."""
        sessions = self._core.sessions
        if sessions is None:
            raise CheckFailed("The stored sessions are closed: see keyring-state and store.")
        broken, alive, now = [], 0, self._world.clock.now()
        for key in self._keys():
            try:
                tokens = sessions.record(key).tokens
            except SealBroken:
                broken.append(f"“{clean(key.name, 80)}”")
                continue
            alive += tokens is not None and tokens.expires_at > now
        if broken:
            raise CheckFailed(
                f"The stored session of {', '.join(broken)} does not open. Sign in with it again."
            )
        return {"signed_in": alive}

    async def locks(self, _: Bench) -> Facts:
        """Nobody holds a key's lock for longer than a call can take."""
        lock = FileSessionLock(
            self._world.paths.locks, self._world.clock, str(self._world.who), self._world.executor
        )
        held: dict[str, str] = {}
        for key in self._keys():
            async with lock.try_hold(key.session_id) as owner:
                if owner is None:
                    continue
            name, since = clean(key.name, 80), owner.since
            held[name] = owner.who
            if since and self._world.clock.now() - since > LONG_HELD:
                raise CheckFailed(f"{owner.who} has held the lock of “{name}” for minutes. End that program.")
        return {"free": len(self._keys()) - len(held), "held": held}

    def places(self) -> list[Environment]:
        """The environments that keys live in."""
        known = self._core.state.snapshot.environments
        used = {key.environment_id for key in self._keys()}
        return [known[name] for name in sorted(used & known.keys())]

    def host(self, place: Environment) -> Check:
        """A check that the place answers."""

        async def check(_: Bench) -> Facts:
            key = next(key for key in self._keys() if key.environment_id == place.id)
            if key.host != place.host:
                raise CheckFailed(
                    f"“{clean(key.name, 80)}” was added for {key.host}, but {place.name} is now {place.host}."
                )
            return await self._asked(place, Target(place, key.account_id, key.client_id))

        return check

    async def _asked(self, place: Environment, target: Target) -> Facts:
        """Whether the host answers at all; that it refuses a call without a token is as it should be."""
        if self._api is None:
            self._api = self._world.api(RateLimiter(self._world.clock), self._core.settings)
        try:
            offset, status = None, (await self._api.probe(target, None)).status
        except ApiError as error:
            if error.answer is None or error.answer.html:
                raise
            offset, status = error.answer.offset, error.answer.status
        if offset is not None:
            self._offsets[place.host] = offset
        return {"host": place.host, "status": status}

    async def clock(self, _: Bench) -> Facts:
        """This computer's clock agrees with the servers'."""
        for host, offset in self._offsets.items():
            if abs(offset) > SHOWN_OFFSET:
                where = "behind" if offset > 0 else "ahead of"
                raise CheckFailed(
                    f"This computer's clock is {abs(offset):.0f} s {where} {host}. Switch on network time."
                )
        return {"seconds": {host: int(offset) for host, offset in self._offsets.items()}}

    async def aclose(self) -> None:
        """Close what was opened."""
        if self._api is not None:
            await self._api.aclose()
        await self._core.aclose()

    def _keys(self) -> Sequence[ApiKey]:
        return list(self._core.state.snapshot.keys.values())

    def _notice(self, start: str) -> Notice | None:
        notices = self._core.state.snapshot.notices
        return next((notice for notice in notices if notice.reference.startswith(start)), None)

    def _refuse(self, notice: Notice | None) -> None:
        if notice is not None:
            raise CheckFailed(
                " ".join(part for part in (f"{notice.title}.", notice.sentence, notice.hint) if part)
            )
