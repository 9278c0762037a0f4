"""Receipts: the title says the most important truth."""

from __future__ import annotations

import json

import pytest

from nomba_desktop.domain.cutoff import Evidence, Line, Outcome, Receipt, Step, WhatHappened

PROVED = Line(Step.ACCESS, Outcome.PROVED, Evidence(200, 1.0, "revoke accepted", 2.0, 401, 0.6))
TO_DO = Line(
    Step.REGENERATE, Outcome.TO_DO, Evidence(before=200, remark="Developer, API Keys, Regenerate Keys")
)
WAITS = Line(Step.SECRET, Outcome.WAITS, Evidence(remark="kept for the check"))


def receipt(*lines: Line, revoke: bool = True, left: int = 0, lifted: bool = False, who: str = "") -> Receipt:
    return Receipt(
        "Payouts", "2242…9f0d", revoke, WhatHappened.RETIRING, "old", who, 50_000.0, 1.4, lines, left, lifted
    )


def test_evidence_reads_as_in_the_picture() -> None:
    assert PROVED.evidence.words() == "200 before · revoke accepted · 401 after 0.6 s"
    assert Evidence(after=401, remark="no proof").words() == "answered 401 · no proof"
    assert Line(Step.STOP, Outcome.N_OF_M, count=2, total=3).word() == "2 of 3"


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (receipt(PROVED, TO_DO, WAITS, left=1), "Its token is dead. The secret still works."),
        (
            receipt(PROVED, Line(Step.REGENERATE, Outcome.TO_DO), left=1),
            "Its token is dead. The secret may still work.",
        ),
        (receipt(PROVED), "Revoked, and proved."),
        (
            receipt(PROVED, revoke=False),
            "Suspended. Its token is dead; nothing on this computer uses the secret.",
        ),
        (
            receipt(PROVED, Line(Step.REFRESH, Outcome.NOT_PROVED, red=True), TO_DO, left=2),
            "A refresh token still signs in. It can't be killed from here: regenerate the key.",
        ),
        (
            receipt(PROVED, Line(Step.UNKNOWN, Outcome.NOT_PROVED, until=53_700.0), TO_DO, left=2),
            "An unknown token may live until 14:55 UTC.",
        ),
        (
            receipt(PROVED, Line(Step.UNKNOWN, Outcome.NOT_PROVED, until=43_500.0), left=2),
            "An unknown token may have lived until 12:05 UTC.",
        ),
        (
            receipt(
                Line(Step.ACCESS, Outcome.NOT_PROVED, Evidence(200, 1.0, "revoke accepted", 2.0, 200, 10.0)),
                left=2,
            ),
            "Not proved. Nomba accepted the end, and the token still works.",
        ),
        (
            receipt(Line(Step.ACCESS, Outcome.REFUSED), TO_DO, left=2),
            "Not proved: its token may still work.",
        ),
        (
            receipt(Line(Step.ACCESS, Outcome.FAILED), left=2),
            "Its token was not ended: Nomba could not be asked.",
        ),
        (
            receipt(Line(Step.ACCESS, Outcome.WAITS), left=2),
            "Its token was not ended yet: the cut-off waits.",
        ),
        (
            receipt(PROVED, Line(Step.OTHERS, Outcome.NOT_PROVED), left=2),
            "Its token is dead. An earlier one may still work.",
        ),
        (
            receipt(PROVED, Line(Step.REFRESH, Outcome.FAILED), left=2),
            "Its access token is dead. The refresh token could not be tried.",
        ),
        (
            receipt(PROVED, Line(Step.REGENERATE, Outcome.PROVED), WAITS, left=1),
            "Its token is dead. The secret is dead and still stored here.",
        ),
        (
            receipt(PROVED, Line(Step.KNOWINGLY, Outcome.CLOSED), who="Ada"),
            "Closed by Ada without proof.",
        ),
        (receipt(lifted=True), "Resumed meanwhile. Nothing more was ended."),
    ],
)
def test_the_title_says_the_most_important_truth(given: Receipt, title: str) -> None:
    assert given.title == title


def test_revoked_is_said_only_when_nothing_is_left() -> None:
    for outcome in Outcome:
        said = receipt(Line(Step.ACCESS, outcome), TO_DO, left=1)
        assert not said.title.startswith("Revoked")
        assert not said.proved
    assert not receipt(PROVED, Line(Step.SECRET, Outcome.CLOSED)).proved


def test_a_receipt_is_kept_as_plain_values_and_copied_as_text() -> None:
    given = receipt(PROVED, TO_DO, left=1, who="Ada")
    plain = json.loads(json.dumps(given.to_plain()))
    assert plain["steps"][0] == {
        "step": "access",
        "outcome": "proved",
        "evidence": "200 before · revoke accepted · 401 after 0.6 s",
        "red": False,
    }
    text = given.to_text()
    assert text.startswith("Its token is dead. The secret still works.\nPayouts (2242…9f0d) · 1970-01-01")
    assert "[to do] Regenerate the key in the dashboard: 200 before · Developer" in text
    assert "Operator: Ada" in text
