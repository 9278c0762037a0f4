"""A secret is never seen by accident."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import string
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.paste import Pasted
from nomba_desktop.domain.record import OwedEnd, SessionRecord, Tokens
from nomba_desktop.domain.secret import Secret, hint

PLANTED = "pLaNtEd-ü-0123456789-wXyZ"
SECRET = Secret(PLANTED)

SHOWN = {
    "repr": lambda: repr(SECRET),
    "str": lambda: str(SECRET),
    "format": lambda: format(SECRET),
    "format with a width": lambda: format(SECRET, ">40"),
    "f-string": lambda: f"{SECRET}",
    "f-string !r": lambda: f"{SECRET!r}",
    "f-string !a": lambda: f"{SECRET!a}",
    "f-string =": lambda: f"{SECRET=}",
    "%s": lambda: "%s" % SECRET,  # noqa: UP031
    "%r": lambda: "%r" % (SECRET,),  # noqa: UP031
    "%.9s": lambda: "%.9s" % SECRET,  # noqa: UP031
    "str.format": lambda: "{0} {0!r}".format(SECRET),  # noqa: UP032
    "string.Template": lambda: string.Template("$s").substitute(s=SECRET),
    "in a list": lambda: str([SECRET, {"k": SECRET}]),
    "json with default=str": lambda: json.dumps({"s": SECRET}, default=str),
    "json with default=repr": lambda: json.dumps({"s": SECRET}, default=repr),
    "in an exception": lambda: "".join(traceback.format_exception(ValueError(SECRET))),
    "in a dataclass": lambda: repr(Tokens(SECRET, SECRET, 0, 1, 1)),
    "in a record": lambda: repr(
        SessionRecord(
            tokens=Tokens(SECRET, SECRET, 0, 1, 1),
            owed=(OwedEnd(SECRET, 1),),
            superseded=(OwedEnd(SECRET, 1),),
        )
    ),
    "in what was pasted": lambda: repr(Pasted(secret=SECRET)),
}


def pieces(value: str, length: int = 4) -> set[str]:
    return {value[i : i + length] for i in range(len(value) - length + 1)}


@pytest.mark.parametrize("how", SHOWN)
def test_showing_masks(how: str) -> None:
    shown = SHOWN[how]()
    assert not [piece for piece in pieces(PLANTED) if piece in shown], shown
    assert "•" in shown or "\\u2022" in shown


TAKEN: dict[str, Callable[[Any], object]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "pickle protocol 0": lambda s: pickle.dumps(s, 0),
    "pickle in a dataclass": lambda s: pickle.dumps(OwedEnd(s, 1.0)),
    "asdict": lambda s: dataclasses.asdict(Tokens(s, None, 0, 1, 1)),
    "astuple": lambda s: dataclasses.astuple(OwedEnd(s, 1.0)),
    "json": json.dumps,
    "vars": vars,
    "list": list,
    "index": lambda s: s[0],
    "concatenate": lambda s: "x" + s,
    "join": lambda s: ",".join(["a", *[s]]),
    "bytes": bytes,
    "hash": hash,
    "hash of a frozen dataclass": lambda s: hash(OwedEnd(s, 1.0)),
    "dictionary key": lambda s: {s: 1},
    "sort": lambda s: sorted([s, Secret("a")]),
}


@pytest.mark.parametrize("how", TAKEN)
def test_taking_it_out_fails_and_says_nothing(how: str) -> None:
    with pytest.raises(TypeError) as caught:
        TAKEN[how](SECRET)
    assert not [piece for piece in pieces(PLANTED) if piece in str(caught.value)]


def test_a_wrong_format_spec_says_nothing() -> None:
    with pytest.raises(ValueError) as caught:
        format(SECRET, "d")
    assert PLANTED not in str(caught.value)


def test_a_traceback_with_locals_masks() -> None:
    def fail(secret: Secret) -> None:
        raise ValueError(secret)

    with pytest.raises(ValueError) as caught:
        fail(SECRET)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    lines = [line for line in shown.splitlines() if "secret = " in line]
    assert lines == ["    secret = Secret(••••)"]


def test_made_from_text_only() -> None:
    for wrong in (b"bytes", None, 5):
        with pytest.raises(TypeError, match="made from text"):
            Secret(wrong)  # type: ignore[arg-type]


def test_length_and_truth() -> None:
    assert len(SECRET) == len(PLANTED)
    assert SECRET
    assert not Secret("")


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@given(ANY_TEXT, ANY_TEXT)
def test_equal_exactly_when_the_values_are(a: str, b: str) -> None:
    assert (Secret(a) == Secret(b)) is (a == b)
    assert Secret(a) == Secret(a)
    assert (OwedEnd(Secret(a), 1.0) == OwedEnd(Secret(b), 1.0)) is (a == b)
    assert Secret(a) != a
    assert Secret(a).reveal() == a


def test_lone_surrogates_compare_without_an_error_that_carries_the_value() -> None:
    assert Secret("a\ud800") == Secret("a\ud800")
    assert Secret("a\ud800") != Secret("a\udfff")


def test_comparing_takes_constant_time() -> None:
    called: list[str] = []

    def watch(_frame: FrameType, event: str, arg: object) -> None:
        if event == "c_call":
            called.append(getattr(arg, "__name__", ""))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        same = Secret("ü" * 40) == Secret("ü" * 39 + "u")
    finally:
        sys.setprofile(before)
    assert not same
    assert called.count("compare_digest") + called.count("_compare_digest") == 1


# -- hints ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "head", "tail", "shown"),
    [
        ("eyJhbGci" + "x" * 88 + "wTFY", 8, 4, "eyJhbGci••••••wTFY"),
        ("a" * 47, 8, 4, "aaaaa••••••aaaaa"),
        ("a" * 48, 8, 4, "aaaaaaaa••••••aaaa"),
        ("abcdefgh", 8, 4, "a••••••h"),
        ("abcdefg", 8, 4, "••••••"),
        ("", 8, 4, "••••••"),
        ("a" * 100, 8, 0, "aaaaaaaa••••••"),
        ("\u202eevil\u202c\x1b[0m" + "x" * 90 + "\u2066end", 8, 4, "evil[••••••end"),
    ],
)
def test_hint(value: str, head: int, tail: int, shown: str) -> None:
    assert hint(Secret(value), head, tail) == shown


@given(ANY_TEXT, st.integers(0, 20), st.integers(0, 20))
def test_a_hint_hides_three_quarters(value: str, head: int, tail: int) -> None:
    shown = hint(Secret(value), head, tail).replace("•", "")
    assert 4 * len(shown) <= len(value)
