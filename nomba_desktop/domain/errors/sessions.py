"""Errors of sessions: why there is no token now."""

from __future__ import annotations

from nomba_desktop.domain.errors.base import Action, NombaDesktopError
from nomba_desktop.domain.errors.local import StoreError


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


class TeamCacheAway(StoreError):
    """The team's Valkey or Redis does not answer: nobody authenticates alone unless the person chooses it."""

    reference = "ND-210"
    title = "The team cache can't be reached"
    hint = (
        "Tokens at hand go on until they end. Signing in alone would end the session of the other desktops: "
        "wait until the cache is back, or choose to work alone."
    )
    action = Action.RETRY
    permanent = False


class TeamRecordAwaited(SignInNeeded):
    """The team's store lost this key's session and this desktop never knew it; another desktop may."""

    reference = "ND-211"
    title = "Waiting for a desktop that knows this session"
    hint = "Another desktop of the team puts it back when it connects. Signing in here would end its session."


class TeamRolledBack(StoreError):
    """The team's store shows something older than this desktop has seen: an alarm, never a state."""

    reference = "ND-212"
    title = "The team cache lost what was written to it"
    hint = (
        "What the desktops know was put back; those sessions are checked before they are used. If nobody restarted "
        "or restored the cache, find out who changed it."
    )
    action = Action.FIND_OUT_WHY
