"""The notices above the table: what happened, why, what to do. The worst first, one per cause."""

from __future__ import annotations

from dataclasses import dataclass

from nomba_desktop.domain.errors import Action, StoreUnavailable
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.snapshot import KeyringState, Notice, Severity, Snapshot
from nomba_desktop.ui.derive.rows import Tone

SHOWN = 2
KEYRING_ID = "keyring-state"
# What the banner on the keyring's state says already.
_KEYRING_REFERENCES = frozenset({"ND-300", "ND-301", "ND-302", "ND-303", "ND-304"})

ACTION_WORDS = {
    Action.RETRY: "Try again",
    Action.SIGN_IN: "Sign in",
    Action.UNLOCK_KEYRING: "Unlock keyring",
    Action.MEMORY_ONLY: "Only in memory for now",
    Action.EDIT_KEY: "Edit key",
    Action.OPEN_SETTINGS: "Open settings",
    Action.OPEN_DASHBOARD: "Open dashboard",
    Action.FIND_OUT_WHY: "Find out why",
}


@dataclass(frozen=True, slots=True)
class BannerAction:
    """A button of a notice."""

    action: Action
    text: str
    key_id: KeyId | None = None


@dataclass(frozen=True, slots=True)
class NoticeProps:
    """One notice as it is painted; the first action is the loud one."""

    id: str
    tone: Tone
    title: str
    sentence: str
    actions: tuple[BannerAction, ...] = ()
    details: str = ""
    dismissable: bool = True


@dataclass(frozen=True, slots=True)
class NoticesProps:
    """The notices to show, and how many more there are."""

    notices: tuple[NoticeProps, ...] = ()
    more: int = 0


_TONES: dict[Severity, Tone] = {Severity.INFO: "info", Severity.WARN: "warn", Severity.BAD: "bad"}
_UNLOCK = BannerAction(Action.UNLOCK_KEYRING, "Unlock keyring")
_AGAIN = BannerAction(Action.UNLOCK_KEYRING, "Try again")
_MEMORY = BannerAction(Action.MEMORY_ONLY, "Only in memory for now")
_KEYRING = {
    KeyringState.LOCKED: (
        "The keyring is locked.",
        "Tokens you already see go on until they expire. Signing in, refreshing and revealing wait for it.",
        (_UNLOCK, _MEMORY),
    ),
    KeyringState.DENIED: (
        "The keyring refused access.",
        "Allow Nomba Desktop when the system asks. Tokens you already see go on until they expire.",
        (_AGAIN, _MEMORY),
    ),
    KeyringState.ABSENT: (
        "This computer has no keyring.",
        "Install or start one (on Linux gnome-keyring or KWallet), or keep secrets in memory for this run.",
        (_AGAIN, _MEMORY),
    ),
    KeyringState.HUNG: (
        "The keyring does not answer.",
        "An unlock window may be open behind another one. Answer it, or try again.",
        (_AGAIN, _MEMORY),
    ),
}


def derive_notices(snapshot: Snapshot, *, expanded: bool = False) -> NoticesProps:
    """The keyring's state first, then the notices, bad ones first, newest first; two, or all when `expanded`."""
    shown: list[NoticeProps] = []
    stated = _KEYRING.get(snapshot.keyring.state)
    if stated:
        title, sentence, actions = stated
        shown.append(NoticeProps(KEYRING_ID, "warn", title, sentence, actions, dismissable=False))
    order = (Severity.BAD, Severity.WARN, Severity.INFO)
    ordered = sorted(snapshot.notices, key=lambda notice: (order.index(notice.severity), -notice.at))
    shown += [
        _notice(snapshot, notice)
        for notice in ordered
        if not (stated and notice.reference in _KEYRING_REFERENCES)
    ]
    most = len(shown) if expanded else SHOWN
    return NoticesProps(tuple(shown[:most]), max(0, len(shown) - most))


def _is_about_the_store(notice: Notice) -> bool:
    return notice.reference == StoreUnavailable.reference and notice.key_id is None


def _notice(snapshot: Snapshot, notice: Notice) -> NoticeProps:
    key = snapshot.keys.get(notice.key_id) if notice.key_id else None
    title = notice.title.rstrip(".")
    title = f"{key.name}: {title}." if key else f"{title}."
    said = [part for part in (notice.sentence, notice.hint) if part and part.rstrip(".") != notice.title]
    actions: tuple[BannerAction, ...] = ()
    # An action that needs a key makes no sense without one. Calls of a key are tried again by themselves.
    wants_key = notice.action in (Action.SIGN_IN, Action.EDIT_KEY, Action.FIND_OUT_WHY)
    wants_store = notice.action is Action.RETRY
    if notice.action and (key or not wants_key) and (_is_about_the_store(notice) or not wants_store):
        actions = (BannerAction(notice.action, ACTION_WORDS[notice.action], notice.key_id),)
    details = " · ".join(part for part in (notice.details, notice.reference) if part)
    return NoticeProps(notice.id, _TONES[notice.severity], title, " ".join(said), actions, details)
