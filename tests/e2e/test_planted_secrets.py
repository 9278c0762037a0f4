"""Secrets with known values go through every journey of the real window, and are found nowhere they must not be."""

from __future__ import annotations

import json
import random
import string
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.domain.keys import Field
from nomba_desktop.domain.secret import Secret
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.jwt import mint_access_token
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.ui.pages.inspect import InspectPage
from nomba_desktop.ui.pages.settings import SettingsPage
from tests.support import places, real_keyring
from tests.support.clumsy import Clumsy
from tests.support.desk import Desk, SteppedClock, at_desk, desk_world, noted_server
from tests.support.planted import Planted
from tests.support.qtloop import turn
from tests.support.search import Search, all_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nomba_desktop.domain.record import Tokens
    from nomba_desktop.practice.keys import PracticeKey
    from nomba_desktop.practice.log import CallKind
    from nomba_desktop.practice.server import PracticeServer

pytestmark = [pytest.mark.usefixtures("private_keyring"), pytest.mark.timeout(300)]

Answer = dict[str, Any]
ECHOES = 5
_LETTERS = string.ascii_letters + string.digits
#: What a server may answer, and what may answer in its place.
ANSWERS: list[Answer] = [
    {"kind": "error", "status": 401, "code": "01", "description": "Unauthorized"},
    {"kind": "error", "status": 403, "code": "403", "description": "Forbidden"},
    {"kind": "edge_html"},
    {"kind": "not_json"},
    {"kind": "empty"},
    {"kind": "huge_body"},
    {"kind": "truncated_json"},
    {"kind": "cut_body"},
    {"kind": "drop"},
    {"kind": "hold_before", "seconds": 2.0},
    {"kind": "rate_limited", "retry_after": 1},
]


def unusual(seed: int, length: int = 88, extra: str = "+/=\"\\&%?#<>'") -> str:
    """A value that everything escapes differently."""
    rng = random.Random(seed)
    middle = "".join(rng.choice(_LETTERS + extra) for _ in range(length - 2))
    return f"P{middle}Q"


def echoes(secret: str) -> list[Answer]:
    """What a careless server repeats of a secret in its own words."""
    told = (
        f"the secret {secret} is wrong", f"wrong: {quote(secret, safe='')}", f"wrong: {json.dumps(secret)}",
        f"wrong: {secret[:40]}...", f"wrong: ...{secret[-30:-5]}...",
    )  # fmt: skip
    assert len(told) == ECHOES
    return [{"kind": "error", "status": 500, "code": "500", "description": words} for words in told]


def planted_keys(planted: Planted) -> list[PracticeKey]:
    """Three sample keys with planted secrets; the last one's is a usual one, for *Paste all*."""
    secrets = [unusual(1), unusual(2), unusual(3, 44, "+/")]
    keys = [replace(key, client_secret=s) for key, s in zip(sample_keys()[4:7], secrets, strict=True)]
    for key in keys:
        planted.add(f"secret of {key.name}", key.client_secret)
    return keys


@pytest.fixture
def search(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Search]:
    marker = tmp_path / "began"
    marker.touch()
    with all_logs() as logs:
        yield Search(tmp_path, Planted(), logs, capfd, marker.stat().st_mtime)
    QApplication.clipboard().clear()


# -- adding ----------------------------------------------------------------------------------------------------------


async def type_show_and_fail(desk: Desk, search: Search, key: PracticeKey) -> None:
    form = await desk.open_form()
    for edit, text in ((form.form.secret.edit, key.client_secret), (form.form.name, key.name)):
        edit.setFocus()
        QTest.keyClicks(edit, text)
    search.step("typing a secret", desk, typing=True)
    desk.click(form.form.secret.show_button)
    assert form.form.secret.painted.isVisible()
    search.step("showing a typed secret", desk, typing=True)
    desk.click(form.form.secret.show_button)
    desk.click(form.save)
    await turn(3)
    assert "environment" in form.form.fields[Field.ENVIRONMENT].line.label.text().lower()
    search.step("a form that is refused", desk, typing=True)
    desk.click(form.cancel)
    await desk.until(lambda: form not in desk.seen(type(form)))
    search.step("cancelling the form", desk)


async def paste_all(desk: Desk, search: Search, key: PracticeKey) -> None:
    pasted = {"accountId": key.account_id, "clientId": key.client_id, "privateKey": key.client_secret}
    QApplication.clipboard().setText(json.dumps({"note": "keep", **pasted}, indent=1))
    form = await desk.open_form()
    desk.click(form.paste)
    QApplication.clipboard().clear()
    assert len(form.form.typed_secret()) == len(key.client_secret)
    form.form.name.setText(key.name)
    desk.click(form.form.environment.buttons()[2])
    desk.click(form.form.shared_use.buttons()[1])
    search.step("pasting a whole key", desk, typing=True)
    desk.click(form.save)
    await desk.until(lambda: desk.row(key.name) is not None)
    await desk.until(lambda: form not in desk.seen(type(form)))
    search.step("saving a pasted key", desk)


# -- failing ---------------------------------------------------------------------------------------------------------


async def expand(desk: Desk) -> None:
    """Every notice, every detail."""
    await turn(3)
    for more in [b for b in desk.seen(QAbstractButton) if b.text().endswith(" more")]:
        desk.click(more)
        await turn(3)
    for bar in desk.bars():
        if bar.more.isVisible() and bar.more.text() == "Details":
            desk.click(bar.more)
    await turn(3)


async def failing(
    desk: Desk,
    clock: SteppedClock,
    server: PracticeServer,
    name: str,
    fault: Callable[[Tokens | None], Answer],
) -> None:
    """A person signs in or refreshes, and this is the answer; it may repeat a token of the moment."""
    core, actions, key = desk.program.core, desk.program.actions, desk.key(name)
    assert core.sessions is not None
    record = core.sessions.record(key)
    call: CallKind = "issue" if record.tokens is None else "refresh"
    path = f"/v1/auth/token/{call}"
    server.world.inject(Fault(path=path, client_id=key.client_id, times=None, **fault(record.tokens)))
    clock.step(660)  # past the budget's ten minutes
    core.notices.withdraw_for(key.id)
    if record.tokens is None:
        actions.sign_in(key.id, confirmed=True)
    else:
        actions.refresh_now(key.id, record.generation, confirmed=True)
    await desk.until(lambda: any(n.key_id == key.id for n in core.state.snapshot.notices))
    assert server.world.log.entries(kind=call, client_id=key.client_id)[-1].faults, "the fault struck"
    server.world.clear_faults()
    await expand(desk)


async def signed_in_again(desk: Desk, clock: SteppedClock, name: str) -> None:
    """All is well again, and no call is in doubt."""
    clock.step(660)
    actions, key = desk.program.actions, desk.key(name)
    before = desk.generation(name)
    actions.refresh_now(key.id, before, confirmed=True)
    await desk.until(lambda: desk.generation(name) > before and desk.state(name) == "Signed in")


def always(answer: Answer) -> Callable[[Tokens | None], Answer]:
    """The same answer, whatever was sent."""
    return lambda _: answer


def repeated(number: int, kind: str) -> Callable[[Tokens | None], Answer]:
    """The server repeats the access or refresh token that it was sent."""

    def answer(tokens: Tokens | None) -> Answer:
        secret = getattr(tokens, kind, None)
        assert isinstance(secret, Secret)
        return echoes(secret.reveal())[number]

    return answer


# -- tests -----------------------------------------------------------------------------------------------------------


async def test_forms_and_every_bad_answer(real_screen: QApplication, tmp_path: Path, search: Search) -> None:
    clock = SteppedClock()
    one, two, three = planted_keys(search.planted)
    with noted_server(one, two, three, clock=clock) as (server, issued):
        search.issued = issued
        async with at_desk(real_screen, desk_world(tmp_path, server.url, clock=clock)) as desk:
            await type_show_and_fail(desk, search, one)
            await paste_all(desk, search, three)
            await desk.add(two, sign_in=False)
            desk.choose(two.name)
            for number, answer in enumerate([*ANSWERS, *echoes(two.client_secret)]):
                await failing(desk, clock, server, two.name, always(answer))
                search.step(f"answer {number} to a sign-in", desk)
            await desk.add(one, secret=unusual(9))
            await desk.until(lambda: desk.state(one.name) == "Sign-in failing")
            search.step("a wrong secret", desk)
            await desk.add_signed_in(three)
            desk.choose(three.name)
            told = [repeated(number, kind) for kind in ("access", "refresh") for number in range(ECHOES)]
            for number, fault in enumerate(told):
                await failing(desk, clock, server, three.name, fault)
                search.step(f"answer {number} to a refresh", desk)
                await signed_in_again(desk, clock, three.name)
    search.end()


async def test_a_session_from_sign_in_to_forgetting(
    real_screen: QApplication, tmp_path: Path, search: Search
) -> None:
    (one, _, _) = planted_keys(search.planted)
    profile = "planted-session"
    with noted_server(one) as (server, issued):
        search.issued = issued
        world = desk_world(tmp_path, server.url, profile=profile)
        async with at_desk(real_screen, world) as desk:
            search.planted.add("cache key", await world.vault.cache_key())
            await desk.add(one)
            await desk.until(lambda: desk.state(one.name) == "Signed in")
            search.step("signing in", desk)
            desk.choose(one.name)
            await desk.until(lambda: desk.seen_button("Copy token"))
            desk.press("Refresh now")
            await desk.until(lambda: len(issued.handed_out) == 2 and desk.state(one.name) == "Signed in")
            search.step("refreshing", desk)
            await shorter_clipboard(desk, search)
            await copy_and_clear(desk, search, one)
            await reveal(desk, search)
            await inspect(desk, search, one)
        search.step("closing")
        async with at_desk(real_screen, desk_world(tmp_path, server.url, profile=profile)) as desk:
            assert desk.state(one.name) == "Signed in"
            desk.choose(one.name)
            await desk.until(lambda: desk.seen_button("Sign out"))
            desk.press("Sign out")
            await desk.until(lambda: desk.state(one.name) == "Signed out")
            search.step("signing out", desk)
            assert [name for name in real_keyring.entries(profile) if ":key:" in name]
            desk.program.window.detail.show_tab("Settings")
            desk.press("Forget this key…")
            await desk.until(lambda: desk.row(one.name) is None)
            assert not [name for name in real_keyring.entries(profile) if ":key:" in name]
            search.step("forgetting", desk)
    search.end()


async def shorter_clipboard(desk: Desk, search: Search) -> None:
    """The settings, changed: the clipboard is cleared after five seconds."""
    desk.program.window.settings_requested.emit()
    (page,) = desk.seen(SettingsPage)
    edit = page.lines["clipboard_clear"]
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "5")
    desk.click(page.save)
    await desk.until(lambda: desk.program.core.settings.clipboard_clear == 5)
    search.step("saving settings", desk)
    desk.program.presenter.open_page("")


async def copy_and_clear(desk: Desk, search: Search, key: PracticeKey) -> None:
    desk.press("Copy token")
    board = QApplication.clipboard()
    await desk.until(board.text)
    assert search.planted.search_all(places.clipboard()), "what was copied is a secret"
    search.step("copying", desk, copied=True)
    await desk.until(lambda: not board.text())
    search.step("the clipboard's half minute", desk)


async def reveal(desk: Desk, search: Search) -> None:
    panel = desk.program.window.detail.token
    desk.press("Show", panel)
    assert panel.painted.showing
    search.step("showing the token", desk)
    desk.press("Hide", panel)
    assert not panel.painted.showing


async def inspect(desk: Desk, search: Search, key: PracticeKey) -> None:
    """Its own token, a foreign one, and what is none."""
    foreign = mint_access_token(
        key, issued=1, expires=1801, environment="sandbox", role_claim=True, rng=random.Random(5)
    )
    no_token = unusual(6, 300)
    search.planted.add_token("foreign token", foreign)
    search.planted.add("what is no token", no_token)
    assert search.issued is not None
    own = search.issued.handed_out[-1].access_token
    desk.program.window.inspect_requested.emit()
    (page,) = desk.seen(InspectPage)
    for name, text, said in (
        ("its own token", own, "This is the present token"),
        ("an earlier token", search.issued.handed_out[0].access_token, "token of"),
        ("a foreign token", foreign, "Not a present token"),
        ("no token", no_token, "no access token"),
    ):
        QApplication.clipboard().setText(text)
        desk.click(page.paste)
        QApplication.clipboard().clear()
        await desk.until(partial(desk.says, said, page))
        search.step(f"inspecting {name}", desk, typing=True)
    desk.program.presenter.open_page("")
    await desk.until(lambda: not page.isVisible())
    search.step("leaving the inspection", desk)


async def test_a_locked_keyring_a_defect_and_a_damaged_store(
    real_screen: QApplication, tmp_path: Path, search: Search
) -> None:
    one, two, _ = planted_keys(search.planted)
    with noted_server(one, two) as (server, issued):
        search.issued = issued
        profile = "planted-damage"
        world = desk_world(tmp_path, server.url, profile=profile)
        api, vault = Clumsy(None), Clumsy(world.vault)

        def clumsy_api(*given: Any) -> Any:
            api._inner = world.api(*given)
            return api

        async with at_desk(real_screen, replace(world, api=clumsy_api, vault=vault)) as desk:
            await desk.add(one)
            await desk.until(lambda: desk.state(one.name) == "Signed in")
            for door in (api, vault):
                door.broken = True
                if door is api:
                    desk.choose(one.name)
                    await desk.until(lambda: desk.seen_button("Refresh now"))
                    desk.press("Refresh now")
                else:
                    await desk.try_to_add(two, "The app made a mistake")
                await desk.until(lambda: desk.told("The app made a mistake"))
                assert door.raised
                door.broken = False
                await expand(desk)
                assert "  services/" in "".join(n.details for n in desk.program.core.state.snapshot.notices)
                search.step("a defect", desk, typing=True)
                for notice in desk.program.core.state.snapshot.notices:
                    desk.program.core.notices.withdraw(notice.id)
            desk.close_forms()
            real_keyring.lock()
            try:
                await desk.try_to_add(two, "The keyring is locked")
                search.step("adding with a locked keyring", desk, typing=True)
                desk.close_forms()
                await desk.until(lambda: desk.told("keyring is locked"))
                await expand(desk)
                search.step("a locked keyring", desk)
            finally:
                real_keyring.unlock()
        assert isinstance(world.vault, KeyringVault)
        database = world.paths.database
        database.write_bytes(database.read_bytes()[:5000] + b"\xff" * 20_000)
        async with at_desk(real_screen, desk_world(tmp_path, server.url, profile=profile)) as desk:
            await desk.until(lambda: desk.told("local store was damaged"))
            await expand(desk)
            search.step("a damaged store", desk)
    search.end()
