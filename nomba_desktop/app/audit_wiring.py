"""The activity log wired together; made once there is the cache key."""

from __future__ import annotations

import getpass

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.sqlite_audit import SqliteAudit
from nomba_desktop.adapters.sqlite_database import Database
from nomba_desktop.app.world import World
from nomba_desktop.domain.audit import Place, chain_key
from nomba_desktop.services.audit import AuditLog
from nomba_desktop.services.audit_trail import Trail
from nomba_desktop.services.ports import Vault
from nomba_desktop.services.sessions import Sessions
from nomba_desktop.services.state import State
from nomba_desktop.services.tasks import Report, Tasks


def wire_audit(
    world: World,
    database: Database,
    cache_key: bytes,
    *,
    state: State,
    tasks: Tasks,
    vault: Vault,
    sessions: Sessions,
    report: Report,
) -> Trail:
    """Build the log, and write down what happens from now on."""
    who = world.who
    place = Place(system_user(), who.host, f"{who.program} {who.process}")
    log = AuditLog(SqliteAudit(database), vault, world.clock, place, chain_key(cache_key))
    return Trail(
        log=log,
        state=state,
        tasks=tasks,
        clock=world.clock,
        record=sessions.record,
        fingerprint=Sealer(cache_key).fingerprint,
        me=str(who),
        report=report,
    )


def system_user() -> str:
    """The account of the operating system that this process runs under."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container may know no name for the number
        return "unknown"
