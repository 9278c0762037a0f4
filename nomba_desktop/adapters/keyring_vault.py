"""The OS keyring as the vault: own thread, deadlines, five named states."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from filelock import FileLock, Timeout

from nomba_desktop.adapters.anchor_entry import anchor_to_text, service_of_anchor, text_to_anchor
from nomba_desktop.adapters.cache_key_entry import (
    CACHE_KEY_BYTES,
    cache_key_to_text,
    service_of_cache_key,
    text_to_cache_key,
)
from nomba_desktop.adapters.deadline_thread import DeadlineThread, Given, Stuck
from nomba_desktop.adapters.private_files import private_directory
from nomba_desktop.adapters.vault_entries import bound_to_text, text_to_bound
from nomba_desktop.domain.audit import Head
from nomba_desktop.domain.errors import (
    KeyringAbsent,
    KeyringDenied,
    KeyringError,
    KeyringHung,
    KeyringLocked,
)
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.snapshot import KeyringState, KeyringStatus
from nomba_desktop.services.ports import BoundSecret, Clock

_T = TypeVar("_T")

#: Seconds a call may take; with a prompt open (`unlock`); for another process that is making the cache key.
DEADLINE = 3.0
PROMPT_DEADLINE = 60.0
MAKING_WAIT = 2.0

_PROFILE = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_STATES: dict[type[KeyringError], KeyringState] = {
    KeyringLocked: KeyringState.LOCKED,
    KeyringDenied: KeyringState.DENIED,
    KeyringAbsent: KeyringState.ABSENT,
    KeyringHung: KeyringState.HUNG,
}


class Backend(Protocol):
    """A platform's keyring; calls block. Every method may raise a `KeyringError`."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def ready(self) -> None:
        """Raise if a call could not go on without a prompt, as far as that can be known."""
        ...

    def unlock(self, seconds: float) -> None:
        """Unlock, showing the system's prompt for that long."""
        ...

    def get(self, service: str) -> str | None:
        """The entry, None when there is none."""
        ...

    def put(self, service: str, text: str) -> None:
        """Store, replacing."""
        ...

    def delete(self, service: str) -> None:
        """Delete; what isn't there is fine."""
        ...


def _platform_backend() -> Backend:
    from nomba_desktop.adapters.keyring_backends import platform_backend  # noqa: PLC0415 - takes 100 ms

    return platform_backend()


class KeyringVault:
    """`Vault` in the keyring of this computer, entries named `nomba-desktop:<profile>:...`, one service name each.

    Only `unlock` shows a prompt, where the platform lets us know beforehand (Secret Service). A lock file in
    `directory` keeps two processes from making the cache key at once; it is never deleted. `profile` keeps tests and
    other installations apart. Nothing here runs before the first call; every error is one of the five states' or
    `SecretBoundElsewhere`.
    """

    def __init__(
        self,
        clock: Clock,
        directory: Path,
        profile: str = "default",
        *,
        backend: Callable[[], Backend] = _platform_backend,
        deadline: float = DEADLINE,
        prompt_deadline: float = PROMPT_DEADLINE,
    ) -> None:
        if not _PROFILE.fullmatch(profile):
            raise ValueError("a profile name has lower-case letters, digits and hyphens")
        self._prefix = f"nomba-desktop:{profile}"
        self._cache_key_service = service_of_cache_key(profile)
        self._anchor_service = service_of_anchor(profile)
        self._clock = clock
        self._lock_file = directory / "cache-key.lock"
        self._choose = backend
        self._deadline, self._prompt_deadline = deadline, prompt_deadline
        self._thread = DeadlineThread("nomba-keyring")
        self._backend: Backend | None = None
        self._prompting = False

    async def get(self, key_id: KeyId) -> BoundSecret | None:
        """The entry of a key, None when there is none. Raises a `KeyringError`."""
        service = self._of(key_id)
        text = await self._call(lambda backend, _: backend.get(service))
        return None if text is None else text_to_bound(text)

    async def put(self, key_id: KeyId, bound: BoundSecret) -> None:
        """Store, replacing, and read back. Raises a `KeyringError`; then what was there before is there again, at the
        latest when the keyring that hung comes back."""
        service, text = self._of(key_id), bound_to_text(bound)

        def write(backend: Backend, given_up: Given) -> None:
            before = backend.get(service)
            backend.put(service, text)
            kept = backend.get(service)
            if kept == text and not given_up.is_set():
                return
            if before is None:
                backend.delete(service)
            else:
                backend.put(service, before)
            raise KeyringDenied("The keyring did not keep the secret: reading it back gave something else.")

        await self._call(write)

    async def delete(self, key_id: KeyId) -> None:
        """Delete and read back; deleting what isn't there is fine. Raises a `KeyringError`."""
        service = self._of(key_id)

        def remove(backend: Backend, _: Given) -> None:
            backend.delete(service)
            if backend.get(service) is not None:
                raise KeyringDenied("The keyring still has the secret after it was told to delete it.")

        await self._call(remove)

    async def cache_key(self) -> bytes:
        """The 32-byte cache key; made on first use, the same for every process afterwards. Raises a `KeyringError`."""
        service = self._cache_key_service

        def find_or_make(backend: Backend, _: Given) -> str:
            found = backend.get(service)
            return found if found is not None else self._make(backend, service)

        return text_to_cache_key(await self._call(find_or_make))

    async def anchor(self, head: Head) -> None:
        """Remember where the activity log ends, and read back. Raises a `KeyringError`."""
        service, text = self._anchor_service, anchor_to_text(head)

        def write(backend: Backend, _: Given) -> None:
            backend.put(service, text)
            if backend.get(service) != text:
                raise KeyringDenied("The keyring did not keep the end of the activity log.")

        await self._call(write)

    async def read_anchor(self) -> Head | None:
        """Where the activity log ended when `anchor` was called last; None before. Raises a `KeyringError`."""
        service = self._anchor_service
        text = await self._call(lambda backend, _: backend.get(service))
        return None if text is None else text_to_anchor(text)

    async def test(self) -> KeyringStatus:
        """Try the keyring with a harmless look-up, without a prompt; never raises a `KeyringError`."""
        service = self._cache_key_service
        try:
            await self._call(lambda backend, _: backend.get(service))
        except KeyringError as error:
            return self._told(error)
        return KeyringStatus(KeyringState.OK, self._name(), self._clock.now())

    async def unlock(self) -> KeyringStatus:
        """Have the system ask for the keyring's password, then test; never raises a `KeyringError`.

        Meanwhile other calls raise `KeyringLocked` at once.
        """
        if self._prompting:
            return await self.test()
        self._prompting = True
        try:
            await self._run(lambda backend, _: backend.unlock(self._prompt_deadline), self._prompt_deadline)
        except KeyringError as error:
            return self._told(error)
        finally:
            self._prompting = False
        return await self.test()

    def close(self) -> None:
        """Let the thread end; a call that hangs is left to itself."""
        self._thread.close()

    # -- helpers

    def _of(self, key_id: KeyId) -> str:
        return f"{self._prefix}:key:{key_id}"

    async def _call(self, work: Callable[[Backend, Given], _T]) -> _T:
        if self._prompting:
            raise KeyringLocked("The keyring's unlock window is open: answer it.")

        def when_ready(backend: Backend, given_up: Given) -> _T:
            backend.ready()
            return work(backend, given_up)

        return await self._run(when_ready, self._deadline)

    async def _run(self, work: Callable[[Backend, Given], _T], seconds: float) -> _T:
        def chosen(given_up: Given) -> _T:
            if self._backend is None:
                self._backend = self._choose()
            try:
                return work(self._backend, given_up)
            except KeyringAbsent:
                self._backend = None  # another one may come up
                raise

        try:
            return await self._thread.run(chosen, seconds)
        except Stuck:
            raise KeyringHung(f"The keyring has not answered for {seconds:g} seconds or more.") from None

    def _make(self, backend: Backend, service: str) -> str:
        """Under a file lock: look again, write, and take what reading back gives."""
        lock = FileLock(
            self._lock_file, mode=0o600, thread_local=False, preserve_lock_file=True, fallback_to_soft=False
        )
        try:
            private_directory(self._lock_file.parent)
            with lock.acquire(timeout=MAKING_WAIT):
                if (found := backend.get(service)) is None:
                    backend.put(service, cache_key_to_text(secrets.token_bytes(CACHE_KEY_BYTES)))
                    found = backend.get(service)
        except Timeout:
            raise KeyringHung("Another program has been making the cache key for too long.") from None
        except (OSError, NotImplementedError) as error:
            raise KeyringDenied(
                "The lock file for making the cache key can't be used in the data directory.",
                details=type(error).__name__,
            ) from error
        if found is None:
            raise KeyringDenied("The keyring did not keep the cache key: reading it back gave nothing.")
        return found

    def _told(self, error: KeyringError) -> KeyringStatus:
        states = (state for kind, state in _STATES.items() if isinstance(error, kind))
        return KeyringStatus(next(states, KeyringState.DENIED), self._name(), self._clock.now())

    def _name(self) -> str:
        return self._backend.name if self._backend is not None else ""
