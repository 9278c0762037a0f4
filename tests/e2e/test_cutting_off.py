"""Cutting a key off in the real window, against the practice server: proved at the server, not by the window's word."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.app.core import Core
from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.errors import KeyStopped
from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.ui.dialogs.confirm import ConfirmDialog
from nomba_desktop.ui.dialogs.receipt import ReceiptDialog
from nomba_desktop.ui.dialogs.revoke import RevokeDialog
from tests.support.desk import Desk, at_desk, desk_world, noted_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from nomba_desktop.app.world import World
    from nomba_desktop.practice.keys import PracticeKey
    from nomba_desktop.practice.server import PracticeServer

pytestmark = [pytest.mark.usefixtures("private_keyring"), pytest.mark.timeout(180)]

PROFILE = "desk-cutting-off"


@asynccontextmanager
async def another_process(world: World) -> AsyncIterator[Core]:
    """Another program on the same files, as far as a test can have one in its own process."""
    core = Core(world)
    try:
        await core.open()
        yield core
    finally:
        await core.aclose()
        if isinstance(world.vault, KeyringVault):
            world.vault.close()


async def probe(server: PracticeServer, key: PracticeKey, token: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {token}", "accountId": key.account_id}
        return (await client.get(server.url + "/v1/accounts/parent", headers=headers)).status_code


def token_of(desk: Desk, name: str) -> str:
    secret = desk.program.actions.reveal(desk.key(name).id)
    return secret.reveal() if secret is not None else ""


async def receipt(desk: Desk) -> ReceiptDialog:
    await desk.until(lambda: any(d.later.isVisible() for d in desk.seen(ReceiptDialog)))
    return desk.seen(ReceiptDialog)[0]


async def test_suspend_resume_revoke_and_the_dashboard(real_screen: QApplication, tmp_path: Path) -> None:
    one = sample_keys()[4]
    with noted_server(one) as (server, _):
        # Practice without key management: as on Nomba the key itself is stopped in the dashboard.
        where = Environment("practice", "Practice", server.url)
        world = desk_world(tmp_path, server.url, profile=PROFILE, where=where)
        other_world = desk_world(tmp_path, server.url, profile=PROFILE, where=where)
        async with at_desk(real_screen, world) as desk:
            await desk.add(one)
            await desk.until(lambda: desk.state(one.name) == "Signed in")
            async with another_process(other_world) as other:
                token = await suspended(desk, other, server, one)
                token = await resumed(desk, other, server, one, before=token)
                await revoked_but_for_the_dashboard(desk, other, server, one, token)
                await finished(desk, server, one)
        assert not server.world.live_fingerprints(one.client_id)


async def suspended(desk: Desk, other: Core, server: PracticeServer, one: PracticeKey) -> str:
    """Asked, stopped everywhere on this computer at once, its token dead at the server."""
    desk.choose(one.name)
    token = token_of(desk, one.name)
    key_id = desk.key(one.name).id
    assert other.sessions is not None
    assert (await other.sessions.for_program(key_id)).access.reveal() == token
    assert await probe(server, one, token) == 200
    desk.press("Suspend…")
    await desk.until(lambda: desk.seen(ConfirmDialog))
    desk.press("Suspend key")
    shown = await receipt(desk)
    with pytest.raises(KeyStopped):
        await other.sessions.for_program(key_id)
    assert await probe(server, one, token) == 401
    assert shown.title.text() == "Suspended. Its token is dead; nothing on this computer uses the secret."
    assert desk.says("200 before · revoke accepted · 401 after", shown)
    desk.click(shown.later)
    await desk.until(lambda: desk.state(one.name) == "Suspended")
    return token


async def resumed(desk: Desk, other: Core, server: PracticeServer, one: PracticeKey, *, before: str) -> str:
    """Signed in anew, with a token that was not there before."""
    desk.choose(one.name)
    desk.press("Resume", desk.program.window.detail)
    await desk.until(lambda: desk.seen(ConfirmDialog))
    desk.press("Resume and sign in")
    await desk.until(lambda: desk.state(one.name) == "Signed in")
    token = token_of(desk, one.name)
    assert token not in ("", before)
    assert await probe(server, one, token) == 200
    assert other.sessions is not None
    assert (await other.sessions.for_program(desk.key(one.name).id)).access.reveal() == token
    return token


async def revoked_but_for_the_dashboard(
    desk: Desk, other: Core, server: PracticeServer, one: PracticeKey, token: str
) -> None:
    """Its token is dead; the secret works, is kept for the check, and one step is left."""
    key_id = desk.key(one.name).id
    desk.press("Revoke…")
    await desk.until(lambda: desk.seen(RevokeDialog))
    (dialog,) = desk.seen(RevokeDialog)
    assert not dialog.act.isEnabled()
    desk.click(dialog.what.buttons()[0])
    desk.click(dialog.act)
    shown = await receipt(desk)
    assert shown.title.text() == "Its token is dead. The secret still works."
    assert await probe(server, one, token) == 401
    assert other.sessions is not None
    with pytest.raises(KeyStopped):
        await other.sessions.for_program(key_id)
    assert await desk.program.core.vault.get(key_id) is not None
    desk.click(shown.later)
    await desk.until(lambda: desk.state(one.name) == "Cut off, 1 step left")


async def finished(desk: Desk, server: PracticeServer, one: PracticeKey) -> None:
    """*Finish* shows the receipt again. A check too early ends what it opened; after regenerating it is revoked."""
    key_id = desk.key(one.name).id
    desk.press("Finish", desk.program.window.detail)
    shown = await receipt(desk)
    assert shown.title.text() == "Its token is dead. The secret still works."
    desk.click(shown.check)
    await desk.until(lambda: shown.background.isVisible() or shown.check.isVisible())
    await desk.until(shown.check.isVisible)
    assert desk.state(one.name) == "Cut off, 1 step left"
    assert not server.world.live_fingerprints(one.client_id)
    server.world.regenerate_secret(one.client_id)
    shown.check.setFocus()
    QTest.keyClick(shown.check, Qt.Key.Key_Space)
    await desk.until(lambda: shown.title.text() == "Revoked, and proved.")
    desk.click(shown.later)
    await desk.until(lambda: desk.state(one.name) == "Revoked")
    assert await desk.program.core.vault.get(key_id) is None
    assert not desk.seen_button("Revoke…")


async def test_a_person_may_delete_the_secret_unproved_and_the_receipt_says_so(
    real_screen: QApplication, tmp_path: Path
) -> None:
    one = sample_keys()[4]
    with noted_server(one) as (server, _):
        where = Environment("practice", "Practice", server.url)
        async with at_desk(
            real_screen, desk_world(tmp_path, server.url, profile=PROFILE + "-unproved", where=where)
        ) as desk:
            await desk.add(one)
            await desk.until(lambda: desk.state(one.name) == "Signed in")
            desk.choose(one.name)
            key_id = desk.key(one.name).id
            desk.press("Revoke…")
            await desk.until(lambda: desk.seen(RevokeDialog))
            (dialog,) = desk.seen(RevokeDialog)
            desk.click(dialog.what.buttons()[2])
            desk.click(dialog.act)
            shown = await receipt(desk)
            desk.click(shown.unproved)
            QTest.keyClicks(shown.operator, "Ada")
            desk.click(shown.unproved_now)
            await desk.until(lambda: shown.title.text() == "Closed by Ada without proof.")
            assert desk.says("deleted unproved by Ada", shown)
            assert await desk.program.core.vault.get(key_id) is None
            desk.click(shown.later)
            await desk.until(lambda: desk.state(one.name) == "Revoked")
            assert not desk.says("Proved"), "what nobody proved is not called so"
