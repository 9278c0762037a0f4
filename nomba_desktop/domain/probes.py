"""Harmless reads that tell whether a token is accepted, by permission group (facts 5)."""

from __future__ import annotations

from dataclasses import dataclass

from nomba_desktop.domain.keys import Role


@dataclass(frozen=True, slots=True)
class Probe:
    """One read-only request; `group` is the permission it needs."""

    group: str
    path: str


PROBES = (
    Probe("Accounts", "/v1/accounts/parent"),
    Probe("Transactions", "/v1/transactions/accounts?limit=1"),
    Probe("Terminals", "/v1/accounts/terminals?limit=1"),
    Probe("Transfers", "/v1/transfers/banks"),
)

_FIRST = {Role.TRANSACTIONS: "Transactions", Role.TERMINALS: "Terminals", Role.TRANSFERS: "Transfers"}


def liveness_probes(role: Role) -> tuple[Probe, ...]:
    """The probes to ask whether a token lives, the recorded role's own first: a 403 there says nothing about it."""
    first = _FIRST.get(role, "Accounts")
    return tuple(sorted(PROBES, key=lambda probe: probe.group != first))
