"""Small questions before an action (level 2): object and effect, nothing promised before it is proved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfirmProps:
    """A question: `verb` is on the button that does it, `danger` gives it the colour of a loss."""

    title: str
    sentence: str
    verb: str
    danger: bool = False


_EFFECT = "Programs holding the present token get 401 until they sign in again."


def confirm_sign_in(name: str) -> ConfirmProps:
    """Before signing in with a key that a server may use."""
    return ConfirmProps(
        f"Sign in with “{name}”?",
        f"A server may be using this key, and Nomba keeps one live session for it. {_EFFECT}",
        "Sign in",
    )


def confirm_refresh(name: str) -> ConfirmProps:
    """Before refreshing a key that a server may use."""
    return ConfirmProps(
        f"Refresh “{name}” now?",
        f"A server may be using this key, and Nomba keeps one live session for it. {_EFFECT}",
        "Refresh now",
    )


def confirm_sign_out(name: str) -> ConfirmProps:
    """Before signing out a key that a server may use."""
    return ConfirmProps(
        f"Sign out “{name}”?",
        f"We ask Nomba to end its token. A server may be using it. {_EFFECT}",
        "Sign out",
    )


def confirm_stop_refresh(name: str) -> ConfirmProps:
    """Before automatic refresh is switched off."""
    return ConfirmProps(
        f"Stop refreshing “{name}” by itself?",
        "Its token stays valid until it expires. After that the key is signed out until somebody signs in.",
        "Stop automatic refresh",
    )


def confirm_forget(name: str) -> ConfirmProps:
    """Before a key is forgotten here."""
    return ConfirmProps(
        f"Forget “{name}”?",
        "Its entry, its token and its client secret are deleted from this computer. Nothing changes at Nomba: the "
        "key and a running session go on there. You need the secret from the dashboard to add it again.",
        "Forget key",
        danger=True,
    )
