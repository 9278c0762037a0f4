"""The shortest way to a token: it reads what the services would read, and leaves to them whatever is doubtful."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.adapters import record_codec, record_peek
from nomba_desktop.adapters.cache_key_entry import cache_key_to_text
from nomba_desktop.adapters.quick_keyring import ask_quickly
from nomba_desktop.adapters.record_codec import decode, encode
from nomba_desktop.adapters.record_peek import peek
from nomba_desktop.app.core import Core
from nomba_desktop.app.paths import paths_below
from nomba_desktop.app.quick import QuickFiles
from nomba_desktop.cli.handover import plain
from nomba_desktop.domain.errors import SealBroken
from nomba_desktop.domain.record import (
    CallKind,
    Debt,
    Failure,
    Intent,
    Latch,
    LatchKind,
    OwedEnd,
    SessionRecord,
    StopKind,
    Tokens,
    look,
)
from nomba_desktop.domain.secret import Secret
from nomba_desktop.practice.keys import PracticeKey
from tests.cli.rig import Shell

CACHE_KEY = b"k" * 32  # the fake vault's

times = st.floats(0, 4e9) | st.integers(0, 2**40).map(float)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300).map(Secret)
tokens = st.builds(Tokens, secrets, st.none() | secrets, times, times, times, texts)
intents = st.builds(Intent, st.sampled_from(CallKind), st.integers(0, 2**33), texts, times, texts)
ends = st.builds(OwedEnd, secrets, times)
records = st.builds(
    SessionRecord,
    generation=st.integers(0, 2**40),
    tokens=st.none() | tokens,
    stop=st.sampled_from(StopKind),
    stop_count=st.integers(0, 300),
    intent=st.none() | intents,
    may_land_until=times,
    lost=st.booleans(),
    debt=st.none() | st.builds(Debt, st.sampled_from(StopKind), times, st.none() | st.integers(0, 9)),
    superseded=st.lists(ends, max_size=20).map(tuple),
    owed=st.lists(ends, max_size=3).map(tuple),
    budget=st.lists(times, max_size=20).map(tuple),
    failure=st.none() | st.builds(Failure, texts, texts, texts, texts, times),
    latch=st.none() | st.builds(Latch, st.sampled_from(LatchKind), st.integers(0, 99), times),
    theft_generation=st.none() | st.integers(-3, 2**17),
    suspect=texts,
)


@given(records, times, st.floats(-10, 1e5))
def test_a_peek_sees_what_the_codec_sees(record: SessionRecord, now: float, least: float) -> None:
    raw = encode(record)
    seen, whole = peek(raw, record_peek.SCHEMA), decode(raw)
    assert (seen.generation, seen.stop) == (whole.generation, whole.stop)
    assert (seen.intent is None) == (whole.intent is None)
    assert seen.tokens == (replace(whole.tokens, renewed_by="") if whole.tokens else None)
    assert look(seen, now, least) is look(whole, now, least)


def test_both_know_the_same_schema() -> None:
    assert record_peek.SCHEMA == record_codec.SCHEMA
    with pytest.raises(SealBroken):
        peek(encode(SessionRecord()), record_peek.SCHEMA + 1)


FULL = SessionRecord(7, Tokens(Secret("a" * 300), Secret("b"), 1.0, 2.0, 1.5), budget=(1.0, 2.0))


def test_what_is_cut_off_or_goes_on_is_broken() -> None:
    raw = encode(FULL)
    for end in range(len(raw)):
        with pytest.raises(SealBroken):
            peek(raw[:end], 1)
    with pytest.raises(SealBroken):
        peek(raw + b"\xc0", 1)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_broken(raw: bytes) -> None:
    with suppress(SealBroken):
        assert isinstance(peek(raw, 1), SessionRecord)


def _changed(change: Callable[[dict[str, object]], object]) -> bytes:
    told = msgspec.msgpack.decode(encode(FULL))
    change(told)
    return msgspec.msgpack.encode(told)


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(added_by_a_newer_version=1),
        lambda told: told["tokens"].update(added_by_a_newer_version=1),
        lambda told: told.update(stop="paused"),
        lambda told: told.pop("intent"),
        lambda told: told.update(intent=[]),
        lambda told: told["tokens"].update(access=5),
        lambda told: told["tokens"].update(expires_at="never"),
        lambda told: told["tokens"].update(expires_at=True),
        lambda told: told.update(tokens=[]),
    ],
)
def test_what_is_not_known_is_left_to_the_codec(change: Callable[[dict[str, object]], object]) -> None:
    with pytest.raises(SealBroken):
        peek(_changed(change), 1)


def test_the_fields_that_decide_are_the_ones_that_are_read() -> None:
    """A new field of the record may be another reason not to hand a token out: then `peek` has to learn it."""
    assert [field.name for field in fields(SessionRecord)] == [
        "generation", "tokens", "stop", "stop_count", "intent", "may_land_until", "lost", "debt", "superseded",
        "owed", "attempts", "next_try", "refusals", "latch", "theft_generation", "budget", "failure",
        "accepted_at", "suspect", "login_at",
    ]  # fmt: skip
    assert set(look.__code__.co_names) & {field.name for field in fields(SessionRecord)} == {
        "stop", "intent", "tokens", "generation",
    }  # fmt: skip


# -- on real files -----------------------------------------------------------------------------------------------


class Keyring:
    """Counts who asks."""

    def __init__(self, text: str | None = cache_key_to_text(CACHE_KEY)) -> None:
        self.text = text
        self.asked: list[str] = []

    def __call__(self, service: str) -> Callable[[], str | None]:
        self.asked.append(service)
        return lambda: self.text


@pytest.fixture
def signed_in(shell: Shell, keys: list[PracticeKey]) -> Shell:
    assert shell.add(keys[0], "--sign-in").code == 0
    assert shell.add(keys[1]).code == 0
    return shell


def quick(shell: Shell, keyring: Keyring | None = None, ahead: float = 0.0) -> QuickFiles:
    now = shell.world().clock.now
    return QuickFiles(paths_below(shell.root), keyring or Keyring(), lambda: now() + ahead)


def move(shell: Shell, change: Callable[[SessionRecord], SessionRecord]) -> None:
    async def work(core: Core) -> None:
        assert core._store is not None
        key = next(k for k in core.state.snapshot.keys.values() if k.name == "Checkout web")
        await core._store.apply(key.session_id, change)

    shell.with_core(work)


def test_the_token_is_the_one_the_services_hand_out(signed_in: Shell, keys: list[PracticeKey]) -> None:
    found = quick(signed_in).token("check")
    assert found is not None
    assert found.account_id == keys[0].account_id
    assert found.base_url == ""  # of Practice only the settings know it
    assert plain(found.access) + "\n" == signed_in.run("token", "check").out
    assert repr(found).count("••••") == 1


def test_nothing_is_written_and_nothing_left(signed_in: Shell) -> None:
    folder = paths_below(signed_in.root).data
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert quick(signed_in).token("check") is not None
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before


@pytest.mark.parametrize("ahead", [1771.0, 1801.0, 90_000.0])
def test_a_token_that_ends_soon_is_left_to_the_services(signed_in: Shell, ahead: float) -> None:
    assert quick(signed_in, ahead=ahead).token("check") is None


def test_how_long_it_has_to_live_can_be_asked(signed_in: Shell) -> None:
    assert quick(signed_in).token("check", 1700.0) is not None
    assert quick(signed_in).token("check", 1900.0) is None
    assert quick(signed_in, ahead=1790.0).token("check", 5.0) is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda r: replace(r, stop=StopKind.SUSPENDED, stop_count=1),
        lambda r: replace(r, intent=Intent(CallKind.REFRESH, r.generation, "x/y/1", 1.0, "n")),
        lambda r: replace(r, tokens=None),
    ],
)
def test_a_stop_an_intent_or_no_token_is_left_to_the_services(
    signed_in: Shell, change: Callable[[SessionRecord], SessionRecord]
) -> None:
    move(signed_in, change)
    assert quick(signed_in).token("check") is None


@pytest.mark.parametrize("text", [None, "", "{}", cache_key_to_text(b"x" * 32)])
def test_a_keyring_that_has_no_such_key_is_left_to_the_services(signed_in: Shell, text: str | None) -> None:
    keyring = Keyring(text)
    way = quick(signed_in, keyring)
    assert way.token("check") is None
    assert way.token("check") is None
    assert keyring.asked == ["nomba-desktop:default:cache-key"]  # the second time it knows


@pytest.mark.parametrize("text", ["nobody", "", "pay", "2242"])
def test_no_key_or_none_signed_in(signed_in: Shell, text: str) -> None:
    assert quick(signed_in).token(text) is None


def test_without_a_store_neither_file_nor_keyring_is_touched(tmp_path: Path) -> None:
    keyring = Keyring()
    way = QuickFiles(paths_below(tmp_path), keyring)
    assert way.token("check") is None
    assert way.names() is None
    assert keyring.asked == []
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_another_version_is_left_to_the_services(signed_in: Shell) -> None:
    with sqlite3.connect(paths_below(signed_in.root).database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert quick(signed_in).token("check") is None
    assert quick(signed_in).names() is None


def test_a_session_of_a_team_is_left_to_the_services(signed_in: Shell) -> None:
    with sqlite3.connect(paths_below(signed_in.root).database) as connection:
        connection.execute("INSERT INTO team_marks SELECT host, client_id, 'e', 1, x'00', 0 FROM sessions")
    connection.close()
    assert quick(signed_in).token("check") is None


def test_a_damaged_store_is_left_to_the_services(signed_in: Shell) -> None:
    database = paths_below(signed_in.root).database
    log = database.with_name(database.name + "-wal")
    log.write_bytes(b"no log of SQLite's, but as long as one" * 9)
    assert quick(signed_in).token("check") is None
    log.unlink()
    database.write_bytes(b"x" * 9000)
    assert quick(signed_in).token("check") is None


def test_the_names(signed_in: Shell) -> None:
    assert quick(signed_in).names() == ["Checkout web", "Payouts service"]


def test_a_keyring_that_hangs_is_given_up() -> None:
    import threading

    never = threading.Event()
    assert ask_quickly("x", lambda _: str(never.wait(20)), 0.01)() is None
    never.set()
    assert ask_quickly("x", lambda service: service * 2, 20.0)() == "xx"
