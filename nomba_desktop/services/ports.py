"""What the services need of the world: one Protocol per door. Adapters and fakes implement them.

All times are seconds; wall times are epoch seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nomba_desktop.domain.audit import Head
from nomba_desktop.domain.environments import Environment, SessionId
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.limits import Lane, Priority, RateHeaders
from nomba_desktop.domain.record import SessionRecord
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import Settings
from nomba_desktop.domain.snapshot import KeyringStatus


class Clock(Protocol):
    """Time, handed in."""

    def now(self) -> float:
        """Wall clock, epoch seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward; not counting while the computer sleeps is allowed."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of the monotonic clock."""
        ...


class Chance(Protocol):
    """Randomness, handed in."""

    def uniform(self) -> float:
        """A number from 0 up to 1, for jitter."""
        ...

    def token(self) -> str:
        """A fresh unguessable identifier of 32 hexadecimal digits."""
        ...


# -- Nomba's API -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes and for whom. `environment.base_url` pins the host."""

    environment: Environment
    account_id: str
    client_id: str

    @property
    def lane(self) -> Lane:
        """What its rate limit is counted for."""
        return Lane(self.environment.host, self.account_id)


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens as the server gave them; `expires_at` raw as sent, `offset` server clock minus ours where measured.

    `sent_at` and `received_at` are wall times of the call.
    """

    access: Secret
    refresh: Secret | None
    expires_at: object
    sent_at: float
    received_at: float
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe answered 200. `summary` holds a few harmless values of the answer, cleaned, for showing."""

    status: int
    at: float
    summary: Mapping[str, str]


BeforeSend = Callable[[], Awaitable[None]]


class NombaApi(Protocol):
    """The calls this app makes. Each raises an `ApiError` unless the answer is a success by the table of facts 6.

    `before_send` is awaited after every wait (rate limit, free connection) and immediately before the first byte
    goes out: there the intent is written and a lease looked at. What it raises goes through, and nothing is sent.
    """

    async def issue(
        self,
        target: Target,
        secret: Secret,
        *,
        priority: Priority = Priority.SIGN_IN,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        """Client credentials (facts 2.1)."""
        ...

    async def refresh(
        self,
        target: Target,
        access: Secret | None,
        refresh: Secret,
        *,
        priority: Priority = Priority.REFRESH,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        """Refresh, with the old access token as bearer (facts 2.2); without one where `access` is None."""
        ...

    async def revoke(
        self,
        target: Target,
        access: Secret,
        *,
        priority: Priority = Priority.CUT_OFF,
        before_send: BeforeSend | None = None,
    ) -> None:
        """End the session of an access token (facts 2.3). May be sent twice."""
        ...

    async def probe(
        self,
        target: Target,
        access: Secret | None,
        *,
        path: str = "/v1/accounts/parent",
        priority: Priority = Priority.PROBE,
        before_send: BeforeSend | None = None,
    ) -> Probed:
        """One harmless GET (facts 5), without a bearer where `access` is None. Never a call that writes."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class KeyManagement(Protocol):
    """An environment that manages keys itself (the practice server's contract; Nomba has none, facts 0.1).

    Each call answers once the state has changed, can be repeated, and raises an `ApiError` otherwise.
    """

    async def disable(self, target: Target, *, for_good: bool) -> None:
        """From the answer on, issue, refresh and use of the key are refused: until enabled again, or `for_good`."""
        ...

    async def enable(self, target: Target) -> None:
        """Lift what `disable` did for the time being."""
        ...


class Admission(Protocol):
    """The gate every call passes: the rate limiter."""

    async def admit(self, lane: Lane, priority: Priority) -> None:
        """Return when the call may go out."""
        ...

    def learn(self, lane: Lane, headers: RateHeaders | None, retry_after: float | None) -> None:
        """Take note of what an answer said about the limit: once for every admitted call, with None and None where
        no answer came."""
        ...


# -- keyring ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Binding:
    """What a stored secret may be sent to and for; kept inside the keyring entry."""

    host: str
    client_id: str
    account_id: str


@dataclass(frozen=True, slots=True)
class BoundSecret:
    """A client secret with its binding."""

    secret: Secret
    binding: Binding


class Vault(Protocol):
    """The OS keyring: one entry per key, one for the cache key, one for the activity log's end.

    Every call may raise a `KeyringError`.
    """

    async def get(self, key_id: KeyId) -> BoundSecret | None:
        """The entry of a key, None when there is none."""
        ...

    async def put(self, key_id: KeyId, bound: BoundSecret) -> None:
        """Store, replacing; read back before returning."""
        ...

    async def delete(self, key_id: KeyId) -> None:
        """Delete and read back; deleting what isn't there is fine."""
        ...

    async def cache_key(self) -> bytes:
        """The 32-byte cache key; made on first use, the same for every process afterwards."""
        ...

    async def anchor(self, head: Head) -> None:
        """Remember where the activity log ends, in place of what was remembered; one entry, read back (ADR 0012)."""
        ...

    async def read_anchor(self) -> Head | None:
        """What `anchor` was told last, by any process; None while there was nothing."""
        ...

    async def test(self) -> KeyringStatus:
        """Try the keyring with a harmless look-up; never prompts, never raises a `KeyringError`."""
        ...

    async def unlock(self) -> KeyringStatus:
        """Try it again and let it ask the person; never raises a `KeyringError`."""
        ...


# -- the store -------------------------------------------------------------------------------------------------------

Move = Callable[[SessionRecord], SessionRecord]


class SessionStore(Protocol):
    """Shared session records. `read` is the hot read: synchronous, one indexed select, one decrypt."""

    def read(self, session: SessionId) -> SessionRecord:
        """The record now; `EMPTY` where there is none. Raises `StoreError`."""
        ...

    async def apply(self, session: SessionId, move: Move) -> SessionRecord:
        """Apply a move atomically and durably; returns the new record. What the move raises goes through and
        nothing is written. Raises `StoreError` when it could not be made durable; then nothing is written either."""
        ...

    def changed(self) -> bool:
        """Whether any process (this one too) may have written since the last call; cheap, no decrypt."""
        ...

    async def forget(self, session: SessionId) -> None:
        """Delete the record."""
        ...


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock."""

    who: str
    since: float


class SessionLock(Protocol):
    """One lock per session, released when its process dies."""

    def try_hold(self, session: SessionId) -> AbstractAsyncContextManager[Owner | None]:
        """Enter at once: None when the lock is now ours, else who holds it as far as known (and it isn't ours)."""
        ...


@runtime_checkable
class Notifying(Protocol):
    """A lock that tells when it is worth trying again; another one is tried every now and then."""

    def news(self, session: SessionId) -> int:
        """A number that is larger after each piece of news: the record changed, the lock came free."""
        ...

    async def changed(self, session: SessionId, since: int, longest: float) -> None:
        """Return when there is news after `news` said `since`, or after `longest` seconds at most."""
        ...


class Leasing(Protocol):
    """A lock that may be lost while it is held: a lease on a team's server (protocol 8 and 10)."""

    def still_held(self, session: SessionId) -> bool:
        """Whether the running task surely still has it; no network."""
        ...

    async def hold_again(self, session: SessionId) -> bool:
        """Make sure of it, waiting for who has it in between; whether it is ours. Raises `StoreError`."""
        ...


@runtime_checkable
class Forgetting(Protocol):
    """A store that may have lost a session that another desktop still knows (protocol, "In a team" 3)."""

    def waits_for_others(self, session: SessionId) -> bool:
        """Whether that may be so for this session: nobody but a person signs in with it here."""
        ...


class Inventory(Protocol):
    """The keys, in the database."""

    async def load(self) -> Sequence[ApiKey]:
        """All keys. Raises `StoreError`."""
        ...

    async def save(self, key: ApiKey) -> None:
        """Insert or replace one key, durably."""
        ...

    async def forget(self, key_id: KeyId) -> None:
        """Delete one key."""
        ...


class HostFacts(Protocol):
    """Named observations of a server's rules, shared by all keys of a host."""

    def read(self, host: str, name: str) -> str | None:
        """What was noted last; None while nobody has seen it. Synchronous: one indexed select."""
        ...

    async def note(self, host: str, name: str, value: str) -> None:
        """Remember what was seen, in place of the last observation."""
        ...


class SettingsFile(Protocol):
    """Settings in the user's config directory."""

    async def load(self) -> Settings:
        """The settings; defaults where the file doesn't exist. Raises `SettingsInvalid`; the file stays as it is."""
        ...

    async def save(self, settings: Settings) -> None:
        """Write atomically what differs from the defaults. Raises `StoreUnavailable`."""
        ...


class Clipboard(Protocol):
    """The clipboard of the desktop."""

    @property
    def promises_clearing(self) -> bool:
        """Whether `clear_if_ours` can be relied on here (not on Wayland)."""
        ...

    def put_secret(self, secret: Secret) -> None:
        """Copy, marked as secret for clipboard managers."""
        ...

    def clear_if_ours(self) -> bool:
        """Clear it if it still holds what was put last; whether it could be looked at."""
        ...

    def text(self) -> str:
        """What it holds now as text."""
        ...


class Watch(Protocol):
    """Signals of the desktop: the computer woke up, the screen was locked."""

    def events(self) -> AsyncIterator[str]:
        """`woke` or `locked`, as they happen."""
        ...
