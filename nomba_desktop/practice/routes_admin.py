"""Admin routes under ``/practice`` (ours, not Nomba's), guarded by ``X-Practice-Admin``.

**Key management contract.** Nomba has no public call that manages keys. Where an environment does offer key
management, as this one, it is *one call that disables a key*::

    POST /practice/keys/{client_id}/suspend     until resumed
    POST /practice/keys/{client_id}/revoke      for good, and its tokens end
    POST /practice/keys/{client_id}/resume
    POST /practice/keys/{client_id}/regenerate  a new secret, shown once; body {"overlap": seconds} or none

Each answers 200 with the key (its secret only where a new one was made) once the state *has changed*:
from that answer on, issue, refresh and use of the key are refused. 401: wrong or no admin token. 404: no such
key. 409: the key's state does not allow it. Suspend, resume and revoke can be repeated without harm.

Everything else here serves tests and the demo: switches, faults, gates, clock, log, what is live.
"""

from __future__ import annotations

import uuid
from typing import Any

from starlette.routing import Route

from nomba_desktop.practice.admin import (
    AdminCall,
    AdminError,
    AdminHandler,
    Advance,
    Expire,
    NewKey,
    NewRole,
    Overlap,
    guarded,
)
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.strict import BadInputError, build, to_json
from nomba_desktop.practice.world import PracticeWorld, new_secret


def public_key(world: PracticeWorld, key: PracticeKey) -> dict[str, Any]:
    """A key as the admin routes show it: without its secret, with the fingerprints of its live tokens."""
    return {
        "name": key.name,
        "client_id": key.client_id,
        "account_id": key.account_id,
        "role": key.role,
        "state": key.state,
        "environment": world.environment_of(key),
        "permissions": to_json(key.permissions),
        "sub_account_ids": list(key.sub_account_ids),
        "live_access": list(world.live_fingerprints(key.client_id, "access")),
        "live_refresh": list(world.live_fingerprints(key.client_id, "refresh")),
    }


def _client_id(call: AdminCall) -> str:
    client_id: str = call.path_params["client_id"]
    if call.world.key(client_id) is None:
        raise AdminError(404, "There is no key with this client id.")
    return client_id


def _shown(world: PracticeWorld, client_id: str) -> dict[str, Any]:
    key = world.key(client_id)
    if key is None:
        raise AdminError(404, "There is no key with this client id.")
    return public_key(world, key)


def _list_keys(call: AdminCall) -> Any:
    return {"keys": [public_key(call.world, key) for key in call.world.all_keys()]}


def _create_key(call: AdminCall) -> Any:
    world = call.world
    wanted = build(NewKey, call.given)
    key = world.add_key(
        PracticeKey(
            name=wanted.name,
            client_id=wanted.client_id or _new_uuid(world),
            account_id=wanted.account_id or _new_uuid(world),
            client_secret=wanted.client_secret or new_secret(world.rng),
            role=wanted.role,
            state=wanted.state,
            environment=wanted.environment,
            permissions=wanted.permissions,
            sub_account_ids=wanted.sub_account_ids,
            email=wanted.email,
        )
    )
    return public_key(world, key) | {"client_secret": key.client_secret}


def _new_uuid(world: PracticeWorld) -> str:
    return str(uuid.UUID(bytes=world.rng.randbytes(16), version=4))


def _show_key(call: AdminCall) -> Any:
    return _shown(call.world, _client_id(call))


def _key_action(call: AdminCall) -> Any:
    world, client_id = call.world, _client_id(call)
    more: dict[str, Any] = {}
    try:
        match call.path_params["action"]:
            case "suspend":
                world.suspend_key(client_id)
            case "resume":
                world.resume_key(client_id)
            case "revoke":
                world.revoke_key(client_id)
            case "regenerate":
                overlap = build(Overlap, call.given).overlap
                more["client_secret"] = world.regenerate_secret(client_id, overlap=overlap)
            case "role":
                world.set_role(client_id, build(NewRole, call.given).role)
            case "expire":
                kind = build(Expire, call.given).kind
                world.expire_tokens(client_id, None if kind == "both" else kind)
            case "sign-in-elsewhere":
                world.sign_in_elsewhere(client_id)
            case _:
                raise AdminError(404, "There is no such action on a key.")
    except BadInputError:
        raise
    except ValueError as error:
        raise AdminError(409, str(error)) from None
    return _shown(world, client_id) | more


def _token(call: AdminCall) -> Any:
    report = call.world.token_report(call.path_params["fingerprint"].lower())
    if report is None:
        raise AdminError(404, "No token with this fingerprint was ever minted here.")
    return to_json(report)


def _clock(call: AdminCall) -> Any:
    if call.method == "POST":
        call.world.advance(build(Advance, call.given).advance)
    return {"now": call.world.now(), "advanced_by": call.world.clock.offset}


def _switches(call: AdminCall) -> Any:
    return to_json(call.world.set_switches(call.given) if call.method == "POST" else call.world.switches)


def _faults(call: AdminCall) -> Any:
    if call.method == "DELETE":
        call.world.clear_faults(call.path_params.get("number"))
    elif call.method == "POST":
        return {"number": call.world.inject(build(Fault, call.given))}
    return {"faults": [to_json(active) for active in call.world.faults()]}


def _release(call: AdminCall) -> Any:
    return {"waited": call.world.release(call.path_params["gate"])}


def _log(call: AdminCall) -> Any:
    if call.method == "DELETE":
        call.world.log.reset()
    return {"entries": to_json(call.world.log.entries())}


def _grants(call: AdminCall) -> Any:
    return {"grants": to_json(call.world.grants())}


def admin_routes(world: PracticeWorld) -> list[Route]:
    """All routes under ``/practice``."""

    def route(path: str, handler: AdminHandler, *methods: str) -> Route:
        return Route(f"/practice{path}", guarded(world, handler), methods=list(methods))

    return [
        route("/keys", _list_keys, "GET"),
        route("/keys", _create_key, "POST"),
        route("/keys/{client_id}", _show_key, "GET"),
        route("/keys/{client_id}/{action}", _key_action, "POST"),
        route("/tokens/{fingerprint}", _token, "GET"),
        route("/clock", _clock, "GET", "POST"),
        route("/switches", _switches, "GET", "POST"),
        route("/faults", _faults, "GET", "POST", "DELETE"),
        route("/faults/{number:int}", _faults, "DELETE"),
        route("/gates/{gate}", _release, "POST"),
        route("/log", _log, "GET", "DELETE"),
        route("/grants", _grants, "GET"),
    ]
