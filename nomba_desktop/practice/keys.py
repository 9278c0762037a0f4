"""API keys as the practice server holds them: credentials, role, permissions and state (facts 4)."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

Persona = Literal["live", "sandbox"]
"""Which of Nomba's hosts a server plays. One app instance plays one persona."""

KeyState = Literal["active", "suspended", "revoked"]
"""``revoked`` is final (facts 11.2)."""

Role = Literal["Admin", "Accounts", "Transactions", "Terminals", "Transfers", "Read-only"]

Permission = Literal[
    "accounts:read",
    "accounts:write",
    "transactions:read",
    "terminals:read",
    "terminals:write",
    "transfers:read",
    "transfers:write",
]

ALL_PERMISSIONS: frozenset[Permission] = frozenset(get_args(Permission))

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    "Admin": ALL_PERMISSIONS,
    "Accounts": frozenset({"accounts:read", "accounts:write"}),
    "Transactions": frozenset({"transactions:read"}),
    "Terminals": frozenset({"terminals:read", "terminals:write"}),
    "Transfers": frozenset({"transfers:read", "transfers:write"}),
    "Read-only": frozenset({"accounts:read", "transactions:read", "terminals:read", "transfers:read"}),
}
"""What each role may do here. The four groups are those of facts 5; the split is our choice."""

ROLE_CLAIMS: dict[Role, str] = {
    "Admin": "TEAMS_OWNER",
    "Accounts": "ACCOUNTS",
    "Transactions": "TRANSACTIONS",
    "Terminals": "TERMINALS",
    "Transfers": "TRANSFERS",
    "Read-only": "READ_ONLY",
}
"""The ``R:`` claim of a token by role. Only ``TEAMS_OWNER`` is documented (facts 3.1); the rest is ours."""


def is_uuid(text: str) -> bool:
    """True for the 36-character form of a UUID."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class PracticeKey:
    """One API key of the practice server.

    ``environment`` None means "of this server"; naming the other persona makes it a key of the other host
    (facts 6.3, cross-environment issue). ``permissions`` None means "those of the role". ``group_id`` and
    ``email`` appear as claims in its tokens. ``previous_secret`` also signs in until
    ``previous_secret_until`` (epoch seconds). Secrets are left out of ``repr``.
    """

    name: str
    client_id: str
    account_id: str
    client_secret: str = field(repr=False)
    role: Role = "Admin"
    state: KeyState = "active"
    environment: Persona | None = None
    permissions: frozenset[Permission] | None = None
    sub_account_ids: tuple[str, ...] = ()
    group_id: str = "3f0e5b1c-58a4-4d0e-9a53-2f6a4f0f9b11"
    email: str = "operations@merchant.example"
    previous_secret: str | None = field(default=None, repr=False)
    previous_secret_until: float = 0.0

    def __post_init__(self) -> None:
        for label, value in (
            ("client_id", self.client_id),
            ("account_id", self.account_id),
            ("group_id", self.group_id),
        ):
            if not is_uuid(value):
                raise ValueError(f"'{label}' must be a UUID of 36 characters.")
        if not all(is_uuid(sub) for sub in self.sub_account_ids):
            raise ValueError("Each of 'sub_account_ids' must be a UUID of 36 characters.")
        if not self.client_secret:
            raise ValueError("'client_secret' must not be empty.")
        if not self.name.strip():
            raise ValueError("'name' must not be empty.")
        if not 3 <= len(self.email) <= 60:
            raise ValueError("'email' must have 3 to 60 characters.")

    def may(self, permission: Permission) -> bool:
        """Whether this key holds the permission."""
        held = ROLE_PERMISSIONS[self.role] if self.permissions is None else self.permissions
        return permission in held

    def accepts_secret(self, secret: str, now: float) -> bool:
        """Whether this secret signs in at ``now`` (epoch seconds). Compared as it is, never trimmed."""
        given = secret.encode(errors="surrogatepass")
        current = hmac.compare_digest(given, self.client_secret.encode())
        if self.previous_secret is None or now >= self.previous_secret_until:
            return current
        return current or hmac.compare_digest(given, self.previous_secret.encode())

    def in_state(self, state: KeyState) -> PracticeKey:
        """A copy in that state. Raises ``ValueError`` where a revoked key would change: revoked is final."""
        if self.state == "revoked" and state != "revoked":
            raise ValueError("A revoked key stays revoked.")
        return replace(self, state=state)
