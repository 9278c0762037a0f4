"""The wiring without a window: the same services for the window, the command line and the tests."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from nomba_desktop.app.world import World
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import (
    KeyringError,
    NombaDesktopError,
    SettingsInvalid,
    StoreCorrupt,
    StoreError,
    StoreUnavailable,
    TeamCacheAway,
)
from nomba_desktop.domain.limits import Lane, Priority
from nomba_desktop.domain.renewal import DEFAULT_POLICY, Policy
from nomba_desktop.domain.sessions import WaitFor, Waiting
from nomba_desktop.domain.settings import DEFAULTS, Settings, non_default
from nomba_desktop.domain.snapshot import EnvironmentsKnown, SessionsSeen, Severity
from nomba_desktop.services.keyring_watch import KeyringWatch
from nomba_desktop.services.keys import Keys
from nomba_desktop.services.notices import Notices
from nomba_desktop.services.state import State
from nomba_desktop.services.tasks import Tasks
from nomba_desktop.services.vault_switch import VaultSwitch

if TYPE_CHECKING:
    from nomba_desktop.adapters.sqlite_database import Database
    from nomba_desktop.adapters.sqlite_opening import Opened
    from nomba_desktop.app.team import Shared
    from nomba_desktop.domain.cutoff import Receipt
    from nomba_desktop.domain.keys import ApiKey
    from nomba_desktop.services.api_switch import ApiSwitch
    from nomba_desktop.services.audit_trail import Trail
    from nomba_desktop.services.cutoff import CutOff
    from nomba_desktop.services.ports import SessionLock, SessionStore
    from nomba_desktop.services.rate_limit import RateLimiter
    from nomba_desktop.services.renewals import Renewals
    from nomba_desktop.services.sessions import Sessions
    from nomba_desktop.services.watcher import StoreWatch

T = TypeVar("T")


class Core:
    """Builds and owns the services. `open` brings up the inventory first, then the sessions behind the keyring."""

    def __init__(self, world: World, policy: Policy = DEFAULT_POLICY) -> None:
        self._world, self._policy = world, policy
        self.state = State()
        self.notices = Notices(self.state, world.clock)
        self.tasks = Tasks(self._report)
        self.vault = VaultSwitch(world.vault)
        self.keyring = KeyringWatch(self.vault, self.state, self.notices, world.clock)
        self.settings: Settings = DEFAULTS
        self.sessions: Sessions | None = None
        self.cut_off: CutOff | None = None
        self.renewals: Renewals | None = None
        self.trail: Trail | None = None
        self.team: Shared | None = None
        self._api: ApiSwitch | None = None
        self._limiter: RateLimiter | None = None
        self._store: SessionStore | None = None
        self._lock: SessionLock | None = None
        self._keys: Keys | None = None
        self._memory: tempfile.TemporaryDirectory[str] | None = None
        self._opening = asyncio.Lock()
        self._in_memory = False
        self._databases: list[Database] = []
        self._scheduled = False
        self._wants_schedule = False
        self._watch: StoreWatch | None = None
        self._seen, self._told = True, False
        self._settings_read = False
        self.settings_mistaken = False
        self.keyring.on_back(self._keyring_is_back)

    @property
    def keys(self) -> Keys:
        """The inventory service. Raises `StoreError` while the database isn't open."""
        if self._keys is None:
            raise StoreError("The local store is not open yet.")
        return self._keys

    # -- opening -----------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Database, inventory, keyring, sessions, in this order; what fails is a notice with a next step."""
        if await self.open_inventory():
            await self.open_secrets()

    async def open_inventory(self) -> bool:
        """The first half of `open`: database and stored keys; whether that went well."""
        await self.load_settings()
        return await self._open_inventory()

    async def open_secrets(self) -> None:
        """The second half of `open`: keyring and sessions."""
        await self.keyring.test()
        await self.open_sessions()

    async def reopen(self) -> None:
        """Open again what could not be opened; what is open stays as it is."""
        if self._keys is None and not await self._open_inventory():
            return
        await self._sessions_at_last()

    async def load_settings(self) -> None:
        """Read the settings, once; a mistake in them is a notice, and the defaults apply."""
        if self._settings_read:
            return
        self._settings_read = True
        try:
            self.settings = await self._world.settings_file.load()
        except SettingsInvalid as error:
            self.settings_mistaken = True
            self.notices.error("read the settings", error)
        self._know_environments()

    def _know_environments(self) -> None:
        known = self._world.environments(self.settings)
        self.state.publish(EnvironmentsKnown(known, non_default(self.settings)))

    async def _open_inventory(self) -> bool:
        from nomba_desktop.adapters.sqlite_database import Database
        from nomba_desktop.adapters.sqlite_keys import SqliteInventory

        world = self._world
        try:
            self._database = await Database.open(world.paths.database, world.clock, world.executor)
            self._databases.append(self._database)
            self._tell_what_opening_found()
            self._keys = Keys(
                state=self.state,
                inventory=SqliteInventory(self._database),
                vault=self.vault,
                keyring=self.keyring,
                records=lambda: self._store,
                lock=lambda: self._lock,
                clock=world.clock,
                chance=world.chance,
            )
            self._keys.on_change(self._copy_the_store)
            await self._keys.load()
        except StoreError as error:
            self.notices.error("open the local store", error)
            return False
        self.notices.withdraw("ND-321:open the local store")
        return True

    def _tell_what_opening_found(self) -> None:
        opened = self._database.opened
        sentence = what_opening_found(opened)
        if sentence:
            details = f"set aside as: {opened.damaged_path.name}" if opened.damaged_path else ""
            self.notices.error("open the local store", StoreCorrupt(sentence, details=details))
        if opened.backup_problem:
            self.notices.error("copy the local store", StoreUnavailable(opened.backup_problem))

    def _copy_the_store(self) -> None:
        """The inventory changed: a damaged file shall not cost it."""
        self.tasks.spawn(self._database.backup(), name="copy the local store")

    async def open_sessions(self) -> None:
        """Open the sealed store with the cache key. While the keyring is away, every session waits for it."""
        async with self._opening:
            if self.sessions is not None or self._keys is None:
                return
            try:
                cache_key = await self.vault.cache_key()
            except KeyringError as error:
                waiting = Waiting(WaitFor.KEYRING)
                self.state.publish(SessionsSeen(dict.fromkeys(self.state.snapshot.keys, waiting)))
                self.keyring.failed(error)
                return
            await self._wire_sessions(cache_key)

    async def _wire_sessions(self, cache_key: bytes) -> None:
        from nomba_desktop.app.audit_wiring import wire_audit
        from nomba_desktop.app.session_wiring import Ground, wire_sessions

        database, locks = await self._place_of_sessions()
        ground = Ground(
            world=self._world,
            policy=self._policy,
            settings=self.settings,
            state=self.state,
            tasks=self.tasks,
            vault=self.vault,
            keyring=self.keyring,
            keys=self.keys,
            changed=self._session_changed,
            lane_waits=self._lane_waits,
            report=self._report,
            team_link=self._team_link,
        )
        wired = wire_sessions(ground, database, locks, cache_key)
        self._store, self._lock, self._api, self._limiter = wired.store, wired.lock, wired.api, wired.limiter
        self.sessions, self.cut_off, self.renewals = wired.sessions, wired.cut_off, wired.renewals
        self.team = wired.team
        self.trail = wire_audit(
            self._world,
            database,
            cache_key,
            state=self.state,
            tasks=self.tasks,
            vault=self.vault,
            sessions=wired.sessions,
            report=self._report,
        )
        if database.opened.recovered:
            await wired.sessions.doubt_all()
        wired.sessions.observe()

    async def _place_of_sessions(self) -> tuple[Database, Path]:
        from nomba_desktop.adapters.sqlite_database import Database

        if not self._in_memory:
            return self._database, self._world.paths.locks
        self._memory = await self._off_thread(lambda: tempfile.TemporaryDirectory(prefix="nomba-desktop-"))
        below = Path(self._memory.name)
        database = await Database.open(below / "memory.sqlite3", self._world.clock, self._world.executor)
        self._databases.append(database)
        return database, below / "locks"

    async def _off_thread(self, work: Callable[[], T]) -> T:
        from concurrent.futures import ThreadPoolExecutor

        from nomba_desktop.adapters.offload import finish

        return await finish(self._world.executor or ThreadPoolExecutor(1, "nomba-files"), work)

    # -- running -----------------------------------------------------------------------------------------------------

    def run_schedule(self) -> None:
        """Renew, probe and follow the store's changes until closed; begins when the sessions are open."""
        from nomba_desktop.services.watcher import StoreWatch

        self._wants_schedule = True
        if self.renewals is not None and self.sessions is not None and not self._scheduled:
            self._scheduled = True
            self.tasks.spawn(self.renewals.run(), name="the schedule")
            self._watch = StoreWatch(self.sessions, self._world.clock, self.tasks)
            self._watch.begin(seen=self._seen, told=self._told)
            if self.cut_off is not None:
                self.tasks.spawn(self.cut_off.pay_debts(), name="finish cutting keys off")

    @property
    def store_files(self) -> tuple[Path, ...]:
        """The files that change with every write to the sessions; empty while they aren't open."""
        if self.sessions is None:
            return ()
        path = self._databases[-1].path
        return (path, path.with_name(f"{path.name}-wal"))

    def told_of_writes(self) -> None:
        """From now on the system tells of writes: `store_written` is called for each."""
        self._told = True
        if self._watch is not None:
            self._watch.begin(seen=self._seen, told=True)

    def store_written(self) -> None:
        """Somebody wrote to the store."""
        if self._watch is not None:
            self._watch.look()

    def seen(self, visible: bool) -> None:
        """Somebody can see the window, or no longer can: the store is looked at often, or now and then."""
        if visible != self._seen:
            self._seen = visible
            if self._watch is not None:
                self._watch.begin(seen=visible, told=self._told)

    def _session_changed(self, session: SessionId) -> None:
        if self.sessions is not None:
            self.sessions.observe_session(session)

    def _team_link(self, up: bool) -> None:
        """The team's server can be reached, or no longer."""
        if not up:
            self.notices.error("reach the team", TeamCacheAway())
            return
        self.notices.withdraw("ND-210:reach the team")
        if self.renewals is not None:
            self.renewals.wake()

    def _lane_waits(self, lane: Lane, priority: Priority, until: float) -> None:
        if self.sessions is not None:
            self.sessions.lane_waits(lane, until)

    def _keyring_is_back(self) -> None:
        if self.sessions is None:
            self.tasks.spawn(self._sessions_at_last(), name="open the sessions")
            return
        self.sessions.keyring_is_back()
        if self.renewals is not None:
            self.renewals.wake()

    async def _sessions_at_last(self) -> None:
        await self.open_sessions()
        if self._wants_schedule:
            self.run_schedule()

    # -- changing ----------------------------------------------------------------------------------------------------

    def note_signed_out(self, key: ApiKey, *, ended: bool) -> None:
        """Write into the activity log that a person signed out; the shared state doesn't say who did."""
        from nomba_desktop.domain.audit import Result, What
        from nomba_desktop.services.audit_trail import fact_of

        if self.trail is not None:
            self.trail.tell(fact_of(key, What.SIGNED_OUT, Result.OK if ended else Result.OPEN))

    def note_copied(self, key: ApiKey) -> None:
        """Write into the activity log that a token was copied."""
        from nomba_desktop.domain.audit import What
        from nomba_desktop.services.audit_trail import fact_of

        if self.trail is not None:
            self.trail.tell(fact_of(key, What.COPIED))

    def note_receipt(self, key: ApiKey, receipt: Receipt) -> None:
        """Write each step of a cut-off into the activity log, with its evidence."""
        from nomba_desktop.services.audit_trail import facts_of_receipt

        if self.trail is not None:
            self.trail.tell(*facts_of_receipt(key, receipt))

    async def memory_only(self) -> None:
        """Keep secrets and sessions in memory for this run; nothing stored before is touched."""
        from nomba_desktop.adapters.memory_vault import MemoryVault

        self._in_memory = True
        self.vault.use(MemoryVault(self._world.clock))
        await self.keyring.test()
        self.notices.tell(
            "memory-only",
            "Secrets stay in memory for this run.",
            "They are gone when the window closes. Keys added before need their secret entered again until then.",
            severity=Severity.WARN,
        )

    async def save_settings(self, settings: Settings) -> None:
        """Save, then apply: environments, probing, connections. Raises `SettingsInvalid`, `StoreUnavailable`."""
        await self._world.settings_file.save(settings)
        before = self.settings
        self.settings, self.settings_mistaken = settings, False
        self.notices.withdraw("ND-330:read the settings")
        self._know_environments()
        if (before.proxy, before.extra_ca) != (settings.proxy, settings.extra_ca):
            self._reconnect()
        if self.renewals is not None:
            self.renewals.probe_every = float(settings.probe_every)
            self.renewals.wake()

    def _reconnect(self) -> None:
        """New connections for a new proxy or CA; calls under way end on the old ones."""
        if self._api is not None and self._limiter is not None:
            api = self._world.api(self._limiter, self.settings)
            self.tasks.spawn(self._api.replace(api), name="close the old connections")

    def _report(self, what: str, error: NombaDesktopError) -> None:
        self.notices.error(what, error)

    async def aclose(self) -> None:
        """End everything in order; calls under way get a moment to land."""
        await self.tasks.aclose()
        if self.trail is not None:
            await self.trail.settle()
        if self._api is not None:
            await self._api.aclose()
        if self.team is not None:
            await self.team.connection.aclose()
        for database in self._databases:
            await database.aclose()
        if self._memory is not None:
            await self._off_thread(self._memory.cleanup)


def what_opening_found(opened: Opened) -> str:
    """What a person has to know of how the database was opened; empty when all was well."""
    if opened.recovered:
        lost = "was damaged and set aside" if opened.damaged_path else "was gone"
        return (
            f"The file {lost}. The last good copy took its place; sessions are checked before they are used."
        )
    if opened.empty and opened.damaged_path:
        return "The file was damaged and set aside. There was no copy, so the list of keys starts empty."
    if opened.damaged_path:
        return "The last writes were damaged and set aside; everything before them is there."
    return ""
