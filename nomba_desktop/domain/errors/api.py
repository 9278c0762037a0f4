"""Errors of calls to Nomba."""

from __future__ import annotations

from nomba_desktop.domain.errors.base import Action, Answer, Fate, NombaDesktopError


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
