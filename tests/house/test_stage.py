"""The stage that `make test` sets (packaging/with-keyring.sh): a keyring of our own, a screen with focus."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keyring.backends.SecretService import Keyring
from PySide6.QtWidgets import QLineEdit

from tests.support.qtloop import wait_until

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

HOMES = ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


@pytest.mark.usefixtures("private_keyring")
def test_the_keyring_is_real_unlocked_and_ours() -> None:
    keyring = Keyring()
    keyring.set_password("nomba-desktop-stage", "probe", "kept")
    assert keyring.get_password("nomba-desktop-stage", "probe") == "kept"
    keyring.delete_password("nomba-desktop-stage", "probe")
    assert keyring.get_password("nomba-desktop-stage", "probe") is None
    assert any((Path(os.environ["XDG_DATA_HOME"]) / "keyrings").iterdir())


@pytest.mark.usefixtures("private_keyring")
def test_every_home_is_a_private_one() -> None:
    stage = Path(os.environ["NOMBA_TEST_HOME"])
    for name in HOMES:
        assert Path(os.environ[name]).is_relative_to(stage), name


async def test_a_window_gets_the_focus(qtbot: QtBot, real_screen: QApplication) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    await wait_until(field.hasFocus)
    assert field.isActiveWindow()
    assert real_screen.primaryScreen().size().width() >= 1280
