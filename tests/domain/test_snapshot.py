"""The shared state: one frozen value, changed by facts, without a secret."""

from __future__ import annotations

import dataclasses
import typing
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain import snapshot as module
from nomba_desktop.domain.environments import LIVE, SANDBOX
from nomba_desktop.domain.keys import ApiKey, KeyId
from nomba_desktop.domain.record import SessionRecord, Tokens
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import SignedOut, SigningIn, Unknown
from nomba_desktop.domain.snapshot import (
    EnvironmentsKnown,
    Event,
    InventoryLoaded,
    KeyForgotten,
    KeyringSeen,
    KeyringState,
    KeyringStatus,
    KeySaved,
    Notice,
    NoticeDismissed,
    NoticeRaised,
    ServerHeard,
    SessionsSeen,
    Severity,
    Snapshot,
    reduce,
)

A, B = KeyId("a"), KeyId("b")


def key(name: str = "a", label: str = "Till") -> ApiKey:
    return ApiKey(KeyId(name), label, "live", LIVE.host, "account", f"client-{name}")


def notice(name: str, key_id: KeyId | None = None, title: str = "t") -> Notice:
    return Notice(name, Severity.WARN, title, key_id=key_id)


def after(*events: Event, start: Snapshot | None = None) -> Snapshot:
    state = start or Snapshot()
    for event in events:
        state = reduce(state, event)
    return state


FULL = after(
    InventoryLoaded((key("a"), key("b"))),
    SessionsSeen({A: SignedOut(), B: SigningIn(1.0)}),
    NoticeRaised(notice("n", A)),
    NoticeRaised(notice("m")),
    EnvironmentsKnown((LIVE, SANDBOX), ("proxy",)),
    ServerHeard("h", 5.0, 7.0),
)


def test_the_inventory_is_loaded() -> None:
    state = reduce(FULL, InventoryLoaded((key("b"),)))
    assert state.loaded
    assert dict(state.keys) == {B: key("b")}
    assert dict(state.sessions) == {B: SigningIn(1.0)}
    assert not Snapshot().loaded


def test_a_key_is_saved_and_forgotten() -> None:
    state = reduce(FULL, KeySaved(key("a", "Shop")))
    assert state.keys[A].name == "Shop"
    assert list(state.keys) == [A, B]
    gone = reduce(state, KeyForgotten(A))
    assert list(gone.keys) == list(gone.sessions) == [B]
    assert [n.id for n in gone.notices] == ["m"]


def test_sessions_are_seen_of_known_keys_only() -> None:
    state = reduce(FULL, SessionsSeen({A: SigningIn(9.0), KeyId("nobody"): SignedOut()}))
    assert dict(state.sessions) == {A: SigningIn(9.0), B: SigningIn(1.0)}
    assert state.session(A) == SigningIn(9.0)
    assert state.session(KeyId("nobody")) == Unknown()


@pytest.mark.parametrize(
    "event",
    [
        KeySaved(key("a")),
        SessionsSeen({}),
        SessionsSeen({A: SignedOut(), B: SigningIn(1.0)}),
        SessionsSeen({KeyId("nobody"): SignedOut()}),
    ],
)
def test_what_changes_nothing_gives_the_same_object(event: Event) -> None:
    assert reduce(FULL, event) is FULL


@pytest.mark.parametrize(
    "event",
    [
        InventoryLoaded((key("a"), key("b"))),
        KeyForgotten(KeyId("nobody")),
        EnvironmentsKnown((LIVE, SANDBOX), ("proxy",)),
        KeyringSeen(KeyringStatus()),
        NoticeRaised(notice("m")),
        NoticeDismissed("nothing"),
        ServerHeard("h", 5.0, None),
        ServerHeard("h", 5.0, 7.0),
    ],
)
def test_what_changes_nothing_is_equal(event: Event) -> None:
    assert reduce(FULL, event) == FULL


def test_notices() -> None:
    state = reduce(FULL, NoticeRaised(notice("n", title="again")))
    assert [(n.id, n.title) for n in state.notices] == [("m", "t"), ("n", "again")]
    assert [n.id for n in reduce(state, NoticeDismissed("m")).notices] == ["n"]
    many = after(*(NoticeRaised(notice(str(i))) for i in range(30)))
    assert [n.id for n in many.notices] == [str(i) for i in range(10, 30)]


def test_the_world_is_heard_of() -> None:
    state = reduce(FULL, ServerHeard("i", 6.0))
    assert dict(state.last_contact) == {"h": 5.0, "i": 6.0}
    assert state.clock_offset == 7.0
    memory = reduce(FULL, KeyringSeen(KeyringStatus(KeyringState.MEMORY)))
    assert memory.memory_only
    assert not reduce(memory, KeyringSeen(KeyringStatus(KeyringState.OK))).memory_only
    assert list(FULL.environments) == ["live", "sandbox"]
    assert FULL.non_default_settings == ("proxy",)


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        FULL.loaded = False  # type: ignore[misc]
    for name in ("keys", "sessions", "environments", "last_contact"):
        for state in (FULL, Snapshot()):
            assert isinstance(getattr(state, name), MappingProxyType)
    seen = {A: SigningIn(3.0)}
    state = reduce(FULL, SessionsSeen(seen))
    seen[A] = SigningIn(4.0)
    assert state.sessions[A] == SigningIn(3.0)


def reachable(kind: object, found: set[object]) -> set[object]:
    """Every type that a value of this type may hold."""
    for part in typing.get_args(kind):
        reachable(part, found)
    if isinstance(kind, type) and kind not in found:
        found.add(kind)
        if dataclasses.is_dataclass(kind):
            for hint in typing.get_type_hints(kind).values():
                reachable(hint, found)
    return found


def test_no_secret_is_reachable_from_the_snapshot_or_an_event() -> None:
    assert Secret in reachable(SessionRecord, set())
    for root in (Snapshot, *typing.get_args(Event)):
        found = reachable(root, set())
        assert not found & {Secret, SessionRecord, Tokens, object}, root
        assert typing.Any not in found
    assert {ApiKey, Notice, SignedOut} <= reachable(Snapshot, set())


def test_every_fact_is_an_event() -> None:
    facts = {
        value
        for name, value in vars(module).items()
        if dataclasses.is_dataclass(value) and value.__module__ == module.__name__ and isinstance(value, type)
    }
    assert facts - set(typing.get_args(Event)) == {KeyringStatus, Notice, Snapshot}


KEYS = st.sampled_from(["a", "b", "c"])
EVENTS = st.one_of(
    st.lists(KEYS, unique=True, max_size=3).map(lambda names: InventoryLoaded(tuple(key(n) for n in names))),
    st.builds(lambda n, label: KeySaved(key(n, label)), KEYS, st.sampled_from(["x", "y"])),
    KEYS.map(lambda n: KeyForgotten(KeyId(n))),
    st.builds(lambda n, at: SessionsSeen({KeyId(n): SigningIn(at)}), KEYS, st.sampled_from([1.0, 2.0])),
    st.builds(lambda n, k: NoticeRaised(notice(n, KeyId(k))), KEYS, KEYS),
    KEYS.map(NoticeDismissed),
    st.builds(ServerHeard, KEYS, st.floats(0, 9), st.none() | st.floats(-9, 9)),
)


@given(st.lists(EVENTS, max_size=20))
def test_any_facts_leave_a_sound_snapshot(events: list[Event]) -> None:
    state = Snapshot()
    for event in events:
        before, copy = state, dataclasses.replace(state)
        state = reduce(state, event)
        assert before == copy, "the old snapshot stays as it was"
        assert set(state.sessions) <= set(state.keys)
        assert all(i == k.id for i, k in state.keys.items())
        assert len({n.id for n in state.notices}) == len(state.notices)
        assert reduce(state, event) == state, "the same fact twice says nothing new"
