"""Which moments of a session matter next."""

from __future__ import annotations

import dataclasses

import pytest

from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState, Role
from nomba_desktop.domain.probes import PROBES, liveness_probes
from nomba_desktop.domain.record import Latch, LatchKind, SessionRecord, StopKind
from nomba_desktop.domain.schedule import Due, What, moments
from nomba_desktop.domain.who import Who, describe_who
from tests.domain.records import FAILURE, intent, owed, tokens

KEY = ApiKey(KeyId("k"), "Till", "live", "api.nomba.com", "account", "client", auto_refresh=True)
RECORD = SessionRecord(generation=3, tokens=tokens("c"), accepted_at=100.0)
RENEW, JUDGE, PROBE = Due(1440.0, What.RENEW), Due(1800.0, What.JUDGE), Due(400.0, What.PROBE)
THEIRS = intent(3, at=190.0, who="ops-2/window/7")
LATCH = Latch(LatchKind.REFUSED, 3, 1.0)


@pytest.mark.parametrize(
    ("key", "record", "now", "due"),
    [
        ({}, {}, 200.0, (RENEW, JUDGE, PROBE)),
        ({}, {"accepted_at": 0.0}, 200.0, (RENEW, JUDGE, Due(300.0, What.PROBE))),
        ({}, {}, 1500.0, (RENEW, JUDGE, PROBE)),
        ({}, {"next_try": 1600.0}, 1500.0, (Due(1600.0, What.RENEW), JUDGE, PROBE)),
        ({}, {}, 1800.0, (RENEW,)),
        ({"auto_refresh": False}, {}, 200.0, (JUDGE, PROBE)),
        # an open intent is judged when its holder must be gone, and not probed meanwhile
        ({}, {"intent": THEIRS}, 200.0, (Due(250.0, What.RENEW), Due(250.0, What.JUDGE), JUDGE)),
        ({"auto_refresh": False}, {"intent": THEIRS}, 200.0, (Due(250.0, What.JUDGE), JUDGE)),
        ({"auto_refresh": False}, {"intent": THEIRS}, 250.0, (JUDGE,)),
        ({}, {"latch": LATCH}, 200.0, (JUDGE, PROBE)),
        ({}, {"tokens": None}, 200.0, ()),
        (
            {},
            {"tokens": None, "attempts": 1, "failure": FAILURE, "next_try": 230.0},
            200.0,
            (Due(230.0, What.RENEW),),
        ),
        ({}, {"tokens": None, "attempts": 1, "failure": FAILURE, "latch": LATCH}, 200.0, ()),
        ({}, {"tokens": None, "owed": (owed("a"),)}, 200.0, (Due(200.0, What.PAY),)),
        ({}, {"stop": StopKind.SUSPENDED, "owed": (owed("a"),)}, 200.0, (Due(200.0, What.PAY),)),
        ({}, {"stop": StopKind.REVOKED}, 200.0, ()),
        ({"state": KeyState.SUSPENDED}, {}, 200.0, ()),
        ({"state": KeyState.REVOKING}, {"tokens": None, "attempts": 3}, 200.0, ()),
    ],
)
def test_moments(key: dict[str, object], record: dict[str, object], now: float, due: tuple[Due, ...]) -> None:
    found = moments(
        dataclasses.replace(KEY, **key),  # type: ignore[arg-type]
        dataclasses.replace(RECORD, **record),  # type: ignore[arg-type]
        now,
        300.0,
    )
    assert found == due


def test_without_probing_nothing_is_probed() -> None:
    assert moments(KEY, RECORD, 200.0, 0.0) == (RENEW, JUDGE)


def test_the_recorded_roles_own_probe_goes_first_and_none_is_left_out() -> None:
    firsts = {role: liveness_probes(role)[0].group for role in Role}
    assert firsts == {
        Role.ADMIN: "Accounts",
        Role.ACCOUNTS: "Accounts",
        Role.TRANSACTIONS: "Transactions",
        Role.TERMINALS: "Terminals",
        Role.TRANSFERS: "Transfers",
        Role.READ_ONLY: "Accounts",
    }
    for role in Role:
        assert sorted(p.path for p in liveness_probes(role)) == sorted(p.path for p in PROBES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ops-1/window/1", "this desktop, ops-1"),
        ("ops-1/cli/9", "this desktop, ops-1 (cli)"),
        ("ops-2/window/1", "ops-2"),
        ("ops-2/cli/1", "ops-2 (cli)"),
        ("ops-2", "ops-2"),
        ("ops\u202e-2\x1b/window/1", "ops-2"),
        ("", "unknown"),
        ("/window/1", "unknown"),
    ],
)
def test_who_it_was(text: str, name: str) -> None:
    assert describe_who(text, str(Who("ops-1", "window", 1))) == name
