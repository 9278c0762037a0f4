"""Testing permissions over real HTTP: four reads, nothing else; drift of the role claims."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nomba_desktop.domain.errors import SignInNeeded, TokenRefused, UnknownKey
from nomba_desktop.domain.keys import KeyId, Role
from nomba_desktop.domain.permissions import FindingKind, Outcome, Permissions, findings
from nomba_desktop.practice.faults import Fault
from tests.services.explain_rig import HttpDesk

ALLOWED, REFUSED, NOT_TESTED = Outcome.ALLOWED, Outcome.REFUSED, Outcome.NOT_TESTED


@pytest.fixture
async def desk(tmp_path: Path, _no_leaked_tasks: None) -> AsyncIterator[HttpDesk]:
    desk = HttpDesk(tmp_path)
    yield desk
    await desk.close()


def outcomes(known: Permissions) -> list[Outcome]:
    return [test.outcome for test in known.tests]


async def test_four_reads_and_nothing_else(desk: HttpDesk) -> None:
    await desk.open(server_key={"permissions": frozenset({"accounts:read", "transfers:read"})})
    key, _ = await desk.signed_in()
    desk.server.log.reset()
    before = desk.clock.now()
    known = await desk.permissions.test(key.id)
    assert [(entry.method, entry.kind) for entry in desk.server.log.entries()] == [("GET", "probe")] * 4
    assert outcomes(known) == [ALLOWED, REFUSED, REFUSED, ALLOWED]
    assert [test.status for test in known.tests] == [200, 403, 403, 200]
    assert all(before <= test.at <= desk.clock.now() for test in known.tests)
    assert desk.core.state.snapshot.permissions_of(key.id) == known
    assert [f.group for f in findings(key.role, known)] == ["Transactions", "Terminals"]


async def test_each_result_is_shown_as_it_comes(desk: HttpDesk) -> None:
    await desk.open()
    key, _ = await desk.signed_in()
    shown: list[int] = []
    desk.core.state.subscribe(
        lambda before, after: shown.append(outcomes(after.permissions_of(key.id)).count(ALLOWED))
    )
    await desk.permissions.test(key.id)
    assert shown == [1, 2, 3, 4]


async def test_broader_than_recorded(desk: HttpDesk) -> None:
    await desk.open()
    key, _ = await desk.signed_in(role=Role.TERMINALS)
    found = findings(key.role, await desk.permissions.test(key.id))
    assert [(f.kind, f.group) for f in found] == [
        (FindingKind.BROADER, "Accounts"),
        (FindingKind.BROADER, "Transactions"),
        (FindingKind.BROADER, "Transfers"),
    ]


async def test_what_anybody_gets_is_not_tested(desk: HttpDesk) -> None:
    await desk.open("sandbox", anybody=True, probes_without_token=True)
    key, _ = await desk.signed_in(role=Role.TERMINALS)
    known = await desk.permissions.test(key.id)
    assert outcomes(known) == [NOT_TESTED] * 4
    assert all("proves nothing" in test.why for test in known.tests)
    assert findings(key.role, known) == ()


async def test_a_sandbox_that_looks_at_tokens_is_believed(desk: HttpDesk) -> None:
    await desk.open("sandbox", anybody=True)
    key, _ = await desk.signed_in()
    assert outcomes(await desk.permissions.test(key.id)) == [ALLOWED] * 4


@pytest.mark.parametrize(("fault", "status"), [("error", 500), ("edge_html", 403), ("drop", 0)])
async def test_no_answer_of_nomba_says_nothing(desk: HttpDesk, fault: str, status: int) -> None:
    await desk.open()
    key, _ = await desk.signed_in()
    desk.server.inject(Fault(fault, "/v1/accounts/terminals", times=None, status=status or None))  # type: ignore[arg-type]
    known = await desk.permissions.test(key.id)
    assert outcomes(known) == [ALLOWED, ALLOWED, NOT_TESTED, ALLOWED]
    assert known.tests[2].status == status
    assert known.tests[2].why


async def test_a_dead_token_tests_nothing_and_none_is_fetched(desk: HttpDesk) -> None:
    await desk.open()
    key, _ = await desk.signed_in()
    desk.server.sign_in_elsewhere(key.client_id)
    with pytest.raises(TokenRefused):
        await desk.permissions.test(key.id)
    assert outcomes(desk.core.state.snapshot.permissions_of(key.id)) == [NOT_TESTED] * 4
    await desk.sessions.sign_out(key.id)
    desk.server.log.reset()
    with pytest.raises(SignInNeeded):
        await desk.permissions.test(key.id)
    assert desk.server.log.entries() == []
    with pytest.raises(UnknownKey):
        await desk.permissions.test(KeyId("nobody"))


async def test_drift_between_two_refreshes_is_found(desk: HttpDesk) -> None:
    await desk.open()
    key, _ = await desk.signed_in()

    def seen(key_id: KeyId) -> Permissions:
        return desk.core.state.snapshot.permissions_of(key_id)

    assert (seen(key.id).claims, seen(key.id).generation) == (("TEAMS_OWNER",), 1)
    await desk.sessions.refresh_now(key.id, 1)
    assert seen(key.id).generation == 2
    assert seen(key.id).drift is None
    desk.server.set_role(key.client_id, "Read-only")
    await desk.sessions.refresh_now(key.id, 2)
    (finding,) = findings(key.role, seen(key.id))
    assert finding.kind is FindingKind.DRIFT
    assert finding.sentence == "The role in the token changed at a renewal: TEAMS_OWNER → READ_ONLY."
