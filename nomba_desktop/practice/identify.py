"""What sort of call a request is, and whose: for the log, before anything is checked."""

from __future__ import annotations

import json
from typing import Any

from nomba_desktop.practice.jwt import fingerprint
from nomba_desktop.practice.keys import is_uuid
from nomba_desktop.practice.log import CallKind
from nomba_desktop.practice.routes_probes import PROBES
from nomba_desktop.practice.world import PracticeWorld

_AUTH: dict[str, CallKind] = {
    "/v1/auth/token/issue": "issue",
    "/v1/auth/token/refresh": "refresh",
    "/v1/auth/token/revoke": "revoke",
}


def kind_of(method: str, path: str) -> CallKind:
    """What sort of call a request is."""
    if method == "POST" and path in _AUTH:
        return _AUTH[path]
    if method == "GET":
        return "probe" if path in PROBES else "other"
    if method == "PUT" and path.startswith("/v1/accounts/") and path.endswith("/access"):
        return "access"
    return "other" if path.startswith("/v1/auth/") else "write"


def belongs_to(
    world: PracticeWorld, kind: CallKind, body: bytes, bearer: str | None
) -> tuple[str | None, str | None]:
    """The client id a request belongs to, and the fingerprint of the token it presents in its body.

    Best effort: nothing is checked, and what is malformed belongs to nobody.
    """
    given: Any = None
    if kind in ("issue", "refresh", "revoke"):
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):
            given = None
    if kind == "issue":
        return uuid_or_none(_text(given, "client_id")), None
    if kind == "revoke":
        token = _text(given, "access_token")
        return uuid_or_none(_text(given, "clientId")), None if token is None else fingerprint(token)
    token = _text(given, "refresh_token") if kind == "refresh" else None
    record = None if token is None else world.sessions.find(token, "refresh")
    if record is None and bearer is not None:
        record = world.sessions.find(bearer, "access")
    return (None if record is None else record.client_id), (None if token is None else fingerprint(token))


def _text(given: Any, name: str) -> str | None:
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, str) else None


def uuid_or_none(text: str | None) -> str | None:
    """The text if it is a UUID: a secret pasted into an id's place must not reach the log."""
    return text if text is not None and is_uuid(text) else None
