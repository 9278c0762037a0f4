"""Each command in words and in JSON, in this process: real files, real HTTP, a vault of the test's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nomba_desktop.cli.report import Result, report
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.errors.sessions import TeamCacheAway
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import DEFAULTS
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import PracticeKey
from tests.cli.rig import ROOT, Shell, Stream, add_arguments

DOCS = (ROOT / "docs" / "command-line.md").read_text("utf-8")
ALWAYS = {"schema", "ok", "command", "exit_code", "warnings", "error"}


def documented(heading: str) -> str:
    """The section below a heading."""
    found = re.search(rf"^### {re.escape(heading)}.*?\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def fields_of(command: str, body: dict[str, Any]) -> set[str]:
    """The fields besides those that are always there; each is documented."""
    own = set(body) - ALWAYS
    section = documented(f"`nomba {command}")
    for name in own:
        assert f"`{name}`" in section, f"{command}: {name} is not documented"
    return own


@pytest.fixture
def ready(shell: Shell, keys: list[PracticeKey]) -> Shell:
    """One key signed in, one that a server may use too."""
    assert shell.add(keys[0], "--sign-in").code == 0
    assert shell.add(keys[1], uses="yes").code == 0
    return shell


# -- keys --------------------------------------------------------------------------------------------------------


def test_no_keys_yet(shell: Shell) -> None:
    assert "nomba add" in shell.run("keys").out
    assert shell.run("keys", "--json").json["keys"] == []
    assert shell.run("keys", "--names").out == ""
    assert "nomba add" in shell.run("status").out


def test_keys(ready: Shell, keys: list[PracticeKey]) -> None:
    ready.vault.state = KeyringState.ABSENT  # nobody asks it
    lines = ready.run("keys").out.splitlines()
    assert lines[0].split() == ["NAME", "ENVIRONMENT", "CLIENT", "ID", "ROLE", "STATE", "REFRESH"]
    assert lines[1].startswith("Checkout web     Practice     ")
    assert lines[1].endswith("active  on")
    assert lines[2].endswith("active  off")
    body = ready.run("keys", "--json").json
    assert fields_of("keys", body) == {"keys"}
    assert [key["client_id"] for key in body["keys"]] == [key.client_id for key in keys]
    told = re.findall(r"`(\w+)`", documented("key").split("(")[0])
    assert set(body["keys"][0]) >= set(told)
    assert set(body["keys"][0]) <= set(re.findall(r"`(\w+)`", documented("key")))


def test_names(ready: Shell) -> None:
    assert ready.run("keys", "--names").out == "Checkout web\nPayouts service\n"
    body = ready.run("keys", "--names", "--json").json
    assert fields_of("keys", body) == {"names"}


def test_foreign_text_is_cleaned(shell: Shell, keys: list[PracticeKey]) -> None:
    shell.add(replace(keys[0], name="A\x1b[31mred\u202e\u2066name"))
    for said in (shell.run("keys"), shell.run("status"), shell.run("keys", "--names")):
        assert said.code == 0
        assert "A[31mredname" in said.out
        assert not set("\x1b\u202e\u2066") & set(said.out)


# -- add ---------------------------------------------------------------------------------------------------------


def test_add(shell: Shell, keys: list[PracticeKey]) -> None:
    said = shell.add(keys[0])
    host = shell.server.url.removeprefix("http://")
    assert said.out == f"Added “Checkout web”. Its secret is in the keyring, bound to {host}.\n"
    assert said.err == ""
    (bound,) = shell.vault.entries.values()
    assert bound.secret == Secret(keys[0].client_secret)
    assert bound.binding.host == host


def test_add_in_json_and_sign_in(shell: Shell, keys: list[PracticeKey]) -> None:
    body = shell.add(keys[0], "--json", "--sign-in").json
    assert fields_of("add", body) == {"key", "signed_in"}
    assert body["signed_in"] is True
    assert fields_of("add", shell.add(keys[1], "--json").json) == {"key"}


def test_the_secret_can_be_typed(shell: Shell, keys: list[PracticeKey]) -> None:
    arguments = [a for a in add_arguments(keys[0]) if a != "--secret-stdin"]
    assert shell.run(*arguments, typed=f"  {keys[0].client_secret} ").code == 0
    (bound,) = shell.vault.entries.values()
    assert bound.secret == Secret(keys[0].client_secret)


def test_without_a_secret_nothing_is_added(shell: Shell, keys: list[PracticeKey]) -> None:
    arguments = [a for a in add_arguments(keys[0]) if a != "--secret-stdin"]
    said = shell.run(*arguments)
    assert (said.code, said.out) == (2, "")
    assert "--secret-stdin" in said.err
    assert shell.run("keys", "--names").out == ""
    assert shell.run(*add_arguments(keys[0]), given=" \n").code == 26


def test_every_field_says_what_is_wrong(shell: Shell) -> None:
    said = shell.run("add", "--client-id", "123", "--secret-stdin", given="with space inside")
    assert said.code == 26
    for sentence in (
        "Enter a name.",
        "Choose the environment",
        "Enter the account ID.",
        "this has 3.",
        "white space",
        "whether a server also signs in",
    ):
        assert sentence in said.err
    assert "with space inside" not in said.err


def test_an_unusual_secret_is_warned_of_and_saved(shell: Shell, keys: list[PracticeKey]) -> None:
    said = shell.run(*add_arguments(keys[0]), given="short")
    assert said.code == 0
    assert "warning: Secrets usually have 88 or 44 characters; this has 5." in said.err
    assert shell.run(*add_arguments(keys[1]), "--json", given="short").json["warnings"][0]["title"]


def test_paste(shell: Shell, keys: list[PracticeKey]) -> None:
    key = keys[0]
    text = json.dumps(
        {"client_id": key.client_id, "client_secret": f" {key.client_secret}", "accountId": key.account_id}
    )
    said = shell.run(
        "add", "--name", "Till", "--environment", "practice", "--server-uses-it", "no", "--paste-stdin", "--sign-in",
        given=text,
    )  # fmt: skip
    assert said.code == 0, said
    assert "White space around a value was removed." in said.out
    assert shell.run("token", "till").code == 0


def test_a_doubtful_paste_is_refused_and_options_settle_it(shell: Shell, keys: list[PracticeKey]) -> None:
    key = keys[0]
    text = f"{key.client_id}\n{key.account_id}\n{key.client_secret}\n"
    begin = ["add", "--name", "Till", "--environment", "practice", "--server-uses-it", "no", "--paste-stdin"]
    said = shell.run(*begin, given=text)
    assert said.code == 26
    assert "--account-id, --client-id" in said.err or "--client-id, --account-id" in said.err
    assert shell.run(*begin, given="nothing of the kind").code == 26
    ids = ["--client-id", key.client_id, "--account-id", key.account_id]
    assert shell.run(*begin, *ids, given=text).code == 0
    (bound,) = shell.vault.entries.values()
    assert bound.binding.client_id == key.client_id


def test_adding_and_signing_in_with_a_shared_key_asks_before_anything(
    shell: Shell, keys: list[PracticeKey]
) -> None:
    assert shell.add(keys[0], "--sign-in", uses="not-sure").code == 16
    assert shell.run("keys", "--names").out == ""
    assert shell.add(keys[0], "--sign-in", "--yes", uses="not-sure").code == 0


def test_a_key_that_cannot_sign_in_is_kept(shell: Shell, keys: list[PracticeKey]) -> None:
    shell.server.world.inject(Fault("error", "/v1/auth/*", status=503, times=None))
    said = shell.add(keys[0], "--sign-in")
    assert said.code == 8
    assert said.out.startswith("Added “Checkout web”.")
    assert "nomba add: " in said.err
    body = shell.add(keys[1], "--sign-in", "--json").json
    assert (body["ok"], body["signed_in"], body["exit_code"]) == (False, False, 8)
    assert shell.run("keys", "--names").out.count("\n") == 2


def test_the_warning_against_secrets_on_desktops_is_said_once(shell: Shell, keys: list[PracticeKey]) -> None:
    settings = shell.world().settings_file
    shell.settings = DEFAULTS
    world = shell.world
    shell.world = lambda paths=None: replace(world(paths), settings_file=settings)  # type: ignore[method-assign]
    settings._settings = DEFAULTS  # type: ignore[attr-defined]
    assert "Nomba advises against secrets on desktops" in shell.add(keys[0]).err
    assert "Nomba advises" not in shell.add(keys[1]).err


# -- sessions ----------------------------------------------------------------------------------------------------


def test_sign_in_takes_what_lives(ready: Shell) -> None:
    said = ready.run("sign-in", "check")
    assert re.fullmatch(r"Signed in with “Checkout web”: the token lives for \d\d:\d\d\.\n", said.out)
    body = ready.run("sign-in", "check", "--json").json
    assert fields_of("sign-in", body) == {"key", "generation", "expires_at", "expires_in"}
    assert body["generation"] == 1
    assert ready.server.world.log.count("issue") == 1


def test_a_token_is_renewed_when_it_has_to_live_longer(ready: Shell) -> None:
    first = ready.run("token", "check").out
    assert ready.run("token", "check", "--min-life", "60").out == first
    second = ready.run("token", "check", "--min-life", "1801").out
    assert second not in ("", first)
    assert ready.server.world.log.count("refresh") == 1
    body = ready.run("token", "check", "--json").json
    assert fields_of("token", body) == {"key", "token", "generation", "expires_at"}
    assert body["token"] + "\n" == second
    assert body["generation"] == 2


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_token_goes_to_a_terminal_only_when_asked(ready: Shell, more: list[str]) -> None:
    token = ready.run("token", "check").out.strip()
    said = ready.run("token", "check", *more, screen=True)
    assert said.code == 2
    assert token not in said.out + said.err
    assert "ND-601" in said.out + said.err
    assert token in ready.run("token", "check", "--show", *more, screen=True).out


def test_a_program_does_not_sign_in_and_does_not_end_a_servers_session(ready: Shell) -> None:
    assert ready.run("token", "pay", "--yes").code == 20
    assert ready.run("sign-in", "pay", "--yes").code == 0
    assert ready.run("token", "pay").code == 0
    assert ready.run("token", "pay", "--min-life", "1801").code == 16
    assert ready.run("token", "pay", "--min-life", "1801", "--yes").code == 0


def test_refresh_names_the_generation_that_was_refused(ready: Shell) -> None:
    assert ready.run("refresh", "check", "--generation", "1", "--json").json["generation"] == 2
    body = ready.run("refresh", "check", "--generation", "1", "--json").json
    assert fields_of("refresh", body) == {"key", "generation", "expires_at", "expires_in"}
    assert body["generation"] == 2  # adopted
    assert ready.server.world.log.count("refresh") == 1
    assert ready.run("refresh", "check").out.startswith("Refreshed “Checkout web”")
    assert ready.server.world.log.count("refresh") == 2
    assert ready.run("refresh", "pay", "--yes").code == 20


def test_status(ready: Shell) -> None:
    lines = ready.run("status").out.splitlines()
    assert lines[0].split() == ["NAME", "ENVIRONMENT", "STATE", "LEFT", "NEXT"]
    assert re.search(r"^Checkout web +Practice +signed in +(30:00|29:\d\d) +refresh in 2\d:\d\d$", lines[1])
    assert re.search(r"^Payouts service +Practice +signed out +-$", lines[2])
    body = ready.run("status", "pay", "check", "pay", "--json").json
    assert fields_of("status", body) == {"now", "sessions"}
    assert [entry["key"]["name"] for entry in body["sessions"]] == ["Payouts service", "Checkout web"]
    assert [entry["session"]["state"] for entry in body["sessions"]] == ["signed_out", "signed_in"]
    told = set(re.findall(r"^\| (`.+?`) \|", documented("session"), re.MULTILINE))
    names = {name for cell in told for name in re.findall(r"`(\w+)`", cell)}
    assert set(body["sessions"][0]["session"]) == names
    assert ready.run("status", "nobody").code == 3


def test_status_shows_what_failed(ready: Shell) -> None:
    ready.server.world.inject(Fault("error", "/v1/auth/*", status=503, times=None))
    ready.run("refresh", "check")
    assert "failing" in ready.run("status", "check").out
    session = ready.run("status", "check", "--json").json["sessions"][0]["session"]
    assert (session["state"], session["alive"]) == ("failing", True)
    assert session["failure"]["reference"] == "ND-105"
    assert session["next_try"]


def test_sign_out(ready: Shell) -> None:
    token = ready.run("token", "check").out.strip()
    body = ready.run("sign-out", "check", "--json").json
    assert fields_of("sign-out", body) == {"key", "ended_at_nomba"}
    assert body["ended_at_nomba"] is True
    assert ready.server.world.log.count("revoke") == 1
    assert ready.run("sign-out", "check").out.startswith("Signed out “Checkout web”")
    assert ready.run("sign-out", "pay").code == 16
    assert ready.run("sign-out", "pay", "--yes").code == 0
    assert "an earlier" not in ready.run("inspect", given=token).out


def test_an_end_that_is_owed_is_told(ready: Shell) -> None:
    ready.server.world.inject(Fault("drop", "/v1/auth/token/revoke", times=None))
    body = ready.run("sign-out", "check", "--json").json
    assert (body["ok"], body["exit_code"], body["ended_at_nomba"]) == (False, 27, False)
    session = ready.run("status", "check", "--json").json["sessions"][0]["session"]
    assert (session["state"], session["ends_owed"]) == ("signed_out", 1)
    assert "1 owed at Nomba" in ready.run("status", "check").out


def test_forget(ready: Shell) -> None:
    body = ready.run("forget", "pay", "--json").json
    assert fields_of("forget", body) == {"key"}
    assert ready.run("forget", "check").out == "Forgot “Checkout web”. Nothing changed at Nomba.\n"
    assert ready.vault.entries == {}
    assert ready.run("keys", "--names").out == ""


def test_a_key_that_is_not_of_practice_is_forgotten_only_when_asked(
    shell: Shell, keys: list[PracticeKey]
) -> None:
    arguments = [a.replace("practice", "live") for a in add_arguments(keys[0])]
    assert shell.run(*arguments, given=keys[0].client_secret).code == 0
    said = shell.run("forget", "check")
    assert said.code == 16
    assert "--yes" in said.err
    assert "would be deleted" in said.err
    assert shell.run("forget", "check", "--yes").code == 0


# -- inspect -----------------------------------------------------------------------------------------------------


def test_inspect(ready: Shell) -> None:
    token = ready.run("token", "check").out
    of_key = ready.run("inspect", "check")
    assert of_key.out.startswith("What the token says. Only Nomba can verify it.\n")
    assert "the present token of “Checkout web”" in of_key.out
    assert token.strip() not in of_key.out
    assert ready.run("inspect", given=token).out.splitlines()[1:3] == of_key.out.splitlines()[1:3]
    body = ready.run("inspect", "--json", given=token).json
    assert fields_of("inspect", body) == {
        "known", "key", "roles", "groups", "emails", "subject", "algorithm", "issued_at", "expires_at", "expired",
        "length", "others",
    }  # fmt: skip
    assert body["known"] == "present"
    assert body["emails"] == ["o…@merchant.example"]


def test_inspect_knows_earlier_tokens_and_strangers(ready: Shell, keys: list[PracticeKey]) -> None:
    stranger = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJub2JvZHkiLCJleHAiOjF9.c2ln"
    body = ready.run("inspect", "--json", given=stranger).json
    assert (body["known"], body["key"], body["expired"]) == ("unknown", None, True)
    assert ready.run("inspect", typed=stranger).code == 0
    assert ready.run("inspect").code == 2
    assert ready.run("inspect", "pay").code == 20


def test_inspect_without_a_keyring_still_reads(ready: Shell) -> None:
    token = ready.run("token", "check").out
    ready.vault.state = KeyringState.LOCKED
    said = ready.run("inspect", given=token)
    assert said.code == 0
    assert "nobody can say whose it is" in said.out
    assert "warning: The keyring is locked" in said.err
    body = ready.run("inspect", "--json", given=token).json
    assert (body["known"], body["warnings"][0]["reference"]) == ("not_checked", "ND-301")
    assert ready.run("inspect", "check").code == 10


# -- the rest ----------------------------------------------------------------------------------------------------


def test_exec_needs_a_command(ready: Shell) -> None:
    for arguments in (["exec", "check"], ["exec", "check", "--"]):
        said = ready.run(*arguments)
        assert said.code == 2
        assert "nomba exec KEY -- COMMAND" in said.err


def test_an_error_of_the_team_has_its_code() -> None:
    def work() -> Result:
        raise TeamCacheAway

    out = Stream()
    assert report(Terminal(out, Stream(), None), "token", True, work) == 29
    assert json.loads(out.getvalue())["error"]["reference"] == "ND-210"


def test_a_defect_is_told_without_a_value_and_without_a_traceback() -> None:
    def work() -> Result:
        raise ValueError("planted-value")

    err = Stream()
    assert report(Terminal(Stream(), err, None), "token", False, work) == 1
    assert "The app made a mistake" in err.getvalue()
    assert "test_commands.py" in err.getvalue()
    assert "planted-value" not in err.getvalue()
    assert "Traceback" not in err.getvalue()


def test_doctor(ready: Shell) -> None:
    said = ready.run("doctor", "--json")
    body = said.json
    assert fields_of("doctor", body) == {"checks"}
    found = {check["name"]: check for check in body["checks"]}
    assert set(found) == {
        "keyring", "database", "lock", "trust", "round-trip", "settings", "store", "keyring-state", "sessions",
        "locks", "host-practice", "clock",
    }  # fmt: skip
    wrong = {name: check["problem"] for name, check in found.items() if not check["ok"]}
    assert set(wrong) <= {"keyring"}, wrong  # outside of packaging/with-keyring.sh there may be none
    assert found["sessions"]["facts"] == {"signed_in": 1}
    assert found["locks"]["facts"] == {"free": 2, "held": {}}
    assert found["store"]["facts"]["keys"] == 2
    assert found["host-practice"]["facts"]["status"] == 401
    host = ready.server.url.removeprefix("http://")
    assert found["clock"]["facts"] == {"seconds": {host: 0}}


def test_doctor_finds_what_is_wrong(ready: Shell) -> None:
    ready.server.world.set_switches({"clock_skew": 90.0})
    ready.vault.state = KeyringState.LOCKED
    said = ready.run("doctor")
    assert said.code == 28
    assert re.search(r"^WRONG +clock +This computer's clock is (89|90|91) s behind ", said.out, re.MULTILINE)
    assert re.search(r"^WRONG +keyring-state +The keyring is locked\.", said.out, re.MULTILINE)
    assert re.search(r"^WRONG +sessions +The stored sessions are closed", said.out, re.MULTILINE)
    assert "nomba doctor: Something is wrong" in said.err
    ready.server.stop()
    found = {check["name"]: check for check in ready.run("doctor", "--json").json["checks"]}
    assert "No connection" in found["host-practice"]["problem"]
    names = [check["name"] for check in ready.run("doctor", "--offline", "--json").json["checks"]]
    assert "clock" not in names
    assert "host-practice" not in names


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_completion(shell: Shell, shell_name: str) -> None:
    body = shell.run("completion", shell_name, "--json").json
    assert fields_of("completion", body) == {"shell", "script"}
    script = shell.run("completion", shell_name).out
    assert script == body["script"] + "\n"
    assert "nomba keys --names" in script
    for word in (
        ("sign-out", "--min-life", "--paste-stdin", "Read-only", "not-sure") if shell_name != "bash" else ()
    ):
        assert word.removeprefix("--") in script
    assert shell.run("completion", "tcsh").code == 2


def test_closed_streams_are_no_traceback(ready: Shell, tmp_path: Path) -> None:
    from nomba_desktop.app.console import Program
    from nomba_desktop.app.paths import paths_below
    from nomba_desktop.cli.quick import NotQuick

    left: list[str] = []
    for arguments, code in ((["keys"], 141), (["wort"], 2), (["exec", "check", "--", "no-such-thing"], 127)):
        program = Program(
            Terminal(None, None, None),
            paths_below(ready.root),
            NotQuick(),
            world=ready.world,
            leave=lambda: left.append("left"),
        )
        assert program.run(arguments) == code
    assert left == ["left"]
