"""The search for planted secrets is proved: what is planted on purpose, in each place and form, is found."""

from __future__ import annotations

import base64
import json
import logging
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QTableWidget, QTableWidgetItem, QWidget

from nomba_desktop.domain.errors import StoreCorrupt, Unexpected
from nomba_desktop.domain.snapshot import KeySaved, Snapshot, reduce
from nomba_desktop.services.notices import Notices
from nomba_desktop.services.state import State
from tests.support import places
from tests.support.fakes.manual_clock import ManualClock
from tests.support.planted import PIECE, Planted
from tests.support.search import Search, all_logs
from tests.ui.form_world import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "P\"q\\7kV+/w&x=Lm'9pT<5d>Hn#2bYc%ZrQ"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.UGxhbnRlZENsYWltcw-_9x.c2lnbmF0dXJlMTIzNDU2"


@pytest.fixture
def planted() -> Planted:
    planted = Planted()
    planted.add("secret", SECRET)
    planted.add_token("token", TOKEN)
    return planted


FORMS: dict[str, Callable[[str], str | bytes]] = {
    "as it is": str,
    "base64": lambda s: base64.b64encode(s.encode()),
    "base64 of a longer text": lambda s: base64.b64encode(f"client:{s}:x".encode()),
    "base64 of a text one longer": lambda s: base64.b64encode(f"client1:{s}".encode()),
    "urlsafe base64": lambda s: base64.urlsafe_b64encode(s.encode()),
    "URL-escaped": lambda s: quote(s, safe=""),
    "URL-escaped but for slashes": quote,
    "JSON-escaped": json.dumps,
    "twice JSON-escaped pieces": lambda s: json.dumps(json.dumps(s[8:])),
    "hex": lambda s: s.encode().hex(),
    "upper hex": lambda s: s.encode().hex().upper(),
    "UTF-16": lambda s: s.encode("utf-16"),
    "UTF-16, big end first": lambda s: s.encode("utf-16-be"),
    "repr": repr,
    "the first piece": lambda s: s[:PIECE],
    "the last piece": lambda s: s[-PIECE:],
    "a piece in the middle": lambda s: f"x{s[11 : 11 + PIECE]}y",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found(planted: Planted, form: str) -> None:
    told = FORMS[form](SECRET)
    around = ("before ", " after") if isinstance(told, str) else (b"before ", b" after")
    findings = planted.search("here", around[0] + told + around[1])  # type: ignore[operator]
    assert findings, form
    assert {(f.where, f.name) for f in findings} == {("here", "secret")}
    assert SECRET[:PIECE] not in str(findings), "a finding says where, not what"


def test_a_token_without_its_header(planted: Planted) -> None:
    header, payload, signature = TOKEN.split(".")
    assert not planted.search("here", f"the header {header} and a hint {payload[:8]}••••{signature[-4:]}")
    assert planted.search("here", payload[:PIECE])
    assert planted.search("here", signature[-PIECE:])


def test_hints_and_other_secrets_are_no_findings(planted: Planted) -> None:
    assert not planted.search(
        "here", f"{SECRET[: PIECE - 1]} {SECRET[1:PIECE]} {SECRET[::-1]} {secrets.token_hex(99)}"
    )
    assert not planted.search("here", "")


def test_a_short_value_would_be_found_everywhere() -> None:
    with pytest.raises(ValueError, match="too short"):
        Planted().add("pin", "1234")


# -- places ----------------------------------------------------------------------------------------------------------


def gone(window: QWidget) -> None:
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def found(planted: Planted, where: Iterator[tuple[str, str | bytes]]) -> set[str]:
    return {finding.where for finding in planted.search_all(where)}


def test_files_of_a_profile(planted: Planted, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "nomba.sqlite3", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE t (words TEXT, sealed BLOB)")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not planted.search_all(places.files_below(tmp_path, "profile"))
    database.execute("INSERT INTO t VALUES (?, ?)", ("harmless", base64.b64encode(SECRET.encode())))
    assert found(planted, places.files_below(tmp_path, "profile")) == {"profile nomba.sqlite3-wal"}
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert found(planted, places.files_below(tmp_path, "profile")) == {"profile nomba.sqlite3"}
    database.close()
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / f"{SECRET.encode().hex()}.lock").touch()
    (tmp_path / "link").symlink_to(quote(SECRET, safe=""))
    (tmp_path / "settings.toml").write_text(f"proxy = {json.dumps(SECRET)}")
    hits = found(planted, places.files_below(tmp_path, "profile"))
    assert {"profile link", "profile settings.toml", "profile nomba.sqlite3"} < hits
    assert any(".lock" in hit for hit in hits)


def test_temporary_files(planted: Planted, tmp_path: Path) -> None:
    since = tmp_path.stat().st_mtime
    with tempfile.NamedTemporaryFile(prefix="planted-") as file:
        file.write(SECRET.encode("utf-16"))
        file.flush()
        assert found(planted, places.temporary_files(since, tmp_path)) == {
            f"temporary file {Path(file.name).name}"
        }
    assert not found(planted, places.temporary_files(since, tmp_path))


def test_arguments_and_environment(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    for arguments, environment, where in (
        ([SECRET], {}, "/proc cmdline"),
        ([], {"TOKEN": TOKEN}, "/proc environ"),
    ):
        with subprocess.Popen(
            [*command, *arguments], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout
            child.stdout.readline()
            assert found(planted, places.process(child.pid)) == {where}
            child.communicate()
    assert not found(planted, places.process())
    monkeypatch.setenv("NOMBA_PLANTED", SECRET)
    assert "NOMBA_PLANTED" in os.environ
    assert found(planted, places.environment()) == {"environment NOMBA_PLANTED"}


def test_the_clipboard(planted: Planted, qapp: QApplication) -> None:
    qapp.clipboard().setText(TOKEN)
    assert all(where.startswith("clipboard ") for where in found(planted, places.clipboard()))
    assert found(planted, places.clipboard())
    qapp.clipboard().clear()
    assert not found(planted, places.clipboard())


def test_notices_and_the_snapshot(planted: Planted) -> None:
    state = State()
    notices = Notices(state, ManualClock())
    notices.error("sign in", StoreCorrupt(f"Told: {SECRET[:20]}", details="harmless"))
    notices.error("x", Unexpected(details=base64.b64encode(SECRET.encode()).decode()))
    shot = state.snapshot
    assert found(planted, places.notices(shot)) == {"notice ND-322", "notice ND-999"}
    assert {"the snapshot's repr", "the snapshot.notices.details"} <= found(planted, places.snapshot(shot))
    assert planted.search_all(places.reachable({"a": [("b", SECRET)]}, "there"))
    assert not found(planted, places.snapshot(reduce(Snapshot(), KeySaved(KEY))))


@pytest.mark.parametrize(
    "plant",
    [
        lambda w: w.setText(SECRET),
        lambda w: w.setToolTip(f"tip {SECRET}"),
        lambda w: w.setWhatsThis(SECRET),
        lambda w: w.setStatusTip(SECRET),
        lambda w: w.setWindowTitle(SECRET),
        lambda w: w.setObjectName(SECRET),
        lambda w: w.setAccessibleName(SECRET),
        lambda w: w.setAccessibleDescription(SECRET),
        lambda w: w.setProperty("note", SECRET),
        lambda w: w.setStyleSheet(f"/* {SECRET} */"),
    ],
)
def test_properties_of_widgets_hidden_ones_too(
    planted: Planted, qapp: QApplication, plant: Callable[[QLabel], object]
) -> None:
    window = QLabel()
    label = QLabel(window)
    try:
        assert not found(planted, places.widgets())
        plant(label)
        assert found(planted, places.widgets())
    finally:
        gone(window)


def test_a_password_field_counts_unless_a_form_is_open(planted: Planted, qapp: QApplication) -> None:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setText(SECRET)
    try:
        assert found(planted, places.widgets()) == {"QLineEdit.text"}
        assert not found(planted, places.widgets(typing=True))
        field.setEchoMode(QLineEdit.EchoMode.Normal)
        assert found(planted, places.widgets(typing=True)) == {"QLineEdit.text"}
    finally:
        gone(field)


def test_the_accessibility_tree_table_cells_too(planted: Planted, qapp: QApplication) -> None:
    table = QTableWidget(2, 2)
    field = QLineEdit(table)
    try:
        table.show()
        qapp.processEvents()
        assert not found(planted, places.accessibility())
        table.setItem(1, 1, QTableWidgetItem(SECRET))
        assert "accessible Name" in found(planted, places.accessibility())
        table.takeItem(1, 1)
        field.setText(SECRET)
        assert found(planted, places.accessibility()) == {"accessible Value"}
        field.setText("")
        field.setAccessibleDescription(SECRET)
        assert found(planted, places.accessibility()) == {"accessible Description"}
    finally:
        gone(table)


@pytest.mark.parametrize("place", ["message", "arguments", "exception", "stdout", "stderr", "nowhere"])
def test_logs_and_output(
    planted: Planted, tmp_path: Path, capfd: pytest.CaptureFixture[str], qapp: QApplication, place: str
) -> None:
    with all_logs() as logs:
        search = Search(tmp_path, planted, logs, capfd, 0.0)
        logger = logging.getLogger("nomba_desktop.deep.below")
        match place:
            case "message":
                logger.debug("sent %s", SECRET)
            case "arguments":
                logger.debug("sent %(what).3s", {"what": TOKEN})
            case "exception":
                try:
                    raise KeyError(SECRET)
                except KeyError:
                    logger.info("failed", exc_info=True)
            case "stdout":
                os.write(1, SECRET.encode())
            case "stderr":
                sys.stderr.write(json.dumps(TOKEN))
            case _:
                pass
        where = {finding.where for finding in search.look()}
    expected = {"nowhere": set(), "stdout": {"stdout or stderr"}, "stderr": {"stdout or stderr"}}
    assert where == expected.get(place, {"logs"})
