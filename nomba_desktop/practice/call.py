"""A request as the handlers see it, and what every one of them checks first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nomba_desktop.practice.envelopes import RefusedError, failure, forbidden, invalid, refusal, unauthorized
from nomba_desktop.practice.jwt import environment_of
from nomba_desktop.practice.keys import KeyState, Permission, PracticeKey, is_uuid
from nomba_desktop.practice.sessions import TokenRecord
from nomba_desktop.practice.switches import Switches
from nomba_desktop.practice.world import PracticeWorld


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Header names are lower-case; the body has been read."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    path_params: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Call({self.method} {self.path})"

    @property
    def account_id(self) -> str | None:
        """The ``accountId`` header."""
        return self.headers.get("accountid")

    def json(self) -> Any:
        """The body as JSON. Raises ``ValueError`` where it is none."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("too deep") from None

    def fields(self, switches: Switches) -> dict[str, Any]:
        """The JSON object in the body; else a failed validation."""
        try:
            given = self.json()
        except ValueError:
            raise RefusedError(invalid("The request body is not valid JSON.", switches)) from None
        if not isinstance(given, dict):
            raise RefusedError(invalid("The request body must be a JSON object.", switches))
        return given


def bearer_of(headers: Mapping[str, str], switches: Switches) -> str | None:
    """The token in ``Authorization``; None where it has no accepted form (RFC 6750 2.1; facts 1)."""
    value = headers.get("authorization", "")
    scheme, _, token = value.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if switches.raw_authorization and value and " " not in value:
        return value
    return None


def text_field(
    given: dict[str, Any], name: str, switches: Switches, *, low: int = 1, high: int = 4096
) -> str:
    """A required text field with a length from ``low`` to ``high``; else a failed validation naming it."""
    value = given.get(name)
    if value is None:
        raise RefusedError(invalid(f"{name} is required.", switches))
    if not isinstance(value, str) or not low <= len(value) <= high:
        raise RefusedError(invalid(f"{name} is not valid.", switches))
    return value


def check_account_header(call: Call) -> str:
    """The ``accountId`` header: absent or no UUID is 401 (facts 6.3)."""
    account_id = call.account_id
    if account_id is None or not is_uuid(account_id):
        raise RefusedError(unauthorized())
    return account_id


def check_account(key: PracticeKey, account_id: str) -> None:
    """The header must name the parent account: a sub-account is 403 (observed), any other 401 (facts 6.3)."""
    if account_id in key.sub_account_ids:
        raise RefusedError(forbidden())
    if account_id != key.account_id:
        raise RefusedError(unauthorized())


def check_state(state: KeyState, switches: Switches) -> None:
    """Suspended and revoked keys are refused; how is our choice (facts 11.2)."""
    if state == "suspended":
        raise RefusedError(refusal(switches.suspended_key))
    if state == "revoked":
        raise RefusedError(refusal(switches.revoked_key))


def check_environment(world: PracticeWorld, token: str, record: TokenRecord | None) -> None:
    """A token of the other host is refused, by default with the words that were observed (facts 6.3)."""
    environment = record.environment if record is not None else environment_of(token)
    if environment in (None, world.persona):
        return
    if world.persona == "live" and world.switches.other_environment == "named":
        raise RefusedError(
            forbidden("Forbidden. The token provided is a sandbox token and can't be used on live.")
        )
    raise RefusedError(unauthorized())


def check_token(world: PracticeWorld, call: Call) -> PracticeKey:
    """The key whose live access token this request carries; its state and account are checked too."""
    token = bearer_of(call.headers, world.switches)
    if token is None:
        raise RefusedError(unauthorized())
    record = world.sessions.find(token, "access")
    check_environment(world, token, record)
    key = world.key(record.client_id) if record is not None else None
    if record is None or key is None:
        raise RefusedError(unauthorized())
    check_state(key.state, world.switches)
    standing = record.standing(world.now())
    if standing == "expired":
        raise RefusedError(failure(401, world.switches.expired_code, "Token expired"))
    if standing != "live":
        raise RefusedError(unauthorized())
    check_account(key, check_account_header(call))
    return key


def check_permission(world: PracticeWorld, call: Call, permission: Permission) -> PracticeKey:
    """As ``check_token``, and the key must hold the permission."""
    key = check_token(world, call)
    if not key.may(permission):
        raise RefusedError(refusal(world.switches.missing_permission))
    return key
