"""What a key may read, as probed, beside what was recorded and what its tokens say. Writing is never tested."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nomba_desktop.domain.keys import Role
from nomba_desktop.domain.probes import PROBES, Probe


class Outcome(enum.Enum):
    """What one read showed."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One read. `status` 0: no answer came; `at` 0.0: it was not asked. `why` says why it is not tested."""

    probe: Probe
    outcome: Outcome = Outcome.NOT_TESTED
    status: int = 0
    at: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """The role claims changed from one token to the next; `generation` is that of the newer one."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    generation: int


@dataclass(frozen=True, slots=True)
class Permissions:
    """What is known of one key's permissions in this run: the four reads in the order of `PROBES`, the role claims of
    its latest token, and their last change. `generation` 0: no token was seen yet."""

    tests: tuple[ReadResult, ...] = tuple(ReadResult(probe) for probe in PROBES)
    claims: tuple[str, ...] = ()
    generation: int = 0
    drift: Drift | None = None


class FindingKind(enum.Enum):
    """What does not fit together."""

    DRIFT = "drift"
    BROADER = "broader"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit, in one sentence. `group` is the permission it is about, if one."""

    kind: FindingKind
    sentence: str
    group: str = ""


_ALL = frozenset(probe.group for probe in PROBES)
_READS = {
    Role.ADMIN: _ALL,
    Role.READ_ONLY: _ALL,
    Role.ACCOUNTS: frozenset({"Accounts"}),
    Role.TRANSACTIONS: frozenset({"Transactions"}),
    Role.TERMINALS: frozenset({"Terminals"}),
    Role.TRANSFERS: frozenset({"Transfers"}),
}


def expected_reads(role: Role) -> frozenset[str]:
    """The groups that a recorded role should be able to read; the split is our reading of the names (facts 4.1)."""
    return _READS[role]


def token_seen(known: Permissions, claims: tuple[str, ...], generation: int) -> Permissions:
    """A token of this generation carries these role claims. Older generations and repeats change nothing.

    The first token seen is no drift, and the order of claims means nothing.
    """
    if generation <= known.generation:
        return known
    drift = known.drift
    if known.generation and set(claims) != set(known.claims):
        drift = Drift(known.claims, claims, generation)
    return Permissions(known.tests, claims, generation, drift)


def findings(role: Role, known: Permissions) -> tuple[Finding, ...]:
    """Everything that does not fit the recorded role, drift first, then in the order of the reads."""
    found: list[Finding] = []
    if known.drift is not None:
        before, after = (", ".join(roles) or "none" for roles in (known.drift.before, known.drift.after))
        found.append(
            Finding(FindingKind.DRIFT, f"The role in the token changed at a renewal: {before} → {after}.")
        )
    for test in known.tests:
        group, recorded = test.probe.group, test.probe.group in expected_reads(role)
        if test.outcome is Outcome.ALLOWED and not recorded:
            sentence = f"{group} can be read, broader than the recorded role {role.value}."
            found.append(Finding(FindingKind.BROADER, sentence, group))
        if test.outcome is Outcome.REFUSED and recorded:
            sentence = f"Reading {group} is refused, although the recorded role {role.value} includes it."
            found.append(Finding(FindingKind.REFUSED, sentence, group))
    return tuple(found)
