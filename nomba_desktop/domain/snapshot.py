"""The shared state as one frozen value, and the facts that change it (architecture, law 2)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.errors import Action
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.permissions import Permissions
from nomba_desktop.domain.sessions import Session, Unknown


class KeyringState(enum.Enum):
    """The five named states of the keyring, and two before and beside them."""

    UNTRIED = "untried"
    OK = "ok"
    LOCKED = "locked"
    DENIED = "denied"
    ABSENT = "absent"
    HUNG = "hung"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class KeyringStatus:
    """State, the backend's own name (`Secret Service`), and when it was last tested (epoch seconds)."""

    state: KeyringState = KeyringState.UNTRIED
    backend: str = ""
    tested_at: float = 0.0


class Severity(enum.Enum):
    """How a notice looks."""

    INFO = "info"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should read: title, sentence, what to do; details stay folded.

    `id` is stable for one cause, so that the same cause is shown once.
    """

    id: str
    severity: Severity
    title: str
    sentence: str = ""
    hint: str = ""
    details: str = ""
    reference: str = ""
    action: Action | None = None
    key_id: KeyId | None = None
    at: float = 0.0


_K = TypeVar("_K")
_V = TypeVar("_V")


def _frozen(items: Mapping[_K, _V]) -> Mapping[_K, _V]:
    return MappingProxyType(dict(items))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the window shows, without a secret and without a clock."""

    loaded: bool = False
    keys: Mapping[KeyId, ApiKey] = field(default_factory=lambda: MappingProxyType({}))
    sessions: Mapping[KeyId, Session] = field(default_factory=lambda: MappingProxyType({}))
    environments: Mapping[str, Environment] = field(default_factory=lambda: MappingProxyType({}))
    keyring: KeyringStatus = KeyringStatus()
    notices: tuple[Notice, ...] = ()
    clock_offset: float = 0.0
    last_contact: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    memory_only: bool = False
    non_default_settings: tuple[str, ...] = ()
    permissions: Mapping[KeyId, Permissions] = field(default_factory=lambda: MappingProxyType({}))

    def permissions_of(self, key_id: KeyId) -> Permissions:
        """What was seen of a key's permissions in this run; nothing tested by default."""
        return self.permissions.get(key_id) or Permissions()

    def session(self, key_id: KeyId) -> Session:
        """The session of a key; `Unknown` until the store was read."""
        return self.sessions.get(key_id, Unknown())


# -- facts, past tense, published after they are durable ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InventoryLoaded:
    """The keys were read from the database."""

    keys: tuple[ApiKey, ...]


@dataclass(frozen=True, slots=True)
class KeySaved:
    """A key was added or edited."""

    key: ApiKey


@dataclass(frozen=True, slots=True)
class KeyForgotten:
    """A key left the inventory, its secret left the keyring."""

    key_id: KeyId


@dataclass(frozen=True, slots=True)
class SessionsSeen:
    """These sessions were looked at; most looks change nothing."""

    sessions: Mapping[KeyId, Session]


@dataclass(frozen=True, slots=True)
class EnvironmentsKnown:
    """The environments were read from the settings."""

    environments: tuple[Environment, ...]
    non_default: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyringSeen:
    """The keyring was tried."""

    status: KeyringStatus


@dataclass(frozen=True, slots=True)
class NoticeRaised:
    """A notice appeared, or replaced the one of the same id."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class NoticeDismissed:
    """A notice was read, or its cause went away."""

    notice_id: str


@dataclass(frozen=True, slots=True)
class ServerHeard:
    """A server answered: when, and how far its clock is from ours (None where not measured)."""

    host: str
    at: float
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class PermissionsSeen:
    """Reads were tested, or a new token's role claims were looked at."""

    permissions: Mapping[KeyId, Permissions]


Event = (
    InventoryLoaded
    | KeySaved
    | KeyForgotten
    | SessionsSeen
    | EnvironmentsKnown
    | KeyringSeen
    | NoticeRaised
    | NoticeDismissed
    | ServerHeard
    | PermissionsSeen
)

_MAX_NOTICES = 20


def reduce(snapshot: Snapshot, event: Event) -> Snapshot:
    """The next snapshot: the only place where shared state changes. An equal result means nothing happened."""
    match event:
        case InventoryLoaded(keys):
            known = {k.id: k for k in keys}
            sessions = {i: s for i, s in snapshot.sessions.items() if i in known}
            return replace(snapshot, loaded=True, keys=_frozen(known), sessions=_frozen(sessions))
        case KeySaved(key):
            same = snapshot.keys.get(key.id) == key
            return snapshot if same else replace(snapshot, keys=_frozen({**snapshot.keys, key.id: key}))
        case KeyForgotten(key_id):
            return replace(
                snapshot,
                keys=_frozen({i: k for i, k in snapshot.keys.items() if i != key_id}),
                sessions=_frozen({i: s for i, s in snapshot.sessions.items() if i != key_id}),
                notices=tuple(n for n in snapshot.notices if n.key_id != key_id),
                permissions=_frozen({i: p for i, p in snapshot.permissions.items() if i != key_id}),
            )
        case SessionsSeen(sessions):
            changed = {
                i: s for i, s in sessions.items() if i in snapshot.keys and snapshot.sessions.get(i) != s
            }
            return (
                replace(snapshot, sessions=_frozen({**snapshot.sessions, **changed})) if changed else snapshot
            )
        case EnvironmentsKnown(environments, non_default):
            table = _frozen({e.id: e for e in environments})
            return replace(snapshot, environments=table, non_default_settings=non_default)
        case KeyringSeen(status):
            return replace(snapshot, keyring=status, memory_only=status.state is KeyringState.MEMORY)
        case NoticeRaised(notice):
            others = tuple(n for n in snapshot.notices if n.id != notice.id)
            return replace(snapshot, notices=(*others, notice)[-_MAX_NOTICES:])
        case NoticeDismissed(notice_id):
            return replace(snapshot, notices=tuple(n for n in snapshot.notices if n.id != notice_id))
        case ServerHeard(host, at, offset):
            known_offset = snapshot.clock_offset if offset is None else offset
            heard = _frozen({**snapshot.last_contact, host: at})
            return replace(snapshot, last_contact=heard, clock_offset=known_offset)
        case PermissionsSeen(permissions):
            news = {i: p for i, p in permissions.items() if i in snapshot.keys}
            return replace(snapshot, permissions=_frozen({**snapshot.permissions, **news}))
