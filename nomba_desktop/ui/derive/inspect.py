"""What *Inspect a token* shows of a decoded token. No Qt, no clock: the time and the zone are handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from nomba_desktop.domain.countdown import ago, derive_countdown
from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.domain.tokens import Claims
from nomba_desktop.ui.derive.words import clock_time, day

TITLE = "Inspect a token"
LEAD = "Paste any access token to read what it says. Nothing is stored and nothing is sent."
CAVEAT = "What the token says. Only Nomba can verify it."


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: a name, a value, perhaps a muted remark; `mono` for identifiers, `tone` as of a pill."""

    name: str
    value: str
    remark: str = ""
    mono: bool = False
    tone: str = ""


@dataclass(frozen=True, slots=True)
class InspectProps:
    """The page: either facts or a problem, or neither before anything was pasted."""

    facts: tuple[Fact, ...] = ()
    others: tuple[Fact, ...] = ()
    known: str = ""
    problem: str = ""
    hint: str = ""


def both_times(moment: float, zone: tzinfo | None, *, same_day_as: float) -> str:
    """`18:42:10 · 17:42:10 UTC`, with the date where it isn't today's. `zone` None is the computer's own."""
    local, today = (datetime.fromtimestamp(m, UTC).astimezone(zone).date() for m in (moment, same_day_as))
    world = datetime.fromtimestamp(moment, UTC)
    here = clock_time(moment, zone)
    if local != today:
        here = f"{day(moment, zone)} {local.year} {here}"
    date = "" if world.date() == local else f"{day(moment, UTC)} "
    return f"{here} · {date}{world:%H:%M:%S} UTC"


def expiry_fact(claims: Claims, now: float, zone: tzinfo | None) -> Fact:
    """The row that changes as time passes."""
    if claims.expires_at is None:
        return Fact("Expires", "It does not say.")
    count = derive_countdown(claims.expires_at, now, issued_at=claims.issued_at)
    remark = count.text if count.expired else f"in {count.text}"
    when = both_times(claims.expires_at, zone, same_day_as=now)
    return Fact("Expires", when, remark, tone="bad" if count.expired else "ok")


def derive_inspect(
    claims: Claims, known: str, length: int, now: float, zone: tzinfo | None = None
) -> InspectProps:
    """The page for a decoded token; `known` is the sentence from the services."""
    issued = Fact("Issued", "It does not say.")
    if claims.issued_at is not None:
        passed = now - claims.issued_at
        remark = ago(passed) if passed >= 0 else "in the future by this computer's clock"
        issued = Fact("Issued", both_times(claims.issued_at, zone, same_day_as=now), remark)
    facts = [
        expiry_fact(claims, now, zone),
        issued,
        Fact("Role in token", ", ".join(claims.roles) or "none"),
        Fact("Groups", ", ".join(claims.groups) or "none"),
        Fact("E-mail", ", ".join(claims.emails) or "none"),
        Fact("Subject", claims.subject or "none", mono=bool(claims.subject)),
        Fact("Signed with", claims.algorithm or "It does not say."),
        Fact("Length", f"{length:,} characters"),
    ]
    return InspectProps(
        facts=tuple(facts),
        others=tuple(Fact(name, value, mono=True) for name, value in claims.others),
        known=known,
    )


def derive_refusal(error: NombaDesktopError) -> InspectProps:
    """The page for text that is no token."""
    title = error.title if error.title.endswith(".") else f"{error.title}."
    sentence = "" if error.sentence == error.title else f" {error.sentence}"
    return InspectProps(problem=f"{title}{sentence}", hint=error.hint)
