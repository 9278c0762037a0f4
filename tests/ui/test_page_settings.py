"""*Settings*: each wrong value its sentence, what isn't the default is marked, nothing lost on an error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from nomba_desktop.domain.errors import SettingsInvalid, StoreUnavailable
from nomba_desktop.domain.settings import DEFAULTS, Density, Settings, Theme
from nomba_desktop.domain.snapshot import KeyringState, KeyringStatus
from nomba_desktop.ui.derive.settings_page import (
    SettingsDraft,
    check_settings,
    derive_settings,
    draft_of,
    keyring_words,
    settings_from,
)
from nomba_desktop.ui.pages.settings import SettingsPage
from tests.support.qtloop import turn, wait_until
from tests.ui.form_world import Desk, World, focused

if TYPE_CHECKING:
    from nomba_desktop.ui.intents import Intents
    from nomba_desktop.ui.theme import Theme as Look

NOW = 1_795_285_000.0


@pytest.fixture
async def page(desk: Desk, theme: Look, world: World) -> SettingsPage:
    made = SettingsPage(theme, cast("Intents", world), world.tasks.spawn, lambda: NOW)
    desk.setCentralWidget(made)
    return made


def with_value(name: str, value: str) -> SettingsDraft:
    changes: dict[str, Any] = {name: value}
    return replace(SettingsDraft(), **changes)


def line_of(page: SettingsPage, name: str) -> str:
    return page.fields[name].line.label.text()


async def test_it_shows_what_is_stored_and_has_nothing_to_save(page: SettingsPage) -> None:
    assert page.theme.value is Theme.SYSTEM
    assert page.lines["probe_every"].text() == "300"
    assert not page.save.isEnabled()
    assert not any(mark.isVisible() for mark in page.marks.values())


async def test_a_change_is_marked_saved_and_told(page: SettingsPage, world: World) -> None:
    saved: list[Settings] = []
    page.saved.connect(saved.append)
    page.theme.buttons()[2].click()
    page.density.buttons()[1].click()
    page.reduce_motion.click()
    page.lines["probe_every"].setText(" 120 ")
    page.lines["proxy"].setText("http://proxy.example:3128")
    assert page.marks["theme"].text() == "Changed from as the system"
    assert page.marks["proxy"].isVisible()
    assert not page.marks["extra_ca"].isVisible()
    page.save.click()
    await wait_until(lambda: saved)
    wanted = replace(
        DEFAULTS, theme=Theme.DARK, density=Density.COMPACT, reduce_motion=True, probe_every=120,
        proxy="http://proxy.example:3128", secrets_warning_seen=True,
    )  # fmt: skip
    assert saved == [wanted]
    assert world.stored == wanted
    assert page.said.text() == "Saved."
    assert not page.save.isEnabled()
    assert page.marks["proxy"].isVisible()


async def test_a_wrong_value_has_its_sentence_once_it_is_left(page: SettingsPage, world: World) -> None:
    page.lines["proxy"].setFocus()
    QTest.keyClicks(focused(), "proxy")
    assert "starts with http" not in line_of(page, "proxy")
    QTest.keyClick(focused(), Qt.Key.Key_Tab)
    assert line_of(page, "proxy") == "A proxy's address starts with http:// or https:// and names a host."
    assert page.lines["proxy"].accessibleDescription() == line_of(page, "proxy")
    page.lines["clipboard_clear"].setText("0")
    page.save.click()
    await turn(2)
    assert line_of(page, "clipboard_clear") == "A whole number of seconds from 5 to 300."
    assert focused() is page.lines["clipboard_clear"]
    assert world.calls == []


async def test_revert_brings_back_what_is_stored(page: SettingsPage) -> None:
    page.theme.buttons()[1].click()
    page.lines["practice_url"].setText("http://example.com")
    page.revert.click()
    assert page.theme.value is Theme.SYSTEM
    assert page.lines["practice_url"].text() == DEFAULTS.practice_url
    assert not page.revert.isEnabled()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SettingsInvalid("The file is no certificate."), "no certificate"),
        (StoreUnavailable(), "can't be written"),
    ],
)
async def test_an_error_is_told_and_the_page_keeps_what_was_typed(
    page: SettingsPage, world: World, error: Exception, words: str
) -> None:
    world.fail = [error]
    page.lines["extra_ca"].setText("/etc/ssl/company.pem")
    page.save.click()
    await wait_until(page.problem.isVisible)
    assert words in page.problem.text.text()
    assert page.lines["extra_ca"].text() == "/etc/ssl/company.pem"
    assert page.save.isEnabled()
    assert world.reports == []


async def test_a_defect_is_reported_and_the_page_goes_on(page: SettingsPage, world: World) -> None:
    world.fail = [RuntimeError("a defect")]
    page.lines["probe_every"].setText("60")
    page.save.click()
    await wait_until(lambda: world.reports)
    assert page.save.isEnabled()
    assert page.problem.isVisible()


async def test_the_ca_file_can_be_chosen(page: SettingsPage) -> None:
    page.choose_ca.click()
    dialog = page.file_dialog
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    dialog.fileSelected.emit("/etc/ssl/company.pem")
    dialog.reject()
    assert page.lines["extra_ca"].text() == "/etc/ssl/company.pem"
    assert page.file_dialog is None


async def test_the_keyring_can_be_tested_again(page: SettingsPage, world: World) -> None:
    page.render_keyring(KeyringStatus(KeyringState.OK, "Secret Service", NOW - 6))
    assert page.keyring.text() == "Secret Service works, tested 6 s ago."
    assert page.keyring_pill.text() == "Works"
    page.test.click()
    assert world.calls == [("unlock_keyring",)]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("probe_every", "59", "60 to 3600"),
        ("probe_every", "3601", "60 to 3600"),
        ("probe_every", "²", "whole number"),
        ("probe_every", "-60", "whole number"),
        ("clipboard_clear", "", "whole number"),
        ("proxy", "socks5://x", "starts with http"),
        ("proxy", "http://a:b@proxy.example", "plain text"),
        ("proxy", "http://proxy.example/path", "ends after the port"),
        ("proxy", "http://proxy.example:99999999", "no address"),
        ("proxy", "http://[x", "no address"),
        ("extra_ca", "ca.pem", "whole path"),
        ("practice_url", "", "https://"),
        ("practice_url", "https://practice.example", "127.0.0.1"),
        ("practice_url", "http://127.0.0.1:1/x", "path"),
    ],
)
def test_each_wrong_value_has_its_sentence(name: str, value: str, words: str) -> None:
    draft = with_value(name, value)
    assert list(check_settings(draft)) == [name]
    assert words in check_settings(draft)[name]
    assert derive_settings(draft, DEFAULTS, KeyringStatus(), NOW, judged=()).wrong == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("proxy", " https://proxy.example:3128/ "),
        ("extra_ca", "C:\\ca.pem"),
        ("practice_url", "http://localhost:1/v1"),
    ],
)
def test_good_values_pass(name: str, value: str) -> None:
    assert check_settings(with_value(name, value)) == {}


def test_a_draft_and_its_settings_agree() -> None:
    stored = Settings(
        Theme.DARK, Density.COMPACT, True, 90, 20, "http://p:1", "/ca.pem", "http://127.0.0.1:9", True
    )
    assert settings_from(draft_of(stored), stored) == stored
    assert derive_settings(draft_of(stored), stored, KeyringStatus(), NOW, judged=()).changed is False


@pytest.mark.parametrize("state", KeyringState)
def test_every_state_of_the_keyring_has_words(state: KeyringState) -> None:
    words, tone = keyring_words(KeyringStatus(state, "KWallet", NOW), NOW)
    assert words.endswith(".")
    assert (tone == "ok") == (state is KeyringState.OK)
