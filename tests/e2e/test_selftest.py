"""`nomba-desktop --selftest`: every check for real, what a failing one looks like, and that nothing is left."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nomba_desktop.adapters.memory_vault import MemoryVault
from nomba_desktop.adapters.system_clock import SystemChance, SystemClock
from nomba_desktop.app import selftest_checks as checks
from nomba_desktop.app import selftest_tls as tls
from nomba_desktop.app.selftest import SCHEMA, Result, run
from nomba_desktop.app.selftest_bench import Bench, CheckFailed, Facts, Outcome, try_out
from nomba_desktop.app.selftest_trip import travel
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import KeyringDenied
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.snapshot import KeyringState, KeyringStatus
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.ports import BoundSecret, Owner

ROOT = Path(__file__).parents[2]
NAMES = [
    "qt", "window", "resources", "event-loop", "keyring", "database", "lock", "trust", "round-trip", "clean-exit",
]  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(SystemClock(), SystemChance(), tmp_path)


def selftest(home: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "nomba_desktop", "--selftest", *arguments],
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
        cwd=ROOT,
        env={
            **os.environ,
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "TMPDIR": str(home),
            **environment,
        },
    )
    return done.returncode, done.stdout, done.stderr


# -- the program ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("private_keyring", "real_screen")
def test_everything_is_ok_and_nothing_is_left(tmp_path: Path) -> None:
    status, out, err = selftest(tmp_path)
    result = json.loads(out)
    assert [check["name"] for check in result["checks"] if not check["ok"]] == []
    assert (status, err, result["ok"], result["schema"], result["noise"]) == (0, "", True, SCHEMA, [])
    assert [check["name"] for check in result["checks"]] == NAMES
    facts = {check["name"]: check["facts"] for check in result["checks"]}
    assert facts["qt"]["platform"] == "xcb"
    assert facts["keyring"] == {"backend": "Secret Service", "state": "ok"}
    assert facts["round-trip"]["calls"]["issue"] == facts["round-trip"]["calls"]["refresh"] == 1
    assert list(tmp_path.iterdir()) == []


def test_a_missing_keyring_is_told_and_the_rest_still_runs(tmp_path: Path) -> None:
    nowhere = f"unix:path={tmp_path}/no-bus"
    target = tmp_path / "result.json"
    status, out, _ = selftest(
        tmp_path, "--output", str(target), QT_QPA_PLATFORM="offscreen", DBUS_SESSION_BUS_ADDRESS=nowhere
    )
    result = json.loads(target.read_text())
    assert (status, out, result["ok"]) == (1, "", False)
    bad = {check["name"]: check["problem"] for check in result["checks"] if not check["ok"]}
    assert set(bad) == {"keyring"}
    assert "(keyring: absent)" in bad["keyring"]
    assert [check["name"] for check in result["checks"]] == NAMES


def test_a_screen_that_qt_cannot_use_is_still_told_in_json(tmp_path: Path) -> None:
    status, out, _ = selftest(tmp_path, QT_QPA_PLATFORM="xcb", DISPLAY="")
    result = json.loads(out)
    assert (status, result["ok"]) == (1, False)
    (only,) = result["checks"]
    assert only["name"] == "qt"
    assert only["problem"].startswith("Qt gave up: ")
    assert list(tmp_path.iterdir()) == []


# -- the result ----------------------------------------------------------------------------------------------------


def test_a_result_without_checks_is_not_ok() -> None:
    assert not Result(SystemClock()).ok


def test_one_bad_check_spoils_the_result_and_it_is_json() -> None:
    result = Result(SystemClock())
    result.outcomes += [Outcome("qt", True, 0.1), Outcome("lock", False, 0.2, "It broke.")]
    result.heard("Qt: \x1b[31mred\u202e")
    told: dict[str, Any] = json.loads(result.as_json())
    assert told["ok"] is False
    assert told["checks"][1] == {
        "name": "lock",
        "ok": False,
        "seconds": 0.2,
        "problem": "It broke.",
        "facts": {},
    }
    assert "\x1b" not in told["noise"][0]
    assert "\u202e" not in told["noise"][0]


async def test_a_check_that_hangs_is_ended_and_told(bench: Bench) -> None:
    ended = asyncio.Event()

    async def hang(_: Bench) -> Facts:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()
        return {}

    outcome = await try_out("window", hang, bench, longest=0.05)
    assert (outcome.ok, outcome.problem) == (False, "It did not end within 0.05 seconds.")
    assert ended.is_set()


async def test_a_defect_shows_where_it_happened_and_no_value(bench: Bench) -> None:
    async def break_down(_: Bench) -> Facts:
        raise RuntimeError("planted-secret")

    outcome = await try_out("lock", break_down, bench)
    assert outcome.problem.startswith("A defect: RuntimeError")
    assert "break_down" in outcome.problem
    assert "planted-secret" not in outcome.problem


async def test_our_errors_keep_their_sentences(bench: Bench) -> None:
    async def refuse(_: Bench) -> Facts:
        raise KeyringDenied("The keyring said no.")

    problem = (await try_out("keyring", refuse, bench)).problem
    assert problem == f"{KeyringDenied.title}: The keyring said no. {KeyringDenied.hint}"


# -- checks that must be able to fail ------------------------------------------------------------------------------


class Forgetful(MemoryVault):
    """Stores nothing."""

    async def put(self, key_id: KeyId, bound: BoundSecret) -> None:
        pass


class Mixing(MemoryVault):
    """Gives back another secret."""

    async def get(self, key_id: KeyId) -> BoundSecret | None:
        found = await super().get(key_id)
        return replace(found, secret=Secret("another")) if found else None


class Clinging(MemoryVault):
    """Deletes nothing."""

    async def delete(self, key_id: KeyId) -> None:
        pass


class Away(MemoryVault):
    """In a state that is not ok."""

    def __init__(self, state: KeyringState) -> None:
        super().__init__(SystemClock())
        self._state = state

    async def test(self) -> KeyringStatus:
        return KeyringStatus(self._state, "a keyring")


@pytest.mark.parametrize(
    ("vault", "sentence"),
    [
        (lambda: Forgetful(SystemClock()), "something else"),
        (lambda: Mixing(SystemClock()), "something else"),
        (lambda: Clinging(SystemClock()), "still has"),
        (lambda: Away(KeyringState.LOCKED), "(keyring: locked)"),
        (lambda: Away(KeyringState.DENIED), "(keyring: denied)"),
        (lambda: Away(KeyringState.ABSENT), "(keyring: absent)"),
        (lambda: Away(KeyringState.HUNG), "(keyring: hung)"),
    ],
)
async def test_a_bad_keyring_fails(vault: Callable[[], MemoryVault], sentence: str, bench: Bench) -> None:
    with pytest.raises(CheckFailed) as failed:
        await checks.use_vault(vault(), bench)
    assert sentence in str(failed.value)


class EarlyClock(SystemClock):
    """Sleeps shorter than told."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds * 0.5)


async def test_an_early_timer_fails(bench: Bench) -> None:
    from nomba_desktop.app import selftest_qt as qt

    assert await qt.event_loop(bench)
    with pytest.raises(CheckFailed, match="timers are early"):
        await qt.event_loop(replace(bench, clock=EarlyClock()))


def test_a_thread_left_over_fails() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="left-over")
    thread.start()
    try:
        outcome = checks.clean_exit(0, SystemClock(), patience=0.01)
    finally:
        stop.set()
        thread.join()
    assert not outcome.ok
    assert "left-over" in outcome.problem
    assert not checks.clean_exit(2, SystemClock(), patience=0.01).ok


class Open:
    """A lock that lets everybody in."""

    @asynccontextmanager
    async def try_hold(self, session: SessionId) -> AsyncIterator[Owner | None]:
        yield None


class Held(Open):
    """A lock that somebody else holds for ever."""

    @asynccontextmanager
    async def try_hold(self, session: SessionId) -> AsyncIterator[Owner | None]:
        yield Owner("first", 0.0)


async def test_a_lock_that_does_not_lock_fails(bench: Bench) -> None:
    with pytest.raises(CheckFailed, match="no working locks"):
        await checks.use_locks(Open(), Open())
    with pytest.raises(CheckFailed, match="still held"):
        await checks.use_locks(Open(), Held())
    assert await checks.lock(bench) == {}


async def test_a_server_that_ends_nothing_is_noticed(bench: Bench) -> None:
    lax = partial(travel, switches=Switches(session_rule="none"))
    outcome = await try_out("round-trip", lax, bench)
    assert outcome.problem == "The token before the refresh is still accepted."


async def test_tls_checks_certificates(bench: Bench) -> None:
    assert await tls.trust_store(bench)


async def test_tls_that_checks_nothing_fails(bench: Bench) -> None:
    def lax(_: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    with pytest.raises(CheckFailed, match="nobody vouches for"):
        await tls.trust_store(bench, trust=lax)


async def test_an_empty_trust_store_fails(bench: Bench) -> None:
    with pytest.raises(CheckFailed, match="ca-certificates"):
        await tls.trust_store(bench, count=lambda _: 0)


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["--selftest", "--no-such-option"])
    assert ended.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err
