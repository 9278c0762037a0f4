"""Bad days in the real window: each is told in a sentence with a next step, nothing is lost, nothing half-written."""

from __future__ import annotations

import re
import resource
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtTest import QTest

from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.samples import sample_keys
from tests.adapters.httpx_rig import Authority, http, raw_server
from tests.support import real_keyring
from tests.support.desk import Desk, at_desk, desk_world, noted_server
from tests.support.fakes.fake_vault import FakeVault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from nomba_desktop.app.world import World
    from nomba_desktop.practice.keys import PracticeKey

pytestmark = [pytest.mark.usefixtures("private_keyring"), pytest.mark.timeout(180)]

_CODE = re.compile(r"Traceback|File \"|\.py\b|line \d+, in|\bErrno\b|Exception|[a-z]Error\b|httpx|<class")


@pytest.fixture
def one() -> PracticeKey:
    return sample_keys()[4]


@pytest.fixture
def unlocked_again(private_keyring: None) -> Iterator[None]:
    yield
    real_keyring.unlock()


def plain_words(desk: Desk) -> None:
    """Nothing of a traceback in anybody's face, and every notice says what to do."""
    assert [text for text in desk.words() if _CODE.search(text)] == []
    for bar in desk.bars():
        assert bar.props.title.endswith("."), bar.props
        assert bar.props.sentence.endswith("."), bar.props


def nothing_half_written(root: Path) -> None:
    """No file between two states."""
    assert [path.name for path in root.rglob("*") if path.name.endswith((".new", "-journal", ".owner"))] == []


def signed_in(desk: Desk, key: PracticeKey) -> bool:
    return desk.state(key.name) == "Signed in"


# -- Nomba and the way there -----------------------------------------------------------------------------------------


async def test_a_wrong_secret_is_told_and_corrected(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    with noted_server(one) as (server, _):
        async with at_desk(real_screen, desk_world(tmp_path, server.url)) as desk:
            await desk.add(one, secret="W" * 88)
            await desk.until(lambda: desk.state(one.name) == "Sign-in failing")
            await desk.until(desk.bars)
            told = desk.told(one.name)
            assert told.startswith(f"{one.name}: Nomba refused the client ID or secret. ")
            assert "Compare both with the dashboard" in told
            plain_words(desk)
            desk.press("Edit key", desk.program.window.notices)
            form = desk.program.window.detail
            edit = desk.visible_edit("Client secret", form)
            edit.setFocus()
            QTest.keyClicks(edit, one.client_secret)
            desk.press("Save changes", form)
            await desk.until(lambda: desk.says("Saved.", form))
            assert desk.bars() == [], "what was told is no longer so"
            await desk.add_signed_in(one)
        nothing_half_written(tmp_path)


async def test_a_key_of_the_other_environment(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    elsewhere = replace(one, environment="sandbox")
    with noted_server(elsewhere) as (server, _):
        async with at_desk(real_screen, desk_world(tmp_path, server.url)) as desk:
            await desk.add(elsewhere)
            await desk.until(lambda: desk.told(one.name))
            assert "environment" in desk.told(one.name)
            plain_words(desk)


async def test_nobody_listens_there_and_then_somebody_does(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    with noted_server(one) as (server, _):
        server.stop()
        async with at_desk(real_screen, desk_world(tmp_path, server.url)) as desk:
            await desk.add(one)
            await desk.until(lambda: desk.told(one.name))
            told = desk.told(one.name)
            assert told.startswith(
                f"{one.name}: No connection to Nomba. 127.0.0.1 does not accept connections."
            )
            assert "tries again by itself" in told
            plain_words(desk)
            assert desk.state(one.name) == "Sign-in failing"
            server.start()
            await desk.until(lambda: signed_in(desk, one))
            await desk.until(lambda: not desk.told(one.name))
        nothing_half_written(tmp_path)


async def test_a_certificate_that_nobody_vouches_for(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    (tmp_path / "authority").mkdir()
    context = Authority(tmp_path / "authority").context("127.0.0.1")
    async with raw_server(http(), context=context) as server:
        where = Environment("practice", "Practice", server.url, manages_keys=True)
        async with at_desk(real_screen, desk_world(tmp_path, "", where=where)) as desk:
            await desk.add(one)
            await desk.until(lambda: desk.told(one.name))
            told = desk.told(one.name)
            assert "The connection is not safe." in told
            assert "Nothing was sent" in told
            assert "no switch that turns the check off" in told
            plain_words(desk)
            desk.press("Open settings", desk.program.window.notices)
            await desk.until(lambda: desk.program.window.page == "settings")
        assert server.seen == []


# -- the keyring -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "said", "next_step"),
    [
        (KeyringState.LOCKED, "The keyring is locked.", "Unlock keyring"),
        (KeyringState.DENIED, "The keyring refused access.", "Try again"),
        (KeyringState.ABSENT, "This computer has no keyring.", "Try again"),
        (KeyringState.HUNG, "The keyring does not answer.", "Try again"),
    ],
)
async def test_a_keyring_that_is_away_from_the_start_and_comes_back(
    real_screen: QApplication,
    tmp_path: Path,
    one: PracticeKey,
    state: KeyringState,
    said: str,
    next_step: str,
) -> None:
    with noted_server(one) as (server, _):
        world = desk_world(tmp_path, server.url)
        vault = FakeVault(world.clock)
        async with at_desk(real_screen, replace(world, vault=vault)) as desk:
            await desk.add(one)
            await desk.until(lambda: signed_in(desk, one))
        vault.state = state
        async with at_desk(real_screen, replace(world, vault=vault)) as desk:
            await desk.until(lambda: desk.state(one.name) == "Waits for keyring")
            assert said in desk.told(said)
            plain_words(desk)
            await desk.try_to_add(sample_keys()[5], said.rstrip("."))
            plain_words(desk)
            assert desk.says("What you typed is still here.")
            desk.close_forms()
            vault.state = KeyringState.OK
            desk.press(next_step, desk.program.window.notices)
            await desk.until(lambda: signed_in(desk, one))
            await desk.until(lambda: not desk.bars())
            assert server.world.log.count("issue") == 1


@pytest.mark.usefixtures("unlocked_again")
async def test_the_real_keyring_is_locked_and_unlocked(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    with noted_server(one) as (server, _):
        async with at_desk(real_screen, desk_world(tmp_path, server.url, profile="locked")) as desk:
            await desk.add(one)
            await desk.until(lambda: signed_in(desk, one))
        real_keyring.lock()
        async with at_desk(real_screen, desk_world(tmp_path, server.url, profile="locked")) as desk:
            await desk.until(lambda: desk.told("The keyring is locked."))
            plain_words(desk)
            assert desk.state(one.name) == "Waits for keyring"
            real_keyring.unlock()
            desk.press("Unlock keyring", desk.program.window.notices)
            await desk.until(lambda: signed_in(desk, one))
            assert not desk.bars()


# -- the disk --------------------------------------------------------------------------------------------------------


async def test_a_damaged_database_is_set_aside_and_the_copy_taken(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    with noted_server(one) as (server, _):
        world = desk_world(tmp_path, server.url, profile="damaged")
        async with at_desk(real_screen, world) as desk:
            await desk.add(one, sign_in=False)
            copy = world.paths.data / "nomba.sqlite3.backup"
            await desk.until(copy.exists)
        database = world.paths.database
        damaged = database.read_bytes()[:3000] + b"\xff" * 9000
        database.write_bytes(damaged)
        async with at_desk(real_screen, desk_world(tmp_path, server.url, profile="damaged")) as desk:
            told = desk.told("The local store was damaged.")
            assert "set aside" in told
            plain_words(desk)
            aside = [path.read_bytes() for path in world.paths.data.glob("nomba.sqlite3.damaged-*")]
            assert damaged in aside
            assert [row.name for row in desk.rows()] == [one.name]
            await desk.add_signed_in(one)
        nothing_half_written(tmp_path)


@contextmanager
def no_file_grows() -> Iterator[None]:
    """The disk takes nothing any more: every write to a file fails (setrlimit(2), RLIMIT_FSIZE)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_disk_that_takes_nothing(real_screen: QApplication, tmp_path: Path, one: PracticeKey) -> None:
    two = sample_keys()[5]
    with noted_server(one, two) as (server, _):
        async with at_desk(real_screen, desk_world(tmp_path, server.url, profile="full")) as desk:
            await desk.add(one)
            await desk.until(lambda: signed_in(desk, one))
            desk.choose(one.name)
            await desk.until(lambda: desk.seen_button("Refresh now"))
            calls = server.world.log.auth_calls()
            with no_file_grows():
                desk.press("Refresh now")
                await desk.until(lambda: desk.told(one.name))
                assert "nothing was written" in desk.told(one.name) or "disk" in desk.told(one.name)
                assert "try again" in desk.told(one.name).lower()
                plain_words(desk)
                assert server.world.log.auth_calls() == calls, "no intent written, no call made"
                await desk.try_to_add(two, "can't be written")
                assert desk.says("What you typed is still here.")
                assert len(real_keyring.entries("full")) == 2, (
                    "the secret of the key that was not saved is gone"
                )
                plain_words(desk)
            assert signed_in(desk, one), "the token at hand lives on"
            form = desk.forms()[0]
            desk.click(form.save)
            await desk.until(lambda: desk.row(two.name) is not None)
            desk.press("Refresh now")
            await desk.until(lambda: desk.generation(one.name) == 2)
            await desk.until(lambda: not desk.told(one.name))
        nothing_half_written(tmp_path)


async def test_a_disk_that_is_full_after_the_reply(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    with noted_server(one) as (server, issued):
        async with at_desk(real_screen, desk_world(tmp_path, server.url, profile="unsaved")) as desk:
            server.world.inject(Fault("hold_after", "/v1/auth/token/issue", gate="reply"))
            await desk.add(one)
            await desk.until(lambda: server.world.log.entries(kind="issue"))
            await desk.until(lambda: server.world.log.entries(kind="issue")[0].held == "after")
            desk.choose(one.name)
            with no_file_grows():
                server.world.release("reply")
                await desk.until(lambda: desk.says("The new token is not saved yet"))
                plain_words(desk)
                assert desk.program.actions.reveal(desk.key(one.name).id) is not None, "it is at hand"
            await desk.until(lambda: signed_in(desk, one))
            assert len(issued.handed_out) == 1, "what Nomba gave was kept"
        async with at_desk(real_screen, desk_world(tmp_path, server.url, profile="unsaved")) as desk:
            assert signed_in(desk, one)
            assert len(issued.handed_out) == 1
        nothing_half_written(tmp_path)


async def test_a_data_directory_that_can_not_be_made(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    with noted_server(one) as (server, _):
        world = desk_world(tmp_path, server.url)
        world.paths.data.write_text("a file in the place of the directory")
        async with at_desk(real_screen, world) as desk:
            await desk.until(lambda: desk.told("The local store can't be written."))
            assert "then try again" in desk.told("The local store can't be written.")
            plain_words(desk)
            desk.press("Try again", desk.program.window.notices)
            await desk.until(lambda: desk.told("The local store can't be written."))
            world.paths.data.unlink()
            desk.press("Try again", desk.program.window.notices)
            await desk.until(lambda: desk.program.window.page == "first-run")
            assert not desk.bars()
            await desk.add(one)
            await desk.until(lambda: signed_in(desk, one))
        nothing_half_written(tmp_path)


# -- the settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["# mine\nprobe_every = 'soon'\ntheme = 'dark'\n", "theme = \n"])
async def test_a_settings_file_with_a_mistake(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey, text: str
) -> None:
    with noted_server(one) as (server, _):
        world = desk_world(tmp_path, server.url)
        world.paths.config.mkdir()
        world.paths.settings.write_text(text)
        async with at_desk(real_screen, world) as desk:
            await desk.until(lambda: desk.told("The settings file has a mistake."))
            told = desk.told("The settings file has a mistake.")
            assert "ine " in told
            assert "the defaults apply and the file stays as it is" in told
            plain_words(desk)
            await desk.add(one)
            await desk.until(lambda: signed_in(desk, one))
            assert world.paths.settings.read_text() == text
            desk.press("Open settings", desk.program.window.notices)
            await desk.until(lambda: desk.program.window.page == "settings")
        nothing_half_written(tmp_path)


async def test_a_config_directory_that_can_not_be_made(
    real_screen: QApplication, tmp_path: Path, one: PracticeKey
) -> None:
    with noted_server(one) as (server, _):
        world: World = desk_world(tmp_path, server.url)
        world.paths.config.write_text("a file in the place of the directory")
        async with at_desk(real_screen, world) as desk:
            await desk.add(one)
            await desk.until(lambda: signed_in(desk, one))
            plain_words(desk)
            assert desk.bars(), "what could not be noted is told"
