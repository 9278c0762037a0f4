"""`nomba` as its own process: the real keyring, a profile of its own, real HTTP, real pipes, terminals and signals."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nomba_desktop.app import selftest_tls
from nomba_desktop.app.paths import PROFILE_VARIABLE, profile_paths, user_paths
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.server import PracticeServer
from tests.cli.rig import ROOT, Process, Shell
from tests.support import real_keyring

TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+\n")
#: What reading one cached token may load of ours, and what it may not load at all.
OURS = {
    "nomba_desktop", "nomba_desktop.adapters", "nomba_desktop.adapters.aesgcm_sealing",
    "nomba_desktop.adapters.cache_key_entry", "nomba_desktop.adapters.quick_keyring",
    "nomba_desktop.adapters.record_peek", "nomba_desktop.adapters.sqlite_errors",
    "nomba_desktop.adapters.private_files", "nomba_desktop.adapters.sqlite_files",
    "nomba_desktop.adapters.sqlite_quick", "nomba_desktop.adapters.sqlite_schema",
    "nomba_desktop.adapters.sqlite_session_rows", "nomba_desktop.adapters.system_clock", "nomba_desktop.app",
    "nomba_desktop.app.console", "nomba_desktop.app.paths", "nomba_desktop.app.quick", "nomba_desktop.cli",
    "nomba_desktop.cli.handover", "nomba_desktop.cli.problems", "nomba_desktop.cli.quick",
    "nomba_desktop.cli.select", "nomba_desktop.cli.terminal", "nomba_desktop.cli.token", "nomba_desktop.domain",
    "nomba_desktop.domain.cutoff", "nomba_desktop.domain.environments", "nomba_desktop.domain.errors",
    "nomba_desktop.domain.errors.api", "nomba_desktop.domain.errors.base", "nomba_desktop.domain.errors.local",
    "nomba_desktop.domain.errors.sessions", "nomba_desktop.domain.record", "nomba_desktop.domain.renewal",
    "nomba_desktop.domain.secret", "nomba_desktop.domain.text",
}  # fmt: skip
NEVER = {
    "PySide6", "shiboken6", "qasync", "httpx", "httpcore", "uvicorn", "starlette", "asyncio", "keyring", "argparse",
    "filelock", "msgspec", "concurrent", "platformdirs", "logging", "subprocess", "tempfile", "importlib.metadata",
}  # fmt: skip

NO_QT = """
import sys
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"PySide6", "shiboken6", "qasync"}:
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)
sys.meta_path.insert(0, Nowhere())
from nomba_desktop.app.console import main
sys.exit(main())
"""
MODULES = """
import sys
from nomba_desktop.app.console import main
code = main(sys.argv[1:])
print("\\n".join(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


#: Tests run in the background of a shell, where Ctrl+C is ignored from the start.
HEARS_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from nomba_desktop.app.console import main
sys.exit(main())
"""


@pytest.fixture
def ready(nomba: Process, keys: list[PracticeKey]) -> Process:
    """One key signed in."""
    said = nomba.add(keys[0], "--sign-in")
    assert (said.code, said.err) == (0, ""), said
    return nomba


# -- a profile ---------------------------------------------------------------------------------------------------


def test_a_profile_has_data_settings_and_keyring_entries_of_its_own(
    ready: Process, keys: list[PracticeKey]
) -> None:
    paths = profile_paths(ready.root)
    assert paths.database.is_file()
    assert len(real_keyring.entries(paths.keyring)) == 2
    assert ready.run("forget", "check").code == 0
    assert len(real_keyring.entries(paths.keyring)) == 1  # the cache key
    assert Process(ready.root.with_name("other")).run("keys", "--json").json["keys"] == []


def test_window_and_command_line_go_by_the_same_variable(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    real, link = (user_paths({PROFILE_VARIABLE: str(tmp_path / name)}) for name in ("real", "link"))
    assert real == link == profile_paths(tmp_path / "real")
    assert real.keyring != "default"
    assert real.keyring != profile_paths(tmp_path).keyring
    for nothing in ({}, {PROFILE_VARIABLE: ""}):
        assert user_paths(nothing).keyring == "default"


# -- the token ---------------------------------------------------------------------------------------------------


def test_a_token_alone_and_the_server_takes_it(ready: Process, server: PracticeServer) -> None:
    said = ready.run("token", "Checkout web")
    assert (said.code, said.err) == (0, "")
    assert TOKEN.fullmatch(said.out)
    again = ready.run("token", "CHECK", "--min-life", "5")
    assert again.out == said.out
    assert server.world.log.count("issue") == 1
    assert server.world.log.count("refresh") == 0


def test_a_cached_token_loads_store_seal_and_keyring_alone(ready: Process) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MODULES, "token", "check"],
        capture_output=True, text=True, timeout=50, check=False, env=ready.environ(), cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0
    assert TOKEN.fullmatch(done.stdout)
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.partition(".")[0] == "nomba_desktop"} <= OURS
    assert not {name for name in loaded if name in NEVER or name.partition(".")[0] in NEVER}


@pytest.mark.parametrize(
    "arguments",
    [
        ["token", "check"],
        ["token", "check", "--min-life", "99999"],
        ["status", "--json"],
        ["exec", "check", "--", "true"],
        ["doctor"],
    ],
)
def test_it_runs_where_qt_is_not_installed(ready: Process, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_QT, *arguments],
        capture_output=True, text=True, timeout=50, check=False, env=ready.environ(), cwd=ROOT,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done


def test_many_processes_make_one_call(ready: Process, server: PracticeServer) -> None:
    server.world.inject(Fault("hold_before", "/v1/auth/token/refresh", seconds=0.3, times=None))
    before = ready.run("token", "check").out
    first = ready.start("refresh", "check", "--generation", "1")
    others = [ready.start("refresh", "check", "--generation", "1", "--json") for _ in range(5)]
    ended = [process.communicate(timeout=50) for process in (first, *others)]
    assert [process.returncode for process in (first, *others)] == [0] * 6, ended
    assert {json.loads(out)["generation"] for out, _ in ended[1:]} == {2}
    assert server.world.log.count("refresh") == 1
    assert ready.run("token", "check").out != before


# -- exec --------------------------------------------------------------------------------------------------------


def test_exec_gives_the_token_to_the_child_alone(
    ready: Process, server: PracticeServer, keys: list[PracticeKey]
) -> None:
    script = (
        "import os, sys; print(os.environ['NOMBA_ACCESS_TOKEN']); print(os.environ['NOMBA_ACCOUNT_ID']);"
        "print(os.environ['NOMBA_BASE_URL']); print(sys.argv[1:]); sys.exit(7)"
    )
    said = ready.run("exec", "check", "--", sys.executable, "-c", script, "--", "--json", "-x")
    assert said.code == 7
    token, account, url, arguments = said.out.splitlines()
    assert token + "\n" == ready.run("token", "check").out
    assert (account, url, arguments) == (keys[0].account_id, server.url, "['--', '--json', '-x']")


def test_exec_hands_signals_on(ready: Process) -> None:
    script = "import signal, sys\nprint('up', flush=True)\nsignal.pause()"
    for number in (signal.SIGTERM, signal.SIGINT):
        process = ready.start(
            "exec",
            "check",
            "--",
            sys.executable,
            "-c",
            f"import signal; signal.signal({number}, signal.SIG_DFL)\n{script}",
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        process.communicate(timeout=20)
        assert process.returncode == -number


def test_exec_of_what_cannot_run(ready: Process, tmp_path: Path) -> None:
    file = tmp_path / "not-executable"
    file.write_text("echo")
    assert ready.run("exec", "check", "--", str(file)).code == 126
    assert ready.run("exec", "check", "--", "no-such-command-here").code == 127
    body = ready.run("exec", "check", "--json", "--", "no-such-command-here").json
    assert body["error"]["reference"] == "ND-606"


# -- what goes wrong ---------------------------------------------------------------------------------------------


def test_ctrl_c_in_the_middle_of_a_call(ready: Process, server: PracticeServer) -> None:
    server.world.inject(Fault("hold_before", "/v1/auth/*", gate="held"))
    process = subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C, "refresh", "check"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ready.environ(), cwd=ROOT,
    )  # fmt: skip
    _until(lambda: _intent(ready))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    server.world.release("held")
    assert (process.returncode, out) == (130, ""), err
    assert err.startswith("nomba refresh: Interrupted\n")
    assert "Traceback" not in err
    session = ready.run("status", "check", "--json").json["sessions"][0]["session"]
    assert session["state"] == "held_elsewhere"  # the intent stands: whoever comes next is in doubt
    token = ready.run("token", "check")
    assert token.code == 0, token
    assert server.world.log.count("issue") == 2  # and signs in, because the spent token may end the session


def _intent(ready: Process) -> bool:
    sessions = ready.run("status", "check", "--json").json["sessions"]
    return bool(sessions[0]["session"]["state"] == "held_elsewhere")


def _until(condition: object) -> None:
    assert callable(condition)
    for _ in range(50):
        if condition():
            return
    raise AssertionError("it did not come about")


def test_a_locked_keyring_is_told_and_nobody_is_asked(ready: Process) -> None:
    real_keyring.lock()
    try:
        for command in (["token", "check"], ["status"], ["exec", "check", "--", "true"], ["forget", "check"]):
            said = ready.run(*command)
            assert said.code == 10, said
            assert "The keyring is locked" in said.err
        assert ready.run("keys").code == 0
        doctor = ready.run("doctor", "--offline", "--json")
        assert doctor.code == 28
        wrong = {check["name"] for check in doctor.json["checks"] if not check["ok"]}
        assert wrong == {"keyring", "keyring-state", "sessions"}
    finally:
        real_keyring.unlock()
    assert ready.run("token", "check").code == 0


def test_no_keyring_at_all(ready: Process) -> None:
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={ready.root}/no-bus"}
    said = ready.run("token", "check", environ=nowhere)
    assert said.code == 11, said
    assert "Traceback" not in said.err


def test_a_mistake_in_the_settings_stops_what_talks_to_nomba(ready: Process) -> None:
    file = profile_paths(ready.root).settings
    file.write_text(file.read_text() + 'proxy = "nonsense"\n')
    said = ready.run("refresh", "check")
    assert said.code == 25
    assert "“proxy”" in said.err
    listed = ready.run("keys", "--json")
    assert listed.code == 0
    assert listed.json["warnings"][0]["reference"] == "ND-330"


@contextmanager
def false_server(folder: Path) -> Iterator[str]:
    """TLS on loopback with a certificate that nobody vouches for."""
    certificate, key = selftest_tls._make_certificate(folder, 1_790_000_000.0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ending = threading.Event()

        def serve() -> None:
            while not ending.is_set():
                try:
                    connection, _ = listening.accept()
                    with context.wrap_socket(connection, server_side=True) as talk:
                        talk.recv(1)
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        ending.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_server_nobody_vouches_for(tmp_path: Path, keys: list[PracticeKey], shell: Shell) -> None:
    with false_server(tmp_path) as url:
        shell.url = url
        assert shell.add(keys[0]).code == 0
        said = shell.run("sign-in", "check", "--json")
    assert said.code == 9, said
    assert said.json["error"]["reference"] == "ND-107"


def test_a_pipe_that_breaks(ready: Process) -> None:
    for command in (["keys"], ["token", "check"], ["completion", "bash"], ["--help"]):
        process = ready.start(*command)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=20)
        assert "Traceback" not in err
        assert err == ""
        assert process.returncode in ((0, 141) if command == ["--help"] else (141,)), command


def test_a_full_disk_and_a_closed_output(ready: Process) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        for command in (["keys"], ["token", "check"]):
            said = ready.run(*command, stdout=full)
            assert (said.code, said.err) == (141, "")
    for words in ("keys", "token check"):
        shell = f"{sys.executable} -m nomba_desktop.app.console {words} >&-"
        done = subprocess.run(
            ["bash", "-c", shell],
            stderr=subprocess.PIPE,
            env=ready.environ(),
            cwd=ROOT,
            timeout=50,
            check=False,
        )
        assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding(nomba: Process, keys: list[PracticeKey], encoding: str) -> None:
    from dataclasses import replace

    environ = {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    assert nomba.add(replace(keys[0], name="Café ₦ 店")).code == 0
    process = nomba.start("status", "café", environ=environ, encoding=encoding)
    out, err = process.communicate(timeout=50)
    assert (process.returncode, err) == (0, "")
    assert {"ascii": "Caf\\xe9", "latin-1": "Café \\u20a6", "utf-8": "Café ₦ 店"}[encoding] in out
    process = nomba.start("token", "nöbody", environ=environ, encoding=encoding)
    _, err = process.communicate(timeout=50)
    assert process.returncode == 3
    assert "Traceback" not in err
    json.loads(nomba.run("keys", "--json", environ=environ).out.encode("ascii"))


# -- terminals ---------------------------------------------------------------------------------------------------


class OnScreen:
    """A command on a terminal of its own."""

    def __init__(self, nomba: Process, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self.process = nomba.start(
            *arguments, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.seen = ""

    def until(self, text: str, patience: float = 20.0) -> None:
        """Read until it says so."""
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], patience)
            assert ready, f"it did not say {text!r}: {self.seen!r}"
            self.seen += os.read(self.master, 4096).decode()

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self.master, text.encode() + b"\n")

    def end(self) -> int:
        """Wait for its end; everything it said is in `seen`."""
        while True:
            try:
                said = os.read(self.master, 4096)
            except OSError:  # EIO: the other end is closed
                break
            if not said:
                break
            self.seen += said.decode()
        os.close(self.master)
        return self.process.wait(timeout=20)


def test_a_terminal_is_asked_for_the_secret_and_shows_neither_it_nor_the_token(
    nomba: Process, keys: list[PracticeKey]
) -> None:
    key = keys[0]
    screen = OnScreen(
        nomba, "add", "--name", "Till", "--environment", "practice", "--account-id", key.account_id,
        "--client-id", key.client_id, "--server-uses-it", "no", "--sign-in",
    )  # fmt: skip
    screen.until("not shown): ")
    screen.type(key.client_secret)
    assert screen.end() == 0
    assert "Added “Till”" in screen.seen
    assert key.client_secret not in screen.seen

    screen = OnScreen(nomba, "token", "till")
    assert screen.end() == 2
    assert "ND-601" in screen.seen
    token = nomba.run("token", "till").out.strip()
    assert token not in screen.seen
    screen = OnScreen(nomba, "token", "till", "--show")
    assert screen.end() == 0
    assert token in screen.seen.replace("\r\n", "")


def test_completion_completes(ready: Process, keys: list[PracticeKey], tmp_path: Path) -> None:
    script = ready.run("completion", "bash").out
    words = tmp_path / "bin"
    words.mkdir()
    (words / "nomba").write_text(
        f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m nomba_desktop.app.console "$@"\n'
    )
    (words / "nomba").chmod(0o755)

    def completed(*line: str) -> list[str]:
        quoted = " ".join(f"'{word}'" for word in line)
        given = f"COMP_WORDS=({quoted}); COMP_CWORD={len(line) - 1}; _nomba"
        asked = f"{script}\n{given}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        done = subprocess.run(
            ["bash", "--norc", "-c", asked], capture_output=True, text=True, timeout=50, check=False,
            env=ready.environ({"PATH": f"{words}:{os.environ['PATH']}"}),
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.split("\n")[:-1]

    assert completed("nomba", "sign") == ["sign-in", "sign-out"]
    assert completed("nomba", "token", "ch") == ["Checkout\\ web"]
    assert completed("nomba", "token", "Checkout\\ w") == ["Checkout\\ web"]
    assert completed("nomba", "token", "--s") == ["--show"]
    assert completed("nomba", "add", "--environment", "l") == ["live"]
    assert completed("nomba", "completion", "z") == ["zsh"]
    assert "true" in completed("nomba", "exec", "check", "--", "tru")
    assert completed("nomba", "keys", "x") == [""]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_of_their_shell(nomba: Process, shell: str, tmp_path: Path) -> None:
    script = nomba.run("completion", shell).out
    assert script.count("'") % 2 == 0
    if shutil.which(shell) is None:
        assert shell != "bash"
        return
    file = tmp_path / "script"
    file.write_text(script)
    done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, "")
