"""What an operator of the practice server gets to see of grants and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nomba_desktop.practice.keys import KeyState
from nomba_desktop.practice.sessions import Standing, TokenKind

GrantType = Literal["allow", "deny"]
GrantRole = Literal["ACCOUNT_WRITER", "ACCOUNT_READER"]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a ``PUT /v1/accounts/{id}/access`` asked for (facts 4.3). Kept and shown, never enforced."""

    account_id: str
    client_id: str
    grant_type: GrantType
    role: GrantRole
    by_client_id: str


@dataclass(frozen=True, slots=True)
class TokenReport:
    """What an operator of the practice server may know of a token: by fingerprint, never the token."""

    fingerprint: str
    kind: TokenKind
    client_id: str
    live: bool
    standing: Standing | KeyState
    """``live``; or why not, the key's state included."""
