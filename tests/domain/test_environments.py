"""Where a key lives: one spelling for one place."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.environments import (
    LIVE,
    SANDBOX,
    WRONG_HOSTS,
    Environment,
    SessionId,
    normal_base_url,
    practice,
)

RIGHT = [
    ("https://api.nomba.com", "https://api.nomba.com"),
    ("https://api.nomba.com/", "https://api.nomba.com"),
    ("https://api.nomba.com/v1", "https://api.nomba.com"),
    ("https://api.nomba.com/v1/", "https://api.nomba.com"),
    ("https://api.nomba.com/v2", "https://api.nomba.com"),
    ("https://api.nomba.com//", "https://api.nomba.com"),
    ("  https://api.nomba.com \n", "https://api.nomba.com"),
    ("HTTPS://API.Nomba.COM/v1", "https://api.nomba.com"),
    ("https://api.nomba.com:443/v1", "https://api.nomba.com"),
    ("https://api.nomba.com:", "https://api.nomba.com"),
    ("https://api.nomba.com.", "https://api.nomba.com"),
    ("https://proxy.example.test:8443", "https://proxy.example.test:8443"),
    ("http://127.0.0.1:8484", "http://127.0.0.1:8484"),
    ("http://127.0.0.1:80", "http://127.0.0.1"),
    ("http://localhost:8484/v1", "http://localhost:8484"),
    ("http://[::1]:8484", "http://[::1]:8484"),
    ("https://[2001:DB8::1]/", "https://[2001:db8::1]"),
    ("https://xn--80ak6aa92e.example", "https://xn--80ak6aa92e.example"),
]

WRONG = [
    ("", "starts with https"),
    ("api.nomba.com", "starts with https"),
    ("//api.nomba.com", "starts with https"),
    ("ftp://api.nomba.com", "starts with https"),
    ("file:///etc/hosts", "starts with https"),
    ("https://", "starts with https"),
    ("https:///v1", "starts with https"),
    ("https://.", "starts with https"),
    ("https://[::1", "starts with https"),
    ("https://[zz]/", "starts with https"),
    ("http://api.nomba.com", "Plain http"),
    ("http://127.0.0.1.example.test", "Plain http"),
    ("http://10.0.0.1:8484", "Plain http"),
    ("https://ada@api.nomba.com", "no user name"),
    ("https://ada:pw@api.nomba.com", "no user name"),
    ("https://@api.nomba.com", "no user name"),
    ("https://api.nomba.com\\@evil.example", "no user name"),
    ("https://api.nomba.com?x=1", "no user name"),
    ("https://api.nomba.com/v1#x", "no user name"),
    ("https://api nomba.com", "letters a to z"),
    ("https://api.nomba.com\\evil.example", "letters a to z"),
    ("https://аpi.nomba.com", "letters a to z"),  # a Cyrillic first letter
    ("https://api%2enomba.com", "letters a to z"),
    ("https://-api.nomba.com", "letters a to z"),
    ("https://api.nomba.com:99999", "port"),
    ("https://api.nomba.com:abc", "port"),
    ("https://api.nomba.com:0", "port"),
    ("https://api.nomba.com/v1/auth/token/issue", "Leave out the path"),
    ("https://api.nomba.com/v3", "Leave out the path"),
    ("https://api.nomba.com/v1/v1", "Leave out the path"),
    ("https://sandbox.api.nomba.com", "The sandbox is sandbox.nomba.com"),
    ("https://api.sandbox.nomba.com/v1", "The sandbox is sandbox.nomba.com"),
    ("https://API.nomba-sandbox.com", "The sandbox is sandbox.nomba.com"),
]


@pytest.mark.parametrize(("written", "normal"), RIGHT)
def test_a_right_address_gets_its_one_spelling(written: str, normal: str) -> None:
    assert normal_base_url(written) == normal
    assert normal_base_url(normal) == normal


@pytest.mark.parametrize(("written", "says"), WRONG)
def test_a_wrong_address_is_refused_with_a_sentence(written: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        normal_base_url(written)
    assert str(caught.value).endswith(".")


@given(
    st.text(st.characters(exclude_categories=()), max_size=40), st.sampled_from(["", "https://", "http://"])
)
def test_any_text_is_normal_or_refused_with_a_sentence(text: str, scheme: str) -> None:
    try:
        normal = normal_base_url(scheme + text)
    except ValueError as error:
        sentence = str(error)
    else:
        assert normal_base_url(normal) == normal
        assert not normal.endswith(("/", ":"))
        assert normal.isascii()
        return
    assert sentence[0].isupper()
    assert sentence.endswith(".")


def test_the_environments_are_in_normal_form() -> None:
    for environment in (LIVE, SANDBOX, practice()):
        assert normal_base_url(environment.base_url) == environment.base_url
    assert {LIVE.host, SANDBOX.host}.isdisjoint(WRONG_HOSTS)


def test_what_each_place_promises() -> None:
    assert (LIVE.host, LIVE.answers_without_token, LIVE.manages_keys) == ("api.nomba.com", False, False)
    assert (SANDBOX.host, SANDBOX.answers_without_token, SANDBOX.manages_keys) == (
        "sandbox.nomba.com",
        True,
        False,
    )
    assert practice("http://127.0.0.1:9").host == "127.0.0.1:9"
    assert practice().manages_keys
    assert len({e.id for e in (LIVE, SANDBOX, practice())}) == 3


def test_a_session_is_its_host_and_client_id() -> None:
    assert SessionId("h", "c") == SessionId("h", "c")
    assert len({SessionId("h", "c"), SessionId("h", "d"), SessionId("i", "c"), SessionId("h", "c")}) == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        Environment("a", "b", "https://c.example").base_url = "x"  # type: ignore[misc]
