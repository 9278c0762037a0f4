"""Calls that would change something at Nomba: here they check, answer in shape, and do nothing.

Our client never calls the first three; the log would show kind ``write``. The access endpoint (facts 4.3)
only notes what was asked: grants are visible to the operator and change no permission.
"""

from __future__ import annotations

from typing import cast, get_args

from nomba_desktop.practice.call import Call, check_permission, text_field
from nomba_desktop.practice.envelopes import Answer, RefusedError, invalid, success
from nomba_desktop.practice.keys import is_uuid
from nomba_desktop.practice.records import Grant, GrantRole, GrantType
from nomba_desktop.practice.world import PracticeWorld


def create_account(world: PracticeWorld, call: Call) -> Answer:
    """``POST /v1/accounts``."""
    check_permission(world, call, "accounts:write")
    data = {
        "accountId": "c0ffee09-0000-4000-8000-000000000009",
        "accountRef": "practice-nothing-was-created",
        "accountName": "Practice: nothing was created",
        "status": "ACTIVE",
        "type": "virtual",
        "currency": "NGN",
    }
    return success(world.switches, data)


def assign_terminal(world: PracticeWorld, call: Call) -> Answer:
    """``POST /v1/terminals/assign``."""
    check_permission(world, call, "terminals:write")
    return success(world.switches, {"message": "Practice: nothing was assigned"})


def transfer_to_bank(world: PracticeWorld, call: Call) -> Answer:
    """``POST /v2/transfers/bank``: code 200 and ``meta`` naming the key (facts 4.5, 6.1)."""
    key = check_permission(world, call, "transfers:write")
    body = {
        "code": "200",
        "description": "SUCCESS",
        "message": "Success",
        "status": True,
        "data": {
            "id": "PRACTICE-NOTHING-WAS-SENT",
            "status": "SUCCESS",
            "amount": 0.0,
            "type": "transfer",
            "meta": {"api_client_id": key.client_id, "api_account_id": key.account_id},
        },
    }
    return Answer(200, body)


def put_access(world: PracticeWorld, call: Call) -> Answer:
    """``PUT /v1/accounts/{account_id}/access``: ``grantType``, ``clientId`` and ``role`` are required."""
    switches = world.switches
    key = check_permission(world, call, "accounts:write")
    account_id = call.path_params["account_id"]
    given = call.fields(switches)
    grant_type = text_field(given, "grantType", switches)
    client_id = text_field(given, "clientId", switches, low=36, high=36)
    role = text_field(given, "role", switches)
    if not is_uuid(account_id):
        raise RefusedError(invalid("accountId is not valid.", switches))
    if grant_type not in get_args(GrantType):
        raise RefusedError(invalid("grantType must be allow or deny.", switches))
    if role not in get_args(GrantRole):
        raise RefusedError(invalid("role must be ACCOUNT_WRITER or ACCOUNT_READER.", switches))
    world.add_grant(
        Grant(account_id, client_id, cast(GrantType, grant_type), cast(GrantRole, role), key.client_id)
    )
    return success(switches, {"message": "Access updated successfully", "data": {}})
