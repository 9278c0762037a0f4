"""Store and lock of a desktop that belongs to a team, in place of the local ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nomba_desktop.adapters.redis_follow import TeamFollower
from nomba_desktop.adapters.redis_lock import TeamSessionLock
from nomba_desktop.adapters.redis_news import News
from nomba_desktop.adapters.redis_rows import TeamSealer
from nomba_desktop.adapters.redis_sessions import TeamSessionStore
from nomba_desktop.adapters.redis_team import TeamAddress, TeamConnection
from nomba_desktop.adapters.sqlite_mirror import SqliteMirror
from nomba_desktop.app.membership import Membership
from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.domain.renewal import Policy
from nomba_desktop.services.ports import Chance, Clock, SessionLock


@dataclass(frozen=True, slots=True)
class Shared:
    """The team's parts. `follower.run` is a background task; `connection` is closed last."""

    store: TeamSessionStore
    lock: TeamSessionLock
    follower: TeamFollower
    connection: TeamConnection


def share(
    membership: Membership,
    mirror: SqliteMirror,
    local: SessionLock,
    *,
    clock: Clock,
    chance: Chance,
    me: str,
    policy: Policy,
    report: Callable[[str, NombaDesktopError], None],
    on_link: Callable[[bool], None],
) -> Shared:
    """Build them; nothing is connected yet."""
    sealer, news = TeamSealer(membership.key), News()
    address = TeamAddress(
        membership.host,
        membership.port,
        membership.username,
        membership.password,
        membership.tls,
        membership.ca_file,
    )
    connection = TeamConnection(address, membership.team, sealer, chance)
    store = TeamSessionStore(
        connection,
        mirror,
        clock,
        chance,
        me,
        on_rollback=lambda alarm: report("follow the team", alarm),
        policy=policy,
    )
    lock = TeamSessionLock(
        connection,
        local,
        news,
        clock,
        chance,
        who=me,
        machine=membership.machine,
        look=store.refresh,
    )
    follower = TeamFollower(
        connection,
        store,
        news,
        clock,
        on_link=on_link,
        report=lambda error: report("follow the team", error),
    )
    return Shared(store, lock, follower, connection)
