"""The practice server as an ASGI app: for uvicorn, or in process under ``httpx.ASGITransport``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nomba_desktop.practice.call import Call
from nomba_desktop.practice.envelopes import Answer, RefusedError, invalid, not_found, server_error
from nomba_desktop.practice.front import ENTRY, MAX_BODY, Front
from nomba_desktop.practice.jwt import fingerprint
from nomba_desktop.practice.replacement import json_answer
from nomba_desktop.practice.routes_admin import admin_routes
from nomba_desktop.practice.routes_auth import issue, refresh, revoke
from nomba_desktop.practice.routes_probes import PROBES
from nomba_desktop.practice.routes_writes import assign_terminal, create_account, put_access, transfer_to_bank
from nomba_desktop.practice.world import PracticeWorld

Handler = Callable[[PracticeWorld, Call], Answer]


def create_app(world: PracticeWorld) -> Starlette:
    """The whole app around a world. In process, a cut connection is raised as ``ConnectionCutError``."""

    def route(method: str, path: str, handler: Handler) -> Route:
        return Route(path, _endpoint(world, handler), methods=[method])

    routes = [route("GET", path, handler) for path, handler in PROBES.items()]
    routes += [
        route("POST", "/v1/auth/token/issue", issue),
        route("POST", "/v1/auth/token/refresh", refresh),
        route("POST", "/v1/auth/token/revoke", revoke),
        route("POST", "/v1/accounts", create_account),
        route("POST", "/v1/terminals/assign", assign_terminal),
        route("POST", "/v2/transfers/bank", transfer_to_bank),
        route("PUT", "/v1/accounts/{account_id}/access", put_access),
    ]

    async def no_route(request: Request, error: Exception) -> Response:
        # Observed live: a wrong method, and any unknown POST below /v1/accounts/, is 500 (facts 6.1).
        wrong_method = isinstance(error, HTTPException) and error.status_code == 405
        below_accounts = request.method == "POST" and request.url.path.startswith("/v1/accounts/")
        return _response(server_error() if wrong_method or below_accounts else not_found())

    app = Starlette(
        routes=[*routes, *admin_routes(world)],
        middleware=[Middleware(Front, world=world)],
        exception_handlers={404: no_route, 405: no_route},
    )
    app.router.redirect_slashes = False
    return app


def _endpoint(world: PracticeWorld, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        call = Call(
            request.method, request.url.path, request.headers, request.query_params, request.path_params, body
        )
        with world.lock:
            try:
                if len(body) > MAX_BODY:
                    raise RefusedError(invalid("The request body is too long.", world.switches))
                answer = handler(world, call)
            except RefusedError as refused:
                answer = refused.answer
        if answer.minted is not None:
            world.log.update(
                request.scope[ENTRY],
                issued_access=fingerprint(answer.minted.access_token),
                issued_refresh=fingerprint(answer.minted.refresh_token),
            )
        return _response(answer)

    return endpoint


def _response(answer: Answer) -> Response:
    raw = json_answer(answer)
    return Response(raw.body, raw.status, media_type="application/json")
