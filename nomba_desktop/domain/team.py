"""What a desktop of a team knows, folded into what the team's store holds (session protocol, "In a team" 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nomba_desktop.domain.moves import restored
from nomba_desktop.domain.record import Intent, OwedEnd, SessionRecord, StopKind
from nomba_desktop.domain.renewal import Policy

_STRICTER = (StopKind.NONE, StopKind.SUSPENDED, StopKind.REVOKED)


def is_older(found: SessionRecord, known: SessionRecord) -> bool:
    """Whether `found` has an older generation or stop than `known`: what a store says after it forgot."""
    return found.generation < known.generation or found.stop_count < known.stop_count


def folded(
    found: SessionRecord, known: SessionRecord, intent: Intent, now: float, policy: Policy
) -> SessionRecord:
    """One record of what the store holds (`found`) and what a member saw before the store forgot (`known`).

    The higher generation wins; of two different tokens of one generation the later one, as a generation of its own;
    of tokens and none, none (somebody signed out). The later stop stands, of two equally late ones the stricter. No
    token is lost sight of: the one that lost is kept as superseded. What is kept is marked with `intent` (*restored*)
    and so in doubt until probed, because a third member may know more.
    """
    best, other = _ordered(found, known)
    generation = best.generation
    if _access(best) != _access(other) and best.generation == other.generation and best.tokens is not None:
        generation += 1
    stop = max((best, other), key=lambda r: (r.stop_count, _STRICTER.index(r.stop)))
    loser = () if other.tokens is None else (OwedEnd(other.tokens.access, other.tokens.expires_at),)
    superseded = [end for end in (*best.superseded, *other.superseded, *loser) if end.expires_at > now]
    if best.tokens is not None:
        superseded = [end for end in superseded if best.tokens.access != end.access]
    merged = replace(
        best,
        generation=generation,
        stop=stop.stop,
        stop_count=stop.stop_count,
        debt=stop.debt,
        may_land_until=_may_land(best, other, now, policy),
        lost=best.lost or other.lost,
        superseded=_distinct(superseded)[-policy.max_superseded :],
        owed=_distinct((*best.owed, *other.owed)),
        budget=tuple(sorted({*best.budget, *other.budget})),
        login_at=max(best.login_at, other.login_at),
        accepted_at=0.0,
    )
    return restored(merged, replace(intent, generation=generation))


def _ordered(found: SessionRecord, known: SessionRecord) -> tuple[SessionRecord, SessionRecord]:
    if found.generation != known.generation:
        return (known, found) if known.generation > found.generation else (found, known)
    if _access(found) == _access(known) or known.tokens is None:
        return known, found
    if found.tokens is None or found.tokens.issued_at > known.tokens.issued_at:
        return found, known
    return known, found


def _access(record: SessionRecord) -> object:
    return None if record.tokens is None else record.tokens.access


def _may_land(best: SessionRecord, other: SessionRecord, now: float, policy: Policy) -> float:
    """Calls of intents that are not carried on may still land."""
    until = max(best.may_land_until, other.may_land_until)
    if other.intent is not None and (best.intent is None or best.intent.nonce != other.intent.nonce):
        until = max(until, other.intent.at + policy.w)
    return min(until, now + policy.w)


def _distinct(ends: Iterable[OwedEnd]) -> tuple[OwedEnd, ...]:
    kept: list[OwedEnd] = []
    for end in ends:
        if all(end.access != k.access for k in kept):
            kept.append(end)
    return tuple(kept)
