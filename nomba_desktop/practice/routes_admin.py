"""Admin routes under ``/practice`` (ours, not Nomba's), guarded by ``X-Practice-Admin``.

**Key management contract.** Nomba has no public call that manages keys. Where an environment does offer key
management, as this one, it is *one call that disables a key*::

    POST /practice/keys/{client_id}/suspend     until resumed
    POST /practice/keys/{client_id}/revoke      for good, and its tokens end
    POST /practice/keys/{client_id}/resume
    POST /practice/keys/{client_id}/regenerate  -> a new secret, shown once; body {"overlap": seconds} optional

Each answers 200 with the key (never its secret, except where a new one was made) once the state *has changed*:
from that answer on, issue, refresh and use of the key are refused. 401: wrong or no admin token. 404: no such
key. 409: the key's state does not allow it. Suspend, resume and revoke can be repeated without harm.

Everything else here serves tests and the demo: switches, faults, gates, clock, log, what is live.
"""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import KeyState, Permission, Persona, PracticeKey, Role
from nomba_desktop.practice.strict import BadInput, build, to_json
from nomba_desktop.practice.world import PracticeWorld, new_secret

ADMIN_HEADER = "x-practice-admin"


class AdminError(Exception):
    """An admin request that is refused, with an HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class NewKey:
    """The body of ``POST /practice/keys``: what is left out is made up."""

    name: str
    client_id: str | None = None
    account_id: str | None = None
    client_secret: str | None = None
    role: Role = "Admin"
    state: KeyState = "active"
    environment: Persona | None = None
    permissions: frozenset[Permission] | None = None
    sub_account_ids: tuple[str, ...] = ()
    email: str = "operations@merchant.example"

    def __repr__(self) -> str:
        return f"NewKey(name={self.name!r})"


@dataclass(frozen=True, slots=True)
class Overlap:
    """The body of ``regenerate``: seconds for which the old secret still signs in."""

    overlap: float = 0.0

    def __post_init__(self) -> None:
        if self.overlap < 0:
            raise ValueError("'overlap' must not be negative.")


@dataclass(frozen=True, slots=True)
class NewRole:
    """The body of ``role``."""

    role: Role


@dataclass(frozen=True, slots=True)
class Expire:
    """The body of ``expire``: which of the client's tokens reach their end now."""

    kind: Literal["access", "refresh", "both"] = "access"


@dataclass(frozen=True, slots=True)
class Advance:
    """The body of ``/practice/clock``: seconds to go forward."""

    advance: float


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


AdminHandler = Callable[[PracticeWorld, Request, Any], Any]


def _guarded(world: PracticeWorld, handler: AdminHandler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        given = request.headers.get(ADMIN_HEADER, "")
        try:
            if not hmac.compare_digest(given.encode(), world.admin_token.encode()):
                raise AdminError(401, "The admin token in X-Practice-Admin is missing or wrong.")
            answer = handler(world, request, _json(body))
        except AdminError as error:
            return JSONResponse({"error": str(error)}, error.status)
        except BadInput as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(answer)

    return endpoint


def _json(body: bytes) -> Any:
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("The body is not valid JSON.") from None


def _client_id(world: PracticeWorld, request: Request) -> str:
    client_id: str = request.path_params["client_id"]
    if world.key(client_id) is None:
        raise AdminError(404, "There is no key with this client id.")
    return client_id


def _list_keys(world: PracticeWorld, request: Request, given: Any) -> Any:
    return {"keys": [public_key(world, key) for key in world.keys()]}


def _create_key(world: PracticeWorld, request: Request, given: Any) -> Any:
    wanted = build(NewKey, given)
    try:
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
    except ValueError as error:
        raise BadInput(str(error)) from None
    return public_key(world, key) | {"client_secret": key.client_secret}


def _new_uuid(world: PracticeWorld) -> str:
    return str(uuid.UUID(bytes=world.rng.randbytes(16), version=4))


def _show_key(world: PracticeWorld, request: Request, given: Any) -> Any:
    key = world.key(_client_id(world, request))
    assert key is not None
    return public_key(world, key)


def _key_action(world: PracticeWorld, request: Request, given: Any) -> Any:
    client_id = _client_id(world, request)
    more: dict[str, Any] = {}
    try:
        match request.path_params["action"]:
            case "suspend":
                world.suspend_key(client_id)
            case "resume":
                world.resume_key(client_id)
            case "revoke":
                world.revoke_key(client_id)
            case "regenerate":
                more["client_secret"] = world.regenerate_secret(
                    client_id, overlap=build(Overlap, given).overlap
                )
            case "role":
                world.set_role(client_id, build(NewRole, given).role)
            case "expire":
                kind = build(Expire, given).kind
                world.expire_tokens(client_id, None if kind == "both" else kind)
            case "sign-in-elsewhere":
                world.sign_in_elsewhere(client_id)
            case _:
                raise AdminError(404, "There is no such action on a key.")
    except BadInput:
        raise
    except ValueError as error:
        raise AdminError(409, str(error)) from None
    key = world.key(client_id)
    assert key is not None
    return public_key(world, key) | more


def _token(world: PracticeWorld, request: Request, given: Any) -> Any:
    report = world.token_report(request.path_params["fingerprint"].lower())
    if report is None:
        raise AdminError(404, "No token with this fingerprint was ever minted here.")
    return to_json(report)


def _clock(world: PracticeWorld, request: Request, given: Any) -> Any:
    if request.method == "POST":
        try:
            world.advance(build(Advance, given).advance)
        except BadInput:
            raise
        except ValueError as error:
            raise BadInput(str(error)) from None
    return {"now": world.now(), "advanced_by": world.clock.offset}


def _switches(world: PracticeWorld, request: Request, given: Any) -> Any:
    return to_json(world.set_switches(given) if request.method == "POST" else world.switches)


def _faults(world: PracticeWorld, request: Request, given: Any) -> Any:
    if request.method == "DELETE":
        world.clear_faults(request.path_params.get("number"))
    elif request.method == "POST":
        try:
            return {"number": world.inject(build(Fault, given))}
        except BadInput:
            raise
        except ValueError as error:
            raise BadInput(str(error)) from None
    return {"faults": [to_json(active) for active in world.faults()]}


def _release(world: PracticeWorld, request: Request, given: Any) -> Any:
    return {"waited": world.release(request.path_params["gate"])}


def _log(world: PracticeWorld, request: Request, given: Any) -> Any:
    if request.method == "DELETE":
        world.log.reset()
    return {"entries": to_json(world.log.entries())}


def _grants(world: PracticeWorld, request: Request, given: Any) -> Any:
    return {"grants": to_json(world.grants())}


def admin_routes(world: PracticeWorld) -> list[Route]:
    """All routes under ``/practice``."""

    def route(path: str, handler: AdminHandler, *methods: str) -> Route:
        return Route(f"/practice{path}", _guarded(world, handler), methods=list(methods))

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
