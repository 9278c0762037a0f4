"""The vault over keyrings that lock, refuse, forget and hang; and over a real Secret Service that is locked."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.domain.errors import (
    KeyringAbsent,
    KeyringDenied,
    KeyringError,
    KeyringHung,
    KeyringLocked,
    SecretBoundElsewhere,
)
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.snapshot import KeyringState
from tests.contracts.samples import BOUND
from tests.support.fakes.manual_clock import EPOCH, ManualClock
from tests.support.qtloop import turn, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
ID = KeyId("k-1")


class Scripted:
    """A keyring that does what the test says, on the vault's thread."""

    name = "Scripted"

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.error: KeyringError | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.keeps: Callable[[str], str | None] = lambda text: text
        self.calls: list[str] = []
        self.threads: set[str] = set()

    def _call(self, name: str) -> None:
        self.calls.append(name)
        self.threads.add(threading.current_thread().name)
        assert self.gate.wait(20)
        if self.error is not None:
            raise self.error

    def ready(self) -> None:
        self._call("ready")

    def unlock(self, seconds: float) -> None:
        self.calls.append("unlock")
        assert self.gate.wait(20)
        self.error = None

    def get(self, service: str) -> str | None:
        self._call("get")
        return self.entries.get(service)

    def put(self, service: str, text: str) -> None:
        self._call("put")
        kept = self.keeps(text)
        if kept is not None:
            self.entries[service] = kept

    def delete(self, service: str) -> None:
        self._call("delete")
        self.entries.pop(service, None)


@pytest.fixture
def keyring() -> Iterator[Scripted]:
    keyring = Scripted()
    yield keyring
    keyring.gate.set()


@pytest.fixture
def vault(keyring: Scripted, tmp_path: Path) -> Iterator[KeyringVault]:
    vault = KeyringVault(
        ManualClock(), tmp_path, "test", backend=lambda: keyring, deadline=0.2, prompt_deadline=20
    )
    yield vault
    vault.close()


async def every_call(vault: KeyringVault) -> list[type[KeyringError]]:
    """The errors of all calls, one after the other."""
    raised = []
    for call in (vault.get(ID), vault.put(ID, BOUND), vault.delete(ID), vault.cache_key()):
        with pytest.raises(KeyringError) as error:
            await call
        raised.append(error.type)
    return raised


# -- entries


async def test_an_entry_has_a_service_name_of_its_own_and_says_what_it_is_for(
    vault: KeyringVault, keyring: Scripted
) -> None:
    await vault.put(ID, BOUND)
    await vault.cache_key()
    assert set(keyring.entries) == {"nomba-desktop:test:key:k-1", "nomba-desktop:test:cache-key"}
    told = json.loads(keyring.entries["nomba-desktop:test:key:k-1"])
    binding = BOUND.binding
    assert told == {
        "v": 1,
        "secret": "s" * 84 + 'ß=?"',
        "host": binding.host,
        "client_id": binding.client_id,
        "account_id": binding.account_id,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain-secret",
        "[]",
        "{}",
        "[" * 5000,
        '{"v":2,"secret":"s","host":"h","client_id":"c","account_id":"a"}',
        '{"v":1,"secret":"s","host":"h","client_id":"c"}',
        '{"v":1,"secret":5,"host":"h","client_id":"c","account_id":"a"}',
        '{"v":1,"secret":"","host":"h","client_id":"c","account_id":"a"}',
    ],
)
async def test_an_entry_of_another_form_is_refused(vault: KeyringVault, keyring: Scripted, text: str) -> None:
    keyring.entries["nomba-desktop:test:key:k-1"] = text
    with pytest.raises(SecretBoundElsewhere) as raised:
        await vault.get(ID)
    assert "plain-secret" not in f"{raised.value} {raised.value.details}"


@pytest.mark.parametrize("text", ["", "{}", '{"v":1,"key":"AAAA"}', '{"v":1,"key":"!"}', '{"v":1,"key":7}'])
async def test_a_cache_key_of_another_form_is_told_and_kept(
    vault: KeyringVault, keyring: Scripted, text: str
) -> None:
    keyring.entries["nomba-desktop:test:cache-key"] = text
    with pytest.raises(KeyringDenied, match="sign in again"):
        await vault.cache_key()
    assert keyring.entries["nomba-desktop:test:cache-key"] == text


@pytest.mark.parametrize("keeps", [lambda text: None, lambda text: text[:-1]])
async def test_a_keyring_that_does_not_keep_is_found_out(
    vault: KeyringVault, keyring: Scripted, keeps: Callable[[str], str | None]
) -> None:
    await vault.put(ID, BOUND)
    keyring.keeps = keeps
    with pytest.raises(KeyringDenied, match="did not keep"):
        await vault.put(ID, replace(BOUND, secret=Secret("new")))
    with pytest.raises(KeyringDenied):
        await vault.cache_key()


async def test_a_secret_that_stays_after_deleting_is_told(vault: KeyringVault, keyring: Scripted) -> None:
    class Sticky(dict):
        def pop(self, *_: object) -> None:
            return None

    await vault.put(ID, BOUND)
    keyring.entries = Sticky(keyring.entries)
    with pytest.raises(KeyringDenied, match="still has"):
        await vault.delete(ID)


def test_profile_names_are_plain(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        KeyringVault(ManualClock(), tmp_path, "a:b")


# -- states


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (KeyringLocked(), KeyringState.LOCKED),
        (KeyringDenied(), KeyringState.DENIED),
        (KeyringAbsent(), KeyringState.ABSENT),
        (KeyringHung(), KeyringState.HUNG),
        (KeyringError(), KeyringState.DENIED),
    ],
)
async def test_each_state_is_told(
    vault: KeyringVault, keyring: Scripted, error: KeyringError, state: KeyringState
) -> None:
    keyring.error = error
    status = await vault.test()
    assert (status.state, status.tested_at) == (state, EPOCH)
    assert set(await every_call(vault)) == {type(error)}
    keyring.error = None
    assert (await vault.test()).state is KeyringState.OK
    assert await vault.get(ID) is None


async def test_a_keyring_that_is_not_ready_is_asked_nothing_else(
    vault: KeyringVault, keyring: Scripted
) -> None:
    keyring.error = KeyringLocked()
    await every_call(vault)
    await vault.test()
    assert set(keyring.calls) == {"ready"}


async def test_a_service_that_comes_up_later_is_found(tmp_path: Path, keyring: Scripted) -> None:
    there = False

    def choose() -> Scripted:
        if not there:
            raise KeyringAbsent
        return keyring

    vault = KeyringVault(ManualClock(), tmp_path, "test", backend=choose)
    assert (await vault.test()).state is KeyringState.ABSENT
    there = True
    assert (await vault.test()).state is KeyringState.OK
    vault.close()


async def test_a_service_that_went_away_is_chosen_anew(tmp_path: Path) -> None:
    chosen: list[Scripted] = []

    def choose() -> Scripted:
        chosen.append(Scripted())
        return chosen[-1]

    vault = KeyringVault(ManualClock(), tmp_path, "test", backend=choose)
    await vault.test()
    await vault.test()
    assert len(chosen) == 1
    chosen[0].error = KeyringAbsent()
    assert (await vault.test()).state is KeyringState.ABSENT
    assert (await vault.test()).state is KeyringState.OK
    assert len(chosen) == 2
    vault.close()


async def test_only_unlock_prompts_and_meanwhile_nothing_queues(
    vault: KeyringVault, keyring: Scripted
) -> None:
    keyring.error = KeyringLocked()
    keyring.gate.clear()
    prompt = asyncio.create_task(vault.unlock())
    await wait_until(lambda: "unlock" in keyring.calls)
    with pytest.raises(KeyringLocked, match="window is open"):
        await vault.get(ID)
    assert (await vault.test()).state is KeyringState.LOCKED
    assert (await vault.unlock()).state is KeyringState.LOCKED, "one window is enough"
    keyring.gate.set()
    assert (await prompt).state is KeyringState.OK
    assert keyring.calls.count("unlock") == 1
    assert await vault.get(ID) is None


# -- hanging


async def test_a_keyring_that_hangs_is_told_at_once_and_recovers(
    vault: KeyringVault, keyring: Scripted
) -> None:
    assert (await vault.test()).state is KeyringState.OK
    keyring.gate.clear()
    with pytest.raises(KeyringHung, match=r"0\.2 seconds"):
        await vault.get(ID)
    asked = len(keyring.calls)
    started = asyncio.get_running_loop().time()
    assert set(await every_call(vault)) == {KeyringHung}
    assert (await vault.test()).state is KeyringState.HUNG
    assert asyncio.get_running_loop().time() - started < 0.15, "nobody waits again"
    assert len(keyring.calls) == asked, "nothing queues up"
    keyring.gate.set()
    async with asyncio.timeout(10):
        while (await vault.test()).state is not KeyringState.OK:
            await turn()
    await vault.put(ID, BOUND)
    assert await vault.get(ID) == BOUND


async def test_calls_waiting_their_turn_do_not_wait_for_a_deadline_each(
    vault: KeyringVault, keyring: Scripted
) -> None:
    await vault.test()
    keyring.gate.clear()
    started = asyncio.get_running_loop().time()
    calls = await asyncio.gather(*(vault.get(ID) for _ in range(50)), return_exceptions=True)
    assert {type(call) for call in calls} == {KeyringHung}
    assert asyncio.get_running_loop().time() - started < 2


async def test_many_calls_of_a_slow_keyring_all_get_through(vault: KeyringVault, keyring: Scripted) -> None:
    await asyncio.gather(*(vault.put(KeyId(f"k-{n}"), BOUND) for n in range(200)))
    assert len(keyring.entries) == 200
    assert keyring.threads == {"nomba-keyring"}


@pytest.mark.parametrize("had", [False, True])
async def test_a_secret_that_was_put_too_late_is_taken_back(
    vault: KeyringVault, keyring: Scripted, had: bool
) -> None:
    if had:
        await vault.put(ID, BOUND)
    before = dict(keyring.entries)
    await vault.test()
    keyring.gate.clear()
    with pytest.raises(KeyringHung):
        await vault.put(ID, replace(BOUND, secret=Secret("late")))
    keyring.gate.set()
    async with asyncio.timeout(10):
        while (await vault.test()).state is not KeyringState.OK:
            await turn()
    assert "put" in keyring.calls
    assert keyring.entries == before


async def test_a_cancelled_call_leaves_the_thread_usable(vault: KeyringVault, keyring: Scripted) -> None:
    await vault.test()
    keyring.gate.clear()
    call = asyncio.create_task(vault.get(ID))
    await wait_until(lambda: keyring.calls[-1] == "ready" and len(keyring.calls) > 2)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    keyring.gate.set()
    assert await vault.get(ID) is None


def test_a_program_ends_although_its_keyring_hangs(tmp_path: Path) -> None:
    program = """
import asyncio, sys, threading
from pathlib import Path
from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.adapters.system_clock import SystemClock
vault = KeyringVault(SystemClock(), Path(sys.argv[1]), backend=lambda: threading.Event().wait(), deadline=0.05)
print(asyncio.run(vault.test()).state.value)
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(tmp_path)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "hung\n", "")


def test_nothing_is_loaded_before_the_first_call() -> None:
    program = """
import sys
from pathlib import Path
from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.adapters.system_clock import SystemClock
KeyringVault(SystemClock(), Path("."))
print({"keyring", "secretstorage", "jeepney"} & set(sys.modules))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout == "set()\n"


# -- the cache key


async def test_a_key_made_by_another_process_meanwhile_is_taken(
    vault: KeyringVault, keyring: Scripted
) -> None:
    other = json.dumps({"v": 1, "key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="})
    looks = 0

    class Late(dict):
        def get(self, name: str, default: object = None) -> object:
            nonlocal looks
            looks += 1
            return None if looks == 1 else other

    keyring.entries = Late()
    assert await vault.cache_key() == bytes(range(32))
    assert "put" not in keyring.calls


# -- a real Secret Service

MAKER = """
import asyncio, sys
from pathlib import Path
from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.adapters.system_clock import SystemClock
sys.stdin.readline()
print(asyncio.run(KeyringVault(SystemClock(), Path(sys.argv[1]), sys.argv[2]).cache_key()).hex())
"""


@pytest.mark.usefixtures("private_keyring")
async def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    profile = f"test-{uuid4().hex[:8]}"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", MAKER, str(tmp_path), profile,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]  # fmt: skip
    keys = {(await process.communicate(b"\n"))[0] for process in processes}
    assert len(keys) == 1
    assert len(keys.pop()) == 65


LOCKED = """
import asyncio, subprocess, sys
from contextlib import closing
from pathlib import Path
import secretstorage
from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.domain.errors import KeyringLocked
from tests.contracts.samples import BOUND

def say(*words):
    print(*words, file=sys.stderr, flush=True)

async def tool(*words):
    running = await asyncio.create_subprocess_exec("xdotool", *words, stdout=subprocess.DEVNULL)
    await running.wait()

async def answer():
    # What the bus starts has no screen of its own in this stage: give it ours, then type into the prompt.
    subprocess.run(["dbus-update-activation-environment", "DISPLAY", "XAUTHORITY"], check=True)
    unlocking = asyncio.create_task(vault.unlock())
    await tool("search", "--sync", "--onlyvisible", "--name", "Unlock .* Keyring")
    say("get while the prompt is open:", await refused(vault.get("k-1")))
    while not unlocking.done():
        await tool("key", "ctrl+a")
        await tool("type", "--delay", "20", "private-test-password")
        await tool("key", "Return")
        await asyncio.wait([unlocking], timeout=2)
    return (await unlocking).state.value

async def refused(call):
    try:
        await call
    except KeyringLocked as error:
        return type(error).__name__
    return "answered"

async def main():
    await vault.put("k-1", BOUND)
    await vault.cache_key()
    with closing(secretstorage.dbus_init()) as bus:
        secretstorage.get_default_collection(bus).lock()
    say("test:", (await vault.test()).state.value)
    for name, call in (("get", vault.get("k-1")), ("put", vault.put("k-1", BOUND)), ("delete", vault.delete("k-1")),
                       ("cache_key", vault.cache_key())):
        say(name + ":", await refused(call))
    say("no prompt so far")
    say("unlock without a screen:", (await vault.unlock()).state.value)
    say("unlock:", await answer())
    say("get:", "same" if await vault.get("k-1") == BOUND else "other")

vault = KeyringVault(SystemClock(), Path(sys.argv[1]), "locked")
asyncio.run(main())
"""


@pytest.mark.usefixtures("private_keyring")
def test_a_locked_secret_service_prompts_for_unlock_alone(tmp_path: Path) -> None:
    stage = ROOT / "packaging" / "with-keyring.sh"
    ended = subprocess.run(
        ["bash", str(stage), sys.executable, "-W", "error", "-c", LOCKED, str(tmp_path)],
        capture_output=True, text=True, timeout=50, check=False, cwd=ROOT,
    )  # fmt: skip
    before, _, after = ended.stderr.partition("no prompt so far\n")
    for line in (
        "test: locked",
        *(f"{name}: KeyringLocked" for name in ("get", "put", "delete", "cache_key")),
    ):
        assert f"{line}\n" in before, ended
    assert "SystemPrompter" not in before, ended
    assert "unlock without a screen: locked\n" in after, ended
    assert "get while the prompt is open: KeyringLocked\n" in after, ended
    assert "unlock: ok\n" in after, ended
    assert "get: same\n" in after, ended
    assert ended.returncode == 0, ended


def test_without_a_session_bus_there_is_no_keyring(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from nomba_desktop.adapters.keyring_vault import KeyringVault
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.domain.errors import KeyringAbsent
vault = KeyringVault(SystemClock(), Path(sys.argv[1]))
async def main():
    print((await vault.test()).state.value, (await vault.unlock()).state.value)
    try:
        await vault.cache_key()
    except KeyringAbsent as error:
        print(error.details)
asyncio.run(main())
"""
    for address in (None, "unix:path=/nowhere/bus"):
        environment = {
            name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"
        }
        if address:
            environment["DBUS_SESSION_BUS_ADDRESS"] = address
        ended = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            capture_output=True, text=True, timeout=30, check=False, env=environment,
        )  # fmt: skip
        assert ended.stdout.startswith("absent absent\n"), ended
        assert ended.stderr == ""
        assert ended.returncode == 0
