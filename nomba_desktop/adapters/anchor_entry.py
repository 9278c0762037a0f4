"""The keyring entry that anchors the activity log: its name and its text (ADR 0012)."""

from __future__ import annotations

import json

from nomba_desktop.domain.audit import MAC_BYTES, Head
from nomba_desktop.domain.errors import KeyringDenied

_VERSION = 1


def service_of_anchor(profile: str) -> str:
    """The service name of the entry."""
    return f"nomba-desktop:{profile}:activity-log"


def anchor_to_text(head: Head) -> str:
    """The entry: how many entries there were, and the MAC of the last one."""
    return json.dumps({"v": _VERSION, "count": head.number, "mac": head.mac.hex()})


def text_to_anchor(text: str) -> Head:
    """What the entry says. Raises `KeyringDenied` on anything this version didn't write."""
    try:
        told = json.loads(text)
        number, mac = told["count"], bytes.fromhex(told["mac"])
        if told["v"] != _VERSION or type(number) is not int or number < 0 or len(mac) != MAC_BYTES:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeyringDenied(
            "The keyring entry that vouches for the activity log can't be read: it was changed outside this app or by "
            "a newer version."
        ) from None
    return Head(number, mac)
