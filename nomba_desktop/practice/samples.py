"""Sample keys for the demo: eleven, in the roles and states that an operator meets."""

from __future__ import annotations

import random
import uuid

from nomba_desktop.practice.keys import KeyState, PracticeKey, Role
from nomba_desktop.practice.world import new_secret

_SAMPLES: tuple[tuple[str, Role, KeyState], ...] = (
    ("Branch kiosk", "Transfers", "active"),
    ("Coastal pilot", "Admin", "active"),
    ("Virtual accounts", "Accounts", "active"),
    ("Agent banking (old)", "Admin", "suspended"),
    ("Checkout web", "Admin", "active"),
    ("Payouts service", "Admin", "active"),
    ("Reconciliation job", "Transactions", "active"),
    ("Sandbox QA", "Admin", "active"),
    ("Terminal fleet", "Terminals", "active"),
    ("Vendor trial", "Transactions", "active"),
    ("First gateway", "Admin", "revoked"),
)


def sample_keys(seed: int = 2026) -> list[PracticeKey]:
    """The eleven keys of the demo, all of the practice environment; the same for the same seed.

    Each belongs to an account of its own with one sub-account, so that none displaces another's session
    under any but the widest scope. Their secrets are worth nothing outside a practice server.
    """
    rng = random.Random(seed)
    return [
        PracticeKey(
            name=name,
            client_id=_uuid(rng),
            account_id=_uuid(rng),
            client_secret=new_secret(rng),
            role=role,
            state=state,
            sub_account_ids=(_uuid(rng),),
            group_id=_uuid(rng),
        )
        for name, role, state in _SAMPLES
    ]


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(bytes=rng.randbytes(16), version=4))
