"""One look into the keyring for a process that lives for a tenth of a second: the `keyring` package alone would take
as long again.

The same entry as the vault's, by the same Secret Service, read and never written. It never prompts. Whatever is not
plainly there and unlocked is `None`: the vault then says why.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

#: Seconds a keyring gets; the vault, which asks again, is more patient.
DEADLINE = 1.0
#: The user name of every entry of ours (`keyring_backends`).
USER = "nomba-desktop"

if sys.platform in ("win32", "darwin"):

    def _look(service: str) -> str | None:
        from nomba_desktop.adapters.keyring_backends import platform_backend  # noqa: PLC0415 - takes 100 ms
        from nomba_desktop.domain.errors import KeyringError  # noqa: PLC0415

        try:
            return platform_backend().get(service)
        except KeyringError:
            return None

else:

    def _look(service: str) -> str | None:
        import secretstorage  # noqa: PLC0415 - on the thread that has a deadline
        from jeepney import DBusErrorResponse  # type: ignore[import-untyped]  # noqa: PLC0415

        try:
            bus = secretstorage.dbus_init()
            try:
                collection = secretstorage.Collection(bus)
                if collection.is_locked():
                    return None
                for item in collection.search_items({"username": USER, "service": service}):
                    return None if item.is_locked() else item.get_secret().decode()
                return None
            finally:
                bus.close()
        except (secretstorage.SecretStorageException, DBusErrorResponse, OSError, UnicodeDecodeError):
            return None


def ask_quickly(
    service: str, look: Callable[[str], str | None] = _look, deadline: float = DEADLINE
) -> Callable[[], str | None]:
    """Begin to look for an entry; the result waits for its text, or None where it can't be had at once."""
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(look(service)), name="nomba-keyring", daemon=True)
    thread.start()

    def text() -> str | None:
        thread.join(deadline)
        return found[0] if found else None

    return text
