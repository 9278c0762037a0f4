"""The form for a key: every wrong field its sentence, nothing lost, nothing blocked without need."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.keys import (
    ApiKey,
    Field,
    FieldRemark,
    KeyDraft,
    KeyId,
    KeyState,
    Role,
    SharedUse,
    check_draft,
    is_uuid,
    key_from_draft,
    parse_tags,
)

ACCOUNT = "7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11"
CLIENT = "2a4c6e80-1111-4222-8333-944455566677"
HOST = "api.nomba.com"
GOOD = KeyDraft(
    name="Payouts",
    environment_id="live",
    account_id=ACCOUNT,
    client_id=CLIENT,
    secret_length=88,
    shared_use=SharedUse.ONLY_HERE,
)
KEY = ApiKey(KeyId("k1"), "Till", "live", HOST, ACCOUNT, CLIENT)

NAMELESS = "Enter a name."
UUID_FORM = "it has the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"

# what differs from the good draft; then field, words of the sentence and whether it blocks, for every remark
REMARKS = [
    ({}, []),
    ({"name": ""}, [(Field.NAME, NAMELESS, True)]),
    ({"name": "  \t"}, [(Field.NAME, NAMELESS, True)]),
    ({"name": "\u200b\u202e\u3164"}, [(Field.NAME, NAMELESS, True)]),
    ({"name": "x" * 80}, []),
    ({"name": " " + "x" * 80 + " "}, []),
    ({"name": "x" * 81}, [(Field.NAME, "at most 80", True)]),
    ({"environment_id": None}, [(Field.ENVIRONMENT, "Choose the environment", True)]),
    ({"account_id": ""}, [(Field.ACCOUNT_ID, "Enter the account ID.", True)]),
    (
        {"account_id": ACCOUNT[:-1]},
        [(Field.ACCOUNT_ID, "An account ID has 36 characters; this has 35.", True)],
    ),
    ({"account_id": ACCOUNT.replace("-", "x")}, [(Field.ACCOUNT_ID, UUID_FORM, True)]),
    ({"account_id": f" {ACCOUNT}\n"}, []),
    ({"account_id": ACCOUNT.upper()}, []),
    ({"client_id": " "}, [(Field.CLIENT_ID, "Enter the client ID.", True)]),
    ({"client_id": CLIENT + "0"}, [(Field.CLIENT_ID, "A client ID has 36 characters; this has 37.", True)]),
    ({"client_id": "g" + CLIENT[1:]}, [(Field.CLIENT_ID, "This is no client ID", True)]),
    ({"client_id": "٣" + CLIENT[1:]}, [(Field.CLIENT_ID, "This is no client ID", True)]),
    ({"secret_length": 0}, [(Field.SECRET, "Enter the client secret.", True)]),
    ({"secret_length": 44}, []),
    ({"secret_length": 88}, []),
    ({"secret_length": 1}, [(Field.SECRET, "this has 1. You can save it.", False)]),
    ({"secret_length": 43}, [(Field.SECRET, "88 or 44 characters; this has 43", False)]),
    ({"secret_length": 89}, [(Field.SECRET, "this has 89", False)]),
    ({"secret_length": 900}, [(Field.SECRET, "this has 900", False)]),
    ({"secret_length": 901}, [(Field.SECRET, "at most 900 characters; this has 901", True)]),
    ({"secret_is_plain": False}, [(Field.SECRET, "white space or invisible", True)]),
    ({"secret_is_plain": False, "secret_length": 60}, [(Field.SECRET, "white space or invisible", True)]),
    ({"role_note": "n" * 200}, []),
    ({"role_note": "n" * 201}, [(Field.ROLE_NOTE, "at most 200", True)]),
    ({"tags": "a, b ,,a"}, []),
    ({"tags": ",".join(f"t{i}" for i in range(12))}, []),
    ({"tags": ",".join(f"t{i}" for i in range(13))}, [(Field.TAGS, "At most 12 tags; this has 13.", True)]),
    ({"tags": "t" * 31}, [(Field.TAGS, "at most 30", True)]),
    ({"notes": "n" * 2000}, []),
    ({"notes": "n" * 2001}, [(Field.NOTES, "at most 2000", True)]),
    ({"shared_use": None}, [(Field.SHARED_USE, "whether a server also signs in", True)]),
    (
        {
            "shared_use": None,
            "secret_length": 0,
            "client_id": "",
            "account_id": "",
            "name": "",
            "environment_id": None,
        },
        [
            (Field.NAME, "", True),
            (Field.ENVIRONMENT, "", True),
            (Field.ACCOUNT_ID, "", True),
            (Field.CLIENT_ID, "", True),
            (Field.SECRET, "", True),
            (Field.SHARED_USE, "", True),
        ],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), REMARKS)
def test_remarks(changes: dict[str, object], expected: list[tuple[Field, str, bool]]) -> None:
    remarks = check_draft(dataclasses.replace(GOOD, **changes), HOST, ())  # type: ignore[arg-type]
    assert [(r.field, r.blocks) for r in remarks] == [(field, blocks) for field, _, blocks in expected]
    for remark, (_, words, _) in zip(remarks, expected, strict=True):
        assert words in remark.sentence
        assert remark.sentence.endswith(".")


def duplicates(draft: KeyDraft, host: str | None, editing: KeyId | None = None) -> list[FieldRemark]:
    return [r for r in check_draft(draft, host, [KEY], editing=editing) if r.field is Field.CLIENT_ID]


def test_the_same_host_and_client_id_are_refused_by_name() -> None:
    for spelled in (CLIENT, CLIENT.upper(), f" {CLIENT} "):
        (remark,) = duplicates(dataclasses.replace(GOOD, client_id=spelled), HOST)
        shouted = dataclasses.replace(KEY, client_id=CLIENT.upper())
        assert check_draft(dataclasses.replace(GOOD, client_id=spelled), HOST, [shouted]) == (remark,)
        assert remark.blocks
        assert "“Till” already has this client ID" in remark.sentence


def test_another_host_another_client_or_the_key_itself_are_no_duplicates() -> None:
    assert not duplicates(GOOD, "sandbox.nomba.com")
    assert not duplicates(GOOD, None)
    assert not duplicates(dataclasses.replace(GOOD, client_id=ACCOUNT), HOST)
    assert not duplicates(GOOD, HOST, editing=KEY.id)
    assert duplicates(GOOD, HOST, editing=KeyId("another"))


def test_an_empty_secret_keeps_the_stored_one_while_editing() -> None:
    assert check_draft(dataclasses.replace(GOOD, secret_length=0), HOST, [KEY], editing=KEY.id) == ()


def test_a_new_secret_is_looked_at_while_editing() -> None:
    draft = dataclasses.replace(GOOD, secret_length=60)
    assert [r.blocks for r in check_draft(draft, HOST, [KEY], editing=KEY.id)] == [False]


# -- from the draft to the key ---------------------------------------------------------------------------------------


def test_a_key_from_a_draft_is_trimmed_and_clean() -> None:
    draft = dataclasses.replace(
        GOOD,
        name=" Pay\u202eouts \n",
        account_id=f" {ACCOUNT}\t",
        client_id=f"{CLIENT} ",
        role=Role.TRANSFERS,
        role_note=" by  Ada ",
        tags="ops, ,night,ops",
        notes="  first\r\n\u202esecond\ud800  ",
    )
    assert key_from_draft(draft, KeyId("k2"), HOST, 5.0) == ApiKey(
        KeyId("k2"),
        "Payouts",
        "live",
        HOST,
        ACCOUNT,
        CLIENT,
        role=Role.TRANSFERS,
        role_note="by Ada",
        tags=("ops", "night"),
        notes="first\nsecond",
        shared_use=SharedUse.ONLY_HERE,
        auto_refresh=True,
        created_at=5.0,
        state_changed_at=5.0,
    )


@pytest.mark.parametrize(
    ("base_use", "base_auto", "answer", "auto"),
    [
        (None, None, SharedUse.ONLY_HERE, True),
        (None, None, SharedUse.YES_OR_NOT_SURE, False),
        (None, None, None, False),
        (SharedUse.ONLY_HERE, False, SharedUse.ONLY_HERE, False),
        (SharedUse.ONLY_HERE, True, SharedUse.YES_OR_NOT_SURE, False),
        (SharedUse.YES_OR_NOT_SURE, True, SharedUse.YES_OR_NOT_SURE, True),
        (SharedUse.YES_OR_NOT_SURE, False, SharedUse.ONLY_HERE, True),
    ],
)
def test_automatic_refresh_follows_the_answer_when_it_changes(
    base_use: SharedUse | None, base_auto: bool | None, answer: SharedUse | None, auto: bool
) -> None:
    base = dataclasses.replace(KEY, shared_use=base_use, auto_refresh=bool(base_auto)) if base_use else None
    key = key_from_draft(dataclasses.replace(GOOD, shared_use=answer), KEY.id, HOST, 9.0, base)
    assert key.auto_refresh is auto


def test_editing_keeps_what_the_form_does_not_show() -> None:
    base = dataclasses.replace(
        KEY, state=KeyState.REVOKING, steps_left=2, created_at=1.0, state_changed_at=3.0
    )
    key = key_from_draft(GOOD, KeyId("ignored"), HOST, 9.0, base)
    assert (key.id, key.state, key.steps_left, key.created_at, key.state_changed_at) == (
        KEY.id,
        KeyState.REVOKING,
        2,
        1.0,
        3.0,
    )
    assert key.name == "Payouts"


@given(
    st.builds(
        KeyDraft,
        name=st.text(st.characters(exclude_categories=()), max_size=100),
        environment_id=st.sampled_from(["live", None]),
        account_id=st.sampled_from([ACCOUNT, f" {ACCOUNT}", "x"]) | st.text(max_size=40),
        client_id=st.sampled_from([CLIENT, CLIENT.upper()]) | st.text(max_size=40),
        secret_length=st.integers(0, 1000),
        secret_is_plain=st.booleans(),
        role_note=st.text(max_size=250),
        tags=st.text(max_size=60),
        notes=st.text(st.characters(exclude_categories=()), max_size=60),
        shared_use=st.sampled_from([None, *SharedUse]),
    )
)
def test_what_does_not_block_makes_a_sound_key(draft: KeyDraft) -> None:
    remarks = check_draft(draft, HOST if draft.environment_id else None, ())
    assert [r.field for r in remarks] == sorted((r.field for r in remarks), key=list(Field).index)
    if any(r.blocks for r in remarks):
        return
    key = key_from_draft(draft, KeyId("k"), HOST, 1.0)
    assert key.name
    assert is_uuid(key.client_id)
    assert is_uuid(key.account_id)
    assert "…" not in key.name or "…" in draft.name
    for text in (key.name, key.notes, key.role_note, *key.tags):
        text.encode()


def test_one_session_however_its_client_id_is_spelled() -> None:
    shouted = dataclasses.replace(KEY, client_id=CLIENT.upper())
    assert shouted.session_id == KEY.session_id == SessionId(HOST, CLIENT)


def test_masked_client_id() -> None:
    assert KEY.masked_client_id == "2a4c…6677"


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        (" , ,", ()),
        ("b,a,b", ("b", "a")),
        ("two words ,\u202ex", ("two words", "x")),
    ],
)
def test_parse_tags(text: str, tags: tuple[str, ...]) -> None:
    assert parse_tags(text) == tags


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (CLIENT, True),
        (CLIENT.upper(), True),
        (CLIENT + "\n", False),
        (f"{{{CLIENT}}}", False),
        (CLIENT.replace("-", ""), False),
        ("", False),
    ],
)
def test_is_uuid(text: str, is_one: bool) -> None:
    assert is_uuid(text) is is_one


def test_what_applies_when_nothing_was_said_is_the_careful_choice() -> None:
    assert KEY.role is Role.ADMIN
    assert KEY.shared_use is SharedUse.YES_OR_NOT_SURE
    assert not KEY.auto_refresh
    assert len(Role) == 6
