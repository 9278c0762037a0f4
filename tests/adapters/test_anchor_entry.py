"""The keyring entry that anchors the activity log."""

from __future__ import annotations

import pytest

from nomba_desktop.adapters.anchor_entry import anchor_to_text, text_to_anchor
from nomba_desktop.domain.audit import Head
from nomba_desktop.domain.errors import KeyringDenied

GOOD = anchor_to_text(Head(50, b"m" * 32))


def test_it_comes_back() -> None:
    assert text_to_anchor(GOOD) == Head(50, b"m" * 32)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"v": 1}',
        GOOD.replace('"v": 1', '"v": 2'),
        GOOD.replace("50", "-1"),
        GOOD.replace("50", "true"),
        GOOD.replace("50", '"50"'),
        GOOD.replace("6d6d", "", 1),
        GOOD.replace("6d6d", "zzzz", 1),
        "[" * 100_000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(KeyringDenied, match="activity log"):
        text_to_anchor(text)
