"""The root of the tree of errors, and what its members are made of.

A person sees `title`, `sentence` and `hint`; `details` (the server's own words, cleaned, with status and code) are
folded away below.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
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
    """What the server said, cleaned for showing: HTTP status, body code, its own words, its reference.

    `offset`: the server's clock minus ours, in seconds, where its `Date` could be read.
    """

    status: int
    code: str = ""
    words: str = ""
    html: bool = False
    www_authenticate: str = ""
    offset: float | None = field(default=None, compare=False)

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
