"""Every session state: its word, colour, next step, and whether a person is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nomba_desktop.domain.countdown import Risk
from nomba_desktop.domain.environments import LIVE
from nomba_desktop.domain.keys import KeyState, Role
from nomba_desktop.domain.sessions import (
    Expired,
    Failing,
    HeldByOther,
    Refreshing,
    Session,
    SignedIn,
    SignedOut,
    SigningIn,
    TakenAway,
    Unknown,
    WaitFor,
    Waiting,
)
from nomba_desktop.ui.derive.rows import NextStep, Offer, derive_row
from tests.support.gallery import FAILED, NOW, ZONE, key, life

KEY = key("Payouts service", "2242…9f0d", Role.ADMIN)
HALF, DEAD = life(900), life(-5)

# session, word, tone, next at NOW, offer, risk of the bar, rank, signed in
TABLE: list[tuple[Session, str, str, str, Offer | None, Risk | None, int, bool]] = [
    (Unknown(), "Not read yet", "neutral", "", None, None, 1, False),
    (SignedOut(), "Signed out", "neutral", "Sign in", Offer.SIGN_IN, None, 1, False),
    (SignedOut(lost=True), "Signed out", "neutral", "Sign in", Offer.SIGN_IN, None, 1, False),
    (SigningIn(NOW), "Signing in", "info", "Signing in now", None, None, 1, False),
    (SignedIn(HALF), "Signed in", "ok", "Refresh in 9:48", None, Risk.OK, 1, True),
    (SignedIn(replace(HALF, refresh_at=NOW - 1)), "Signed in", "ok", "Due now", None, Risk.OK, 1, True),
    (SignedIn(DEAD), "Expired", "bad", "Sign in", Offer.SIGN_IN, Risk.RED, 0, False),
    (Refreshing(HALF, NOW), "Refreshing", "info", "Refreshing now", None, Risk.REFRESHING, 1, True),
    (
        Failing(FAILED, 2, NOW + 32, life=HALF),
        "Refresh failing", "warn", "Try 3 of 6 in 32 s", None, Risk.AMBER, 0, True,
    ),
    (
        Failing(FAILED, 6, NOW + 90, life=HALF),
        "Refresh failing", "warn", "Next try in 1:30", None, Risk.AMBER, 0, True,
    ),
    (
        Failing(FAILED, 1, NOW + 90, life=DEAD),
        "Refresh failing", "bad", "Try 2 of 6 in 1:30", None, Risk.RED, 0, False,
    ),
    (Failing(FAILED, 1, NOW + 5), "Sign-in failing", "warn", "Try 2 of 6 in 5 s", None, None, 0, False),
    (
        Failing(FAILED, 3, 0.0, latched=True),
        "Sign-in refused", "bad", "Find out why", Offer.FIND_OUT_WHY, None, 0, False,
    ),
    (
        Failing(FAILED, 3, 0.0, latched=True, life=HALF),
        "Refresh refused", "bad", "Find out why", Offer.FIND_OUT_WHY, Risk.AMBER, 0, True,
    ),
    (
        Waiting(WaitFor.KEYRING, life=HALF),
        "Waits for keyring", "warn", "Unlock to refresh", None, Risk.AMBER, 1, True,
    ),
    (Waiting(WaitFor.KEYRING), "Waits for keyring", "warn", "Unlock to sign in", None, None, 1, False),
    (
        Waiting(WaitFor.RATE_LIMIT, NOW + 12, HALF),
        "Waits for Nomba", "info", "Goes on in 12 s", None, Risk.OK, 1, True,
    ),
    (Waiting(WaitFor.RATE_LIMIT), "Waits for Nomba", "info", "Nomba asks to wait", None, None, 1, False),
    (Expired(DEAD), "Expired", "bad", "Sign in", Offer.SIGN_IN, Risk.RED, 0, False),
    (
        HeldByOther("ops-desk-2", NOW, HALF),
        "Busy elsewhere", "info", "ops-desk-2 is renewing it", None, Risk.REFRESHING, 1, True,
    ),
    (HeldByOther("", NOW), "Busy elsewhere", "info", "Another program is renewing it", None, None, 1, False),
    (
        TakenAway(NOW, 60.0, certain=False),
        "Taken elsewhere", "bad", "Find out why", Offer.FIND_OUT_WHY, None, 0, False,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("session", "word", "tone", "after", "offer", "risk", "rank", "signed_in"), TABLE)
def test_a_session_as_a_row(
    session: Session,
    word: str,
    tone: str,
    after: str,
    offer: Offer | None,
    risk: Risk | None,
    rank: int,
    signed_in: bool,
) -> None:
    row = derive_row(KEY, session, LIVE, NOW, ZONE)
    assert (row.state, row.tone, row.next.text(NOW), row.next.offer) == (word, tone, after, offer)
    assert (row.bar.risk if row.bar else None) is risk
    assert (row.rank, row.signed_in) == (rank, signed_in)


def test_every_kind_of_session_is_in_the_table() -> None:
    assert {type(entry[0]) for entry in TABLE} == set(Session.__args__)


@pytest.mark.parametrize(
    ("state", "steps", "word", "tone", "rank", "following"),
    [
        (KeyState.SUSPENDED, 0, "Suspended", "neutral", 1, NextStep(offer=Offer.RESUME)),
        (KeyState.SUSPENDED, 1, "Suspended, 1 step left", "bad", 0, NextStep(offer=Offer.FINISH)),
        (KeyState.REVOKING, 1, "Cut off, 1 step left", "bad", 0, NextStep(offer=Offer.FINISH)),
        (KeyState.REVOKING, 2, "Cut off, 2 steps left", "bad", 0, NextStep(offer=Offer.FINISH)),
        (KeyState.REVOKED, 0, "Revoked", "neutral", 2, NextStep("Since 21 Nov")),
    ],
)
def test_the_key_s_own_state_comes_first(
    state: KeyState, steps: int, word: str, tone: str, rank: int, following: NextStep
) -> None:
    stopped = replace(KEY, state=state, steps_left=steps, state_changed_at=NOW)
    row = derive_row(stopped, SignedIn(HALF), LIVE, NOW, ZONE)
    assert (row.state, row.tone, row.rank, row.bar, row.signed_in) == (word, tone, rank, None, False)
    assert row.next == following


def test_a_key_that_is_not_refreshed_has_no_notch_and_says_so() -> None:
    row = derive_row(replace(KEY, auto_refresh=False), SignedIn(HALF), LIVE, NOW, ZONE)
    assert row.bar is not None
    assert row.bar.refresh_at is None
    assert row.next.text(NOW) == "Refresh is off"


def test_the_row_does_not_change_because_time_passes() -> None:
    early = derive_row(KEY, SignedIn(HALF), LIVE, NOW, ZONE)
    late = derive_row(KEY, SignedIn(HALF), LIVE, NOW + 600, ZONE)
    assert early == late
    assert early.next.text(NOW) != late.next.text(NOW + 60)


def test_an_environment_that_is_not_known_any_more_keeps_its_name() -> None:
    assert derive_row(KEY, Unknown(), None, NOW, ZONE).environment == "Live"


def test_search_finds_name_client_id_role_and_tag() -> None:
    row = derive_row(replace(KEY, tags=("till",)), Unknown(), LIVE, NOW, ZONE)
    for word in ("payouts", "2242aaaa", "admin", "live", "till"):
        assert word in row.search
