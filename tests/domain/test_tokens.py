"""What tokens say about themselves."""

from __future__ import annotations

import base64
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.errors import NotAToken
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.tokens import (
    FALLBACK_LIFE,
    Claims,
    describe,
    expiry,
    parse_expires_at,
    read_claims,
    refresh_token_made_at,
)

GROUP = "G:3f0e6c52-0b5e-4a51-9a53-2f6a4f0f9b11"
DOCUMENTED = {
    GROUP: GROUP,
    "R:TEAMS_OWNER": "R:TEAMS_OWNER",
    "Email:ops@example.test": "Email:ops@example.test",
    "iat": 1752000000,
    "sub": "9b1c6c52-0b5e-4a51-9a53-2f6a4f0f9b11",
    "exp": 1752003600,
}


def segment(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def jwt(payload: str | dict[str, object], header: str | dict[str, object] = '{"alg":"HS256"}') -> Secret:
    parts = [p if isinstance(p, str) else json.dumps(p) for p in (header, payload)]
    return Secret(".".join(segment(p.encode("utf-8", "surrogatepass")) for p in parts) + ".c2lnbmF0dXJl")


def test_the_documented_sample() -> None:
    assert read_claims(jwt(DOCUMENTED)) == Claims(
        roles=("TEAMS_OWNER",),
        groups=("3f0e6c52-0b5e-4a51-9a53-2f6a4f0f9b11",),
        emails=("o…@example.test",),
        subject="9b1c6c52-0b5e-4a51-9a53-2f6a4f0f9b11",
        issued_at=1752000000.0,
        expires_at=1752003600.0,
        algorithm="HS256",
    )


def test_no_role_and_unknown_claims() -> None:
    claims = read_claims(
        jwt({"exp": 1, "X:y": "X:y", "scope": "a b", "nested": {"a": [1, None]}, "R:A": "other"})
    )
    assert claims.roles == ()
    assert claims.others == (
        ("X:y", "X:y"),
        ("scope", "a b"),
        ("nested", '{"a": [1, null]}'),
        ("R:A", "other"),
    )


@pytest.mark.parametrize(
    "payload",
    [
        {"email": "ada.lovelace@example.test"},
        {"Email:ada.lovelace@example.test": "another value"},
        {"sub": "ada.lovelace@example.test"},
        {"R:ada.lovelace@example.test": "R:ada.lovelace@example.test"},
        {"G:ada.lovelace@example.test": "G:ada.lovelace@example.test"},
        {"who": {"mail": ["ada.lovelace@example.test"]}},
        {"who": "ada.love\u200blace@exam\u202eple.test"},
        {"x": "y" * 110 + " ada.lovelace@example.test"},
        {"act": "<ada.lovelace@example.test>"},
    ],
)
def test_an_email_address_is_masked_wherever_it_stands(payload: dict[str, object]) -> None:
    shown = repr(read_claims(jwt(payload)))
    assert "lovelace" not in shown
    assert "ada" not in shown


def test_foreign_claims_are_cleaned_and_cut() -> None:
    claims = read_claims(
        jwt(
            {"R:\u202eADMIN\x1b": "R:\u202eADMIN\x1b", "sub": "s\n" * 100, "k" * 200: "v" * 500},
            {"alg": "\x07none"},
        )
    )
    assert claims.roles == ("ADMIN",)
    assert len(claims.subject) <= 80
    assert [(len(k), len(v)) for k, v in claims.others] == [(60, 120)]
    assert claims.algorithm == "none"
    assert len(read_claims(jwt({f"c{i}": i for i in range(300)})).others) == 20


@pytest.mark.parametrize(
    ("exp", "moment"),
    [
        ("1752003600", 1752003600.0),
        ("1752003600.5", 1752003600.5),
        ("0", None),
        ("-1", None),
        ("NaN", None),
        ("Infinity", None),
        ("-Infinity", None),
        ("1e400", None),
        ("1" + "0" * 400, None),
        ("1e300", None),
        ("1752003600000", None),
        ("true", None),
        ("null", None),
        ('"1752003600"', None),
        ("[1752003600]", None),
        ("{}", None),
    ],
)
def test_exp_in_every_shape(exp: str, moment: float | None) -> None:
    claims = read_claims(jwt(f'{{"exp":{exp},"iat":{exp}}}'))
    assert claims.expires_at == claims.issued_at == moment


NO_TOKENS = {
    "empty": "",
    "blank": "   ",
    "one part": "abc",
    "two parts": "e30.e30",
    "four parts": "e30.e30.e30.e30",
    "an empty part": "e30..e30",
    "dots": "..",
    "not base64": "a.b.c",
    "not JSON": f"{segment(b'xx')}.{segment(b'yy')}.c",
    "arrays": f"{segment(b'[]')}.{segment(b'[]')}.c",
    "strings": f"{segment(b'1')}.{segment(b'{}')}.c",
    "not UTF-8": f"{segment(b'{}')}.{segment(bytes([0xFF, 0xFE, 0x7B]))}.c",
    "not ASCII": "é.é.é",
    "lone surrogate": "\ud800.\ud800.\ud800",
    "a number too long to read": f"{segment(b'{}')}.{segment(b'[' + b'1' * 5000 + b']')}.c",
    "nested too deep": f"{segment(b'{}')}.{segment(b'[' * 11_000)}.c",
    "huge": "a" * 20_000,
    "huge with dots": "." * 20_000,
}


@pytest.mark.parametrize("what", NO_TOKENS)
def test_no_token(what: str) -> None:
    text = NO_TOKENS[what]
    with pytest.raises(NotAToken) as caught:
        read_claims(Secret(text))
    told = f"{caught.value} {caught.value.sentence} {caught.value.details}"
    assert len(told) < 200
    assert not any(part in told for part in text.split(".") if len(part) > 3)


@pytest.mark.parametrize("depth", [10, 300, 900, 990, 3000])
def test_deeply_nested_claims_are_shown_or_refused(depth: int) -> None:
    try:
        claims = read_claims(jwt('{"a":' + "[" * depth + "]" * depth + ',"exp":5}'))
    except NotAToken:
        return
    assert claims.expires_at == 5
    assert claims.others[0][0] == "a"


def test_lone_surrogates_in_claims() -> None:
    claims = read_claims(jwt('{"R:A\\ud800":"R:A\\ud800","sub":"\\udfffx","k\\ud800":"\\ud800"}'))
    assert claims.roles == ("A",)
    repr(claims).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["exp", "iat", "sub", "R:A", "Email:a@b.test"]) | st.text(max_size=10), JSON
    ),
    st.dictionaries(st.sampled_from(["alg", "typ"]), JSON),
)
def test_any_object_is_read(payload: dict[str, object], header: dict[str, object]) -> None:
    claims = read_claims(jwt(payload, header))
    for moment in (claims.issued_at, claims.expires_at):
        assert moment is None or (math.isfinite(moment) and moment > 0)
    repr(claims).encode()
    assert "a@b.test" not in repr(claims).replace("…@b.test", "")


@given(
    st.text(st.characters(exclude_categories=()), max_size=60)
    | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.x")
)
def test_any_text_is_read_or_no_token(text: str) -> None:
    described = describe(Secret(text), None)
    assert isinstance(described.claims, Claims)


# -- the end -----------------------------------------------------------------------------------------------------------

MOMENT = 1_783_521_180.0  # 2026-07-08T14:33:00Z


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-07-08T14:33:00Z", MOMENT),
        (" 2026-07-08T14:33:00Z ", MOMENT),
        ("2026-07-08T14:33:00.900Z", MOMENT + 0.9),
        ("2026-07-08T14:33:00.657000Z", MOMENT + 0.657),
        ("2026-07-08T14:33:00.657000123Z", MOMENT + 0.657),
        ("2026-07-08T15:33:00+01:00", MOMENT),
        ("2026-07-08T15:33:00+0100", MOMENT),
        ("2026-07-08T14:33:00", MOMENT),
        ("2026-07-08T14:33", MOMENT),
        ("2026-07-08 14:33:00", MOMENT),
        ("1783521180", MOMENT),
        ("1783521180000", MOMENT),
        (1783521180, MOMENT),
        (1783521180.5, MOMENT + 0.5),
        (1783521180000, MOMENT),
        (1783521180500.0, MOMENT + 0.5),
        (None, None),
        ("", None),
        ("soon", None),
        ("3600", None),
        ("-1783521180", None),
        ("2026-13-08T14:33:00Z", None),
        ("2026-07-08T25:33:00Z", None),
        ("2026-07-08T14:33:00\ud800", None),
        ("1" * 100_000, None),
        (True, None),
        (False, None),
        (0, None),
        (-5, None),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (1e400, None),
        (10**400, None),
        (-(10**400), None),
        (10**18, None),
        ([], None),
        ({}, None),
    ],
)
def test_parse_expires_at(value: object, moment: float | None) -> None:
    assert parse_expires_at(value) == (None if moment is None else pytest.approx(moment, abs=1e-6))


@given(JSON | st.integers() | st.text(max_size=30) | st.datetimes().map(str))
def test_any_value_is_a_moment_or_none(value: object) -> None:
    moment = parse_expires_at(value)
    assert moment is None or (math.isfinite(moment) and 0 < moment < 253_402_300_800)


def claims_until(end: float | None) -> Claims:
    return Claims(expires_at=end)


@pytest.mark.parametrize(
    ("stated", "claims", "offset", "end", "disagree"),
    [
        (1000000060, claims_until(1000000100), 0.0, 1000000060, False),
        (1000000100, claims_until(1000000060), 0.0, 1000000060, False),
        (1000000060, claims_until(1000000121), 0.0, 1000000060, True),
        (1000000120, claims_until(1000000060), 0.0, 1000000060, False),
        (1000000060, None, 0.0, 1000000060, False),
        (1000000060, claims_until(None), 0.0, 1000000060, False),
        (None, claims_until(1000000060), 0.0, 1000000060, False),
        (1000000060, None, 30.0, 1000000030, False),
        (1000000060, None, -30.0, 1000000090, False),
        (None, None, 500.0, 1000000000 + FALLBACK_LIFE, False),
        ("nonsense", claims_until(None), 0.0, 1000000000 + FALLBACK_LIFE, False),
    ],
)
def test_expiry(stated: object, claims: Claims | None, offset: float, end: float, disagree: bool) -> None:
    assert expiry(stated, claims, 1_000_000_000.0, offset) == (end, disagree)


# -- refresh tokens ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("01k0abcdefghjkmnpqrstvwxyz1752000000000", 1752000000.0),
        ("01k0abcdefghjkmnpqrstvwxyz1752000000123", 1752000000.123),
        ("01K0ABCDEFGHJKMNPQRSTVWXYZ1752000000000", None),
        ("01k0abcdefghijkmnpqrstvwxy1752000000000", None),  # i, l, o and u are no ULID letters
        ("01k0abcdefghjkmnpqrstvwxyz175200000000", None),
        ("01k0abcdefghjkmnpqrstvwxyz17520000000001", None),
        ("01k0abcdefghjkmnpqrstvwxyz١٧٥٢٠٠٠٠٠٠٠٠٠", None),
        ("01k0abcdefghjkmnpqrstvwxyz1752000000000\n", None),
        ("c29tZSBiYXNlNjQgdGV4dCB0aGF0IGlzIGxvbmc=", None),
        ("", None),
        ("\ud800" * 39, None),
    ],
)
def test_refresh_token_made_at(text: str, moment: float | None) -> None:
    assert refresh_token_made_at(Secret(text)) == moment


def test_describe_holds_hints_and_claims_only() -> None:
    access, refresh = jwt(DOCUMENTED), Secret("01k0abcdefghjkmnpqrstvwxyz1752000000000")
    facts = describe(access, refresh)
    assert facts.refresh_made_at == 1752000000.0
    assert facts.claims.roles == ("TEAMS_OWNER",)
    shown = repr(facts)
    for secret in (access.reveal(), refresh.reveal()):
        assert not [i for i in range(len(secret) - 12) if secret[i : i + 12] in shown]
    assert describe(Secret("opaque"), None).claims == Claims()
    assert describe(Secret("opaque"), None).refresh_hint == ""
