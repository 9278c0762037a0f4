"""The door to Nomba's API. httpx is imported here and nowhere else, at the first call (start-up speed).

Requests go straight to httpx's transport, not through its client: no redirect is ever followed, no cookie kept
(two keys of one host share connections), no proxy, netrc or certificate taken from environment variables by httpx.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from nomba_desktop.adapters import nomba_wire as wire
from nomba_desktop.adapters import nomba_wire_answers as answers
from nomba_desktop.adapters.httpx_pools import Pool, Pools
from nomba_desktop.adapters.httpx_setup import load_libraries, trust
from nomba_desktop.adapters.httpx_slots import Slots
from nomba_desktop.adapters.httpx_trail import Kind, Trail
from nomba_desktop.adapters.nomba_wire_answers import MAX_BODY, Reply
from nomba_desktop.domain.errors import ApiError, Offline
from nomba_desktop.domain.limits import Priority
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import Admission, BeforeSend, Clock, Grant, Probed, Target

if TYPE_CHECKING:
    import httpx

CONNECTIONS = 20
#: Shorter than what servers commonly allow: a connection that the other side is about to close is not used again.
KEEP_ALIVE = 4.0

TransportFactory = Callable[[], "httpx.AsyncBaseTransport"]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long a call may take, in seconds (facts 7). `auth` and `read_total` bound a call from its first packet to
    the last byte of its answer, waiting for the rate limit or a free connection not included."""

    connect: float = 5.0
    read: float = 30.0
    auth: float = 15.0
    read_total: float = 30.0


class HttpxNombaApi:
    """`NombaApi` over HTTP/1.1.

    `proxy`: `http://host:port` or `https://...`, empty for none; loopback addresses are never asked by way of it.
    `extra_ca`: path of a PEM file with certificates to trust besides the operating system's. `user_agent`: as sent.
    `transport_factory`: another httpx transport, for tests in process. Certificates are always checked.
    """

    def __init__(
        self,
        admission: Admission,
        clock: Clock,
        *,
        proxy: str = "",
        extra_ca: str = "",
        user_agent: str = "nomba-desktop",
        limits: TimeLimits | None = None,
        transport_factory: TransportFactory | None = None,
    ) -> None:
        self._admission, self._clock = admission, clock
        self._proxy, self._extra_ca, self._user_agent = proxy, extra_ca, user_agent
        self._limits = limits or TimeLimits()
        self._factory = transport_factory
        self._slots = Slots(CONNECTIONS)
        self._pools: Pools[httpx.AsyncBaseTransport] = Pools(self._make)

    async def issue(
        self,
        target: Target,
        secret: Secret,
        *,
        priority: Priority = Priority.SIGN_IN,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        """Client credentials (facts 2.1)."""
        ask = wire.issue(target, secret)
        return _result(answers.grant(ask, await self._call(target, ask, priority, before_send)))

    async def refresh(
        self,
        target: Target,
        access: Secret | None,
        refresh: Secret,
        *,
        priority: Priority = Priority.REFRESH,
        before_send: BeforeSend | None = None,
    ) -> Grant:
        """Refresh, with the old access token as bearer (facts 2.2), or without one."""
        ask = wire.refresh(target, access, refresh)
        return _result(answers.grant(ask, await self._call(target, ask, priority, before_send)))

    async def revoke(
        self,
        target: Target,
        access: Secret,
        *,
        priority: Priority = Priority.CUT_OFF,
        before_send: BeforeSend | None = None,
    ) -> None:
        """End the session of an access token (facts 2.3)."""
        ask = wire.revoke(target, access)
        _result(answers.revoked(ask, await self._call(target, ask, priority, before_send)))

    async def probe(
        self,
        target: Target,
        access: Secret | None,
        *,
        path: str = "/v1/accounts/parent",
        priority: Priority = Priority.PROBE,
        before_send: BeforeSend | None = None,
    ) -> Probed:
        """One harmless GET (facts 5); ValueError for a path that is not on `nomba_wire.PROBES`."""
        ask = wire.probe(target, access, path)
        return _result(answers.probed(ask, await self._call(target, ask, priority, before_send)))

    async def aclose(self) -> None:
        """Close every connection. Calls under way end with an error; later ones are refused."""
        await self._pools.aclose()

    # -- one call ------------------------------------------------------------------------------------------------

    async def _call(
        self, target: Target, ask: wire.Ask, priority: Priority, before_send: BeforeSend | None = None
    ) -> Reply:
        where = wire.address(target.environment, ask.route)
        lane = wire.lane(target, ask.route)
        await self._admission.admit(lane, priority)
        reply: Reply | None = None
        try:
            async with (
                self._slots.take(priority),
                self._pools.use(bool(self._proxy) and not where.is_loopback) as pool,
            ):
                reply = await self._exchange(pool, where, ask, Trail(self._clock, before_send))
        finally:
            if reply is None:
                self._admission.learn(lane, None, None)
            else:
                self._admission.learn(lane, reply.rate, reply.retry_after)
        return reply

    async def _exchange(
        self, pool: Pool[httpx.AsyncBaseTransport], where: wire.Address, ask: wire.Ask, trail: Trail
    ) -> Reply:
        import httpx  # noqa: PLC0415 - first imported in `_make`

        request = self._request(where, ask, trail)
        seconds = self._limits.read_total if ask.route.method == "GET" else self._limits.auth
        failed: Exception | None
        try:
            async with asyncio.timeout(seconds) as trail.deadline:
                if self._factory is not None:
                    await trail.sending()  # such a transport need not tell when it begins
                response = await pool.transport.handle_async_request(request)
                return await self._received(response, trail)
        except (httpx.HTTPError, httpx.StreamError, OSError, UnicodeError) as error:
            failed = trail.refused() or trail.fault(where.host, _kind(error), error, seconds)
        except BaseException as error:
            error.__traceback__ = trail.frames_of(error)
            raise
        finally:
            if not trail.sent:
                if pool.by_proxy:
                    self._pools.retire(pool)
                await trail.abandon()
        # Outside of `except`: what is raised here carries nothing of httpx's frames, which hold the request.
        raise failed

    def _request(self, where: wire.Address, ask: wire.Ask, trail: Trail) -> httpx.Request:
        import httpx  # noqa: PLC0415

        headers = {**ask.headers, "User-Agent": self._user_agent}
        if ask.body:
            headers["Content-Type"] = "application/json"
        limits = self._limits
        extensions = {
            "timeout": {
                "connect": limits.connect,
                "read": limits.read,
                "write": limits.read,
                "pool": limits.read,
            },
            "trace": trail.note,
        }
        return httpx.Request(
            ask.route.method, where.url, headers=headers, content=ask.body or None, extensions=extensions
        )

    async def _received(self, response: httpx.Response, trail: Trail) -> Reply:
        import httpx  # noqa: PLC0415

        headers_at = self._clock.now()
        body = bytearray()
        try:
            async for chunk in response.aiter_raw():
                if len(body) > MAX_BODY:
                    continue
                body += chunk
                if len(body) > MAX_BODY:
                    await response.aclose()  # the next read fails, and httpx's generators unwind in order
        except httpx.TransportError:
            if len(body) <= MAX_BODY:
                raise
        finally:
            await response.aclose()
        headers: dict[str, str] = {}
        for name, value in response.headers.multi_items():
            headers.setdefault(name.lower(), value)
        return Reply(
            status=response.status_code,
            headers=headers,
            body=bytes(body),
            sent_at=trail.sent_at,
            headers_at=headers_at,
            received_at=self._clock.now(),
            reason=response.reason_phrase,
            cut=len(body) > MAX_BODY,
        )

    # -- connections ---------------------------------------------------------------------------------------------

    async def _make(self, by_proxy: bool) -> httpx.AsyncBaseTransport:
        if self._factory is not None:
            return self._factory()
        await load_libraries()
        return await asyncio.to_thread(self._connect, by_proxy)  # reads certificates

    def _connect(self, by_proxy: bool) -> httpx.AsyncBaseTransport:
        import httpx  # noqa: PLC0415

        context = trust(self._extra_ca)
        proxy = None
        if by_proxy:
            if not wire.is_proxy(self._proxy):
                raise Offline("The proxy in Settings is no address like http://host:port. Nothing was sent.")
            proxy = httpx.Proxy(self._proxy, ssl_context=context if self._proxy.startswith("https") else None)
        return httpx.AsyncHTTPTransport(
            verify=context,
            trust_env=False,
            http1=True,
            http2=False,
            limits=httpx.Limits(
                max_connections=CONNECTIONS,
                max_keepalive_connections=CONNECTIONS,
                keepalive_expiry=KEEP_ALIVE,
            ),
            proxy=proxy,
            retries=0,
        )


_T = TypeVar("_T")


def _result(outcome: _T | ApiError) -> _T:
    if isinstance(outcome, ApiError):
        raise outcome
    return outcome


def _kind(error: BaseException) -> Kind:
    import httpx  # noqa: PLC0415

    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        return "timeout"
    if isinstance(error, httpx.ProxyError):
        return "proxy"
    return "protocol" if isinstance(error, (httpx.ProtocolError, httpx.DecodingError)) else "network"
