"""The sessions wired together: store, lock, connections, walk, schedule, cut-off; made once there is the cache key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.filelock_lock import FileSessionLock
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.adapters.sqlite_host_facts import SqliteHostFacts
from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore
from nomba_desktop.app.world import World
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.domain.limits import Lane, Priority
from nomba_desktop.domain.renewal import Policy
from nomba_desktop.domain.settings import Settings
from nomba_desktop.domain.snapshot import ServerHeard
from nomba_desktop.services.api_switch import ApiSwitch
from nomba_desktop.services.auth_calls import AuthCalls
from nomba_desktop.services.auth_targets import targets_of
from nomba_desktop.services.cutoff import CutOff
from nomba_desktop.services.keyring_watch import KeyringWatch
from nomba_desktop.services.keys import Keys
from nomba_desktop.services.ports import SessionLock, SessionStore
from nomba_desktop.services.probes import Prober
from nomba_desktop.services.rate_limit import RateLimiter
from nomba_desktop.services.renewals import Renewals
from nomba_desktop.services.renewer import Renewer
from nomba_desktop.services.sessions import Sessions
from nomba_desktop.services.state import State
from nomba_desktop.services.tasks import Tasks
from nomba_desktop.services.vault_switch import VaultSwitch

if TYPE_CHECKING:
    from nomba_desktop.app.team import Shared


@dataclass(frozen=True, slots=True)
class Ground:
    """What the sessions stand on: the parts of the core that were there before the keyring answered."""

    world: World
    policy: Policy
    settings: Settings
    state: State
    tasks: Tasks
    vault: VaultSwitch
    keyring: KeyringWatch
    keys: Keys
    changed: Callable[[SessionId], None]
    lane_waits: Callable[[Lane, Priority, float], None]
    report: Callable[[str, NombaDesktopError], None]
    team_link: Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Wired:
    """The parts others need."""

    store: SessionStore
    lock: SessionLock
    limiter: RateLimiter
    api: ApiSwitch
    sessions: Sessions
    cut_off: CutOff
    renewals: Renewals
    team: Shared | None


def wire_sessions(ground: Ground, database: Database, locks: Path, cache_key: bytes) -> Wired:
    """Build everything that needs the cache key."""
    world, state, policy, me = ground.world, ground.state, ground.policy, str(ground.world.who)
    sealer = Sealer(cache_key)
    store: SessionStore = SqliteSessionStore(database, sealer)
    lock: SessionLock = FileSessionLock(locks, world.clock, me, world.executor)
    team: Shared | None = None
    if world.team is not None:
        from nomba_desktop.adapters.sqlite_mirror import SqliteMirror
        from nomba_desktop.app.team import share

        team = share(
            world.team,
            SqliteMirror(database, sealer),
            lock,
            clock=world.clock,
            chance=world.chance,
            me=me,
            policy=policy,
            report=ground.report,
            on_link=ground.team_link,
        )
        store, lock = team.store, team.lock
        ground.tasks.spawn(team.follower.run(), name="follow the team")
    limiter = RateLimiter(world.clock, on_wait=ground.lane_waits)
    api = ApiSwitch(world.api(limiter, ground.settings))
    targets = targets_of(state)
    prober = Prober(api, targets)
    calls = AuthCalls(
        store=store,
        api=api,
        vault=ground.vault,
        facts=SqliteHostFacts(database),
        targets=targets,
        prober=prober,
        clock=world.clock,
        chance=world.chance,
        tasks=ground.tasks,
        me=me,
        changed=ground.changed,
        heard=lambda host, at, offset: state.publish(ServerHeard(host, at, offset)),
        policy=policy,
        lease=team.lock if team is not None else None,
    )
    sessions = Sessions(
        state=state,
        store=store,
        lock=lock,
        renewer=Renewer(store, lock, calls, world.clock, policy),
        api=api,
        targets=targets,
        prober=prober,
        keyring=ground.keyring,
        clock=world.clock,
        me=me,
    )
    cut_off = CutOff(
        state=state,
        keys=ground.keys,
        store=store,
        lock=lock,
        api=api,
        vault=ground.vault,
        auth=calls,
        targets=targets,
        clock=world.clock,
        chance=world.chance,
        me=me,
        seen=lambda key: sessions.observe([key]),
        policy=policy,
        management=world.key_management,
    )
    renewals = Renewals(
        state=state,
        sessions=sessions,
        clock=world.clock,
        chance=world.chance,
        tasks=ground.tasks,
        probe_every=float(ground.settings.probe_every),
    )
    return Wired(store, lock, limiter, api, sessions, cut_off, renewals, team)
