"""The platform's keyring, constructed directly. The only file that imports `keyring`, itself imported by the vault's
thread when it is first needed (100 ms).

Discovery is never used: it would load foreign backends, among them one that drops secrets and one that writes them
to a file in plain. Everything here blocks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING, Any

from keyring import errors

from nomba_desktop.domain.errors import KeyringAbsent, KeyringDenied, KeyringError, KeyringHung, KeyringLocked
from nomba_desktop.domain.text import clean

if TYPE_CHECKING:
    from nomba_desktop.adapters.keyring_vault import Backend

USER = "nomba-desktop"
_STAYS_LOCKED = "The keyring stays locked: its window was closed or could not be shown."


@contextmanager
def _keyring_errors() -> Iterator[None]:
    try:
        yield
    except errors.KeyringLocked as error:
        raise KeyringLocked(details=_words(error)) from error
    except (errors.NoKeyringError, errors.InitError) as error:
        raise KeyringAbsent(details=_words(error)) from error
    except errors.KeyringError as error:
        raise KeyringDenied(details=_words(error)) from error


def _words(error: BaseException) -> str:
    return clean(f"{type(error).__name__}: {error}")


class _Keyring:
    """A backend of the `keyring` package that unlocks by itself, where it has to."""

    name = ""

    def __init__(
        self, keyring: Any, guard: Callable[[], AbstractContextManager[None]] = _keyring_errors
    ) -> None:
        self._keyring = keyring
        self._guard = guard

    def ready(self) -> None:
        """Nothing can be asked here without a prompt."""

    def unlock(self, seconds: float) -> None:
        """The first look-up prompts, for as long as the system likes."""
        self.get("nomba-desktop:unlock")

    def get(self, service: str) -> str | None:
        """The entry, None when there is none."""
        with self._guard():
            text = self._keyring.get_password(service, USER)
        return None if text is None else str(text)

    def put(self, service: str, text: str) -> None:
        """Store, replacing."""
        with self._guard():
            self._keyring.set_password(service, USER, text)

    def delete(self, service: str) -> None:
        """Delete; what isn't there is fine."""
        if self.get(service) is not None:
            with self._guard():
                self._keyring.delete_password(service, USER)


if sys.platform == "win32":
    from keyring.backends import Windows

    class WindowsCredentials(_Keyring):
        """Windows Credential Manager. Entries stay on this computer (no roaming with a domain profile)."""

        name = "Windows Credential Manager"

        def __init__(self) -> None:
            module: Any = Windows
            self._refused: type[Exception] = module.pywintypes.error
            keyring = module.WinVaultKeyring()
            keyring.persist = "local machine"
            super().__init__(keyring, self._errors)

        def put(self, service: str, text: str) -> None:
            """Store, and remove the value before, which `keyring` keeps under a second name."""
            super().put(service, text)
            with self._errors():
                self._keyring._delete_password(self._keyring._compound_name(USER, service))

        @contextmanager
        def _errors(self) -> Iterator[None]:
            try:
                with _keyring_errors():
                    yield
            except self._refused as error:  # no KeyringError (jaraco/keyring issue 355)
                raise KeyringDenied("Windows refused the credential.", details=_words(error)) from error

    def platform_backend() -> Backend:
        """The keyring of this computer."""
        return WindowsCredentials()

elif sys.platform == "darwin":
    from keyring.backends import macOS

    class MacKeychain(_Keyring):
        """macOS Keychain. The first access of a newly installed version asks the person, whatever we do."""

        name = "macOS Keychain"

        def __init__(self) -> None:
            make: Any = macOS.Keyring
            super().__init__(make(), self._errors)

        @contextmanager
        def _errors(self) -> Iterator[None]:
            try:
                with _keyring_errors():
                    yield
            except (
                KeyringLocked
            ) as error:  # `keyring` says locked for "the person said no" (errSecUserCanceled)
                raise KeyringDenied(details=error.details) from error
            except KeyringDenied as error:
                if "-25308" in error.details:  # errSecInteractionNotAllowed
                    raise KeyringLocked(details=error.details) from error
                raise

    def platform_backend() -> Backend:
        """The keyring of this computer."""
        return MacKeychain()

else:
    import secretstorage
    from jeepney import DBusErrorResponse  # type: ignore[import-untyped]
    from keyring.backends import SecretService as _SecretService
    from keyring.backends import kwallet

    class SecretService(_Keyring):
        """freedesktop.org Secret Service (GNOME Keyring, KeePassXC, KWallet since 5.97).

        Its `Locked` property is asked before every call, because the `keyring` package would show a prompt and block.
        Should the person lock the keyring between question and call, the prompt comes and the deadline ends the wait.
        """

        name = "Secret Service"

        def __init__(self) -> None:
            make: Any = _SecretService.Keyring
            super().__init__(make(), self._errors)

        def look(self) -> bool:
            """Whether the default collection is locked, or not made yet; shows nothing."""
            with self._errors(), closing(secretstorage.dbus_init()) as bus:
                try:
                    return bool(self._collection(bus).is_locked())
                except secretstorage.ItemNotFoundException:
                    return True

        def ready(self) -> None:
            """Raise `KeyringLocked` where a call would prompt, `KeyringAbsent` where nothing answers."""
            if self.look():
                raise KeyringLocked("The keyring is locked, or there is none yet. Unlocking makes one.")

        def unlock(self, seconds: float) -> None:
            """Show the prompt and wait that long for an answer; makes the default collection if there is none."""
            with self._errors(), closing(secretstorage.dbus_init()) as bus:
                try:
                    collection = self._collection(bus)
                except secretstorage.ItemNotFoundException:
                    collection = secretstorage.get_default_collection(bus)
                if collection.is_locked():
                    collection.unlock(timeout=seconds)
                if collection.is_locked():
                    raise KeyringLocked(_STAYS_LOCKED)

        def _collection(self, bus: Any) -> Any:
            path = getattr(self._keyring, "preferred_collection", None)
            return secretstorage.Collection(bus, path) if path else secretstorage.Collection(bus)

        @contextmanager
        def _errors(self) -> Iterator[None]:
            try:
                with _keyring_errors():
                    yield
            except secretstorage.SecretServiceNotAvailableException as error:
                raise KeyringAbsent(details=_words(error)) from error
            except (secretstorage.LockedException, secretstorage.PromptDismissedException) as error:
                raise KeyringLocked(_STAYS_LOCKED) from error
            except secretstorage.SecretStorageException as error:
                raise KeyringError(
                    "The keyring lost the entry while it was asked.", details=_words(error)
                ) from error
            except DBusErrorResponse as error:
                raise _from_bus(error.name, _words(error)) from error
            except TimeoutError as error:
                raise KeyringHung("Nobody answered the keyring's window.") from error
            except OSError as error:
                raise KeyringAbsent("The session bus does not answer.", details=_words(error)) from error

    class KWallet(_Keyring):
        """KWallet by its own interface: only where no Secret Service is. It needs the system's dbus-python."""

        name = "KWallet"

        def __init__(self) -> None:
            make: Any = kwallet.DBusKeyring
            try:
                _ = make.priority
            except RuntimeError as error:
                raise KeyringAbsent(details=_words(error)) from error
            super().__init__(make())

    def platform_backend() -> Backend:
        """The keyring of this computer. Raises `KeyringAbsent`."""
        service = SecretService()
        try:
            service.look()
        except KeyringAbsent as absent:
            try:
                return KWallet()
            except KeyringAbsent:
                raise absent from None
        return service

    def _from_bus(name: str, words: str) -> KeyringError:
        if name.endswith("IsLocked"):
            return KeyringLocked(details=words)
        if name.endswith("AccessDenied"):
            return KeyringDenied(details=words)
        return KeyringAbsent("The keyring service does not do what was asked.", details=f"{name} {words}")
