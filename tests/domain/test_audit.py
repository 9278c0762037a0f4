"""The activity log's chain, its verification, and its export."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.audit import (
    Checkpoint,
    Entry,
    Fact,
    Fingerprint,
    Head,
    Link,
    Place,
    Result,
    What,
    chain_key,
    entry_of,
    linked,
    sealed_checkpoint,
)
from nomba_desktop.domain.audit_check import Unreadable, Verdict, Verifier
from nomba_desktop.domain.audit_export import COLUMNS, csv_cell, csv_lines, json_text, moment
from nomba_desktop.domain.secret import Secret

KEY = chain_key(b"k" * 32)
START = Head()
PLACE = Place("ada", "ops-desk-1", "window 42")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJlLXBsYW50ZWQ"


def chain(facts: list[Fact], head: Head = START, key: bytes = KEY) -> list[Link]:
    links = []
    for fact in facts:
        link = linked(key, head, entry_of(fact, head.number + 1, 1000.0 + head.number, PLACE))
        links.append(link)
        head = Head(link.entry.number, link.mac)
    return links


def verified(
    rows: list[Link] | list[Link | Unreadable],
    anchor: Head | None = None,
    checkpoints: tuple[Checkpoint, ...] = (),
) -> Verdict:
    verifier = Verifier(KEY, checkpoints, anchor)
    verifier.take(rows)
    return verifier.verdict()


def head_of(link: Link) -> Head:
    return Head(link.entry.number, link.mac)


LOG = chain([Fact(What.REFRESHED, key_id="k", evidence=f"generation {n}") for n in range(1, 11)])
OLDER = chain([Fact(What.COPIED, evidence=f"{n}") for n in range(1, 11)])
FORGED = chain([Fact(What.COPIED, key_id=f"x{n}") for n in range(10)], key=b"f" * 32)


def altered(link: Link, **change: object) -> Link:
    return Link(replace(link.entry, **change), link.mac)  # type: ignore[arg-type]


# -- verification


def test_a_whole_log() -> None:
    assert verified(LOG, head_of(LOG[7])) == Verdict(1, 10, anchored=8)
    assert verified(LOG, head_of(LOG[7])).unanchored == 2
    assert verified([]).whole
    assert verified(LOG).unanchored == 10


@pytest.mark.parametrize(
    ("rows", "broken", "words"),
    [
        ([*LOG[:3], *LOG[4:]], 4, "missing"),
        (LOG[1:], 1, "missing"),
        ([*LOG[:3], altered(LOG[3], reason="because"), *LOG[4:]], 4, "altered"),
        ([*LOG[:3], altered(LOG[3], at=float("nan")), *LOG[4:]], 4, "altered"),
        ([*LOG[:3], Unreadable(4), *LOG[4:]], 4, "can't be read"),
        ([*LOG[:3], LOG[4], LOG[3], *LOG[5:]], 4, "missing"),
        (
            [*LOG[:3], altered(LOG[4], number=4), altered(LOG[3], number=5), *LOG[5:]],
            4,
            "altered, moved",
        ),
        ([LOG[0], *LOG], 2, "missing"),
        (LOG[:7], 8, "Entries 8 to 10 are missing at the end"),
        ([], 1, "Entries 1 to 10"),
        (FORGED, 1, "without the key"),
        ([*OLDER[:3], *LOG[3:]], 4, "moved"),  # all of them genuine, of two logs
        ([*LOG[:5], *chain([Fact(What.COPIED)] * 5, head_of(LOG[4]))], 10, "replaced"),
        ([*LOG[:5], *chain([Fact(What.COPIED)] * 5, head_of(LOG[4]), b"f" * 32)], 6, "without the key"),
    ],
)
def test_tampering(rows: list[Link | Unreadable], broken: int, words: str) -> None:
    verdict = verified(rows, head_of(LOG[9]))
    assert not verdict.whole
    assert (verdict.broken, verdict.anchored) == (broken, 0)
    assert words in verdict.sentence


def test_a_tail_that_was_never_anchored_may_be_cut_off_and_that_is_said() -> None:
    verdict = verified(LOG[:8], head_of(LOG[4]))
    assert (verdict.whole, verdict.last, verdict.unanchored) == (True, 8, 3)


def test_every_field_is_authenticated() -> None:
    changes: dict[str, object] = {
        "what": What.COPIED,
        "result": Result.FAILED,
        "at": 1.0,
        "duration": 1.0,
        "number": 2,
        "fingerprints": (Fingerprint("0" * 12),),
    }
    for name in COLUMNS:
        change = {name: changes.get(name, "else")}
        assert not verified([altered(LOG[0], **change)]).whole, name


# -- checkpoints

FIRST = sealed_checkpoint(KEY, None, head_of(LOG[2]), 5.0)
SECOND = sealed_checkpoint(KEY, FIRST, head_of(LOG[5]), 6.0)


def test_a_log_behind_checkpoints() -> None:
    assert verified(LOG[6:], head_of(LOG[9]), (FIRST, SECOND)) == Verdict(7, 10, dropped=6, anchored=10)
    assert (
        verified(LOG[6:], head_of(LOG[2]), (FIRST, SECOND)).unanchored == 4
    )  # an anchor from before: no help
    assert verified([], head_of(LOG[5]), (FIRST, SECOND)).whole


@pytest.mark.parametrize(
    ("rows", "checkpoints"),
    [
        (LOG[6:], ()),
        (LOG[6:], (SECOND,)),
        (LOG[6:], (FIRST,)),
        (LOG[6:], (SECOND, FIRST)),
        (LOG[6:], (FIRST, replace(SECOND, at=7.0))),
        (LOG[7:], (FIRST, replace(SECOND, number=7, mac=LOG[6].mac))),
        (LOG[7:], (FIRST, sealed_checkpoint(b"f" * 32, FIRST, head_of(LOG[6]), 6.0))),
        (LOG[5:], (FIRST, SECOND)),
    ],
)
def test_tampering_with_checkpoints(rows: list[Link], checkpoints: tuple[Checkpoint, ...]) -> None:
    assert verified(rows, None, checkpoints).sentence


def test_an_anchor_at_a_checkpoint_has_its_mac() -> None:
    assert "replaced" in verified(LOG[6:], Head(6, b"x" * 32), (FIRST, SECOND)).sentence


# -- a property: whatever is done to a log without the key is found, or the log is a prefix of the true one

EDITS = st.lists(
    st.tuples(st.sampled_from(["delete", "swap", "alter", "double", "forge", "truncate"]), st.integers(0, 9)),
    min_size=1,
    max_size=4,
)


def edited(rows: list[Link], edits: list[tuple[str, int]]) -> list[Link]:
    rows = list(rows)
    for kind, at in edits:
        if at >= len(rows):
            continue
        if kind == "delete":
            del rows[at]
        elif kind == "swap":
            rows[0], rows[at] = rows[at], rows[0]
        elif kind == "alter":
            rows[at] = altered(rows[at], evidence=rows[at].entry.evidence + "!")
        elif kind == "double":
            rows.insert(at, rows[at])
        elif kind == "forge":
            rows[at] = Link(rows[at].entry, FORGED[at].mac)
        else:
            del rows[at:]
    return rows


@given(EDITS, st.integers(0, 10))
def test_what_is_not_found_is_a_prefix_as_long_as_the_anchor(
    edits: list[tuple[str, int]], anchored: int
) -> None:
    rows = edited(LOG, edits)
    anchor = head_of(LOG[anchored - 1]) if anchored else None
    prefix = rows == LOG[: len(rows)] and len(rows) >= anchored
    assert verified(rows, anchor).whole == prefix


TEXTS = st.text(max_size=20)


@given(TEXTS, TEXTS, st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(What))
def test_canonical_bytes_tell_entries_apart(name: str, reason: str, duration: float, what: What) -> None:
    fact = Fact(what, key_name=name, reason=reason, duration=duration)
    entry = entry_of(fact, 1, 0.0, PLACE)
    again = Entry(**{field: getattr(entry, field) for field in COLUMNS})
    assert entry.canonical() == again.canonical()
    moved = replace(entry, key_name=entry.reason, reason=entry.key_name)
    assert (moved.canonical() == entry.canonical()) == (moved == entry)


# -- what can't come in


def test_no_secret_comes_in() -> None:
    with pytest.raises(TypeError, match="text only"):
        Fact(What.COPIED, reason=Secret("planted"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="fingerprints"):
        Fact(What.COPIED, fingerprints=("planted",))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Fingerprint(Secret("planted"))  # type: ignore[arg-type]
    for digits in ("", "0" * 11, "0" * 13, "G" * 12, "0" * 12 + "\n"):
        with pytest.raises(ValueError, match="12 hexadecimal"):
            Fingerprint(digits)


@pytest.mark.parametrize("value", [TOKEN, "A" * 86 + "==", "b" * 43 + "="])
def test_what_looks_like_a_secret_is_masked(value: str) -> None:
    fact = Fact(What.COPIED, reason=f"found {value} in a mail", operator=value, evidence=value)
    assert fact.reason == "found •••• in a mail"
    assert (fact.operator, fact.evidence) == ("••••", "••••")


def test_texts_are_cleaned_and_cut() -> None:
    fact = Fact(What.COPIED, reason="a\u202eb\nc" + "x" * 600, key_name="n" * 200)
    assert fact.reason.startswith("ab c")
    assert (len(fact.reason), len(fact.key_name)) == (500, 120)
    with pytest.raises(ValueError, match="number of seconds"):
        Fact(What.COPIED, duration=float("inf"))


# -- export


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    cell = csv_cell(f'{start}HYPERLINK("http://evil.test","x")')
    assert cell.startswith(f"\"'{start}")
    assert next(csv.reader(io.StringIO(cell, newline="")))[0].startswith(f"'{start}")


def test_csv_is_read_back_by_the_book() -> None:
    fact = Fact(What.SUSPENDED, operator="@ada", reason='she said "stop", now', evidence="=1+1")
    marks = (Fingerprint("0123456789ab"), Fingerprint("ba9876543210"))
    text = "".join(csv_lines([chain([replace(fact, fingerprints=marks)])[0].entry]))
    assert text.count("\r\n") == 2
    head, row = csv.reader(io.StringIO(text, newline=""))
    told = dict(zip(head, row, strict=True))
    assert tuple(head) == COLUMNS
    assert (told["operator"], told["evidence"]) == ("'@ada", "'=1+1")
    assert told["reason"] == 'she said "stop", now'
    assert told["fingerprints"] == "0123456789ab ba9876543210"
    assert told["at"] == "1970-01-01T00:16:40.000Z"


@given(st.text())
def test_no_text_breaks_out_of_its_cell(text: str) -> None:
    cells = next(csv.reader(io.StringIO(csv_cell(text) + ",end\r\n", newline="")))
    assert cells in ([text, "end"], [f"'{text}", "end"])
    assert not cells[0].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_json_has_every_field() -> None:
    (told,) = json.loads(json_text([LOG[0].entry]))
    assert list(told) == list(COLUMNS)
    assert (told["what"], told["result"], told["at"]) == ("refreshed", "ok", "1970-01-01T00:16:40.000Z")
    assert moment(1e30) == ""
