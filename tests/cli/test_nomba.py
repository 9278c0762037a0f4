"""`nomba`: finding a command, the practice server, sentences for what goes wrong."""

from __future__ import annotations

import argparse
import io
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nomba_desktop.app.console import commands, main
from nomba_desktop.cli.command import run_command
from nomba_desktop.cli.practice import PracticeCommand

ROOT = Path(__file__).parents[2]


class Echo:
    """A command that says what it was given."""

    name = "echo"
    summary = "Say it again."

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


def practised(doll: FakeDoll, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    command = PracticeCommand(lambda: doll, out, err)
    status = run_command([command], ["practice", *arguments], "1.2.3", out)
    return status, out.getvalue(), err.getvalue()


def test_the_command_gets_its_own_options_and_its_exit_code_is_ours() -> None:
    echo = Echo()
    assert run_command([echo], ["echo", "--word", "hello"], "1.2.3", io.StringIO()) == 3
    assert echo.said == ["hello"]


def test_without_a_command_the_list_is_shown() -> None:
    out = io.StringIO()
    assert run_command([Echo()], [], "1.2.3", out) == 2
    assert "echo        Say it again." in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["ecco"], 2, "there is no command 'ecco'; there are: echo"),
        (["echo", "--wort", "x"], 2, "nomba echo: error: unrecognized arguments: --wort x"),
        (["--version"], 0, "nomba 1.2.3"),
    ],
)
def test_what_argparse_says(
    arguments: list[str], status: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command([Echo()], arguments, "1.2.3", io.StringIO())
    assert ended.value.code == status
    said = capsys.readouterr()
    assert sentence in said.out + said.err


def test_every_command_is_documented_and_named_once() -> None:
    every = commands(io.StringIO(), io.StringIO())
    assert len({command.name for command in every}) == len(every) >= 1
    assert all(command.summary.endswith(".") for command in every)


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
            "The practice server could not start: Address already in use. "
            "Is the port taken? Choose another with --port.\n"
        ),
    )
    unwritable = practised(FakeDoll(OSError(13, "Permission denied", "keys.json")))
    assert unwritable[2] == "The practice server could not start: Permission denied.\n"


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
    assert said.err.startswith("The practice server could not start: ")
    assert "Choose another with --port." in said.err
