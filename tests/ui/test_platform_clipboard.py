"""The contract of the clipboard port on Qt's own clipboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QApplication

from nomba_desktop.domain.secret import Secret
from nomba_desktop.ui.platform.clipboard import SECRET_MARKS, QtClipboard

TOKEN = "eyJhbGciOi.planted-value.sig-0123456789"


@pytest.fixture
def clipboard(qapp: QApplication) -> QtClipboard:
    QApplication.clipboard().clear()
    return QtClipboard(QApplication.clipboard())


def test_it_holds_what_was_put(clipboard: QtClipboard) -> None:
    clipboard.put_secret(Secret(TOKEN))
    assert clipboard.text() == TOKEN
    assert clipboard.promises_clearing


def test_every_mark_for_clipboard_managers_is_there(clipboard: QtClipboard) -> None:
    clipboard.put_secret(Secret(TOKEN))
    data = QApplication.clipboard().mimeData()
    assert bytes(data.data("x-kde-passwordManagerHint").data()) == b"secret"
    assert {mark: bytes(data.data(mark).data()) for mark in SECRET_MARKS} == SECRET_MARKS
    assert [f for f in data.formats() if TOKEN in f] == []


def test_it_is_cleared_while_it_is_ours(clipboard: QtClipboard) -> None:
    clipboard.put_secret(Secret(TOKEN))
    assert clipboard.clear_if_ours() is True
    assert clipboard.text() == ""


def test_what_somebody_else_copied_stays(clipboard: QtClipboard) -> None:
    clipboard.put_secret(Secret(TOKEN))
    QApplication.clipboard().setText("a shopping list")
    assert clipboard.clear_if_ours() is True
    assert clipboard.text() == "a shopping list"


def test_the_same_text_copied_again_after_clearing_is_not_ours(clipboard: QtClipboard) -> None:
    clipboard.put_secret(Secret(TOKEN))
    clipboard.clear_if_ours()
    QApplication.clipboard().setText(TOKEN)
    assert clipboard.clear_if_ours() is True
    assert clipboard.text() == TOKEN


def test_a_second_copy_replaces_the_first(clipboard: QtClipboard) -> None:
    clipboard.put_secret(Secret("first-secret-value"))
    clipboard.put_secret(Secret(TOKEN))
    assert clipboard.text() == TOKEN
    assert clipboard.clear_if_ours() is True
    assert clipboard.text() == ""


def test_something_that_is_no_text_reads_as_nothing(clipboard: QtClipboard) -> None:
    data = QMimeData()
    data.setData("image/png", b"\x89PNG")
    QApplication.clipboard().setMimeData(data)
    assert clipboard.text() == ""


def test_wayland_promises_nothing(qapp: QApplication) -> None:
    held = QtClipboard(QApplication.clipboard(), "wayland")
    assert not held.promises_clearing
    held.put_secret(Secret(TOKEN))
    assert held.clear_if_ours() is True  # it could be looked at after all
    assert held.text() == ""


def test_the_digest_is_all_it_remembers(clipboard: QtClipboard) -> None:
    clipboard.put_secret(Secret(TOKEN))
    assert TOKEN not in repr(vars(clipboard))
