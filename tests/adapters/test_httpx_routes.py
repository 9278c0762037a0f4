"""The allow-list is the only way to build a request, and no route on it writes anything but a session."""

from __future__ import annotations

import ast
from pathlib import Path

from nomba_desktop.adapters import httpx_nomba, nomba_wire
from nomba_desktop.domain.probes import PROBES

FOLDER = Path(nomba_wire.__file__).parent
DOOR = ast.parse(Path(httpx_nomba.__file__).read_text("utf-8"))
# Every call of facts 2, 4 and 5 that writes something besides a session.
WRITES = {
    ("POST", "/v1/accounts"),
    ("POST", "/v1/terminals/assign"),
    ("POST", "/v2/transfers/bank"),
    ("PUT", "/v1/accounts/{id}/access"),
    ("PUT", "/v1/accounts/suspend/{id}"),
}


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]


def test_the_allow_list() -> None:
    pairs = {(route.method, route.path) for route in nomba_wire.ROUTES}
    posts = {path for method, path in pairs if method == "POST"}
    assert posts == {f"/v1/auth/token/{what}" for what in ("issue", "refresh", "revoke")}
    assert {method for method, _ in pairs} == {"GET", "POST"}
    assert not pairs & WRITES
    assert {route.query for route in nomba_wire.ROUTES} == {"", "limit=1"}


def test_the_probes_of_the_domain_are_on_it() -> None:
    for probe in PROBES:
        route = nomba_wire.PROBES[probe.path.partition("?")[0]]
        assert probe.path in (route.path, route.target)


def test_one_place_builds_a_request_and_from_a_route_alone() -> None:
    (made,) = calls(DOOR, "Request")
    method, url = made.args
    assert (ast.unparse(method), ast.unparse(url)) == ("ask.route.method", "where.url")
    (sent,) = calls(DOOR, "handle_async_request")
    assert ast.unparse(sent.args[0]) == "request"
    for name in (
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "request",
        "stream",
        "send",
        "AsyncClient",
        "Client",
    ):
        assert [ast.unparse(call) for call in calls(DOOR, name) if name != "get"] == []


def test_routes_are_made_in_one_file_and_asks_from_its_routes() -> None:
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        if path.name != "nomba_wire.py":
            assert not calls(tree, "Route"), path.name
            assert not calls(tree, "Ask"), path.name
    wire = ast.parse((FOLDER / "nomba_wire.py").read_text("utf-8"))
    assert {ast.unparse(call.args[0]) for call in calls(wire, "Ask")} == {
        "ISSUE",
        "REFRESH",
        "REVOKE",
        "route",
    }


def test_no_switch_turns_the_check_of_certificates_off() -> None:
    for path in sorted(FOLDER.glob("*.py")):
        text = path.read_text("utf-8")
        for word in (
            "CERT_NONE",
            "CERT_OPTIONAL",
            "check_hostname",
            "verify=False",
            "_create_unverified_context",
        ):
            assert word not in text, path.name
    assert [
        ast.unparse(k.value)
        for c in calls(DOOR, "AsyncHTTPTransport")
        for k in c.keywords
        if k.arg == "verify"
    ] == ["context"]
