"""The shape of tokens (facts 3.1, 3.3), decoded here by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from nomba_desktop.practice.keys import PracticeKey, Role
from nomba_desktop.practice.world import PracticeWorld
from tests.practice.conftest import CLIENT, NOON, Api, make_key, other_key


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def test_an_access_token_has_the_documented_claims(api: Api, key: PracticeKey) -> None:
    header, payload, signature = (await api.sign_in(key)).access.split(".")
    assert decoded(header) == {"alg": "HS256"}
    claims = decoded(payload)
    assert len(claims.pop("jti")) == 24
    assert claims == {
        "G:3f0e5b1c-58a4-4d0e-9a53-2f6a4f0f9b11": "G:3f0e5b1c-58a4-4d0e-9a53-2f6a4f0f9b11",
        "R:TEAMS_OWNER": "R:TEAMS_OWNER",
        "Email:operations@merchant.example": "Email:operations@merchant.example",
        "iat": 1783519380,
        "sub": "7d1f0c52-0b5e-4a51-9a53-2f6a4f0f9b11",
        "exp": 1783521180,
    }
    secret = hashlib.sha256(b"practice server, live").digest()
    expected = hmac.new(secret, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected


@pytest.mark.parametrize("email", ["a@b", "x" * 48 + "@example.com"])
@pytest.mark.parametrize("role", ["Admin", "Transactions"])
async def test_its_length_is_within_the_documented_limits(
    api: Api, world: PracticeWorld, email: str, role: Role
) -> None:
    pair = await api.sign_in(world.add_key(other_key(email=email, role=role)))
    assert 300 <= len(pair.access) <= 600


@pytest.mark.parametrize(
    ("role", "claim"),
    [
        ("Admin", "R:TEAMS_OWNER"),
        ("Accounts", "R:ACCOUNTS"),
        ("Transactions", "R:TRANSACTIONS"),
        ("Terminals", "R:TERMINALS"),
        ("Transfers", "R:TRANSFERS"),
        ("Read-only", "R:READ_ONLY"),
    ],
)
async def test_the_role_claim_follows_the_role(
    api: Api, world: PracticeWorld, role: Role, claim: str
) -> None:
    pair = await api.sign_in(world.add_key(other_key(role=role)))
    claims = decoded(pair.access.split(".")[1])
    assert [name for name in claims if name.startswith("R:")] == [claim]


async def test_a_refresh_token_is_a_ulid_and_the_same_moment_in_digits(api: Api, key: PracticeKey) -> None:
    token = (await api.sign_in(key)).refresh
    ulid, digits = token[:26], token[26:]
    assert len(token) == 39
    assert digits == "1783519380000"
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = 0
    for letter in ulid[:10]:
        number = number * 32 + alphabet.index(letter)
    assert number == 1783519380000
    assert set(ulid) <= set(alphabet)


async def test_tokens_of_the_same_second_differ(api: Api, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    seen = {pair.access, pair.refresh}
    for _ in range(14):
        pair = await api.renew(key, pair)
        api.world.advance(0.1)
        seen |= {pair.access, pair.refresh}
    assert len(seen) == 30


async def test_a_token_is_live_until_its_exp_and_not_at_it(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    world.advance(0.75)
    pair = await api.sign_in(key)
    world.advance(1799.0)
    assert (await api.get(key, pair.access)).status_code == 200
    world.advance(0.25)
    assert world.now() == NOON + 1800
    assert (await api.get(key, pair.access)).status_code == 401


async def test_reprs_show_no_secret_and_no_token(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    world.regenerate_secret(CLIENT, overlap=5)
    current = world.key(CLIENT)
    assert current is not None
    shown = " ".join(
        map(repr, [key, current, world, make_key(), world.log.entries(), world.token_report(pair.mark)])
    )
    for hidden in (key.client_secret, current.client_secret, pair.access, pair.refresh, world.admin_token):
        assert hidden not in shown
