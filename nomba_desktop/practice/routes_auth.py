"""Issue, refresh and revoke (facts 2.1 to 2.3, 11.1).

The authorize page of PKCE (facts 2.4, not Nomba's, a preview) and issue with ``auth_code`` and
``code_verifier`` belong beside these, in a ``routes_authorize.py``; ``issue`` is where it branches off.
"""

from __future__ import annotations

from nomba_desktop.practice.call import (
    Call,
    bearer_of,
    check_account,
    check_account_header,
    check_environment,
    check_state,
    text_field,
)
from nomba_desktop.practice.envelopes import (
    Answer,
    RefusedError,
    failure,
    forbidden,
    invalid,
    not_found,
    success_without_data,
    unauthorized,
    with_tokens,
)
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.world import PracticeWorld


def issue(world: PracticeWorld, call: Call) -> Answer:
    """``POST /v1/auth/token/issue``. Checks in the order of facts 11.1; a success replaces the session."""
    switches = world.switches
    given = call.fields(switches)
    account_id = check_account_header(call)
    if text_field(given, "grant_type", switches) != "client_credentials":
        raise RefusedError(invalid("grant_type must be client_credentials.", switches))
    client_id = text_field(given, "client_id", switches, low=36, high=36)
    secret = text_field(given, "client_secret", switches)

    key = world.key(client_id)
    if key is None:
        raise RefusedError(_bad_credentials(world))
    environment = world.environment_of(key)
    if environment != world.persona and switches.cross_host_issue == "rejected":
        raise RefusedError(_bad_credentials(world))
    check_account(key, account_id)
    check_state(key.state, switches)
    if not key.accepts_secret(secret, world.now()):
        raise RefusedError(_bad_credentials(world))
    return with_tokens(switches, key.account_id, world.sessions.open(key, environment, switches))


def _bad_credentials(world: PracticeWorld) -> Answer:
    match world.switches.wrong_secret:
        case 403:
            return forbidden()
        case status:
            return failure(status, "01", "Invalid client credentials")


def refresh(world: PracticeWorld, call: Call) -> Answer:
    """``POST /v1/auth/token/refresh``: a live refresh token of the session; rotates both tokens."""
    switches = world.switches
    given = call.fields(switches)
    account_id = check_account_header(call)
    bearer = bearer_of(call.headers, switches)
    if bearer is None and switches.refresh_authorization == "strict":
        raise RefusedError(unauthorized())
    if text_field(given, "grant_type", switches) != "refresh_token":
        raise RefusedError(invalid("grant_type must be refresh_token.", switches))
    token = text_field(given, "refresh_token", switches, low=30, high=60)

    record = world.sessions.find(token, "refresh")
    key = world.key(record.client_id) if record is not None else None
    if record is None or key is None:
        raise RefusedError(_bad_refresh_token())
    check_account(key, account_id)
    check_state(key.state, switches)
    _check_bearer(world, bearer, key)
    standing = record.standing(world.now())
    if standing == "spent":
        world.sessions.reuse(record, switches)
    if standing != "live":
        raise RefusedError(_bad_refresh_token())
    return with_tokens(switches, key.account_id, world.sessions.rotate(key, record, switches))


def _check_bearer(world: PracticeWorld, bearer: str | None, key: PracticeKey) -> None:
    """The access token beside a refresh may be current, expired or replaced, but is the same client's."""
    if bearer is None:
        return
    access = world.sessions.find(bearer, "access")
    check_environment(world, bearer, access)
    if access is None or access.client_id != key.client_id:
        raise RefusedError(unauthorized())
    revoked = access.standing(world.now()) == "revoked"
    if revoked and world.switches.revoked_bearer_at_refresh == "refused":
        raise RefusedError(unauthorized())


def _bad_refresh_token() -> Answer:
    return failure(401, "01", "Invalid refresh token")


def revoke(world: PracticeWorld, call: Call) -> Answer:
    """``POST /v1/auth/token/revoke``: ``clientId`` and ``access_token``; no Authorization, no ``data``."""
    switches = world.switches
    given = call.fields(switches)
    client_id = text_field(given, "clientId", switches, low=36, high=36)
    token = text_field(given, "access_token", switches, low=300, high=600)
    record = world.sessions.find(token, "access")
    if record is not None and record.client_id == client_id and record.standing(world.now()) == "live":
        world.sessions.revoke(record, switches)
        return success_without_data(switches, "Token revoked successfully")
    match switches.revoke_dead_token:
        case 400:
            return failure(400, "400", "Request failed.")
        case 404:
            return not_found()
        case _:
            return success_without_data(switches, "Token revoked successfully")
