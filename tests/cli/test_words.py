"""Finding a key, lining up columns, saying what a session is: pure functions of the command line."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest

from nomba_desktop.cli.describe import moment, row, session_json
from nomba_desktop.cli.problems import Ambiguous, OutputLost
from nomba_desktop.cli.select import find
from nomba_desktop.cli.tables import facts, table, width
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.errors import UnknownKey
from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState
from nomba_desktop.domain.record import Failure, OwedEnd, SessionRecord, Tokens
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import (
    Expired,
    Failing,
    HeldByOther,
    Life,
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
from nomba_desktop.domain.tokens import Claims, TokenFacts

NOW = 1_795_296_000.0


@dataclass(frozen=True)
class Named:
    id: str
    name: str
    client_id: str
    environment_id: str = "live"


KEYS = [
    Named("1" * 32, "Checkout", "aaaa1111-0000-4000-8000-000000000001"),
    Named("2" * 32, "Checkout web", "aaaa2222-0000-4000-8000-000000000002"),
    Named("3" * 32, "Payouts", "bbbb3333-0000-4000-8000-000000000003"),
    Named("4" * 32, "Twin", "cccc4444-0000-4000-8000-000000000004"),
    Named("5" * 32, "twin", "dddd5555-0000-4000-8000-000000000005", "sandbox"),
    Named("6" * 32, "aaaa", "eeee6666-0000-4000-8000-000000000006"),
]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Checkout", 1),  # exactly, though another begins so
        ("CHECKOUT WEB", 2),
        ("checkout  w", 2),
        ("p", 3),
        ("bbbb3333-0000-4000-8000-000000000003", 3),
        ("BBBB3", 3),
        ("aaaa", 6),  # a name before the start of client ids
        ("aaaa2", 2),
        ("4" * 32, 4),
        ("dddd", 5),
    ],
)
def test_the_key_that_is_meant(text: str, number: int) -> None:
    assert find(KEYS, text).id == str(number) * 32


@pytest.mark.parametrize("text", ["", "  ", "nobody", "heckout", "4" * 31, "x" * 88])
def test_no_key_is_meant(text: str) -> None:
    with pytest.raises(UnknownKey) as refused:
        find(KEYS, text)
    assert "x" * 37 not in refused.value.sentence


@pytest.mark.parametrize(
    ("text", "names"), [("twin", ["Twin", "twin"]), ("check", ["Checkout", "Checkout web"])]
)
def test_more_than_one_is_meant(text: str, names: list[str]) -> None:
    with pytest.raises(Ambiguous) as refused:
        find(KEYS, text)
    assert [candidate["name"] for candidate in refused.value.candidates] == names
    assert all(f"“{name}”" in refused.value.sentence for name in names)


def test_many_candidates_are_counted() -> None:
    with pytest.raises(Ambiguous) as refused:
        find([Named(str(n), f"Till {n}", f"{n:08x}") for n in range(20)], "till")
    assert refused.value.sentence.endswith(" and 12 more.")
    assert len(refused.value.candidates) == 20


def test_columns_line_up_for_any_letters() -> None:
    lines = table(("A", "B"), [("店舗", "x"), ("e\u0301", "y"), ("plain", "")])
    assert lines == ["A      B", "店舗   x", "e\u0301      y", "plain"]
    assert [width(text) for text in ("", "ab", "店", "e\u0301")] == [0, 2, 2, 1]
    assert facts([("a", "1"), ("long", "2")]) == ["a     1", "long  2"]
    assert facts([]) == []


def test_typography_gives_way_to_the_encoding() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, "ascii")
    Terminal(out, None, None).write("“Café” · ₦…")
    assert raw.getvalue() == b'"Caf\\xe9" - \\u20a6...'


def test_a_closed_output_is_lost() -> None:
    out = io.StringIO()
    out.close()
    for stream in (None, out):
        with pytest.raises(OutputLost):
            Terminal(stream, stream, stream).write("x")
        Terminal(stream, stream, stream).tell("nobody hears it")
        assert Terminal(stream, stream, stream).read_all() == ""


def test_moments() -> None:
    assert moment(NOW) == "2026-11-21T21:20:00Z"
    assert moment(0.0) is None


LIFE = Life(3, NOW - 60, NOW + 1740, NOW + 1440, "this desktop", NOW - 5, TokenFacts("a", "b", Claims()))
DEAD = Life(3, NOW - 3600, NOW - 60, NOW - 600, "this desktop", 0.0, TokenFacts("a", "b", Claims()))
FAILURE = Failure("ND-105", "Nomba has a problem", "HTTP 503.", "", NOW - 9)
OUTSIDE = "its session was ended outside this app"
KEY = ApiKey(KeyId("k"), "Till", "live", "api.nomba.com", "a", "c", auto_refresh=True)


@pytest.mark.parametrize(
    ("session", "shown", "state"),
    [
        (Unknown(), ("not read", "-", ""), "unknown"),
        (SignedOut(), ("signed out", "-", ""), "signed_out"),
        (SignedOut(2), ("signed out", "-", "2 owed at Nomba"), "signed_out"),
        (SigningIn(NOW), ("signing in", "-", ""), "signing_in"),
        (SignedIn(LIFE), ("signed in", "29:00", "refresh in 24:00"), "signed_in"),
        (SignedIn(DEAD), ("signed in", "expired", "refresh is due"), "signed_in"),
        (Refreshing(LIFE, NOW), ("signing in", "29:00", ""), "refreshing"),
        (Expired(DEAD), ("expired", "expired", "sign in, or use its token"), "expired"),
        (Failing(FAILURE, 1, NOW + 5, life=LIFE), ("failing", "29:00", "Nomba has a problem"), "failing"),
        (Failing(FAILURE, 3, 0.0, latched=True), ("refused", "-", "Nomba has a problem"), "failing"),
        (Waiting(WaitFor.KEYRING), ("waiting", "-", "for the keyring"), "waiting"),
        (Waiting(WaitFor.RATE_LIMIT, NOW + 9, LIFE), ("waiting", "29:00", "for Nomba's rate limit"), "waiting"),
        (HeldByOther("ops-2", NOW, LIFE), ("busy elsewhere", "29:00", "ops-2"), "held_elsewhere"),
        (TakenAway(NOW, 9.0, certain=True), ("taken elsewhere", "-", OUTSIDE), "taken_elsewhere"),
        (
            TakenAway(NOW, 9.0, certain=True, other="Pay", life=LIFE),
            ("taken elsewhere", "29:00", "displaced by “Pay”"),
            "taken_elsewhere",
        ),
    ],
)  # fmt: skip
def test_every_session_in_words_and_fields(session: Session, shown: tuple[str, str, str], state: str) -> None:
    assert row(KEY, session, NOW) == shown
    told = session_json(session, SessionRecord(generation=3), NOW)
    assert told["state"] == state
    assert told["alive"] is (shown[1] not in ("-", "expired"))
    assert told["expires_in"] == (1740 if told["alive"] else 0)
    assert told["held_by"] == ("ops-2" if state == "held_elsewhere" else None)
    assert told["displaced_by"] == ("Pay" if "displaced" in shown[2] else None)


def test_what_the_record_adds() -> None:
    record = SessionRecord(
        generation=9, tokens=Tokens(Secret("planted"), None, 1.0, 2.0, 1.5), failure=FAILURE, attempts=1,
        next_try=NOW, owed=(OwedEnd(Secret("planted"), 1.0),),
    )  # fmt: skip
    told = session_json(SignedIn(LIFE), record, NOW)
    assert (told["generation"], told["ends_owed"], told["next_try"]) == (9, 1, "2026-11-21T21:20:00Z")
    assert told["failure"] == {
        "reference": "ND-105", "title": "Nomba has a problem", "sentence": "HTTP 503.", "at": "2026-11-21T21:19:51Z",
    }  # fmt: skip
    assert "planted" not in str(told)


def test_a_stopped_key_shows_its_own_state() -> None:
    from dataclasses import replace

    off = replace(KEY, auto_refresh=False)
    assert row(off, SignedIn(LIFE), NOW)[2] == "refresh is off"
    assert row(replace(KEY, state=KeyState.SUSPENDED), SignedIn(LIFE), NOW) == ("suspended", "-", "")
