"""The causes of a refusal that this app names, with a title and a next step in plain words (facts 6.3)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Cause(enum.Enum):
    """Why a call was answered with 401 or 403. Exactly one is named."""

    EXPIRED = "expired"
    ENDED_HERE = "ended_here"
    ENDED_ELSEWHERE = "ended_elsewhere"
    WRONG_ACCOUNT = "wrong_account"
    WRONG_ENVIRONMENT = "wrong_environment"
    WRONG_SECRET = "wrong_secret"
    PERMISSION = "permission"
    BLOCKED = "blocked"
    CLOCK = "clock"
    KEY_STOPPED = "key_stopped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One named cause. `evidence` are sentences, the strongest first; `certain` is False where it is the likeliest
    of several that get the same answer. Holds no secret."""

    cause: Cause
    title: str
    evidence: tuple[str, ...]
    next_step: str
    certain: bool = True


_TITLES = {
    Cause.EXPIRED: "The token expired",
    Cause.ENDED_HERE: "This app ended or replaced the token",
    Cause.ENDED_ELSEWHERE: "The session was ended outside this app",
    Cause.WRONG_ACCOUNT: "The account ID is not the parent account's",
    Cause.WRONG_ENVIRONMENT: "The key or its token belongs to the other environment",
    Cause.WRONG_SECRET: "The client secret is wrong",
    Cause.PERMISSION: "The key lacks the permission for this",
    Cause.BLOCKED: "This computer's address was blocked before Nomba",
    Cause.CLOCK: "This computer's clock is off",
    Cause.KEY_STOPPED: "The key is suspended or revoked at Nomba",
    Cause.UNKNOWN: "The cause is not known",
}

_NEXT = {
    Cause.EXPIRED: "Refresh it or sign in again. Automatic refresh does it in time.",
    Cause.ENDED_HERE: "Use the token shown now. If the key is suspended, resume it; if it is signed out, sign in.",
    Cause.ENDED_ELSEWHERE: (
        "Find the other program that signs in with this key, or ask who ended its session. Signing in here ends theirs."
    ),
    Cause.WRONG_ACCOUNT: (
        "Compare the account ID with the dashboard (Developer, API Keys). It is the parent's, never a sub-account's."
    ),
    Cause.WRONG_ENVIRONMENT: (
        "Look at the Live / Test switch in the dashboard, and add the key under the environment it was made for."
    ),
    Cause.WRONG_SECRET: "Copy the private key from the dashboard again and save it here (Settings tab of the key).",
    Cause.PERMISSION: "Ask whoever manages the dashboard for that permission, or use a key that has it.",
    Cause.BLOCKED: (
        "Use the office network or its VPN. Live needs a fixed address that Nomba has on its allow-list "
        "(three at most, by e-mail to Nomba)."
    ),
    Cause.CLOCK: "Set the clock of this computer to automatic, then refresh the key.",
    Cause.KEY_STOPPED: "Look at the key in the dashboard (Developer, API Keys), or ask Nomba whether it is enabled.",
    Cause.UNKNOWN: "Compare account ID, client ID and environment with the dashboard, then send Nomba the details.",
}


def named(cause: Cause, *evidence: str, certain: bool = True, next_step: str = "") -> Explanation:
    """The explanation that names this cause. A cause that is only the likeliest says so in its title."""
    title = _TITLES[cause]
    if not certain and cause is not Cause.UNKNOWN:
        title = f"Probably: {title[0].lower()}{title[1:]}"
    told = tuple(line for line in evidence if line)
    return Explanation(cause, title, told, next_step or _NEXT[cause], certain and cause is not Cause.UNKNOWN)
