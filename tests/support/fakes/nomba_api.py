"""Nomba in memory (mirrors `adapters/httpx_nomba.py`): strict rules, and whatever goes wrong that a test asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from nomba_desktop.domain.answers import CallContext, failure
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import Answer, ApiError, BadRequest, ConnectionBroke, Fate, Offline
from nomba_desktop.domain.limits import Lane, Priority
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import Admission, BeforeSend, Clock, Grant, Probed, Target

PROBES = frozenset(
    {
        "/v1/accounts/parent",
        "/v1/accounts/balance",
        "/v1/accounts",
        "/v1/accounts?limit=1",
        "/v1/accounts/terminals",
        "/v1/accounts/terminals?limit=1",
        "/v1/transactions/accounts",
        "/v1/transactions/accounts?limit=1",
        "/v1/transactions/bank",
        "/v1/transactions/bank?limit=1",
        "/v1/transfers/banks",
    }
)


@dataclass(frozen=True, slots=True)
class Called:
    """One call that was sent."""

    what: str
    session: SessionId
    priority: Priority
    at: float


@dataclass(slots=True)
class _Key:
    account_id: str
    secret: Secret
    access: Secret | None = None
    refresh: Secret | None = None
    ends: float = 0.0
    suspended: bool = False


_T = TypeVar("_T")
Fault = ApiError | Callable[[], Awaitable[None]]
_ALL = ("issue", "refresh", "revoke", "probe")


@dataclass
class FakeNombaApi:
    """`NombaApi`. One session per (host, client id); issue and refresh replace it; refresh tokens count once.

    `add` a key first. `before` and `after` hold what strikes the next calls of a kind, in order: an error is raised,
    a coroutine function is awaited (a gate to wait at). `before`: nothing was done yet; `after`: all of it was.
    `calls` lists what was sent. `life` is that of an access token in seconds.
    """

    clock: Clock
    life: float = 1800.0
    admission: Admission | None = None
    calls: list[Called] = field(default_factory=list)
    before: dict[str, list[Fault]] = field(default_factory=lambda: {what: [] for what in _ALL})
    after: dict[str, list[Fault]] = field(default_factory=lambda: {what: [] for what in _ALL})
    closed: bool = False
    _keys: dict[SessionId, _Key] = field(default_factory=dict)
    _minted: int = 0

    # -- what a test does to it ----------------------------------------------------------------------------------

    def add(self, target: Target, secret: Secret) -> None:
        """A key exists from now on."""
        self._keys[_session(target)] = _Key(target.account_id, secret)

    def suspend(self, session: SessionId, suspended: bool = True) -> None:
        """Every call with this key is answered with 403."""
        self._keys[session].suspended = suspended

    def sign_in_elsewhere(self, session: SessionId) -> None:
        """Somebody else signs in: the session here ends."""
        self._open(self._keys[session])

    def lives(self, session: SessionId, access: Secret) -> bool:
        """Whether a call with this access token would be accepted."""
        key = self._keys[session]
        return key.access is not None and key.access == access and self.clock.now() < key.ends

    def lose_reply(self, what: str) -> None:
        """The next call of that kind is handled, and nobody hears of it."""
        self.after[what].append(ConnectionBroke("The reply was lost.", fate=Fate.UNKNOWN))

    def sent(self, what: str) -> int:
        """How many calls of that kind were sent."""
        return sum(call.what == what for call in self.calls)

    # -- NombaApi ------------------------------------------------------------------------------------------------

    async def issue(
        self,
        target: Target,
        secret: Secret,
        *,
        priority: Priority = Priority.SIGN_IN,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        def handle() -> Grant:
            key = self._key(target, CallContext.ISSUE)
            if key.secret != secret:
                raise failure(CallContext.ISSUE, Answer(401, "01", "Invalid client credentials"))
            return self._open(key)

        return await self._call("issue", target, priority, handle, before_send)

    async def refresh(
        self,
        target: Target,
        access: Secret | None,
        refresh: Secret,
        *,
        priority: Priority = Priority.REFRESH,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        def handle() -> Grant:
            key = self._key(target, CallContext.REFRESH)
            if key.refresh is None or key.refresh != refresh:
                raise failure(CallContext.REFRESH, Answer(401, "01", "Invalid refresh token"))
            return self._open(key)

        _check(target, access)
        return await self._call("refresh", target, priority, handle, before_send)

    async def revoke(
        self,
        target: Target,
        access: Secret,
        *,
        priority: Priority = Priority.CUT_OFF,
        before_send: BeforeSend | None = None,
    ) -> None:
        def handle() -> None:
            key = self._keys.get(_session(target))
            if key is not None and key.access is not None and key.access == access:
                key.access = key.refresh = None

        await self._call("revoke", target, priority, handle, before_send)

    async def probe(
        self,
        target: Target,
        access: Secret | None,
        *,
        path: str = "/v1/accounts/parent",
        priority: Priority = Priority.PROBE,
        before_send: BeforeSend | None = None,
    ) -> Probed:
        if path not in PROBES:
            raise ValueError("This path is not on the list of harmless reads.")
        _check(target, access)

        def handle() -> Probed:
            if access is None and target.environment.answers_without_token:
                return Probed(200, self.clock.now(), {})
            self._key(target, CallContext.USE)
            if access is None or not self.lives(_session(target), access):
                raise failure(CallContext.USE, Answer(401, "401", "Unauthorized"))
            named = path == "/v1/accounts/parent"
            return Probed(200, self.clock.now(), {"status": "ACTIVE", "currency": "NGN"} if named else {})

        return await self._call("probe", target, priority, handle, before_send)

    async def aclose(self) -> None:
        self.closed = True

    # -- inside --------------------------------------------------------------------------------------------------

    async def _call(
        self,
        what: str,
        target: Target,
        priority: Priority,
        handle: Callable[[], _T],
        before_send: BeforeSend | None = None,
    ) -> _T:
        _check(target)
        lane = target.lane if what != "probe" else Lane(target.lane.host, target.lane.account_id, "GET")
        if self.admission is not None:
            await self.admission.admit(lane, priority)
        try:
            if self.closed:
                raise Offline("The app is closing. Nothing was sent.")
            if before_send is not None:
                await before_send()
            self.calls.append(Called(what, _session(target), priority, self.clock.now()))
            await self._strike(self.before[what])
            result = handle()
            await self._strike(self.after[what])
            return result
        finally:
            if self.admission is not None:
                self.admission.learn(lane, None, None)

    @staticmethod
    async def _strike(faults: list[Fault]) -> None:
        if not faults:
            return
        fault = faults.pop(0)
        if isinstance(fault, ApiError):
            raise fault
        await fault()

    def _key(self, target: Target, context: CallContext) -> _Key:
        key = self._keys.get(_session(target))
        if key is None or key.account_id != target.account_id:
            code = "01" if context is CallContext.ISSUE else "401"
            raise failure(context, Answer(401, code, "Unauthorized"))
        if key.suspended:
            raise failure(context, Answer(403, "403", "Forbidden"))
        return key

    def _open(self, key: _Key) -> Grant:
        self._minted += 1
        now = self.clock.now()
        key.access = Secret(f"access-{self._minted:06d}." + "x" * 300)
        key.refresh = Secret(f"refresh-{self._minted:06d}-" + "y" * 24)
        key.ends = float(int(now + self.life))
        stamp = datetime.fromtimestamp(key.ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Grant(key.access, key.refresh, stamp, now, now, 0.0)


def _session(target: Target) -> SessionId:
    return SessionId(target.environment.host, target.client_id)


def _check(target: Target, access: Secret | None = None) -> None:
    for name, value in (
        ("account ID", target.account_id),
        ("access token", access.reveal() if access else "ok"),
    ):
        if not value or not all("!" <= letter <= "~" for letter in value):
            raise BadRequest(f"The {name} has characters that can't be sent. Nothing was sent.")
