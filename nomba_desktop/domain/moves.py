"""The moves of the shared record: pure functions from one record to the next (session protocol).

A store applies a move atomically to the record it holds. A move that doesn't fit that record raises
`GenerationMoved` or `StopStands`, and nothing is written.
"""

from __future__ import annotations

import math
from dataclasses import replace

from nomba_desktop.domain.record import (
    CallKind,
    Failure,
    Intent,
    Latch,
    LatchKind,
    OwedEnd,
    SessionRecord,
    StopKind,
    Tokens,
)
from nomba_desktop.domain.renewal import CLOCK_SLACK, DEFAULT_POLICY, Policy, within_window


class MoveRefused(Exception):
    """The record has moved on; look again."""


class GenerationMoved(MoveRefused):
    """Somebody wrote newer tokens."""


class StopStands(MoveRefused):
    """A stop mark forbids the call."""


class LeaseLost(MoveRefused):
    """The lease on the session ended and somebody else may have had it since: lock again (protocol 8 and 10)."""


def _same(record: SessionRecord, generation: int) -> None:
    if record.generation != generation:
        raise GenerationMoved(record.generation)


def _own(record: SessionRecord, nonce: str) -> bool:
    return record.intent is not None and record.intent.nonce == nonce


def _closed(record: SessionRecord, intent: Intent) -> SessionRecord:
    """The fate of that call is known: its intent is closed if it is still the one that stands."""
    return replace(record, intent=None) if _own(record, intent.nonce) else record


def _may_land(record: SessionRecord, policy: Policy, now: float = math.inf) -> float:
    """Until when an abandoned call may land, the open intent's among them. A call was sent before `now`, so a later
    time than `now` + W comes from a clock that was set back since."""
    intent = record.intent
    until = max(record.may_land_until, intent.at + policy.w) if intent else record.may_land_until
    return min(until, now + policy.w)


def _ends(record: SessionRecord) -> tuple[OwedEnd, ...]:
    """The superseded tokens and the present one, for when it is given up without being known dead."""
    if record.tokens is None:
        return record.superseded
    return (*record.superseded, OwedEnd(record.tokens.access, record.tokens.expires_at))


def _without_stamp(stamps: tuple[float, ...], at: float) -> tuple[float, ...]:
    """One stamp of that time less; another call may have been made at the same time."""
    if at not in stamps:
        return stamps
    index = stamps.index(at)
    return (*stamps[:index], *stamps[index + 1 :])


def begin_call(
    record: SessionRecord, intent: Intent, policy: Policy, *, under_stop: bool = False
) -> SessionRecord:
    """Intent before every auth call, naming its kind and generation (protocol 7).

    Overriding an open intent means that its call may still land. The budget is stamped here, so that a crash
    between the call and its reply counts; a cut-off (`under_stop`) is not stamped.
    """
    _same(record, intent.generation)
    if record.stop is not StopKind.NONE and not under_stop:
        raise StopStands(record.stop.value)
    budget = within_window(record.budget, intent.at, policy.budget_window)
    return replace(
        record,
        intent=intent,
        may_land_until=_may_land(record, policy, intent.at),
        budget=budget if under_stop else (*budget, intent.at),
        login_at=intent.at if intent.kind is CallKind.ISSUE else record.login_at,
    )


def land(
    record: SessionRecord,
    intent: Intent,
    tokens: Tokens,
    now: float,
    policy: Policy,
    *,
    displaces: bool | None = None,
    by_person: bool = False,
) -> SessionRecord:
    """A reply with tokens becomes the next generation (protocol 9), whether or not a stop has come up.

    `displaces`: whether it was observed at this host that a new session ends the one before (None: not known).
    An issue that was sent when nothing abandoned could land any more clears `lost`, where it displaces (13). Where it
    is known not to displace, what an abandoned call may have made lives on: `lost` is set instead.
    """
    _same(record, intent.generation)
    settled = intent.at > record.may_land_until
    clears_lost = settled and intent.kind is CallKind.ISSUE and displaces is True
    lasting = tokens.expires_at - now >= policy.lasting
    own = _own(record, intent.nonce)
    return replace(
        record,
        generation=record.generation + 1,
        tokens=tokens,
        intent=None if own else record.intent,
        may_land_until=0.0 if settled else record.may_land_until,
        lost=(record.lost and not clears_lost) or (settled and _lives_on(record, displaces)),
        superseded=_superseded(record, now, policy, displaces),
        attempts=0 if lasting else record.attempts + 1,
        next_try=0.0,
        refusals=0,
        latch=None,
        failure=None,
        theft_generation=record.theft_generation if by_person else None,
        budget=_without_stamp(record.budget, intent.at) if lasting else record.budget,
        accepted_at=0.0,
    )


def _lives_on(record: SessionRecord, displaces: bool | None) -> bool:
    """Whether an abandoned call may have made a session that nothing of ours has ended."""
    return record.may_land_until > 0 and displaces is False


def _superseded(
    record: SessionRecord, now: float, policy: Policy, displaces: bool | None
) -> tuple[OwedEnd, ...]:
    if displaces:
        return ()
    kept = [t for t in record.superseded if t.expires_at > now]
    if record.tokens is not None and record.tokens.expires_at > now:
        kept.append(OwedEnd(record.tokens.access, record.tokens.expires_at))
    return tuple(kept[-policy.max_superseded :])


def put_forward(
    record: SessionRecord, intent: Intent, tokens: Tokens, now: float, policy: Policy
) -> SessionRecord:
    """A session whose write was rejected but which a probe showed to be the live one (protocol 10)."""
    forwarded = replace(intent, generation=record.generation)
    return land(record, forwarded, tokens, now, policy)


def call_failed(
    record: SessionRecord, intent: Intent, failure: Failure, next_try: float, *, unknown: bool
) -> SessionRecord:
    """A try failed and may pass. With its fate unknown the own intent stays open: the next reader is in doubt."""
    closed = record if unknown else _closed(record, intent)
    if record.generation != intent.generation:
        return closed
    return replace(
        closed,
        attempts=record.attempts + 1,
        next_try=max(record.next_try, next_try),
        failure=failure,
    )


def close_by_probe(record: SessionRecord, generation: int, now: float, policy: Policy) -> SessionRecord:
    """A probe answered 200 for the stored token while an intent was open: hand out again, the call may land (5)."""
    _same(record, generation)
    return replace(record, intent=None, may_land_until=_may_land(record, policy, now), accepted_at=now)


def accepted(
    record: SessionRecord, generation: int, now: float, *, displaces: bool | None = None
) -> SessionRecord:
    """A probe of this generation answered 200. Once nothing abandoned can land, that proves which token lives.

    `displaces` as in `land`: where it is False, an abandoned call's session may live beside this one (`lost`).
    """
    if record.generation != generation or record.tokens is None:
        return record
    settled = record.intent is None and now > record.may_land_until
    return replace(
        record,
        accepted_at=max(record.accepted_at, now),
        may_land_until=0.0 if settled else record.may_land_until,
        lost=record.lost or (settled and _lives_on(record, displaces)),
    )


def refresh_refused(record: SessionRecord, intent: Intent) -> SessionRecord:
    """The refresh token was refused for good: it is never sent again; the access token may still live."""
    closed = _closed(record, intent)
    if record.generation != intent.generation or record.tokens is None:
        return closed
    return replace(closed, tokens=replace(record.tokens, refresh=None))


def issue_refused(
    record: SessionRecord, intent: Intent, failure: Failure, next_try: float, policy: Policy, *, final: bool
) -> SessionRecord:
    """Signing in was refused. After `max_refusals`, or at once when `final` (403), latched until a person acts.

    An access token that is given up with it may still live: it is kept as superseded, for a sign-out or cut-off to end.
    """
    closed = _closed(record, intent)
    if record.generation != intent.generation:
        return closed
    refusals, doubt = record.refusals + 1, closed.in_doubt
    closed = replace(
        closed, refusals=refusals, attempts=record.attempts + 1, next_try=next_try, failure=failure
    )
    if not final and refusals < policy.max_refusals:
        return closed
    latch = Latch(LatchKind.REFUSED, record.generation, failure.at)
    return replace(closed, tokens=None, superseded=_ends(record), lost=doubt, latch=latch, next_try=0.0)


def blocked(record: SessionRecord, intent: Intent, failure: Failure) -> SessionRecord:
    """Something in front of the server refused this computer (403 as HTML): tokens stay, nothing is retried."""
    closed = _closed(record, intent)
    if record.generation != intent.generation:
        return closed
    latch = Latch(LatchKind.REFUSED, record.generation, failure.at)
    return replace(closed, attempts=record.attempts + 1, failure=failure, latch=latch, next_try=0.0)


def restored(record: SessionRecord, intent: Intent) -> SessionRecord:
    """The record came out of an older copy: its tokens are in doubt until a probe or a new sign-in (team, 3)."""
    return record if record.tokens is None or record.intent is not None else replace(record, intent=intent)


def session_lost(record: SessionRecord) -> SessionRecord:
    """A session may live at the server that the record can't name."""
    return replace(record, lost=True)


def try_not_before(record: SessionRecord, moment: float) -> SessionRecord:
    """Nothing is tried by itself before `moment`."""
    return replace(record, next_try=max(record.next_try, moment))


def held_back(record: SessionRecord, failure: Failure, moment: float) -> SessionRecord:
    """The budget is spent: nothing is tried before `moment`. An earlier failure says more and is kept."""
    later = try_not_before(record, moment)
    return replace(later, failure=record.failure or failure, attempts=max(1, record.attempts))


def token_ended(record: SessionRecord, generation: int, now: float) -> SessionRecord:
    """Nomba refused this generation's token while it was in doubt: it is no theft, and nobody hands it out again."""
    if record.generation != generation or record.tokens is None:
        return record
    ends = min(record.tokens.expires_at, now)
    return replace(record, tokens=replace(record.tokens, expires_at=ends), accepted_at=0.0)


def nothing_left(record: SessionRecord, generation: int, policy: Policy = DEFAULT_POLICY) -> SessionRecord:
    """Neither refresh nor issue is possible: "sign in again" (protocol 11).

    The call of an open intent may still land. The access token is kept as superseded, as in `issue_refused`.
    """
    _same(record, generation)
    return replace(
        record,
        tokens=None,
        superseded=_ends(record),
        lost=record.in_doubt,
        intent=None,
        may_land_until=_may_land(record, policy),
        attempts=0,
        next_try=0.0,
    )


def session_ended_outside(record: SessionRecord, generation: int, now: float) -> SessionRecord:
    """Evidence of theft (protocol 4): a 401 on an unexpired token, same generation, not in doubt, no stop.

    Under a stop our own cut-off ended it, and still needs its tokens. The first time one renewal may be tried when a
    person asks; the second time it is *taken elsewhere*.
    """
    if record.generation != generation or record.in_doubt or record.stop is not StopKind.NONE:
        return record
    if record.tokens is None or not record.tokens.issued_at - CLOCK_SLACK <= now < record.tokens.expires_at:
        return record  # expired; or the clock was set back since, and nobody knows
    again = record.theft_generation is not None and record.theft_generation < generation
    left = record.tokens.expires_at - now
    latch = Latch(LatchKind.TAKEN_ELSEWHERE, generation, now, life_left=left)
    return replace(
        record,
        latch=latch,
        tokens=None,
        accepted_at=0.0,
        theft_generation=record.theft_generation if again else generation,
    )


def displaced(record: SessionRecord, generation: int, now: float, other: str) -> SessionRecord:
    """The key named `other` ends this one's session: nothing is renewed until a person decides."""
    if record.generation != generation:
        return record
    return replace(record, latch=Latch(LatchKind.DISPLACED, generation, now, other=other))


def suspected(record: SessionRecord, client_id: str) -> SessionRecord:
    """The key with that client id renewed while this session was ended; once is no proof."""
    return replace(record, suspect=client_id)


def unlatch(record: SessionRecord) -> SessionRecord:
    """A person asked: the latch and the back-off are lifted, the budget stays.

    *Taken elsewhere* is lifted by new tokens alone: one asking is one try, the schedule doesn't go on with it.
    """
    taken = record.latch is not None and record.latch.kind is LatchKind.TAKEN_ELSEWHERE
    return replace(record, latch=record.latch if taken else None, next_try=0.0, refusals=0)


def signed_out(
    record: SessionRecord, generation: int, owed: tuple[OwedEnd, ...], policy: Policy = DEFAULT_POLICY
) -> SessionRecord:
    """The person signed out. `owed` are tokens, superseded ones too, that could not be ended at the server yet.

    The call of an open intent may still land.
    """
    _same(record, generation)
    return replace(
        record,
        tokens=None,
        intent=None,
        lost=record.lost or record.intent is not None,
        may_land_until=_may_land(record, policy),
        latch=None,
        failure=None,
        attempts=0,
        next_try=0.0,
        refusals=0,
        superseded=(),
        theft_generation=None,
        accepted_at=0.0,
        owed=(*record.owed, *owed),
    )


def ends_paid(record: SessionRecord, paid: tuple[OwedEnd, ...], now: float) -> SessionRecord:
    """Owed ends that were paid or have expired by themselves are dropped."""
    return replace(
        record,
        owed=tuple(o for o in record.owed if o.expires_at > now and all(o.access != p.access for p in paid)),
    )
