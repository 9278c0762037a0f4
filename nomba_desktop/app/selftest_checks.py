"""The self-test's checks below the window: keyring, database, lock, practice round trip, orderly end."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import replace

from nomba_desktop.app.selftest_bench import Bench, CheckFailed, Facts, Outcome
from nomba_desktop.app.selftest_tls import trust_store
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import KeyringError, SealBroken
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.record import SessionRecord, Tokens
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.snapshot import KeyringState
from nomba_desktop.services.ports import Binding, BoundSecret, Clock, SessionLock, Vault

__all__ = ["clean_exit", "database", "keyring", "lock", "round_trip", "trust_store"]

_SESSION = SessionId("self-test.invalid", "self-test")
_STATES = {
    KeyringState.LOCKED: "The keyring is locked. Unlock it, then run the self-test again.",
    KeyringState.DENIED: "The keyring refused access.",
    KeyringState.ABSENT: "No keyring service answers here. On Linux start gnome-keyring or KWallet.",
    KeyringState.HUNG: "The keyring does not answer.",
}


async def keyring(bench: Bench) -> Facts:
    """An entry of its own is stored in this computer's keyring, read back and deleted again."""
    from nomba_desktop.adapters.keyring_vault import KeyringVault

    vault = KeyringVault(bench.clock, bench.root / "keyring", f"self-test-{bench.chance.token()[:12]}")
    try:
        return await use_vault(vault, bench)
    finally:
        vault.close()


async def use_vault(vault: Vault, bench: Bench) -> Facts:
    """Store, read back, delete; raises `CheckFailed` with the keyring's state, or what was not kept."""
    status = await vault.test()
    if status.state in _STATES:
        raise CheckFailed(f"{_STATES[status.state]} (keyring: {status.state.value})")
    key = KeyId("self-test")
    bound = BoundSecret(Secret(bench.chance.token()), Binding(_SESSION.host, _SESSION.client_id, "self-test"))
    try:
        await vault.put(key, bound)
        if await vault.get(key) != bound:
            raise CheckFailed("The keyring gave back something else than what was stored.")
    finally:
        with suppress(KeyringError):
            await vault.delete(key)
    if await vault.get(key) is not None:
        raise CheckFailed("The keyring still has the self-test's entry after deleting it.")
    return {"backend": status.backend, "state": status.state.value}


async def database(bench: Bench) -> Facts:
    """A sealed record is written, read back after closing, unreadable on the disk and under another key."""
    from nomba_desktop.adapters.aesgcm_sealing import KEY_BYTES, Sealer
    from nomba_desktop.adapters.sqlite_database import Database
    from nomba_desktop.adapters.sqlite_sessions import SqliteSessionStore

    folder, key = bench.root / "database", os.urandom(KEY_BYTES)
    path, planted, now = folder / "self-test.sqlite3", bench.chance.token(), bench.clock.now()
    tokens = Tokens(Secret(planted), None, now, now + 1800, now + 1500)

    def move(record: SessionRecord) -> SessionRecord:
        return replace(record, generation=record.generation + 1, tokens=tokens)

    opened = await Database.open(path, bench.clock)
    try:
        await SqliteSessionStore(opened, Sealer(key)).apply(_SESSION, move)
    finally:
        await opened.aclose()
    if any(planted.encode() in file.read_bytes() for file in folder.iterdir() if file.is_file()):
        raise CheckFailed("The database holds a token in plain text.")
    again = await Database.open(path, bench.clock)
    try:
        record = SqliteSessionStore(again, Sealer(key)).read(_SESSION)
        if record.generation != 1 or record.tokens != tokens:
            raise CheckFailed("The database gave back another record than what was written.")
        with suppress(SealBroken):
            SqliteSessionStore(again, Sealer(os.urandom(KEY_BYTES))).read(_SESSION)
            raise CheckFailed("A sealed record opened under a wrong key.")
    finally:
        await again.aclose()
    return {"bytes": path.stat().st_size}


async def lock(bench: Bench) -> Facts:
    """While one holds a session's lock a second try is refused; given back, it is free."""
    from nomba_desktop.adapters.filelock_lock import FileSessionLock

    first, second = (FileSessionLock(bench.root / "locks", bench.clock, who) for who in ("first", "second"))
    return await use_locks(first, second)


async def use_locks(first: SessionLock, second: SessionLock) -> Facts:
    """Raises `CheckFailed` when two hold the lock at once, or it stays held; `first` calls itself so."""
    async with first.try_hold(_SESSION) as holder:
        if holder is not None:
            raise CheckFailed("A new lock is held by somebody already.")
        async with second.try_hold(_SESSION) as other:
            if other is None:
                raise CheckFailed("Two held the same lock at once: this file system has no working locks.")
            if other.who != "first":
                raise CheckFailed("The lock does not say who holds it.")
    async with second.try_hold(_SESSION) as holder:
        if holder is not None:
            raise CheckFailed("The lock was given back, but is still held.")
    return {}


async def round_trip(bench: Bench) -> Facts:
    """A key is added, signed in, refreshed and signed out over real HTTP on a practice server of our own."""
    from nomba_desktop.app.selftest_trip import travel

    return await travel(bench)


def clean_exit(tasks_left: int, clock: Clock, patience: float = 5.0) -> Outcome:
    """Nothing goes on after the loop has closed: no task, no thread that would hold up the end.

    A thread gets `patience` seconds to end.
    """
    began = clock.monotonic()
    ours = [t for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()]
    for thread in ours:
        thread.join(patience)
    names = sorted(thread.name for thread in ours if thread.is_alive())
    problem = ""
    if tasks_left:
        problem = f"{tasks_left} background tasks were still running at the end."
    elif names:
        problem = f"These threads did not end: {', '.join(names)}."
    return Outcome("clean-exit", not problem, round(clock.monotonic() - began, 3), problem)
