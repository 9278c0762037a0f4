"""What is said to Nomba: the few calls this app can make, with their headers and bodies (facts 1, 2, 5).

Pure values: nothing here opens a connection. `ROUTES` is all there is; no route writes anything but a session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from nomba_desktop.domain.answers import CallContext
from nomba_desktop.domain.environments import LOOPBACK, Environment, normal_base_url
from nomba_desktop.domain.errors import BadRequest, TlsFailed
from nomba_desktop.domain.limits import Lane
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import Target


@dataclass(frozen=True, slots=True)
class Route:
    """One call that exists for this app: method, path, fixed query."""

    method: str
    path: str
    query: str = ""

    @property
    def target(self) -> str:
        """Path and query as sent."""
        return f"{self.path}?{self.query}" if self.query else self.path


ISSUE = Route("POST", "/v1/auth/token/issue")
REFRESH = Route("POST", "/v1/auth/token/refresh")
REVOKE = Route("POST", "/v1/auth/token/revoke")

#: The harmless reads of facts 5, by path.
PROBES: Mapping[str, Route] = MappingProxyType(
    {
        route.path: route
        for route in (
            Route("GET", "/v1/accounts/parent"),
            Route("GET", "/v1/accounts/balance"),
            Route("GET", "/v1/accounts", "limit=1"),
            Route("GET", "/v1/accounts/terminals", "limit=1"),
            Route("GET", "/v1/transactions/accounts", "limit=1"),
            Route("GET", "/v1/transactions/bank", "limit=1"),
            Route("GET", "/v1/transfers/banks"),
        )
    }
)
ROUTES = frozenset({ISSUE, REFRESH, REVOKE, *PROBES.values()})


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, ready to go. Headers and body hold secrets and stay out of its repr.

    `secrets` are masked wherever the server's words repeat them.
    """

    route: Route
    context: CallContext
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    secrets: tuple[Secret, ...] = ()


def issue(target: Target, secret: Secret) -> Ask:
    """`client_credentials` (facts 2.1). Raises `BadRequest` where the account id can't be sent."""
    headers = _headers(target)
    fields = {
        "grant_type": "client_credentials",
        "client_id": target.client_id,
        "client_secret": secret.reveal(),
    }
    return Ask(ISSUE, CallContext.ISSUE, headers, _json(fields), (secret,))


def refresh(target: Target, access: Secret | None, refresh_token: Secret) -> Ask:
    """`refresh_token`, with the old access token as bearer or without one (facts 2.2: whether the server wants it is
    unknown). Raises `BadRequest` as `probe` does."""
    headers = _headers(target, access)
    fields = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
    return Ask(
        REFRESH,
        CallContext.REFRESH,
        headers,
        _json(fields),
        (access, refresh_token) if access else (refresh_token,),
    )


def revoke(target: Target, access: Secret) -> Ask:
    """`clientId`, in camelCase here, and the access token; no Authorization (facts 2.3)."""
    headers = _headers(target)
    fields = {"clientId": target.client_id, "access_token": access.reveal()}
    return Ask(REVOKE, CallContext.REVOKE, headers, _json(fields), (access,))


def probe(target: Target, access: Secret | None, path: str) -> Ask:
    """A read of the allow-list (facts 5).

    Raises ValueError for any other path, `BadRequest` where the account id or the token can't be sent.
    """
    route = PROBES.get(path.partition("?")[0])
    if route is None or path not in (route.path, route.target):
        raise ValueError("This path is not on the list of harmless reads.")
    return Ask(route, CallContext.USE, _headers(target, access), secrets=(access,) if access else ())


_HEADER_VALUE = re.compile(r"[\x21-\x7e]{1,16384}")


def fits_header(value: str) -> bool:
    """Whether a value is visible ASCII without spaces: ids and tokens are, and nothing else goes in a header."""
    return _HEADER_VALUE.fullmatch(value) is not None


def _headers(target: Target, access: Secret | None = None) -> Mapping[str, str]:
    # Nothing that holds a token may be a local name here when this raises: tracebacks show locals.
    if not fits_header(target.account_id):
        raise BadRequest("The account ID has characters that can't be sent. Nothing was sent.")
    authorization = {} if access is None else _bearer(access)
    if access is not None and not authorization:
        raise BadRequest("The access token has characters that can't be sent. Nothing was sent.")
    plain = {"accountId": target.account_id, "Accept": "application/json", "Accept-Encoding": "identity"}
    return {**plain, **authorization}


def _bearer(access: Secret) -> dict[str, str]:
    value = access.reveal()
    return {"Authorization": f"Bearer {value}"} if fits_header(value) else {}


def _json(fields: Mapping[str, str]) -> bytes:
    return json.dumps(fields).encode("ascii")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a call goes: one host, from the environment's address alone."""

    scheme: str
    host: str
    port: int | None
    url: str

    @property
    def is_loopback(self) -> bool:
        """Whether it is this computer: plain http is allowed, and no proxy is asked."""
        return self.host in LOOPBACK


def address(environment: Environment, route: Route) -> Address:
    """The absolute address of a call. Raises `TlsFailed` where the environment's address may not be used."""
    try:
        base = normal_base_url(environment.base_url)
    except ValueError as error:
        sentence = str(error)
    else:
        parts = urlsplit(base)
        return Address(parts.scheme, parts.hostname or "", parts.port, base + route.target)
    raise TlsFailed(f"The address of {environment.name} can't be used. {sentence} Nothing was sent.")


def lane(target: Target, route: Route) -> Lane:
    """What the rate limit of a call is counted for: POST apart from the rest (facts 7)."""
    return target.lane if route.method == "POST" else replace(target.lane, method=route.method)


def is_proxy(url: str) -> bool:
    """Whether it is the address of an HTTP proxy: scheme, host, a port that is one; a name and password may be."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bare
