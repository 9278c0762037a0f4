"""The guard of the admin routes, and the bodies they take."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nomba_desktop.practice.keys import KeyState, Permission, Persona, Role
from nomba_desktop.practice.strict import BadInputError
from nomba_desktop.practice.world import PracticeWorld

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


@dataclass(frozen=True, slots=True)
class AdminCall:
    """One admin request that carried the right token; ``given`` is its JSON body, ``{}`` if it had none."""

    world: PracticeWorld
    method: str
    path_params: Mapping[str, Any]
    given: Any

    def __repr__(self) -> str:
        return f"AdminCall({self.method})"


AdminHandler = Callable[[AdminCall], Any]


def guarded(world: PracticeWorld, handler: AdminHandler) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that checks the admin token and turns refusals into ``{"error": sentence}``.

    A ``ValueError`` of the world is 400: what was asked can't be.
    """

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        token = request.headers.get(ADMIN_HEADER, "")
        try:
            if not hmac.compare_digest(token.encode(), world.admin_token.encode()):
                raise AdminError(401, "The admin token in X-Practice-Admin is missing or wrong.")
            answer = handler(AdminCall(world, request.method, request.path_params, _json(body)))
        except AdminError as error:
            return JSONResponse({"error": str(error)}, error.status)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(answer)

    return endpoint


def _json(body: bytes) -> Any:
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadInputError("The body is not valid JSON.") from None
