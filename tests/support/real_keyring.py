"""Locking and unlocking the private Secret Service of the tests (packaging/with-keyring.sh), as if by its owner."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import secretstorage
from secretstorage.util import DBusAddressWrapper, format_secret, open_session

_SERVICE = "/org/freedesktop/secrets"
#: gnome-keyring's door for programs that know the password, as the login manager does.
_GUILT = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"


def _ours() -> None:
    assert os.environ.get("NOMBA_PRIVATE_KEYRING"), "never the user's own keyring"


def lock() -> None:
    """Lock the default collection."""
    _ours()
    with closing(secretstorage.dbus_init()) as bus:
        secretstorage.get_default_collection(bus).lock()


def unlock() -> None:
    """Unlock it without anybody being asked."""
    _ours()
    password = Path(os.environ["NOMBA_TEST_HOME"], "password").read_bytes()
    with closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.get_default_collection(bus)
        secret = format_secret(open_session(bus), password, "text/plain")
        door = DBusAddressWrapper(_SERVICE, _GUILT, bus)
        door.call("UnlockWithMasterPassword", "o(oayays)", collection.collection_path, secret)
        assert not collection.is_locked()


def entries(profile: str) -> list[str]:
    """The names of a profile's entries."""
    _ours()
    with closing(secretstorage.dbus_init()) as bus:
        items = secretstorage.get_default_collection(bus).get_all_items()
        names = (item.get_attributes().get("service", "") for item in items)
        return sorted(name for name in names if name.startswith(f"nomba-desktop:{profile}:"))
