"""`python -m nomba_desktop.practice`, and what the package may import."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-W", "error", "-m", "nomba_desktop.practice"]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[dict[str, object], subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), process
    finally:
        process.kill()
        process.communicate()


def keys_of(url: object, token: str) -> list[dict[str, object]]:
    request = urllib.request.Request(f"{url}/practice/keys", headers={"X-Practice-Admin": token})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        keys: list[dict[str, object]] = json.load(answer)["keys"]
        return keys


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_and_ends_quietly(ending: signal.Signals) -> None:
    with running("--samples") as (said, process):
        assert set(said) == {"url", "admin_token", "keys"}
        assert said["keys"] == 11
        assert len(keys_of(said["url"], str(said["admin_token"]))) == 11
        process.send_signal(ending)
        out, err = process.communicate(timeout=10)
        assert (out, err) == ("", "")
        assert process.returncode in (0, -ending)


def test_secrets_go_to_private_files(tmp_path: Path) -> None:
    token_file, samples_file = tmp_path / "admin", tmp_path / "keys.json"
    token_file.write_text("old")
    token_file.chmod(0o644)
    arguments = ("--admin-token-file", str(token_file), "--samples-file", str(samples_file))
    with running(*arguments) as (said, _process):
        assert set(said) == {"url", "admin_token_file", "keys"}
        assert len(keys_of(said["url"], token_file.read_text().strip())) == 11
    for file in (token_file, samples_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = json.loads(samples_file.read_text())
    assert [len(row["client_secret"]) for row in rows] == [88] * 11


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--port", "70000"], 2, "--port must be between 0 and 65535"),
        (["--port", "x"], 2, "invalid int value"),
        (
            ["--admin-token-file", "no/such/folder/file"],
            1,
            "The practice server could not start: No such file",
        ),
    ],
)
def test_bad_arguments_get_a_sentence(
    arguments: list[str], status: int, sentence: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == status
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_it_imports_nothing_else_of_ours() -> None:
    code = (
        "import sys, nomba_desktop.practice.__main__\n"
        "print([m for m in sys.modules if m.startswith('nomba_desktop.')"
        " and not m.startswith('nomba_desktop.practice')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
