"""*Inspect a token*: good, malformed, huge and expired ones; nothing stays when the page is left."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from nomba_desktop.domain.tokens import Claims
from nomba_desktop.ui.derive.inspect import both_times, derive_inspect, expiry_fact
from nomba_desktop.ui.pages.inspect import InspectPage
from tests.support.qtloop import turn, wait_until
from tests.ui.form_world import Desk, World, focused, pieces, spoken

if TYPE_CHECKING:
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.theme import Theme

LAGOS = timezone(timedelta(hours=1))
NOW = 1_795_285_000.0  # 2026-11-21 18:16:40 UTC


def made(payload: dict[str, object]) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256'})}.{part(payload)}.{part('a signature that is planted')}"


TOKEN = made(
    {
        "R:TEAMS_OWNER": "R:TEAMS_OWNER",
        "G:OWNERS": "G:OWNERS",
        "Email:ops@merchant.example": "Email:ops@merchant.example",
        "sub": "5e26cfb0-529f-41aa-9d3e-0f2d1c3b4a59",
        "iat": NOW - 216,
        "exp": NOW + 1584,
        "aud": "nomba\u202e<b>x</b>",
    }
)


@pytest.fixture
async def page(desk: Desk, theme: Theme, world: World) -> InspectPage:
    shown = InspectPage(theme, cast("Intents", world), world.tasks.spawn, lambda: NOW, LAGOS)
    desk.setCentralWidget(shown)
    return shown


def rows(page: InspectPage) -> dict[str, str]:
    return {
        row.name.text(): " | ".join(
            part.text() for part in (row.value, row.remark, row.muted) if part.isVisible()
        )
        for row in page._rows
    }


async def test_a_pasted_token_is_read(page: InspectPage, world: World) -> None:
    world.clip = f"\n{TOKEN}  "
    page.paste.click()
    await wait_until(page.facts.isVisible)
    assert rows(page) == {
        "Expires": "19:43:04 · 18:43:04 UTC | in 26:24",
        "Issued": "19:13:04 · 18:13:04 UTC | 3 min ago",
        "Role in token": "TEAMS_OWNER",
        "Groups": "OWNERS",
        "E-mail": "o…@merchant.example",
        "Subject": "5e26cfb0-529f-41aa-9d3e-0f2d1c3b4a59",
        "Signed with": "HS256",
        "Length": f"{len(TOKEN)} characters",
        "aud": "nomba<b>x</b>",
    }
    assert page.known.text.text() == "Not known here."
    assert page.caveat.text() == "What the token says. Only Nomba can verify it."
    assert all(row.value.textFormat() is Qt.TextFormat.PlainText for row in page._rows)


async def test_pasting_into_the_field_is_enough(page: InspectPage, desk: Desk, world: World) -> None:
    page.token.edit.setFocus()
    page.token.edit.insert(TOKEN)
    await wait_until(page.facts.isVisible)
    page.token.edit.setFocus()
    QTest.keyClick(focused(), Qt.Key.Key_Backspace)
    assert not page.facts.isVisible()
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    await turn(4)
    assert page.facts.isVisible() or page.problem.isVisible()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "This is no access token. A token has three parts; this has 1."),
        ("a.b", "A token has three parts; this has 2."),
        (f"{TOKEN.split('.')[0]}.!!!!.x", "can't be decoded"),
        ("x" * 50_000, "A token has at most 16384 characters; this has 50000."),
        ("", "There is nothing to inspect. Paste a token first."),
    ],
)
async def test_bad_input_gets_its_sentence(page: InspectPage, world: World, text: str, sentence: str) -> None:
    world.clip = text
    page.paste.click()
    await wait_until(page.problem.isVisible)
    assert sentence in page.problem.text.text()
    assert not page.facts.isVisible()
    assert page.token.edit.accessibleDescription() == page.problem.text.text()
    assert world.reports == []


async def test_an_expired_token_says_since_when(page: InspectPage, world: World) -> None:
    world.clip = made({"iat": NOW - 2000, "exp": NOW - 200})
    page.paste.click()
    await wait_until(page.facts.isVisible)
    assert rows(page)["Expires"] == "19:13:20 · 18:13:20 UTC | expired 3 min ago"


async def test_time_passes_on_the_page(page: InspectPage, world: World) -> None:
    assert page.next_change(NOW) is None
    world.clip = TOKEN
    page.paste.click()
    await wait_until(page.facts.isVisible)
    assert page.next_change(NOW) == pytest.approx(1.0)
    page.tick(NOW + 1584 - 42)
    assert rows(page)["Expires"].endswith("in 42 s")
    page.tick(NOW + 1584 + 3)
    assert rows(page)["Expires"].endswith("expired 3 s ago")


async def test_leaving_forgets_everything(page: InspectPage, desk: Desk, world: World) -> None:
    world.clip = TOKEN
    page.paste.click()
    await wait_until(page.facts.isVisible)
    page.hide()
    page.show()
    assert page.token.is_empty
    assert not page.token.edit.isUndoAvailable()
    assert rows(page) == {}
    assert not any(p in str(w.property("text")) for w in page.findChildren(QWidget) for p in pieces(TOKEN))


async def test_an_answer_that_comes_late_is_dropped(page: InspectPage, world: World) -> None:
    world.gate = asyncio.Event()
    world.clip = TOKEN
    page.paste.click()
    await turn(2)
    page.clear.click()
    world.gate.set()
    await turn(4)
    assert not page.facts.isVisible()
    assert page.token.is_empty


async def test_the_token_is_nowhere_to_be_read(page: InspectPage, desk: Desk, world: World) -> None:
    world.clip = TOKEN
    page.paste.click()
    await wait_until(page.facts.isVisible)
    page.token.show_button.click()
    assert page.token.painted.isVisible()
    everything = "\n".join(spoken(desk))
    assert f"{len(TOKEN)} characters" in everything
    assert not [piece for piece in pieces(TOKEN) if piece in everything]


def test_times_of_another_day_have_a_date() -> None:
    assert both_times(NOW, LAGOS, same_day_as=NOW) == "19:16:40 · 18:16:40 UTC"
    assert both_times(NOW, LAGOS, same_day_as=NOW + 86_400) == "21 Nov 2026 19:16:40 · 18:16:40 UTC"
    late = NOW + 5 * 3600  # 23:16 UTC is the next day in Lagos
    assert both_times(late, LAGOS, same_day_as=late) == "00:16:40 · 21 Nov 23:16:40 UTC"


def test_a_token_that_says_little_says_so() -> None:
    facts = {f.name: f.value for f in derive_inspect(Claims(), "", 10, NOW).facts}
    assert facts["Expires"] == facts["Issued"] == "It does not say."
    assert facts["Role in token"] == "none"
    assert expiry_fact(Claims(expires_at=NOW + 60), NOW, LAGOS).remark == "in 1:00"
    ahead = derive_inspect(Claims(issued_at=NOW + 60), "", 10, NOW, LAGOS).facts[1]
    assert ahead.remark == "in the future by this computer's clock"
