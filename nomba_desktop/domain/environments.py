"""Environments: where a key lives and what that place promises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class SessionId:
    """Identity of a session: Nomba keeps one live session for it (facts 3.4). Not the key's row."""

    host: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Environment:
    """A place with its own keys. `base_url` has no path and no trailing slash.

    `answers_without_token`: probes may answer 200 with no token at all (facts 5, sandbox), so a 200 there proves
    nothing. `manages_keys`: the place offers the practice server's key management contract.
    """

    id: str
    name: str
    base_url: str
    dashboard_url: str | None = None
    answers_without_token: bool = False
    manages_keys: bool = False

    @property
    def host(self) -> str:
        """Host, with the port where the address names one: what a secret is bound to."""
        return urlsplit(self.base_url).netloc


LIVE = Environment("live", "Live", "https://api.nomba.com", "https://dashboard.nomba.com")
SANDBOX = Environment(
    "sandbox",
    "Sandbox",
    "https://sandbox.nomba.com",
    "https://dashboard.nomba.com",
    answers_without_token=True,
)
PRACTICE_DEFAULT_URL = "http://127.0.0.1:8484"


def practice(base_url: str = PRACTICE_DEFAULT_URL) -> Environment:
    """The Practice environment at the given loopback address."""
    return Environment("practice", "Practice", base_url, manages_keys=True)


#: Hosts that circulate and aren't Nomba's (facts 1), with the host that was meant.
WRONG_HOSTS = {
    "sandbox.api.nomba.com": "sandbox.nomba.com",
    "api.sandbox.nomba.com": "sandbox.nomba.com",
    "api.nomba-sandbox.com": "sandbox.nomba.com",
}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]{2,39}|[0-9a-f:]{2,30}[0-9.]{7,15}")


def normal_base_url(url: str) -> str:
    """The address without trailing `/`, `/v1`, `/v2` (people configure both forms, facts 1) and default port.

    One place has one spelling, because a session's identity is (host, client id). Raises ValueError with a sentence
    when it isn't https (plain http is for loopback only), has no host, one that circulates but isn't Nomba's, or one
    that is no plain host name, or carries a user name, path, query or fragment.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removesuffix(".")
    except ValueError:
        raise ValueError("An address starts with https:// and names a host.") from None
    if parts.scheme not in ("https", "http") or not host:
        raise ValueError("An address starts with https:// and names a host.")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError("Plain http is allowed only to this computer (127.0.0.1). Use https.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("An address has no user name, question mark or # part.")
    if not _HOST.fullmatch(host):
        raise ValueError("A host name has letters a to z, digits, dots and hyphens.")
    if host in WRONG_HOSTS:
        raise ValueError(f"Nomba has no {host}. The sandbox is {WRONG_HOSTS[host]}.")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("The port is a number from 1 to 65535.")
    path = parts.path.rstrip("/")
    for version in ("/v1", "/v2"):
        path = path.removesuffix(version)
    if path:
        raise ValueError("Leave out the path: the app adds /v1 itself.")
    name = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{name}" if port in (None, default) else f"{parts.scheme}://{name}:{port}"
