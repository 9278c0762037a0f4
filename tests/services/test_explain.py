"""Why was I refused? Every scenario of the list over real HTTP: the right cause, by at most two harmless reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nomba_desktop.domain.causes import Cause
from nomba_desktop.domain.errors import (
    BadCredentials,
    Forbidden,
    NombaDesktopError,
    Offline,
    TakenElsewhere,
    UnknownKey,
)
from nomba_desktop.domain.explain import MAX_REQUESTS
from nomba_desktop.domain.keys import ApiKey, KeyId, Role
from nomba_desktop.domain.record import StopKind
from nomba_desktop.practice.faults import Fault
from nomba_desktop.services.renewer import Asked
from tests.services.explain_rig import SAMPLE, HttpDesk, any_id, refused

SUB = SAMPLE.sub_account_ids[0]
Refused = tuple[ApiKey, NombaDesktopError | None, dict[str, Any]]
Scenario = Callable[[HttpDesk], Awaitable[Refused]]


@pytest.fixture
async def desk(tmp_path: Path, _no_leaked_tasks: None) -> AsyncIterator[HttpDesk]:
    desk = HttpDesk(tmp_path)
    yield desk
    await desk.close()


# -- what happens, each ending in a refusal ----------------------------------------------------------------------------


def expired(**switches: Any) -> Scenario:
    async def happens(desk: HttpDesk) -> Refused:
        await desk.open(**switches)
        key, access = await desk.signed_in()
        desk.server.advance(1801.0)
        desk.clock.moved += 1801.0
        return key, await desk.use(key, access), {}

    return happens


async def expired_early_at_the_server(desk: HttpDesk) -> Refused:
    await desk.open()
    key, access = await desk.signed_in()
    desk.server.expire_tokens(key.client_id)
    return key, await desk.use(key, access), {}


def clock_set_back(**switches: Any) -> Scenario:
    async def happens(desk: HttpDesk) -> Refused:
        await desk.open(**switches)
        key, access = await desk.signed_in()
        desk.server.advance(1801.0)
        return key, await desk.use(key, access), {}

    return happens


async def replaced_by_a_refresh_here(desk: HttpDesk) -> Refused:
    await desk.open()
    key, access = await desk.signed_in()
    await desk.sessions.refresh_now(key.id, 1)
    return key, await desk.use(key, access), {"generation": 1}


async def replaced_here_and_nobody_says_which(desk: HttpDesk) -> Refused:
    key, error, _ = await replaced_by_a_refresh_here(desk)
    return key, error, {}


async def signed_out_here(desk: HttpDesk) -> Refused:
    await desk.open()
    key, access = await desk.signed_in()
    await desk.sessions.sign_out(key.id)
    return key, await desk.use(key, access), {}


async def suspended_here(desk: HttpDesk) -> Refused:
    await desk.open()
    key, access = await desk.signed_in()
    await desk.sessions._store.apply(key.session_id, lambda r: replace(r, stop=StopKind.SUSPENDED))
    desk.server.sign_in_elsewhere(key.client_id)
    return key, await desk.use(key, access), {}


async def taken_elsewhere(desk: HttpDesk) -> Refused:
    await desk.open()
    key, access = await desk.signed_in()
    desk.server.sign_in_elsewhere(key.client_id)
    return key, await desk.use(key, access), {}


async def taken_elsewhere_and_noticed(desk: HttpDesk) -> Refused:
    await desk.open()
    key, _ = await desk.signed_in()
    desk.server.sign_in_elsewhere(key.client_id)
    error = await refused(desk.sessions.check(key.id))
    assert isinstance(error, TakenElsewhere)
    return key, error, {}


async def taken_elsewhere_and_shown(desk: HttpDesk) -> Refused:
    key, _, _ = await taken_elsewhere_and_noticed(desk)
    return key, None, {}


async def ended_by_somebody_else(desk: HttpDesk) -> Refused:
    """Revoked at Nomba by another program that has the token."""
    await desk.open()
    key, access = await desk.signed_in()
    await desk.api.revoke(desk.targets(key), access)
    return key, await desk.use(key, access), {}


async def taken_elsewhere_in_a_sandbox(desk: HttpDesk) -> Refused:
    await desk.open("sandbox", anybody=True, probes_without_token=True)
    key, access = await desk.signed_in()
    desk.clock.moved += 600.0
    desk.server.advance(600.0)
    desk.server.sign_in_elsewhere(key.client_id)
    return key, await desk.use(key, access), {}


def another_account(account: str, **how: Any) -> Scenario:
    async def happens(desk: HttpDesk) -> Refused:
        await desk.open(**how)
        key, access = await desk.signed_in()
        key = await desk.edit(key, account_id=account)
        return key, await desk.use(key, access), {}

    return happens


async def sub_account_at_sign_in(desk: HttpDesk) -> Refused:
    await desk.open()
    key = await desk.add(account_id=SUB)
    return key, await refused(desk.sessions.sign_in(key.id)), {}


async def sub_account_at_sign_in_and_shown(desk: HttpDesk) -> Refused:
    key, _, _ = await sub_account_at_sign_in(desk)
    return key, None, {}


async def sandbox_token_on_live(desk: HttpDesk) -> Refused:
    await desk.open("live", server_key={"environment": "sandbox"}, cross_host_issue="accepted")
    key, access = await desk.signed_in()
    error = await desk.use(key, access)
    assert isinstance(error, Forbidden)
    return key, error, {}


def token_of_the_other_host(persona: Any, other: Any, **switches: Any) -> Scenario:
    """401 from the first use on: the check after the sign-in meets it, and the token is set aside."""

    async def happens(desk: HttpDesk) -> Refused:
        await desk.open(persona, server_key={"environment": other}, cross_host_issue="accepted", **switches)
        key, _ = await desk.signed_in()
        return key, None, {}

    return happens


async def live_token_on_sandbox_used_at_once(desk: HttpDesk) -> Refused:
    await desk.open("sandbox", server_key={"environment": "live"}, cross_host_issue="accepted")
    key = await desk.add()
    held = await desk.sessions._renewer.token_for(key, asked=Asked.PERSON)
    return key, await desk.use(key, held.access), {}


def wrong_secret(secret: str, **switches: Any) -> Scenario:
    async def happens(desk: HttpDesk) -> Refused:
        await desk.open(**switches)
        key = await desk.add(secret)
        return key, await refused(desk.sessions.sign_in(key.id)), {}

    return happens


async def regenerated_while_signed_in(desk: HttpDesk) -> Refused:
    await desk.open(wrong_secret=403, regenerate_ends_tokens=False)
    key, _ = await desk.signed_in()
    desk.server.regenerate_secret(key.client_id)
    bound = await desk.vault.get(key.id)
    assert bound is not None
    error = await refused(desk.api.issue(desk.targets(key), bound.secret))
    assert isinstance(error, BadCredentials)
    return key, error, {}


def no_permission(server_role: Any, recorded: Role, path: str, **how: Any) -> Scenario:
    async def happens(desk: HttpDesk) -> Refused:
        await desk.open(server_key={"role": server_role}, **how)
        key, access = await desk.signed_in(role=recorded)
        return key, await desk.use(key, access, path), {"path": path}

    return happens


async def no_permission_and_nobody_says_for_what(desk: HttpDesk) -> Refused:
    await desk.open(server_key={"role": "Transactions"})
    key, access = await desk.signed_in(role=Role.TRANSACTIONS)
    return key, await desk.use(key, access), {}


async def edge_on_use(desk: HttpDesk) -> Refused:
    await desk.open()
    key, access = await desk.signed_in()
    desk.server.inject(Fault("edge_html", times=None))
    return key, await desk.use(key, access), {}


async def edge_at_sign_in(desk: HttpDesk) -> Refused:
    await desk.open()
    key = await desk.add()
    desk.server.inject(Fault("edge_html", times=None))
    return key, await refused(desk.sessions.sign_in(key.id)), {}


async def edge_after_a_refusal(desk: HttpDesk) -> Refused:
    await desk.open()
    key, access = await desk.signed_in()
    desk.server.sign_in_elsewhere(key.client_id)
    error = await desk.use(key, access)
    desk.server.inject(Fault("edge_html", times=None))
    return key, error, {}


async def suspended_at_nomba(desk: HttpDesk) -> Refused:
    await desk.open()
    key, access = await desk.signed_in()
    desk.server.suspend_key(key.client_id)
    return key, await desk.use(key, access), {}


def stopped_at_nomba_and_signed_in_again(verb: str) -> Scenario:
    async def happens(desk: HttpDesk) -> Refused:
        await desk.open()
        key, _ = await desk.signed_in()
        await desk.sessions.sign_out(key.id)
        getattr(desk.server, verb)(key.client_id)
        return key, await refused(desk.sessions.sign_in(key.id)), {}

    return happens


PARENT = "/v1/accounts/parent"
GOOD_LENGTH = "q" * 88
SCENARIOS: list[tuple[str, Scenario, Cause]] = [
    ("expired", expired(), Cause.EXPIRED),
    ("expired, in no words", expired(expired_code="401"), Cause.EXPIRED),
    ("expired early", expired_early_at_the_server, Cause.EXPIRED),
    ("clock", clock_set_back(), Cause.CLOCK),
    ("clock, in no words", clock_set_back(expired_code="401"), Cause.CLOCK),
    ("replaced here", replaced_by_a_refresh_here, Cause.ENDED_HERE),
    ("replaced here, generation not told", replaced_here_and_nobody_says_which, Cause.ENDED_HERE),
    ("signed out here", signed_out_here, Cause.ENDED_HERE),
    ("suspended here", suspended_here, Cause.ENDED_HERE),
    ("taken elsewhere", taken_elsewhere, Cause.ENDED_ELSEWHERE),
    ("taken elsewhere, noticed", taken_elsewhere_and_noticed, Cause.ENDED_ELSEWHERE),
    ("taken elsewhere, shown", taken_elsewhere_and_shown, Cause.ENDED_ELSEWHERE),
    ("ended by somebody else", ended_by_somebody_else, Cause.ENDED_ELSEWHERE),
    ("taken elsewhere, sandbox", taken_elsewhere_in_a_sandbox, Cause.ENDED_ELSEWHERE),
    ("sub-account", another_account(SUB), Cause.WRONG_ACCOUNT),
    ("another account", another_account(any_id()), Cause.WRONG_ACCOUNT),
    ("sub-account, sandbox flag", another_account(SUB, anybody=True), Cause.WRONG_ACCOUNT),
    ("sub-account at sign-in", sub_account_at_sign_in, Cause.WRONG_ACCOUNT),
    ("sub-account at sign-in, shown", sub_account_at_sign_in_and_shown, Cause.WRONG_ACCOUNT),
    ("sandbox on live", sandbox_token_on_live, Cause.WRONG_ENVIRONMENT),
    (
        "sandbox on live, in no words",
        token_of_the_other_host("live", "sandbox", other_environment="plain"),
        Cause.WRONG_ENVIRONMENT,
    ),
    ("live on sandbox", token_of_the_other_host("sandbox", "live"), Cause.WRONG_ENVIRONMENT),
    ("live on sandbox, token at hand", live_token_on_sandbox_used_at_once, Cause.WRONG_ENVIRONMENT),
    ("secret with a space", wrong_secret(f" {SAMPLE.client_secret}", wrong_secret=403), Cause.WRONG_SECRET),
    ("secret cut short", wrong_secret(SAMPLE.client_secret[:-3], wrong_secret=403), Cause.WRONG_SECRET),
    ("another secret", wrong_secret(GOOD_LENGTH), Cause.WRONG_SECRET),
    ("another secret, answer 200", wrong_secret(GOOD_LENGTH, wrong_secret=200), Cause.WRONG_SECRET),
    ("regenerated while signed in", regenerated_while_signed_in, Cause.WRONG_SECRET),
    ("no permission", no_permission("Transactions", Role.TRANSACTIONS, PARENT), Cause.PERMISSION),
    ("no permission, recorded Admin", no_permission("Transactions", Role.ADMIN, PARENT), Cause.PERMISSION),
    (
        "no permission, sandbox that looks at tokens",
        no_permission("Transactions", Role.TRANSACTIONS, PARENT, anybody=True),
        Cause.PERMISSION,
    ),
    (
        "no permission, sandbox that answers anybody",
        no_permission("Transactions", Role.TRANSACTIONS, PARENT, anybody=True, probes_without_token=True),
        Cause.UNKNOWN,
    ),
    ("no permission, path not told", no_permission_and_nobody_says_for_what, Cause.PERMISSION),
    ("edge on use", edge_on_use, Cause.BLOCKED),
    ("edge at sign-in", edge_at_sign_in, Cause.BLOCKED),
    ("edge after a refusal", edge_after_a_refusal, Cause.BLOCKED),
    ("suspended at Nomba", suspended_at_nomba, Cause.KEY_STOPPED),
    ("suspended, signing in", stopped_at_nomba_and_signed_in_again("suspend_key"), Cause.KEY_STOPPED),
    ("revoked, signing in", stopped_at_nomba_and_signed_in_again("revoke_key"), Cause.KEY_STOPPED),
]


@pytest.mark.parametrize(("scenario", "cause"), [pytest.param(s, c, id=name) for name, s, c in SCENARIOS])
async def test_the_cause_is_named(desk: HttpDesk, scenario: Scenario, cause: Cause) -> None:
    key, error, known = await scenario(desk)
    found = await desk.explain(key, error, **known)
    assert found.cause is cause, found
    assert found.evidence
    assert found.next_step
    assert len(desk.asked) <= MAX_REQUESTS
    assert {entry.kind for entry in desk.asked} <= {"probe"}, "never an auth call, never a write"


async def test_hints_about_the_secret_are_told_and_the_secret_is_not(desk: HttpDesk) -> None:
    key, error, _ = await wrong_secret(f" {SAMPLE.client_secret}", wrong_secret=403)(desk)
    found = await desk.explain(key, error)
    assert found.evidence[0] == "The stored secret has white space or invisible characters in it."
    assert found.evidence[1] == "The stored secret has 89 characters; Nomba's have 88 or 44."
    assert SAMPLE.client_secret not in repr(found)
    assert not desk.asked


async def test_a_control_without_a_token_is_asked_where_it_matters_only(desk: HttpDesk) -> None:
    key, error, known = await no_permission(
        "Transactions", Role.TRANSACTIONS, PARENT, anybody=True, probes_without_token=True
    )(desk)
    found = await desk.explain(key, error, **known)
    assert [entry.bearer is None for entry in desk.asked] == [False, True]
    assert any("proves nothing" in line for line in found.evidence)


async def test_no_refusal_is_no_cause(desk: HttpDesk) -> None:
    await desk.open()
    key, _ = await desk.signed_in()
    for error in (Offline(), None):
        found = await desk.explain(key, error)
        assert found.cause is Cause.UNKNOWN
        assert not desk.asked
    with pytest.raises(UnknownKey):
        await desk.explainer.explain(KeyId("nobody"))
