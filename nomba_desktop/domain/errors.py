"""The one tree of errors: what happened, why, and what to do.

Foreign exceptions are mapped into it once, at an adapter's edge. A person sees `title`, `sentence` and `hint`;
`details` (the server's own words, cleaned, with status and code) are folded away below.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar


class Fate(enum.Enum):
    """What is known about a call that brought no result."""

    NOT_HANDLED = "not_handled"
    """The server never acted on it: not sent, or answered with a refusal."""
    UNKNOWN = "unknown"
    """The server may have acted, or may still act."""


class Action(enum.Enum):
    """What a notice can offer to do about an error."""

    RETRY = "retry"
    SIGN_IN = "sign_in"
    UNLOCK_KEYRING = "unlock_keyring"
    MEMORY_ONLY = "memory_only"
    EDIT_KEY = "edit_key"
    OPEN_SETTINGS = "open_settings"
    OPEN_DASHBOARD = "open_dashboard"
    FIND_OUT_WHY = "find_out_why"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said, cleaned for showing: HTTP status, body code, its own words, its reference."""

    status: int
    code: str = ""
    words: str = ""
    html: bool = False
    www_authenticate: str = ""

    def line(self) -> str:
        """One line for the folded details."""
        parts = [f"HTTP {self.status}"]
        if self.code:
            parts.append(f"code {self.code}")
        if self.words:
            parts.append(f"“{self.words}”")
        return " · ".join(parts)


class NombaDesktopError(Exception):
    """Base of every error this app raises on purpose.

    `reference` is stable and can be searched for; `permanent` errors are not retried by themselves.
    """

    reference: ClassVar[str] = "ND-000"
    title: ClassVar[str] = "Something went wrong"
    hint: ClassVar[str] = "Try again. If it stays, copy the details and report them."
    action: ClassVar[Action | None] = None
    permanent: ClassVar[bool] = True

    def __init__(self, sentence: str = "", *, details: str = "") -> None:
        self.sentence = sentence or self.title
        self.details = details
        super().__init__(self.sentence)


# -- the network and the server ---------------------------------------------------------------------------------


class ApiError(NombaDesktopError):
    """A call to Nomba brought no result. `fate` says whether the server may have acted on it."""

    reference = "ND-100"
    title = "Nomba did not do it"

    def __init__(
        self,
        sentence: str = "",
        *,
        fate: Fate = Fate.NOT_HANDLED,
        answer: Answer | None = None,
        retry_after: float | None = None,
        details: str = "",
    ) -> None:
        self.fate = fate
        self.answer = answer
        self.retry_after = retry_after
        super().__init__(sentence, details=details or (answer.line() if answer else ""))


class TransientApiError(ApiError):
    """May pass by itself: retried with back-off, never signs anybody out."""

    permanent = False


class Offline(TransientApiError):
    """No connection could be made."""

    reference = "ND-101"
    title = "No connection to Nomba"
    hint = "Check the network, the VPN and the proxy in Settings. The app tries again by itself."
    action = Action.RETRY


class TimedOut(TransientApiError):
    """The answer did not come in time; the server may still act on the call."""

    reference = "ND-102"
    title = "Nomba did not answer in time"
    hint = "The app checks what happened and tries again by itself."
    action = Action.RETRY


class ConnectionBroke(TransientApiError):
    """The connection ended before the whole answer came."""

    reference = "ND-103"
    title = "The connection broke off"
    hint = "The app checks what happened and tries again by itself."
    action = Action.RETRY


class RateLimited(TransientApiError):
    """429."""

    reference = "ND-104"
    title = "Nomba asks to slow down"
    hint = "The app waits as long as Nomba asks and then goes on."


class ServerFault(TransientApiError):
    """5xx."""

    reference = "ND-105"
    title = "Nomba has a problem"
    hint = "Nothing is wrong with the key. The app tries again by itself."
    action = Action.RETRY


class UnreadableAnswer(TransientApiError):
    """The answer is not what the documentation describes: HTML, cut off, too large, fields missing."""

    reference = "ND-106"
    title = "Nomba's answer could not be read"
    hint = "A proxy or captive portal may have answered in Nomba's place. Check the network."
    action = Action.RETRY


class TlsFailed(ApiError):
    """The server's certificate was not accepted."""

    reference = "ND-107"
    title = "The connection is not safe"
    hint = (
        "Nothing was sent. If your company inspects traffic, add its CA certificate in Settings; there is no switch "
        "that turns the check off."
    )
    action = Action.OPEN_SETTINGS


class BadCredentials(ApiError):
    """The client id and secret were refused."""

    reference = "ND-110"
    title = "Nomba refused the client ID or secret"
    hint = "Compare both with the dashboard (Developer, API Keys) and check the environment."
    action = Action.EDIT_KEY


class TokenRefused(ApiError):
    """401 on a token: expired, ended or replaced."""

    reference = "ND-111"
    title = "Nomba refused the token"
    hint = "The app looks for a newer token and renews it if it may."


class Forbidden(ApiError):
    """403 with Nomba's envelope. Never retried by itself (facts 11.4)."""

    reference = "ND-112"
    title = "Nomba refused this key"
    hint = (
        "The key may be suspended, belong to the other environment, or the account ID may be a sub-account's."
    )
    action = Action.FIND_OUT_WHY


class Blocked(ApiError):
    """403 as HTML: something in front of Nomba refused this computer (facts 6.3)."""

    reference = "ND-113"
    title = "Something in front of Nomba blocked this computer"
    hint = "Live needs an address on Nomba's allow-list. Use the office network or its VPN."
    action = Action.OPEN_SETTINGS


class BadRequest(ApiError):
    """Nomba found a field wrong."""

    reference = "ND-114"
    title = "Nomba found something wrong in the request"
    hint = "Check the account ID and client ID of this key."
    action = Action.EDIT_KEY


# -- sessions ----------------------------------------------------------------------------------------------------


class SessionError(NombaDesktopError):
    """A session can't give a token now."""

    reference = "ND-200"
    title = "No token for this key now"


class SignInNeeded(SessionError):
    """There is no session, or it ended."""

    reference = "ND-201"
    title = "This key is signed out"
    hint = "Sign in with it."
    action = Action.SIGN_IN


class KeyStopped(SessionError):
    """A stop mark stands: the key is suspended or revoked."""

    reference = "ND-202"
    title = "This key is stopped"
    hint = "A suspended key can be resumed; a revoked one can't."


class HeldElsewhere(SessionError):
    """Another process is signing in and did not finish in time."""

    reference = "ND-203"
    title = "Another program is signing in with this key"
    hint = "It usually takes seconds. Try again."
    action = Action.RETRY
    permanent = False


class TakenElsewhere(SessionError):
    """An unexpired token was refused twice though nobody here renewed it."""

    reference = "ND-204"
    title = "The session was ended outside this app"
    hint = "Another program may have signed in with this key. Signing in here would end its session."
    action = Action.FIND_OUT_WHY


class AskFirst(SessionError):
    """A server may use this key: a person has to agree before the app signs in or refreshes."""

    reference = "ND-205"
    title = "A server may be using this key"
    hint = "Signing in ends the token other programs hold: they get 401. Confirm in the window."


class BackingOff(SessionError):
    """The last try failed and the next one is later."""

    reference = "ND-206"
    title = "Waiting before the next try"
    permanent = False


class BudgetSpent(SessionError):
    """Too many auth calls brought no lasting token."""

    reference = "ND-207"
    title = "Too many tries without success"
    hint = "The app waits so that Nomba does not lock the key. Find out why before you try again."
    action = Action.FIND_OUT_WHY
    permanent = False


class Latched(SessionError):
    """Nomba refused for good; nothing is tried again until a person acts."""

    reference = "ND-208"
    title = "Nomba refused this key"
    hint = "Check the key, then sign in again."
    action = Action.SIGN_IN


class Displaced(SessionError):
    """Two keys of this app end each other's session; both stopped renewing."""

    reference = "ND-209"
    title = "Two keys end each other's session"
    hint = "Nomba gave both one session. Keep one of them signed in and sign the other out."


# -- keyring, store, files ---------------------------------------------------------------------------------------


class KeyringError(NombaDesktopError):
    """The OS keyring did not do it."""

    reference = "ND-300"
    title = "The keyring did not answer"
    action = Action.UNLOCK_KEYRING
    permanent = False


class KeyringLocked(KeyringError):
    """The collection is locked and was not unlocked."""

    reference = "ND-301"
    title = "The keyring is locked"
    hint = (
        "Unlock it: signing in, refreshing and revealing wait for it. Tokens at hand go on until they expire."
    )


class KeyringDenied(KeyringError):
    """The person or the system said no."""

    reference = "ND-302"
    title = "The keyring refused access"
    hint = "Allow Nomba Desktop when the system asks, then try again."


class KeyringAbsent(KeyringError):
    """No keyring service on this computer."""

    reference = "ND-303"
    title = "This computer has no keyring"
    hint = "Install or start one (on Linux gnome-keyring or KWallet), or work in memory only for this run."
    action = Action.MEMORY_ONLY


class KeyringHung(KeyringError):
    """No answer before the deadline."""

    reference = "ND-304"
    title = "The keyring does not answer"
    hint = "An unlock window may be open behind another one. Answer it, or try again."


class SecretMissing(KeyringError):
    """The keyring has no entry for this key."""

    reference = "ND-305"
    title = "The secret is not in the keyring"
    hint = "Enter the client secret again (Settings tab of the key)."
    action = Action.EDIT_KEY
    permanent = True


class SecretBoundElsewhere(KeyringError):
    """The keyring entry names another host, client id or account id than the database: nothing is sent."""

    reference = "ND-306"
    title = "The stored secret belongs to another place"
    hint = "The inventory was changed outside this app. Nothing was sent. Enter the secret again to bind it."
    action = Action.EDIT_KEY
    permanent = True


class StoreError(NombaDesktopError):
    """The local database did not do it."""

    reference = "ND-320"
    title = "The local store could not be used"
    permanent = False


class StoreUnavailable(StoreError):
    """Disk full, read-only directory, file locked: nothing was written."""

    reference = "ND-321"
    title = "The local store can't be written"
    hint = "Free some disk space or make the data directory writable, then try again. Nothing was lost."
    action = Action.RETRY


class StoreCorrupt(StoreError):
    """The database file is damaged. It is set aside, never deleted."""

    reference = "ND-322"
    title = "The local store was damaged"
    hint = "The damaged file was set aside and the last good copy is used. Check the keys of the last day."


class SealBroken(StoreError):
    """A sealed record does not open: altered, moved, or sealed under another key."""

    reference = "ND-323"
    title = "A stored session can't be opened"
    hint = "It was changed outside this app or belongs to another keyring. Sign in again."
    action = Action.SIGN_IN
    permanent = True


class SettingsInvalid(NombaDesktopError):
    """The settings file can't be used as it stands."""

    reference = "ND-330"
    title = "The settings file has a mistake"
    hint = "Correct the line named below; until then the defaults apply and the file stays as it is."
    action = Action.OPEN_SETTINGS


# -- inventory ---------------------------------------------------------------------------------------------------


class DraftRejected(NombaDesktopError):
    """A form still has remarks that block."""

    reference = "ND-400"
    title = "Some fields need attention"
    hint = "Each has its sentence beside it."


class UnknownKey(NombaDesktopError):
    """No key has that id or name."""

    reference = "ND-401"
    title = "There is no such key"
    hint = "List the keys and use a name or the start of a client ID."


class NotAToken(NombaDesktopError):
    """The text is no JWT."""

    reference = "ND-410"
    title = "This is no access token"
    hint = "An access token has three parts with dots between. Paste it whole."


class Unexpected(NombaDesktopError):
    """A defect. The report is redacted."""

    reference = "ND-999"
    title = "The app made a mistake"
    hint = "Nothing was sent because of it. Copy the details and report them."
