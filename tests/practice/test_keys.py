"""Key states, secrets, samples (facts 4, 11.2)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.world import PracticeWorld
from tests.practice import golden
from tests.practice.conftest import CLIENT, Api, make_key


async def test_a_suspended_key_is_refused_everywhere_and_works_again_when_resumed(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    pair = await api.sign_in(key)
    assert world.suspend_key(CLIENT).state == "suspended"
    for answer in (
        await api.issue(key),
        await api.refresh(key, pair.refresh, pair.access),
        await api.get(key, pair.access),
    ):
        assert (answer.status_code, answer.text) == (403, golden.FORBIDDEN)
    assert world.resume_key(CLIENT).state == "active"
    assert await api.alive(key, pair)


async def test_a_revoked_key_is_refused_for_good(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    pair = await api.sign_in(key)
    world.revoke_key(CLIENT)
    world.revoke_key(CLIENT)
    for answer in (
        await api.issue(key),
        await api.refresh(key, pair.refresh, pair.access),
        await api.get(key, pair.access),
    ):
        assert (answer.status_code, answer.text) == (401, golden.UNAUTHORIZED)
    for change in (world.suspend_key, world.resume_key):
        with pytest.raises(ValueError, match="A revoked key stays revoked"):
            change(CLIENT)
    with pytest.raises(ValueError, match="gets no new secret"):
        world.regenerate_secret(CLIENT)
    assert world.live_fingerprints(CLIENT) == ()
    report = world.token_report(pair.mark)
    assert report is not None
    assert (report.live, report.standing) == (False, "key_revoked")


async def test_a_token_of_a_suspended_key_can_still_be_revoked(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    pair = await api.sign_in(key)
    world.suspend_key(CLIENT)
    assert (await api.revoke(key, pair.access)).status_code == 200
    world.resume_key(CLIENT)
    assert not await api.alive(key, pair)


async def test_an_old_secret_works_for_the_overlap(api: Api, world: PracticeWorld, key: PracticeKey) -> None:
    secret = world.regenerate_secret(CLIENT, overlap=60)
    assert (await api.issue(key)).status_code == 200
    assert (await api.issue(key, client_secret=secret)).status_code == 200
    world.advance(60)
    assert (await api.issue(key)).status_code == 401
    assert (await api.issue(key, client_secret=secret)).status_code == 200


async def test_another_role_shows_in_the_next_token_and_holds_at_once(
    api: Api, world: PracticeWorld, key: PracticeKey
) -> None:
    pair = await api.sign_in(key)
    world.set_role(CLIENT, "Transactions")
    assert (await api.get(key, pair.access)).status_code == 403
    assert (await api.get(key, pair.access, "/v1/transactions/bank")).status_code == 200
    payload = (await api.renew(key, pair)).access.split(".")[1]
    assert b'"R:TRANSACTIONS"' in base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"client_id": "x"}, "'client_id' must be a UUID"),
        ({"account_id": "2a4c6e8011114222833394445556667"}, "'account_id' must be a UUID"),
        ({"sub_account_ids": ("x",)}, "'sub_account_ids' must be a UUID"),
        ({"client_secret": ""}, "'client_secret' must not be empty"),
        ({"name": " "}, "'name' must not be empty"),
        ({"email": "x" * 61}, "'email' must have 3 to 60"),
    ],
)
def test_a_key_is_checked_when_made(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make_key(**changes)


def test_a_client_id_is_taken_once(world: PracticeWorld) -> None:
    with pytest.raises(ValueError, match="already"):
        world.add_key(make_key(name="Again"))
    assert [key.name for key in world.all_keys()] == ["Checkout web"]


def test_the_samples_are_those_of_the_picture() -> None:
    assert [(key.name, key.role, key.state) for key in sample_keys()] == [
        ("Branch kiosk", "Transfers", "active"),
        ("Coastal pilot", "Admin", "active"),
        ("Virtual accounts", "Accounts", "active"),
        ("Agent banking (old)", "Admin", "suspended"),
        ("Checkout web", "Admin", "active"),
        ("Payouts service", "Admin", "active"),
        ("Reconciliation job", "Transactions", "active"),
        ("Sandbox QA", "Admin", "active"),
        ("Terminal fleet", "Terminals", "active"),
        ("Vendor trial", "Transactions", "active"),
        ("First gateway", "Admin", "revoked"),
    ]


def test_the_samples_follow_the_seed_and_look_like_nombas() -> None:
    assert sample_keys(5) == sample_keys(5)
    assert sample_keys(5) != sample_keys(6)
    keys = sample_keys()
    for values in (
        {k.client_id for k in keys},
        {k.account_id for k in keys},
        {k.client_secret for k in keys},
    ):
        assert len(values) == 11
    for key in keys:
        assert (len(key.client_id), len(key.account_id), len(key.client_secret)) == (36, 36, 88)
        assert len(base64.b64decode(key.client_secret, validate=True)) == 64
        assert key.environment is None
