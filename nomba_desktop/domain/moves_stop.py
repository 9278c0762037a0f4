"""The moves of a cut-off and its end: pure functions from one record to the next (session protocol, "Cutting off").

As in `moves`: a move that doesn't fit the record raises `MoveRefused`, and nothing is written. The stop has its own
counter, which rises with every stop and resume; writes of tokens never touch it.
"""

from __future__ import annotations

from dataclasses import replace

from nomba_desktop.domain.cutoff import Line, WhatHappened
from nomba_desktop.domain.keys import KeyState
from nomba_desktop.domain.moves import GenerationMoved, MoveRefused, begin_call, land
from nomba_desktop.domain.record import (
    Debt,
    Intent,
    OwedEnd,
    SessionRecord,
    SparedRefresh,
    StopKind,
    Tokens,
)
from nomba_desktop.domain.renewal import Policy


class StopLifted(MoveRefused):
    """The stop that the walk began under doesn't stand any more, or another one took its place."""


class StillInDoubt(MoveRefused):
    """Something unknown may live at the server: nothing is closed."""


def _under(record: SessionRecord, stop_count: int) -> Debt:
    """The debt of the stop with that count. Raises `StopLifted`."""
    if record.stop is StopKind.NONE or record.stop_count != stop_count or record.debt is None:
        raise StopLifted(record.stop.value)
    return record.debt


def stop(
    record: SessionRecord,
    kind: StopKind,
    now: float,
    what: WhatHappened,
    *,
    reason: str = "",
    operator: str = "",
) -> SessionRecord:
    """Stop first (1): the mark and the debt, whatever else goes on. Repeating it changes nothing.

    Revoked is final: a suspension of a revoked key changes nothing. A suspended key that is revoked owes the whole walk
    anew, and keeps what an unfinished one had noted. A leaked secret told of later makes the tokens owed again.
    """
    debt = record.debt
    if record.stop is StopKind.REVOKED or record.stop is kind:
        worse = what is WhatHappened.SECRET_LEAKED and debt is not None and debt.what is not what
        if not worse or debt is None or kind is StopKind.SUSPENDED:
            return record
        told = replace(debt, what=what, reason=reason, operator=operator, tokens_left=True)
        return replace(record, stop_count=record.stop_count + 1, debt=told)
    revoked = kind is StopKind.REVOKED
    fresh = debt or Debt(kind, now)
    return replace(
        record,
        stop=kind,
        stop_count=record.stop_count + 1,
        debt=replace(
            fresh,
            kind=kind,
            since=now,
            what=what,
            reason=reason,
            operator=operator,
            tokens_left=True,
            secret_left=revoked,
            secret_worked=fresh.secret_worked or record.generation > 0,
            lines=(),
        ),
    )


def stop_remembered(record: SessionRecord, state: KeyState, steps_left: int, now: float) -> SessionRecord:
    """The inventory says stopped and the record was lost: a stop that was seen is never forgotten (team, 4).

    With steps left the cut-off is owed again, and what lives at the server is unknown.
    """
    if record.stop is not StopKind.NONE or record.stop_count > 0 or state is KeyState.ACTIVE:
        return record
    kind = StopKind.SUSPENDED if state is KeyState.SUSPENDED else StopKind.REVOKED
    stopped = replace(record, stop=kind, stop_count=1)
    if not steps_left:
        return stopped
    debt = Debt(kind, now, secret_left=kind is StopKind.REVOKED, secret_worked=True)
    return replace(stopped, debt=debt, lost=True)


def note_control(
    record: SessionRecord, generation: int, stop_count: int, now: float, *, seen: bool = True
) -> SessionRecord:
    """Before the act (5): that a 200 was `seen` for this generation, and that its end may now be asked for.

    From here on its refresh token is one that may be spared: nobody renews with it.
    """
    debt = _under(record, stop_count)
    tokens = record.tokens
    if record.generation != generation or tokens is None:
        raise GenerationMoved(record.generation)
    control = (generation, now) if seen else (debt.control, debt.control_at)
    return replace(
        record,
        tokens=replace(tokens, refresh=None),
        debt=replace(
            debt,
            control=control[0],
            control_at=control[1],
            acted=generation,
            refreshes=_with_spared(debt.refreshes, tokens),
        ),
    )


def _with_spared(known: tuple[SparedRefresh, ...], tokens: Tokens | None) -> tuple[SparedRefresh, ...]:
    if tokens is None or tokens.refresh is None or any(s.refresh == tokens.refresh for s in known):
        return known
    return (*known, SparedRefresh(tokens.refresh, tokens.access))


def begin_under_stop(record: SessionRecord, intent: Intent, stop_count: int, policy: Policy) -> SessionRecord:
    """Intent before a call of the cut-off (4, 8): it ignores budget and latch, and needs the stop to stand."""
    debt = _under(record, stop_count)
    owing = replace(record, debt=replace(debt, tokens_left=True))
    return begin_call(owing, intent, policy, under_stop=True)


def refused_under_stop(record: SessionRecord, intent: Intent) -> SessionRecord:
    """A call of the cut-off was refused, or never handled: its own intent is closed. Nothing else changes."""
    own = record.intent is not None and record.intent.nonce == intent.nonce
    return replace(record, intent=None) if own else record


def land_under_stop(
    record: SessionRecord,
    intent: Intent,
    tokens: Tokens,
    now: float,
    policy: Policy,
    *,
    displaces: bool | None = None,
    spent: SparedRefresh | None = None,
) -> SessionRecord:
    """A reply with tokens is stored so that it can be ended (4, 8), whatever the record holds by now.

    Every earlier access token stays among the superseded, and every earlier refresh token among those to be tried.
    `spent` is the refresh token that gave them: then their own refresh token, the successor, is never stored.
    What an abandoned call may have made is `lost` until it was seen here that a new session ends the one before.
    """
    before, debt = record.tokens, record.debt
    kept = tokens if spent is None else replace(tokens, refresh=None)
    here = replace(intent, generation=record.generation)
    landed = land(record, here, kept, now, policy, displaces=displaces)
    earlier = record.superseded
    if before is not None:
        earlier = (*earlier, OwedEnd(before.access, before.expires_at))
    if debt is not None:
        refreshes = _with_spared(debt.refreshes, before)
        if spent is not None:
            refreshes = tuple(
                replace(s, yields=s.yields + 1) if s.refresh == spent.refresh else s for s in refreshes
            )
        worked = debt.secret_worked or spent is None
        debt = replace(debt, refreshes=refreshes, secret_worked=worked, tokens_left=True)
    unknown = record.may_land_until > 0 and displaces is not True
    return replace(landed, superseded=earlier, debt=debt, budget=record.budget, lost=landed.lost or unknown)


def refresh_dead(record: SessionRecord, spent: SparedRefresh) -> SessionRecord:
    """A refresh token was refused with its old bearer and without: it need not be tried again."""
    debt, tokens = record.debt, record.tokens
    if tokens is not None and tokens.refresh == spent.refresh:
        record = replace(record, tokens=replace(tokens, refresh=None))
    if debt is None:
        return record
    left = tuple(s for s in debt.refreshes if s.refresh != spent.refresh)
    return _settled(record, replace(debt, refreshes=left))


def displacement_seen(record: SessionRecord, generation: int) -> SessionRecord:
    """The issue of this generation was seen to end the session before it: nothing unknown is left (13)."""
    if record.generation != generation or record.intent is not None or record.may_land_until > 0:
        return record
    return replace(record, lost=False)


def owed_again(record: SessionRecord, now: float) -> SessionRecord:
    """A suspension that was proved is looked at again: it owes its walk until that is closed."""
    if record.stop is not StopKind.SUSPENDED or record.debt is not None:
        return record
    return replace(record, debt=Debt(StopKind.SUSPENDED, now, secret_worked=record.generation > 0))


def note_lines(record: SessionRecord, stop_count: int, lines: tuple[Line, ...]) -> SessionRecord:
    """What the walk came to so far, to be shown again after a restart."""
    debt = _under(record, stop_count)
    return replace(record, debt=replace(debt, lines=lines))


def close_cut_off(
    record: SessionRecord,
    generation: int,
    stop_count: int,
    lines: tuple[Line, ...],
    *,
    key_disabled: bool = False,
) -> SessionRecord:
    """Close (9): only if the stop stands, the generation is the one looked at and nothing is in doubt.

    What is left is the secret, and refresh tokens that can't be killed; else the debt is gone. Where the server itself
    refuses the key (`key_disabled`), what is unknown is refused with it: for good, or until the key is resumed.
    """
    debt = _under(record, stop_count)
    if record.generation != generation:
        raise GenerationMoved(record.generation)
    if record.in_doubt and not key_disabled:
        raise StillInDoubt
    gone = key_disabled and debt.kind is StopKind.REVOKED
    record = replace(
        record,
        intent=None,
        may_land_until=0.0 if gone else record.may_land_until,
        lost=not gone and (record.lost or record.intent is not None),
    )
    left = replace(debt, control=None, control_at=0.0, acted=None, tokens_left=False, lines=lines)
    return _settled(
        replace(
            record,
            tokens=None,
            superseded=(),
            owed=(),
            latch=None,
            failure=None,
            attempts=0,
            next_try=0.0,
            refusals=0,
            theft_generation=None,
            accepted_at=0.0,
        ),
        left,
    )


def _settled(record: SessionRecord, debt: Debt) -> SessionRecord:
    return replace(record, debt=debt if debt.steps_left else None)


def secret_refused(record: SessionRecord, stop_count: int) -> SessionRecord:
    """Signing in with the stored secret was refused (10): what is left is to delete it."""
    debt = _under(record, stop_count)
    return replace(record, debt=replace(debt, secret_dead=True))


def secret_deleted(record: SessionRecord, stop_count: int, lines: tuple[Line, ...]) -> SessionRecord:
    """The stored secret was deleted and is seen to be gone (10)."""
    debt = _under(record, stop_count)
    return _settled(record, replace(debt, secret_left=False, lines=lines))


def closed_knowingly(
    record: SessionRecord, stop_count: int, operator: str, lines: tuple[Line, ...]
) -> SessionRecord:
    """A named person closes what can't be proved: tokens and debt go, the stop stays."""
    debt = _under(record, stop_count)
    told = replace(debt, operator=operator)
    doubtful = record.in_doubt
    bare = close_cut_off(
        replace(record, debt=told, intent=None, may_land_until=0.0, lost=False),
        record.generation,
        stop_count,
        lines,
    )
    return replace(bare, debt=None, lost=doubtful)


def resume(
    record: SessionRecord, generation: int, stop_count: int, now: float, policy: Policy, *, alive: bool
) -> SessionRecord:
    """Lift a suspension; revoked is final. `alive`: a probe has just shown the stored token alive.

    The token is kept only if it is, no intent is open, and its end can't have been asked for. Lifting an unfinished
    cut-off leaves a doubt: its revoke may still arrive.
    """
    if record.stop is not StopKind.SUSPENDED or record.stop_count != stop_count:
        raise StopLifted(record.stop.value)
    if record.generation != generation:
        raise GenerationMoved(record.generation)
    debt, intent = record.debt, record.intent
    asked = debt is not None and debt.acted == record.generation
    kept = record.tokens if alive and intent is None and not asked else None
    dropped = record.tokens is not None and kept is None
    may_land = record.may_land_until
    superseded = record.superseded
    if intent is not None:
        may_land = max(may_land, min(intent.at, now) + policy.w)
    if debt is not None and debt.tokens_left:
        may_land = max(may_land, now + policy.w)
        if dropped and record.tokens is not None:
            superseded = (*superseded, OwedEnd(record.tokens.access, record.tokens.expires_at))
    unfinished = debt is not None and debt.tokens_left
    return replace(
        record,
        stop=StopKind.NONE,
        stop_count=record.stop_count + 1,
        debt=None,
        tokens=kept,
        intent=None,
        may_land_until=may_land,
        lost=record.lost or intent is not None or (unfinished and dropped),
        superseded=superseded,
        latch=None,
        failure=None,
        attempts=0,
        next_try=0.0,
        refusals=0,
        theft_generation=None,
        accepted_at=record.accepted_at if kept is not None else 0.0,
    )


def state_of(record: SessionRecord) -> tuple[KeyState, int]:
    """The key's state that a record means, with the number of steps left."""
    left = record.debt.steps_left if record.debt is not None else 0
    if record.stop is StopKind.NONE:
        return KeyState.ACTIVE, 0
    if record.stop is StopKind.SUSPENDED:
        return KeyState.SUSPENDED, left
    return (KeyState.REVOKING, left) if left else (KeyState.REVOKED, 0)
