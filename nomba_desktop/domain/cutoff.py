"""What cutting a key off is made of: why, the steps, what each came to with its evidence, and the receipt.

Nothing here holds a secret. A step is *proved* only where the same probe answered 200 before the act and was refused
after it (session protocol, "Cutting off" 5 to 9). Times are epoch seconds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime

#: The longest life of an access token that anybody has seen (facts 3.2): how long an unknown one may live.
LONGEST_LIFE = 10800.0
#: A control counts when it was answered at most so many seconds before the act (issue 4).
CONTROL_LASTS = 5.0


#: Words of `Evidence.act` for an act that was answered with yes.
REVOKE_ACCEPTED = "revoke accepted"
KEY_DISABLED = "key disabled"
ACCEPTED = (REVOKE_ACCEPTED, KEY_DISABLED)


class WhatHappened(enum.Enum):
    """Why a key is cut off; the answer to the first question of the dialog."""

    SUSPENDING = "suspending"
    TOKEN_LEAKED = "token_leaked"
    SECRET_LEAKED = "secret_leaked"
    RETIRING = "retiring"


class Step(enum.Enum):
    """One line of a receipt, in the order in which they are shown."""

    STOP = "stop"
    ACCESS = "access"
    OTHERS = "others"
    REFRESH = "refresh"
    UNKNOWN = "unknown"
    REGENERATE = "regenerate"
    SECRET = "secret"
    KNOWINGLY = "knowingly"


class Outcome(enum.Enum):
    """What a step came to. `NOTHING`: there was nothing to do. `CLOSED`: a named person closed it without proof."""

    PROVED = "proved"
    REFUSED = "refused"
    N_OF_M = "n of m"
    TO_DO = "to do"
    WAITS = "waits"
    NOT_PROVED = "not proved"
    FAILED = "failed"
    NOTHING = "nothing"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen. `before` is the HTTP status of the positive control at `before_at`; `act` says what was done, at
    `act_at`, and how it was answered; `after` the status of the last probe, `after_seconds` after the act.

    0 and an empty text mean "was not seen".
    """

    before: int = 0
    before_at: float = 0.0
    act: str = ""
    act_at: float = 0.0
    after: int = 0
    after_seconds: float = 0.0
    remark: str = ""

    def words(self) -> str:
        """`200 before · revoke accepted · 401 after 0.6 s`."""
        parts = [f"{self.before} before"] if self.before else []
        if self.act:
            parts.append(self.act)
        if self.after and self.act_at:
            parts.append(f"{self.after} after {self.after_seconds:.1f} s")
        elif self.after:
            parts.append(f"answered {self.after}")
        if self.remark:
            parts.append(self.remark)
        return " · ".join(parts)


@dataclass(frozen=True, slots=True)
class Line:
    """One step with what it came to. `red` marks a finding that needs a person at once; `until` is the time until
    which something unknown may live; `count` of `total` belongs to `N_OF_M`."""

    step: Step
    outcome: Outcome
    evidence: Evidence = Evidence()
    red: bool = False
    until: float = 0.0
    count: int = 0
    total: int = 0

    def word(self) -> str:
        """The word in front of the line: `proved`, `2 of 3`, `to do`."""
        return f"{self.count} of {self.total}" if self.outcome is Outcome.N_OF_M else self.outcome.value

    def title(self) -> str:
        """What the step is, in the operator's words."""
        if self.step is Step.REGENERATE and self.outcome in (
            Outcome.PROVED,
            Outcome.REFUSED,
            Outcome.NOTHING,
        ):
            return "Signing in with the stored secret"
        return _TITLES[self.step]


_TITLES = {
    Step.STOP: "Stopped on this computer",
    Step.ACCESS: "Access token ended at Nomba",
    Step.OTHERS: "Earlier access tokens ended",
    Step.REFRESH: "Refresh token",
    Step.UNKNOWN: "A token that nobody here knows",
    Step.REGENERATE: "Regenerate the key in the dashboard",
    Step.SECRET: "Delete the stored secret",
    Step.KNOWINGLY: "Closed by a person",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a cut-off came to, to show, copy and keep. `steps_left` counts what still has to be done or proved.

    `revoke`: whether the key is revoked for good, or suspended. `took` is in seconds.
    """

    key_name: str
    masked_client_id: str
    revoke: bool
    what: WhatHappened
    reason: str
    operator: str
    at: float
    took: float
    lines: tuple[Line, ...]
    steps_left: int
    lifted: bool = False

    def line(self, step: Step) -> Line | None:
        """The line of a step, if the receipt has one."""
        return next((line for line in self.lines if line.step is step), None)

    def outcome(self, step: Step) -> Outcome | None:
        """What a step came to, None where the receipt has no such line."""
        line = self.line(step)
        return line.outcome if line is not None else None

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.steps_left == 0 and not self.lifted

    @property
    def proved(self) -> bool:
        """Whether every token of ours was proved dead, or there was none, and nothing is left."""
        closed = any(line.outcome is Outcome.CLOSED for line in self.lines)
        return self.done and not closed

    @property
    def title(self) -> str:
        """The most important truth, in plain words."""
        return _title(self)

    def to_plain(self) -> dict[str, object]:
        """Plain values for JSON; no secret is in them."""
        return {
            "key": self.key_name,
            "client_id": self.masked_client_id,
            "action": "revoke" if self.revoke else "suspend",
            "what_happened": self.what.value,
            "reason": self.reason,
            "operator": self.operator,
            "at": self.at,
            "took": round(self.took, 3),
            "title": self.title,
            "steps_left": self.steps_left,
            "steps": [
                {
                    "step": line.step.value,
                    "outcome": line.word(),
                    "evidence": line.evidence.words(),
                    "red": line.red,
                }
                for line in self.lines
            ],
        }

    def to_text(self) -> str:
        """The receipt as text, for copying."""
        head = f"{self.key_name} ({self.masked_client_id}) · {_moment(self.at)} · {self.took:.1f} s"
        lines = [self.title, head]
        lines += [f"[{line.word()}] {line.title()}: {line.evidence.words() or '-'}" for line in self.lines]
        if self.reason:
            lines.append(f"Reason: {self.reason}")
        if self.operator:
            lines.append(f"Operator: {self.operator}")
        return "\n".join(lines)


def clock_words(at: float) -> str:
    """`14:05 UTC`: the same words on every desktop and in every copy."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _title(receipt: Receipt) -> str:
    if receipt.lifted:
        return "Resumed meanwhile. Nothing more was ended."
    red = next((line for line in receipt.lines if line.red), None)
    if red is not None and red.outcome is not Outcome.CLOSED:
        return "A refresh token still signs in. It can't be killed from here: regenerate the key."
    unknown = receipt.line(Step.UNKNOWN)
    if unknown is not None and unknown.outcome is Outcome.NOT_PROVED:
        may = "may live" if unknown.until > receipt.at else "may have lived"
        return f"An unknown token {may} until {clock_words(unknown.until)}."
    if any(line.outcome is Outcome.CLOSED for line in receipt.lines):
        return f"Closed by {receipt.operator or 'a person'} without proof."
    trouble = _trouble(receipt)
    if trouble:
        return trouble
    if receipt.revoke:
        return _revoked(receipt)
    return "Suspended. Its token is dead; nothing on this computer uses the secret."


def _trouble(receipt: Receipt) -> str:
    """What is to be said first where a token is not known to be dead; empty when all is well."""
    access, refresh = receipt.line(Step.ACCESS), receipt.line(Step.REFRESH)
    if access is not None and access.outcome is Outcome.FAILED:
        return "Its token was not ended: Nomba could not be asked."
    if access is not None and access.outcome is Outcome.WAITS:
        return "Its token was not ended yet: the cut-off waits."
    if access is not None and access.outcome not in _SETTLED:
        lying = access.evidence.after == 200 and access.evidence.act in ACCEPTED
        return (
            "Not proved. Nomba accepted the end, and the token still works."
            if lying
            else "Not proved: its token may still work."
        )
    others = receipt.line(Step.OTHERS)
    if others is not None and others.outcome not in (*_SETTLED, Outcome.REFUSED):
        return "Its token is dead. An earlier one may still work."
    if refresh is not None and refresh.outcome not in (*_SETTLED, Outcome.REFUSED):
        return "Its access token is dead. The refresh token could not be tried."
    return ""


_SETTLED = (Outcome.PROVED, Outcome.NOTHING, Outcome.CLOSED)


def _revoked(receipt: Receipt) -> str:
    regenerate, secret = receipt.line(Step.REGENERATE), receipt.line(Step.SECRET)
    ended = (
        "No token of it is known" if receipt.outcome(Step.ACCESS) is Outcome.NOTHING else "Its token is dead"
    )
    if regenerate is not None and regenerate.outcome is Outcome.TO_DO:
        # "works" is said only where it did sign in during or before this cut-off
        works = "still works" if regenerate.evidence.before == 200 else "may still work"
        return f"{ended}. The secret {works}."
    if regenerate is not None and regenerate.outcome is Outcome.FAILED:
        return f"{ended}. Whether the secret still works could not be asked."
    if secret is not None and secret.outcome is Outcome.WAITS:
        return f"{ended}. The secret is dead and still stored here."
    return "Revoked, and proved."
