"""Secrets that a server repeats are masked, in whichever form; its own words stay."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest

from nomba_desktop.adapters.masking import masked
from nomba_desktop.domain.secret import Secret

SECRET = "Qz\"7kV+/w&x=Lm'9pT<5d>Hn#2bYc"
OTHER = "01k0abcdefghjkmnpqrstvwxyz1752000000000"
SECRETS = (Secret(SECRET), Secret(OTHER))


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        json.dumps(SECRET)[1:-1],
        html.escape(SECRET),
        repr(SECRET)[1:-1],
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(f"id:{SECRET}".encode()).decode(),
        base64.b64encode(f"c:{SECRET}".encode()).decode(),
        SECRET[:12],
        SECRET[9:21],
        SECRET[-12:],
        OTHER[5:20],
        "\u200b".join(SECRET),
    ],
)
def test_every_form_and_piece(said: str) -> None:
    words = masked(f"The secret is {said}, which is wrong.", SECRETS)
    assert words.startswith("The secret is ")
    assert words.endswith(", which is wrong.")
    assert "••••" in words
    pieces = {said[i : i + 12] for i in range(max(1, len(said) - 11))}
    assert not [piece for piece in pieces if piece in words]


def test_its_own_words_stay() -> None:
    words = "Forbidden: IP 10.0.0.1 is not on the allow-list (ref 3f0e5b1c-58a4-4d0e-9a53-2f6a4f0f9b11)."
    assert masked(words, SECRETS) == words


def test_a_short_secret_is_masked_whole() -> None:
    assert masked("use abcd1 here", (Secret("abcd1"),)) == "use •••• here"
    assert masked("use a here", (Secret("a"),)) == "use a here"


def test_what_is_as_long_as_a_token_goes_too() -> None:
    assert masked("token " + "Zx9_" * 30, ()) == "token ••••"
