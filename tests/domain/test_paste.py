"""*Paste all*: whatever was copied, the right values or a doubt that is said."""

from __future__ import annotations

import base64
import json
import re
import time  # noqa: TID251

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nomba_desktop.domain.keys import is_uuid
from nomba_desktop.domain.paste import Pasted, recognise, trimmed_value

ACCOUNT = "7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11"
CLIENT = "2a4c6e80-1111-4222-8333-944455566677"
SUB = "11111111-2222-4333-8444-555555555555"
KEY88 = base64.b64encode(bytes(range(64))).decode()
KEY44 = base64.b64encode(bytes(range(32))).decode()
OTHER88 = base64.b64encode(bytes(range(64, 128))).decode()

ALL = (ACCOUNT, CLIENT, KEY88)


def values(found: Pasted) -> tuple[str, str, str]:
    return found.account_id, found.client_id, found.secret.reveal() if found.secret else ""


NAMED = {
    "env": "NOMBA_ACCOUNT_ID=A\nNOMBA_CLIENT_ID=C\nNOMBA_CLIENT_SECRET=K\n",
    "env in Windows lines": "ACCOUNT_ID=A\r\nCLIENT_ID=C\r\nCLIENT_SECRET=K\r\n",
    "env with export and quotes": 'export ACCOUNT_ID="A"\nexport CLIENT_ID=\'C\'\nexport PRIVATE_KEY="K"',
    "env with comments": "# Nomba\nACCOUNT_ID=A # the parent\nCLIENT_ID=C\nSECRET=K # mind it",
    "env with an empty line first": "CLIENT_SECRET=\nACCOUNT_ID=A\nCLIENT_ID=C\nNOMBA_CLIENT_SECRET=K",
    "one line each, with colons": "Account ID: A\nClient ID: C\nPrivate key: K",
    "bullets": "- Client ID: C\n* Account ID: A\n• Private key: K",
    "table": "| Client ID | C |\n| Private key | K |\n| Account ID | A |",
    "tabs": "Client ID\tC\nPrivate key\tK\nAccount ID\tA",
    "dashboard": "API Keys\nLive\nTest\nClient ID\nC\nPrivate key\nK\nAccount ID\nA\nRegenerate Keys",
    "dashboard with blank lines": "Client ID\n\nC\n\nPrivate key\n\nK\n\nAccount ID\n\nA\n",
    "json": '{"accountId": "A", "clientId": "C", "clientSecret": "K"}',
    "json snake": '{"account_id":"A","client_id":"C","client_secret":"K"}',
    "json nested": '{"nomba":[{"live":{"accountId":"A","clientKey":"K"}},{"client-id":"C"}]}',
    "json with other things": '{"id":"S","n":5,"accountId":"A","clientId":"C","secret":"K"}',
    "javascript": "const nomba = {\n  accountId: 'A',\n  clientId: 'C',\n  clientKey: 'K',\n};",
    "php": "'account_id' => 'A',\n'client_id' => 'C',\n'client_secret' => 'K',",
    "yaml": "nomba:\n  account-id: A\n  client-id: C\n  client-secret: K\n",
    "our own words": "Account ID: A\nClient ID: C\nPrivate key / client secret: K",
    "parent and sub": "SUB_ACCOUNT_ID=S\nPARENT_ACCOUNT_ID=A\nCLIENT_ID=C\nCLIENT_SECRET=K",
    "a webhook's key before": "WEBHOOK_SECRET=O\nACCOUNT_ID=A\nCLIENT_ID=C\nCLIENT_SECRET=K",
    "other secrets before": "JWT_SECRET=O\nAPP_SECRET=O\nACCOUNT_ID=A\nCLIENT_ID=C\nNOMBA_CLIENT_SECRET=K",
    "named twice": "CLIENT_ID=C\nCLIENT_ID=C\nACCOUNT_ID=A\nCLIENT_SECRET=K",
    "smart quotes": "Client ID: “C”\nPrivate key: “K”\nAccount ID: “A”",
    "order turned": "secret: K\nclient id: C\naccount: A",
}
STANDS_FOR = {"A": ACCOUNT, "C": CLIENT, "K": KEY88, "S": SUB, "O": OTHER88}
SURE = {
    form: re.sub(r"(?<![A-Za-z0-9_])[ACKSO](?![A-Za-z0-9_])", lambda found: STANDS_FOR[found[0]], text)
    for form, text in NAMED.items()
}


@pytest.mark.parametrize("form", SURE)
def test_named_values_are_found_and_sure(form: str) -> None:
    found = recognise(SURE[form])
    assert values(found) == ALL
    assert found.unsure == ()
    assert not found.trimmed
    assert not found.found_nothing


SPELLINGS = {
    "secret": [
        "client_secret", "clientSecret", "CLIENT_SECRET", "NOMBA_CLIENT_SECRET", "Client Secret", "clientKey",
        "client_key", "CLIENT_KEY", "nombaClientKey", "Private key", "private_key", "PRIVATE_KEY", "privateKey",
        "NOMBA_PRIVATE_KEY", "Secret", "NOMBA_SECRET", "NEXT_PUBLIC_NOMBA_CLIENT_SECRET", "Private Key (live)",
        "nomba.client.secret", "client-secret",
    ],
    "client_id": [
        "client_id", "clientId", "CLIENT_ID", "NOMBA_CLIENT_ID", "Client ID", "client-id", "ClientID", "clientid",
    ],
    "account_id": [
        "account_id", "accountId", "ACCOUNT_ID", "NOMBA_ACCOUNT_ID", "Account ID", "NOMBA_PARENT_ACCOUNT_ID",
        "businessId", "BUSINESS_ID", "accountid", "Account", "parentAccountId",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "label"), [(k, label) for k, labels in SPELLINGS.items() for label in labels]
)
def test_every_spelling(kind: str, label: str) -> None:
    value = {"secret": "not-base64-but-long-enough", "client_id": CLIENT, "account_id": ACCOUNT}[kind]
    for text in (f"{label}={value}", f"{label}: {value}", f"{label}\n{value}", json.dumps({label: value})):
        found = recognise(text)
        named = {"secret": found.secret.reveal() if found.secret else "", "client_id": found.client_id}
        assert (named | {"account_id": found.account_id})[kind] == value, text
        assert kind not in found.unsure
        assert sum(map(bool, values(found))) == 1


UNSURE = {
    "two UUIDs": (f"{CLIENT}\n{ACCOUNT}", (ACCOUNT, CLIENT, ""), {"client_id", "account_id"}),
    "one UUID": (CLIENT, ("", CLIENT, ""), {"client_id"}),
    "all without names": (f"{CLIENT} {KEY88} {ACCOUNT}", ALL, {"client_id", "account_id"}),
    "client named, two others": (
        f"client_id={CLIENT}\n{ACCOUNT}\n{SUB}",
        (ACCOUNT, CLIENT, ""),
        {"account_id"},
    ),
    "two sets": (
        f"TEST_CLIENT_ID={CLIENT}\nLIVE_CLIENT_ID={SUB}\nACCOUNT_ID={ACCOUNT}\nTEST_SECRET={KEY88}\nLIVE_SECRET={OTHER88}",
        ALL,
        {"client_id", "secret"},
    ),
    "one value under both names": (
        f"Client ID: {CLIENT}\nAccount ID: {CLIENT.upper()}",
        (CLIENT.upper(), CLIENT, ""),
        {"client_id", "account_id"},
    ),
    "two secrets": (f"{KEY88}\n{KEY44}", ("", "", KEY88), {"secret"}),
}


@pytest.mark.parametrize("what", UNSURE)
def test_a_doubt_is_said(what: str) -> None:
    text, expected, unsure = UNSURE[what]
    found = recognise(text)
    assert values(found) == expected
    assert set(found.unsure) == unsure


def test_the_one_uuid_left_is_sure_when_the_other_is_named() -> None:
    for text in (f"Client ID: {CLIENT}\nmerchant {ACCOUNT}", f"Account ID: {ACCOUNT}\nmerchant {CLIENT}"):
        found = recognise(text)
        assert (found.account_id, found.client_id, found.unsure) == (ACCOUNT, CLIENT, ())


@pytest.mark.parametrize(
    "text",
    [
        f"Private key\n{KEY88[:20]}{'*' * 68}",
        f"Private key: {KEY88[:20]}••••••••••••",
        f"WEBHOOK_SECRET={KEY88}",
        f"Webhook signature key\n{KEY44}",
        f"signature_key={KEY88}",
        "CLIENT_SECRET=changeme",
        "CLIENT_SECRET=your client secret goes here",
        "CLIENT_SECRET=\nREDIRECT_URI=https://example.test/long/enough",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----",
    ],
)
def test_what_is_no_client_secret_is_not_taken(text: str) -> None:
    assert recognise(text).secret is None


def test_a_sub_account_is_never_the_account() -> None:
    for label in ("subAccountId", "SUB_ACCOUNT_ID", "sub-account", "Sub account ID", "subaccountid"):
        found = recognise(f"{label}: {SUB}\nclient_id: {CLIENT}")
        assert (found.account_id, found.client_id) == ("", CLIENT), label


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        (f"CLIENT_SECRET={KEY88}", False),
        (f"CLIENT_SECRET={KEY88}  ", True),
        (f"CLIENT_SECRET={KEY88}\t\nX=1", True),
        (f'CLIENT_SECRET=" {KEY88}"', True),
        (f'CLIENT_SECRET="{KEY88} "', True),
        (json.dumps({"clientSecret": f" {KEY88}"}), True),
        (json.dumps({"clientSecret": f"{KEY88}\n"}), True),
        (json.dumps({"clientId": f"{CLIENT} "}), True),
        (f"Private key\n  {KEY88}", True),
        (f"Private key\n{KEY88} \nAccount ID\n{ACCOUNT}", True),
        (f" {KEY88}", True),
        (f"{KEY88}\n", True),
        (KEY88, False),
        (f"{CLIENT}\n{ACCOUNT} \n{KEY88}", True),
        (f"{CLIENT}\n{ACCOUNT}\n{KEY88}", False),
        (f"CLIENT_ID={CLIENT}\u200b", True),
        (f"\ufeffCLIENT_ID={CLIENT}", True),
        (f"PRIVATE_KEY=\u202a{KEY88}\u202c", True),
    ],
)
def test_trimming_is_told(text: str, trimmed: bool) -> None:
    found = recognise(text)
    assert found.trimmed is trimmed
    for value in values(found):
        assert value in ("", ACCOUNT, CLIENT, KEY88)
    assert not found.found_nothing


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        (f"NOMBA_SANDBOX_CLIENT_ID={CLIENT}", "sandbox"),
        (f"# Test keys\nclient id: {CLIENT}", "sandbox"),
        (f"LIVE_CLIENT_ID={CLIENT}", "live"),
        (f"env: production\nclient_id: {CLIENT}", "live"),
        (f"Live / Test\nClient ID\n{CLIENT}", None),
        (f"latest deliverables\nclient_id: {CLIENT}", None),
        ("", None),
    ],
)
def test_environment_is_a_guess(text: str, environment: str | None) -> None:
    assert recognise(text).environment == environment


HUGE = {
    "blank lines": "\n" * 400_000,
    "spaces": "a" + " " * 400_000,
    "labels": "a:\n" * 100_000,
    "label lines": "a\n" * 100_000,
    "long labels": ("a" * 61 + " " * 40 + "\n") * 2_000,
    "labels and spaces": ("a " * 40 + "\n") * 3_000,
    "base64": "A" * 400_000,
    "almost a secret": ("A" * 85 + "==") * 3_000,
    "braces": "{" * 400_000,
    "brackets": "[" * 400_000,
    "quotes": '"' * 400_000,
    "tabs": "\t" * 400_000,
    "bullets": "-" * 400_000,
    "export": "export " * 50_000,
    "hex": "a" * 400_000,
    "uuids": f"{CLIENT}\n" * 6_000,
    "almost uuids": f"{CLIENT[:-1]}-" * 6_000,
    "digits": "1" * 400_000,
    "json numbers": "[" + "1," * 150_000 + "1]",
    "json keys": json.dumps({f"secret{i}": KEY88 for i in range(1_500)}),
    "named over and over": f"CLIENT_SECRET={KEY44}\n" * 3_000,
}


@pytest.mark.parametrize("what", HUGE)
def test_garbage_and_huge_text_is_quick(what: str) -> None:
    """CPU time, not the clock's: well under 0.2 s here; a regex that backtracks needs minutes for the whole text.

    The short pieces go first, so that it fails in seconds instead of hanging.
    """
    for length, most in ((2_000, 1), (20_000, 1), (len(HUGE[what]), 5)):
        begin = time.process_time()
        recognise(HUGE[what][:length])
        assert time.process_time() - begin < most, length


@given(st.text(st.characters(exclude_categories=()), max_size=300))
@example("")
@example("null")
@example('"x"')
@example("[[[[[[[[[[[[1]]]]]]]]]]]]")
@example("5")
def test_any_text_gives_sound_values(text: str) -> None:
    found = recognise(text)
    for uuid in (found.account_id, found.client_id):
        assert uuid == "" or is_uuid(uuid)
    assert found.secret is None or len(found.secret) >= 16


LINES = st.lists(
    st.sampled_from(
        [
            f"CLIENT_ID={CLIENT}", f"Account ID: {ACCOUNT}", f"clientKey: {KEY88}", CLIENT, ACCOUNT, KEY88, KEY44, SUB,
            "Client ID", "Account ID", "Private key", "", "# live", "{", "}", f"sub_account={SUB}", f"x={OTHER88}",
        ]
    ),
    max_size=8,
)  # fmt: skip


@given(LINES, st.sampled_from(["\n", "\r\n", "\n\n", " "]))
def test_whatever_is_mixed_a_sub_account_and_a_masked_key_stay_out(lines: list[str], glue: str) -> None:
    found = recognise(glue.join(lines))
    if f"sub_account={SUB}" in lines and glue != " " and SUB not in lines:
        assert SUB not in (found.account_id, found.client_id)
    if found.account_id and found.account_id == found.client_id:
        assert {"account_id", "client_id"} <= set(found.unsure)
    if not (found.client_id or found.account_id or found.secret):
        assert found.unsure == ()


def test_a_secret_does_not_show() -> None:
    assert KEY88[:6] not in repr(recognise(SURE["env"]))


@pytest.mark.parametrize(
    ("text", "value", "was_trimmed"),
    [("x", "x", False), (" x", "x", True), ("x\n", "x", True), ("", "", False)],
)
def test_trimmed_value(text: str, value: str, was_trimmed: bool) -> None:
    assert trimmed_value(text) == (value, was_trimmed)
