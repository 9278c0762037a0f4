"""Foreign text is safe to show: one line, nothing that hides, turns or can't be encoded."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nomba_desktop.domain.text import MAX_FOREIGN, clean, clean_lines, masked_email, short_id

ANY = st.text(st.characters(exclude_categories=()), max_size=200)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("  two \t\r\n words  ", "two words"),
        ("a\x00b\x07c\x7f", "abc"),
        ("red\x1b[31m", "red[31m"),
        ("line\u2028and\u2029paragraph\x85next\x1ffield", "line and paragraph next field"),
        ("abc\u202egnp.exe\u202c", "abcgnp.exe"),
        ("\u2066x\u2069\u061c\u200e\u200f", "x"),
        ("zero\u200bwidth\u200c\u200d\ufeff\u2060", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("hangul\u3164\u115f\u1160\uffa0 braille\u2800 joiner\u034f", "hangul braille joiner"),
        ("variation\ufe0f\U000e0100", "variation"),
        ("lone\ud800surrogate\udfff", "lonesurrogate"),
        ("private\ue000use\U0010fffd", "privateuse"),
        ("non\ufdd0character\uffff", "noncharacter"),
        ("Ọ̀nà Ngọ́zí — ₦5,000", "Ọ̀nà Ngọ́zí — ₦5,000"),
        ("日本語 العربية עברית", "日本語 العربية עברית"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
        ("x" * 298 + " yy", "x" * 298 + "…"),
    ],
)
def test_clean(foreign: str, shown: str) -> None:
    assert clean(foreign) == shown


@given(ANY, st.integers(1, 100))
@example("a" * 99 + "\u200b" * 3 + "b", 100)
def test_clean_is_safe_short_and_idempotent(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert len(once) <= limit
    assert clean(once, limit) == once
    assert once == once.strip()
    assert "  " not in once
    assert not {unicodedata.category(ch) for ch in once} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not any(unicodedata.bidirectional(ch) in {"LRO", "RLO", "LRE", "RLE", "PDF"} for ch in once)
    once.encode()


def test_a_huge_text_costs_no_more_than_what_is_shown() -> None:
    assert clean("a" * 10_000_000) == "a" * (MAX_FOREIGN - 1) + "…"
    assert clean("\u200b" * 10_000_000 + "late") == ""


@pytest.mark.parametrize(
    ("notes", "kept"),
    [
        ("one\r\ntwo\n\n  three  ", "one\ntwo\n\nthree"),
        ("\n\n a\u202eb \ud800\x00\n\n", "ab"),
        ("", ""),
        ("x" * 60, "x" * 50),
    ],
)
def test_clean_lines(notes: str, kept: str) -> None:
    assert clean_lines(notes, 50) == kept


@given(ANY)
def test_clean_lines_keeps_to_its_limit(text: str) -> None:
    kept = clean_lines(text, 40)
    assert len(kept) <= 40
    assert clean_lines(kept, 40) == kept
    kept.encode()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ops@example.test", "o…@example.test"),
        ("@example.test", "…@example.test"),
        ('"ada@home"@example.test', '"…@example.test'),
        ("nobody", "…"),
        ("", "…"),
        ("o\u202eps@exa\u200bmple.test", "o…@example.test"),
        ("x" * 300 + "@example.test", "…"),
    ],
)
def test_masked_email(address: str, shown: str) -> None:
    assert masked_email(address) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("22421111-1111-4222-8333-94445556f9d0", "2242…f9d0"),
        ("1234567890", "1234567890"),
        ("12345678901", "1234…8901"),
        ("\u202e22421111-1111-4222-8333-94445556f9d0", "2242…f9d0"),
        ("", ""),
    ],
)
def test_short_id(value: str, shown: str) -> None:
    assert short_id(value) == shown
