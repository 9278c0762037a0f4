"""The lines of the Token tab: what the token says about itself. Only hints of the tokens, never a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from nomba_desktop.domain.countdown import ago
from nomba_desktop.domain.sessions import Life
from nomba_desktop.ui.derive.words import clock_time, utc

SAYS = "What the token says. Only Nomba can verify it."
# Documented role claim -> the dashboard's role it reads like (facts 3.1).
_READS_LIKE = {"TEAMS_OWNER": "Admin"}


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One line: label and value; `since` adds how long ago, `joint` before it. `showable` offers *Show*."""

    label: str
    value: str
    mono: bool = False
    since: float = 0.0
    joint: str = " · "
    chip: str = ""
    tip: str = ""
    dot: bool = False
    showable: bool = False

    def text(self, now: float) -> str:
        """The value at `now`."""
        return f"{self.value}{self.joint}{ago(now - self.since)}" if self.since else self.value


def derive_token_lines(life: Life, zone: tzinfo | None = None) -> tuple[TokenLine, ...]:
    """The lines in order; claims that the token doesn't have are left out."""
    facts, claims = life.facts, life.facts.claims
    lines = [TokenLine("Access token", facts.access_hint, mono=True, showable=True)]
    if facts.refresh_hint:
        made = f"made {utc(facts.refresh_made_at)}" if facts.refresh_made_at else ""
        lines.append(TokenLine("Refresh token", facts.refresh_hint, mono=True, tip=made))
    issued = clock_time(life.issued_at, zone)
    lines.append(TokenLine("Issued", issued, since=life.issued_at, tip=utc(life.issued_at)))
    ends = f"{clock_time(life.expires_at, zone)} · {utc(life.expires_at)[11:]}"
    lines.append(TokenLine("Expires", ends, tip=utc(life.expires_at)))
    if claims.roles:
        like = next((_READS_LIKE[role] for role in claims.roles if role in _READS_LIKE), "")
        chip = f"reads like {like}" if like else ""
        lines.append(TokenLine("Role in token", ", ".join(claims.roles), chip=chip))
    if claims.groups:
        lines.append(TokenLine("Groups", ", ".join(claims.groups), mono=True, tip=", ".join(claims.groups)))
    if claims.emails:
        lines.append(TokenLine("E-mail", ", ".join(claims.emails)))
    if claims.subject:
        lines.append(TokenLine("Subject", claims.subject, mono=True, tip=claims.subject))
    if life.renewed_by:
        lines.append(TokenLine("Renewed by", life.renewed_by))
    if life.accepted_at:
        accepted = f"accepted {clock_time(life.accepted_at, zone)}"
        lines.append(TokenLine("Checked", accepted, since=life.accepted_at, joint=", ", dot=True))
    else:
        lines.append(TokenLine("Checked", "not asked yet"))
    return tuple(lines)
