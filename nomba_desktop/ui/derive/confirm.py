"""Small questions before an action (level 2): object and effect, nothing promised before it is proved."""

from __future__ import annotations

from dataclasses import dataclass

from nomba_desktop.domain.keys import ApiKey, SharedUse


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


def confirm_suspend(key: ApiKey) -> ConfirmProps:
    """Before a key is suspended."""
    return ConfirmProps(
        f"Suspend “{key.name}”?",
        "Every program of this app stops using it at once. We ask Nomba to end its token and check that it is refused; "
        "programs holding it get 401. The secret itself keeps working elsewhere until you regenerate the key in the "
        "dashboard.",
        "Suspend key",
    )


def confirm_resume(key: ApiKey) -> ConfirmProps:
    """Before a suspended key is resumed."""
    shared = key.shared_use is SharedUse.YES_OR_NOT_SURE
    server = " A server may be using this key, and Nomba keeps one live session for it." if shared else ""
    return ConfirmProps(
        f"Resume “{key.name}”?",
        f"The app may use it again and signs in anew.{server} {_EFFECT}",
        "Resume and sign in",
    )
