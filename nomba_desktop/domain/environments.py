"""Environments: where a key lives and what that place promises."""

from __future__ import annotations

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


def normal_base_url(url: str) -> str:
    """The address without trailing `/`, `/v1`, `/v2` (people configure both forms, facts 1).

    Raises ValueError with a sentence when it isn't https (plain http is for loopback only), has no host, or
    carries a user name, query or fragment.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("An address starts with https:// and names a host.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("Plain http is allowed only to this computer (127.0.0.1). Use https.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("An address has no user name, question mark or # part.")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("The port is a number up to 65535.") from None
    path = parts.path.rstrip("/")
    for version in ("/v1", "/v2"):
        path = path.removesuffix(version)
    if path:
        raise ValueError("Leave out the path: the app adds /v1 itself.")
    return f"{parts.scheme}://{parts.netloc.lower()}"
