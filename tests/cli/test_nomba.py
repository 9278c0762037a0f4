"""`nomba`: finding a command, the practice server, sentences for what goes wrong."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nomba_desktop.app.console import Program, main
from nomba_desktop.app.paths import paths_below
from nomba_desktop.cli.command import run_command
from nomba_desktop.cli.practice import PracticeCommand
from nomba_desktop.cli.quick import NotQuick
from nomba_desktop.cli.terminal import Terminal
from tests.cli.rig import Said, Stream

ROOT = Path(__file__).parents[2]


class Echo:
    """A command that says what it was given."""

    name = "echo"
    summary = "Say it again."
    takes_command = False

    def __init__(self) -> None:
        self.said: list[str] = []

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--word", default="")

    def run(self, options: argparse.Namespace) -> int:
        self.said.append(options.word)
        return 3


class FakeDoll:
    """Announces, then ends as it is told to."""

    def __init__(self, error: BaseException | None = None, keys: int = 0) -> None:
        self._error, self._keys = error, keys
        self.port = -1

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=0)

    def serve(self, options: argparse.Namespace, announce: Callable[[dict[str, object]], object]) -> None:
        self.port = options.port
        if isinstance(self._error, OSError):
            raise self._error
        announce({"url": f"http://127.0.0.1:{self.port}", "keys": self._keys, "admin_token": "planted-token"})
        if self._error is not None:
            raise self._error


def version() -> str:
    return "1.2.3"


def asked(command: Echo | PracticeCommand, *arguments: str, stream: Stream | None = None) -> Said:
    out, err = stream or Stream(), Stream()
    code = run_command([command], arguments, version, Terminal(out, err, None))
    return Said(code, out.getvalue(), err.getvalue())


def practised(doll: FakeDoll, *arguments: str) -> tuple[int, str, str]:
    out, err = Stream(), Stream()
    command = PracticeCommand(lambda: doll, Terminal(out, err, None))
    status = run_command([command], ["practice", *arguments], version, Terminal(out, err, None))
    return status, out.getvalue(), err.getvalue()


def test_the_command_gets_its_own_options_and_its_exit_code_is_ours() -> None:
    echo = Echo()
    assert asked(echo, "echo", "--word", "hello").code == 3
    assert echo.said == ["hello"]


def test_without_a_command_the_list_is_shown() -> None:
    said = asked(Echo())
    assert said.code == 2
    assert "echo        Say it again." in said.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ecco"], "There is no command “ecco”. There are: echo."),
        (["--wort"], "unrecognized arguments: --wort"),
        (["echo", "--wort", "x"], "Unrecognized arguments: --wort x."),
        (["echo", "--wor", "x"], "Unrecognized arguments: --wor x."),
        (["echo", "--word"], "Argument --word: expected one argument."),
        (["ecco" * 20], "There is no command that was given (80 characters)."),
        (["echo", "--wort", "y" * 40], "Unrecognized arguments: --wort •••."),
    ],
)
def test_asked_wrongly(arguments: list[str], sentence: str) -> None:
    said = asked(Echo(), *arguments)
    assert (said.code, said.out) == (2, "")
    assert sentence.lower() in said.err.lower()
    assert "usage:" not in said.err
    as_json = asked(Echo(), *arguments, "--json") if arguments[0] == "echo" and len(arguments) > 2 else None
    if as_json is not None:
        assert (as_json.code, as_json.err) == (2, "")
        assert as_json.json["error"]["reference"] == "ND-600"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["echo", "--help"]])
def test_what_argparse_says(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(Echo(), *arguments)
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "nomba 1.2.3" in said if arguments == ["--version"] else "usage: nomba" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--secret", "planted-value"],
        ["--secret=planted-value"],
        ["--client-secret", "planted-value"],
        ["--token", "planted-value"],
        ["--word", "A" * 86 + "=="],
        ["--word=" + "A" * 86 + "=="],
        ["A" * 43 + "="],
        ["eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl"],
    ],
)
def test_a_secret_as_an_argument_is_refused_and_not_repeated(arguments: list[str]) -> None:
    echo = Echo()
    said = asked(echo, "echo", *arguments)
    assert (said.code, said.out, echo.said) == (2, "", [])
    assert "never given as an argument" in said.err
    assert "standard input" in said.err
    for argument in arguments:
        value = argument.partition("=")[2] or argument
        assert value.startswith("--") or value not in said.err


def test_every_command_is_documented_and_named_once(tmp_path: Path) -> None:
    program = Program(Terminal(None, None, None), paths_below(tmp_path), NotQuick())
    every = program.commands()
    docs = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    assert len({command.name for command in every}) == len(every) == 14
    assert all(command.summary.endswith(".") for command in every)
    for command in every:
        assert f"### `nomba {command.name}" in docs


def test_practice_listens_where_the_environment_looks() -> None:
    doll = FakeDoll(keys=11)
    status, out, err = practised(doll)
    assert (status, err, doll.port) == (0, "", 8484)
    assert out == (
        "Practice server on http://127.0.0.1:8484 with 11 keys: "
        "add them to the environment Practice of Nomba Desktop. Ctrl+C ends it.\n"
    )


def test_practice_elsewhere_says_where_to_set_it_and_how_to_get_keys() -> None:
    status, out, _ = practised(FakeDoll(), "--port", "9000")
    assert status == 0
    assert out.count("\n") == 1
    assert "--samples-file FILE" in out
    assert "(set this address for it in Settings)" in out


def test_practice_never_prints_the_admin_token() -> None:
    assert "planted-token" not in "".join(map(str, practised(FakeDoll(keys=1))))


def test_interrupting_practice_is_a_good_end() -> None:
    assert practised(FakeDoll(KeyboardInterrupt()))[0] == 0


def test_a_taken_port_and_a_file_that_cannot_be_written_are_told_apart() -> None:
    taken = practised(FakeDoll(OSError(98, "Address already in use")))
    assert taken == (
        1,
        "",
        (
            "nomba practice: The practice server could not start: Address already in use.\n"
            "  Is the port taken? Choose another with --port.\n"
            "  (ND-000)\n"
        ),
    )
    unwritable = practised(FakeDoll(OSError(13, "Permission denied", "keys.json")))
    assert unwritable[2] == (
        "nomba practice: The practice server could not start: Permission denied.\n  (ND-000)\n"
    )


def test_the_real_command_serves_and_ends_quietly(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "nomba_desktop.app.console", "practice", "--port", "0",
         "--samples-file", str(file)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Practice server on http://127.0.0.1:")
        port = int(line.split()[3].rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert (rest, errors) == ("", "")
    assert process.returncode in (0, -signal.SIGINT)
    rows = json.loads(file.read_text())
    assert len(rows) == 11
    assert not any(row["client_secret"] in line for row in rows)


def test_a_taken_port_for_real(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["practice", "--port", str(port)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("nomba practice: The practice server could not start: ")
    assert "Choose another with --port." in said.err
