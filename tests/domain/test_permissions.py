"""Findings: what a key may read beside what was recorded, and role claims that change."""

from __future__ import annotations

import pytest

from nomba_desktop.domain.keys import ApiKey, KeyId, Role
from nomba_desktop.domain.permissions import (
    Drift,
    Finding,
    FindingKind,
    Outcome,
    Permissions,
    ReadResult,
    expected_reads,
    findings,
    token_seen,
)
from nomba_desktop.domain.probes import PROBES
from nomba_desktop.domain.snapshot import InventoryLoaded, KeyForgotten, PermissionsSeen, Snapshot, reduce

EVERY = {probe.group for probe in PROBES}


def seen(*allowed: str, untested: tuple[str, ...] = ()) -> Permissions:
    def outcome(group: str) -> Outcome:
        if group in untested:
            return Outcome.NOT_TESTED
        return Outcome.ALLOWED if group in allowed else Outcome.REFUSED

    return Permissions(tuple(ReadResult(probe, outcome(probe.group), 200, 5.0) for probe in PROBES))


def test_nothing_tested_is_nothing_found() -> None:
    for role in Role:
        assert findings(role, Permissions()) == ()
    assert [test.probe for test in Permissions().tests] == list(PROBES)


@pytest.mark.parametrize("role", Role)
def test_what_fits_the_record_is_no_finding(role: Role) -> None:
    assert findings(role, seen(*expected_reads(role))) == ()


def test_the_roles_that_read_everything_and_those_that_read_one_thing() -> None:
    assert expected_reads(Role.ADMIN) == expected_reads(Role.READ_ONLY) == EVERY
    assert all(expected_reads(role) == {role.value} for role in Role if role.value in EVERY)


def test_broader_than_recorded() -> None:
    found = findings(Role.TERMINALS, seen("Terminals", "Transfers"))
    assert found == (
        Finding(
            FindingKind.BROADER,
            "Transfers can be read, broader than the recorded role Terminals.",
            "Transfers",
        ),
    )


def test_refused_though_recorded_and_what_was_not_tested_says_nothing() -> None:
    found = findings(Role.ADMIN, seen("Accounts", "Transfers", untested=("Transactions",)))
    assert [(f.kind, f.group) for f in found] == [(FindingKind.REFUSED, "Terminals")]
    assert "although the recorded role Admin includes it" in found[0].sentence


def test_drift_between_two_tokens() -> None:
    first = token_seen(Permissions(), ("TEAMS_OWNER",), 3)
    assert (first.claims, first.drift) == (("TEAMS_OWNER",), None)
    same = token_seen(first, ("TEAMS_OWNER",), 4)
    assert same.drift is None
    assert same.generation == 4
    other = token_seen(same, ("READ_ONLY",), 5)
    assert other.drift == Drift(("TEAMS_OWNER",), ("READ_ONLY",), 5)
    assert token_seen(other, ("TEAMS_OWNER",), 5) is other, "a token is looked at once"
    assert token_seen(other, ("READ_ONLY",), 6).drift == other.drift, "it stays to be read"
    gone = token_seen(other, (), 6)
    assert [f.sentence for f in findings(Role.ADMIN, gone)] == [
        "The role in the token changed at a renewal: READ_ONLY → none."
    ]


def test_the_order_of_claims_is_no_drift() -> None:
    known = token_seen(token_seen(Permissions(), ("A", "B"), 1), ("B", "A"), 2)
    assert known.drift is None


def test_a_new_token_leaves_the_tests_as_they_are() -> None:
    known = token_seen(seen("Accounts"), ("A",), 1)
    assert known.tests == seen("Accounts").tests


def test_the_snapshot_holds_them_while_the_key_is_there() -> None:
    till, gone = ApiKey(KeyId("till"), "Till", "live", "h", "a", "c"), KeyId("gone")
    snapshot = reduce(Snapshot(), InventoryLoaded((till,)))
    assert snapshot.permissions_of(till.id) == Permissions()
    snapshot = reduce(snapshot, PermissionsSeen({till.id: seen("Accounts"), gone: seen()}))
    assert snapshot.permissions_of(till.id) == seen("Accounts")
    assert dict(snapshot.permissions) == {till.id: seen("Accounts")}
    assert not reduce(snapshot, KeyForgotten(till.id)).permissions
