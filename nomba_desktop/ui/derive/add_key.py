"""What the form for a key shows, from what was typed. No Qt, no service."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.errors import Action, NombaDesktopError
from nomba_desktop.domain.keys import ApiKey, Field, FieldRemark, KeyDraft, SharedUse
from nomba_desktop.domain.paste import Pasted

TITLE = "Add an API key"
LEAD = "Copy it from the dashboard, a file or a message, and paste: we find the parts."
ROLE_HINT = "The role records what Nomba gave this key. Changing it here changes nothing at Nomba."
SHARED_HINT = (
    "Nomba keeps one live session per key: signing in here would end the server's. Nothing happens by itself."
)
ONLY_HERE_HINT = (
    "The app signs in and refreshes by itself. A server that signs in too would end that session."
)
KEEP_SECRET_HINT = "Leave it empty to keep the stored secret."
DESKTOP_WARNING = (
    "Nomba advises against secrets on desktops until its PKCE sign-in opens. A copy kept here is protected by "
    "your login keyring, not more."
)
TRIMMED = "White space around it was removed."

_NAMES = {"account_id": "account ID", "client_id": "client ID", "secret": "client secret"}
_ENVIRONMENTS = {"live": "Live", "sandbox": "Sandbox"}


class Tone(enum.Enum):
    """How a line beside a field looks."""

    HINT = "hint"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Line:
    """The sentence beside one field; empty text takes no room."""

    text: str = ""
    tone: Tone = Tone.HINT


@dataclass(frozen=True, slots=True)
class Problem:
    """Why saving failed: what happened, why, what to do; details stay folded."""

    title: str
    sentence: str
    hint: str
    details: str = ""
    reference: str = ""
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class FormState:
    """A form as it stands. `judged` are the fields left or submitted: only these are told what is wrong.

    `host` is that of the chosen environment; `busy` is a sentence while saving runs.
    """

    draft: KeyDraft = field(default_factory=KeyDraft)
    remarks: tuple[FieldRemark, ...] = ()
    judged: frozenset[Field] = frozenset()
    trimmed: frozenset[Field] = frozenset()
    host: str = ""
    paste: Line = Line()
    busy: str = ""
    problem: Problem | None = None
    editing: bool = False
    desktop_warning: bool = False


@dataclass(frozen=True, slots=True)
class FormProps:
    """What the form renders. `lines` has an entry for each field."""

    lines: Mapping[Field, Line] = field(default_factory=lambda: MappingProxyType({}))
    paste: Line = Line()
    secret_length: str = ""
    enabled: bool = True
    busy: str = ""
    problem: Problem | None = None
    warning: str = ""


def blocking(remarks: Sequence[FieldRemark]) -> tuple[FieldRemark, ...]:
    """Those that stand in the way of saving."""
    return tuple(r for r in remarks if r.blocks)


def derive_form(state: FormState) -> FormProps:
    """The form's props."""
    length = state.draft.secret_length
    return FormProps(
        lines=MappingProxyType({f: _line(state, f) for f in Field}),
        paste=state.paste,
        secret_length=f"{length} character{'' if length == 1 else 's'}" if length else "",
        enabled=not state.busy,
        busy=state.busy,
        problem=state.problem,
        warning=DESKTOP_WARNING if state.desktop_warning else "",
    )


def _line(state: FormState, which: Field) -> Line:
    if which in state.judged:
        for remark in state.remarks:
            if remark.field is which:
                return Line(remark.sentence, Tone.BAD if remark.blocks else Tone.WARN)
    if which in state.trimmed:
        return Line(TRIMMED, Tone.OK)
    return Line(_hint(state, which))


def _hint(state: FormState, which: Field) -> str:
    match which:
        case Field.SECRET:
            where = f"sent only to {state.host}." if state.host else "sent only to the environment's address."
            kept = f"Kept in this computer's keyring, {where}"
            return f"{KEEP_SECRET_HINT} {kept}" if state.editing and not state.draft.secret_length else kept
        case Field.SHARED_USE:
            if state.draft.shared_use is None:
                return ""
            return SHARED_HINT if state.draft.shared_use is SharedUse.YES_OR_NOT_SURE else ONLY_HERE_HINT
        case Field.TAGS:
            return "Separate tags with commas."
        case _:
            return ""


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def derive_paste(text: str, pasted: Pasted) -> Line:
    """One sentence on what *Paste all* found, what is unsure, and that white space was trimmed."""
    if not text.strip():
        return Line("The clipboard holds no text. Copy the key first.", Tone.WARN)
    if pasted.found_nothing:
        return Line("No account ID, client ID or secret was recognised in what you copied.", Tone.WARN)
    found = []
    if pasted.account_id:
        found.append("the account ID")
    if pasted.client_id:
        found.append("the client ID")
    if pasted.secret:
        found.append(f"the client secret ({len(pasted.secret)} characters)")
    parts = [f"Found {_listed(found)}"]
    if {"client_id", "account_id"} <= set(pasted.unsure):
        parts.append("not sure which ID is which, compare them with the dashboard")
    elif unsure := [_NAMES[name] for name in pasted.unsure if name in _NAMES]:
        parts.append(f"not sure about the {_listed(unsure)}, compare with the dashboard")
    if pasted.trimmed:
        parts.append("white space around a value was removed")
    if pasted.environment in _ENVIRONMENTS:
        name = _ENVIRONMENTS[pasted.environment]
        parts.append(f"the text speaks of {name}, choose the environment yourself")
    return Line("; ".join(parts) + ".", Tone.WARN if pasted.unsure else Tone.OK)


def derive_problem(error: NombaDesktopError) -> Problem:
    """What the dialog says about a failed save. Nothing typed is lost, and it says so."""
    return Problem(
        title=error.title,
        sentence="" if error.sentence == error.title else error.sentence,
        hint=f"{error.hint} What you typed is still here.",
        details=error.details,
        reference=error.reference,
        action=error.action,
    )


def draft_of(key: ApiKey) -> KeyDraft:
    """The form of a stored key before anything was typed; its secret stays where it is."""
    return KeyDraft(
        name=key.name,
        environment_id=key.environment_id,
        account_id=key.account_id,
        client_id=key.client_id,
        role=key.role,
        role_note=key.role_note,
        tags=", ".join(key.tags),
        notes=key.notes,
        shared_use=key.shared_use,
    )


def host_of(environments: Sequence[Environment], environment_id: str | None) -> str:
    """Host of the chosen environment; empty while none is chosen."""
    return next((e.host for e in environments if e.id == environment_id), "")
