"""`nomba audit`: what the commands left behind, over real HTTP."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest

from nomba_desktop.app.core import Core
from nomba_desktop.app.paths import paths_below
from nomba_desktop.domain.keys import KeyState
from nomba_desktop.practice.keys import PracticeKey
from tests.cli.rig import Said, Shell


@pytest.fixture
def busy(shell: Shell, keys: list[PracticeKey]) -> Shell:
    """A key that was added, signed in with and refreshed, and another one."""
    key = keys[0]
    for said in (shell.add(key), shell.run("sign-in", key.name), shell.run("refresh", key.name, "--yes")):
        assert said.code == 0, said.err
    assert shell.add(keys[1]).code == 0
    return shell


def entries(shell: Shell, *more: str) -> list[dict[str, object]]:
    said = shell.run("audit", "list", "--json", *more)
    assert said.code == 0, said.out
    told = said.json["entries"]
    assert isinstance(told, list)
    return told


def whats(shell: Shell, *more: str) -> list[object]:
    return [entry["what"] for entry in entries(shell, *more)]


def tamper(shell: Shell, *statements: str) -> None:
    with closing(sqlite3.connect(paths_below(shell.root).database, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def test_what_happened_is_there(busy: Shell, keys: list[PracticeKey]) -> None:
    told = entries(busy)
    assert [entry["what"] for entry in told] == ["key_added", "refreshed", "signed_in", "key_added"]
    assert [entry["number"] for entry in told] == [4, 3, 2, 1]
    _, refreshed, signed_in, added = told
    for entry in (refreshed, signed_in, added):
        assert (entry["key_name"], entry["result"]) == (keys[0].name, "ok")
        assert str(entry["process"]).startswith("nomba ")
        assert entry["host"]
        assert entry["system_user"]
    assert signed_in["evidence"] == "generation 1"
    first, second = signed_in["fingerprints"], refreshed["fingerprints"]
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert len(first) == len(second) == 2
    assert not set(first) & set(second)


def test_no_secret_is_there(busy: Shell, keys: list[PracticeKey]) -> None:
    token = busy.run("token", keys[0].name).out.strip()
    for said in (busy.run("audit", "list", "--json"), busy.run("audit", "export", "--format", "json")):
        assert said.code == 0
        for secret in (token, token.rpartition(".")[2], keys[0].client_secret):
            assert secret not in said.out


def test_a_refusal_is_there(busy: Shell, keys: list[PracticeKey]) -> None:
    busy.server.world.revoke_key(keys[1].client_id)
    assert busy.run("sign-in", keys[1].name).code == 5
    (told,) = entries(busy, "--result", "failed")
    assert (told["what"], told["key_name"]) == ("sign_in_failed", keys[1].name)
    assert str(told["evidence"]).startswith("ND-11")


def test_forgetting_is_there(busy: Shell, keys: list[PracticeKey]) -> None:
    assert busy.run("forget", keys[1].name).code == 0
    assert whats(busy, "--limit", "1") == ["key_forgotten"]


def test_changes_of_state_are_there_and_anchored(busy: Shell) -> None:
    async def work(core: Core) -> None:
        key = next(iter(core.state.snapshot.keys))
        for state, left in ((KeyState.REVOKING, 2), (KeyState.REVOKING, 1), (KeyState.REVOKED, 0)):
            await core.keys.set_state(key, state, left)
        await core.keys.set_auto_refresh(next(k for k in core.state.snapshot.keys if k != key), on=False)

    busy.with_core(work)
    told = entries(busy, "--limit", "4")
    assert [(entry["what"], entry["result"], entry["evidence"]) for entry in told] == [
        ("key_edited", "ok", "auto_refresh"),
        ("revoked", "ok", "steps left: 0"),
        ("cut_off_step", "open", "steps left: 1"),
        ("cut_off", "open", "steps left: 2"),
    ]
    assert busy.run("audit", "verify", "--json").json["anchored"] >= 7


def test_choosing(busy: Shell, keys: list[PracticeKey]) -> None:
    assert whats(busy, "--key", keys[1].name) == ["key_added"]
    assert whats(busy, "--what", "refreshed") == ["refreshed"]
    assert whats(busy, "--text", keys[0].name.upper()) == ["refreshed", "signed_in", "key_added"]
    assert whats(busy, "--since", "2999-01-01") == whats(busy, "--until", "1999-01-01T00:00:00Z") == []
    said = busy.run("audit", "list", "--limit", "3").out
    assert "4 in all. The next ones: --before 2" in said
    assert whats(busy, "--before", "2") == ["key_added"]
    assert "There are no such entries." in busy.run("audit", "list", "--result", "open").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "--since", "yesterday"), "“yesterday” is no time"),
        (("list", "--limit", "0"), "--limit is a number from 1"),
        (("shred",), "invalid choice"),
        ((), "required"),
    ],
)
def test_asked_wrongly(shell: Shell, arguments: Sequence[str], words: str) -> None:
    said = shell.run("audit", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_verify_says_how_it_is(busy: Shell) -> None:
    said = busy.run("audit", "verify")
    assert said == Said(0, said.out, "")
    assert said.out.startswith("The activity log is whole up to entry 4.\n4 at the end are not anchored")
    told = busy.run("audit", "verify", "--json").json
    assert (told["last"], told["unanchored"], told["broken"], told["finding"]) == (4, 4, 0, "")


def test_verify_of_nothing(shell: Shell) -> None:
    assert "is empty" in shell.run("audit", "verify").out


def test_verify_names_the_first_broken_entry(busy: Shell) -> None:
    tamper(busy, "UPDATE audit_log SET operator = 'somebody else' WHERE number = 2")
    said = busy.run("audit", "verify")
    assert (said.code, said.out) == (30, "")
    assert "Entry 2 is not as it was written" in said.err
    assert "ND-340" in said.err
    told = busy.run("audit", "verify", "--json").json
    assert (told["ok"], told["exit_code"], told["broken"]) == (False, 30, 2)


def test_rows_that_are_no_entries_are_pointed_at(busy: Shell) -> None:
    tamper(busy, "UPDATE audit_log SET what = 'x' WHERE number = 2")
    said = busy.run("audit", "list")
    assert said.code == 0
    assert "Entry 2 can't be read: nomba audit verify" in said.out


def test_export(busy: Shell) -> None:
    rows = list(csv.DictReader(io.StringIO(busy.run("audit", "export").out, newline="")))
    assert [row["number"] for row in rows] == ["4", "3", "2", "1"]
    told = json.loads(busy.run("audit", "export", "--format", "json", "--what", "signed_in").out)
    assert [row["number"] for row in told] == [2]
    wrapped = busy.run("audit", "export", "--format", "json", "--what", "signed_in", "--json").json
    assert json.loads(wrapped["text"]) == told
