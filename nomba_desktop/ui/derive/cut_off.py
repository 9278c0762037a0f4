"""The revoke dialog and the receipt as words. Nothing is promised before it is proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, assert_never

from nomba_desktop.domain.cutoff import Line, Outcome, Receipt, Step, WhatHappened
from nomba_desktop.domain.environments import Environment
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.ui.derive.words import clock_time, count

Tone = Literal["neutral", "ok", "warn", "bad", "info"]

#: What a person may give as the reason; it stands in the receipt.
REASONS = (
    "Leaked in a ticket or chat",
    "Leaked in code or a log",
    "A person left",
    "A computer was lost or stolen",
    "Replaced by another key",
    "No longer needed",
    "Other",
)
CHOICES: tuple[tuple[object, str], ...] = (
    (WhatHappened.TOKEN_LEAKED, "A token leaked"),
    (WhatHappened.SECRET_LEAKED, "The secret leaked"),
    (WhatHappened.RETIRING, "Retiring it"),
)
WORKING = "Working: stop, end, check…"
CHECKING = "Working: end what lives, ask whether the secret still signs in…"
DELETING = "Working: delete the secret, read back…"
LEAD = "We ask Nomba to end its token and check that it is refused. A revoked key can't be used here again."


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One line of what will be done. `dashboard`: the note opens Nomba's dashboard."""

    title: str
    note: str
    dashboard: bool = False


@dataclass(frozen=True, slots=True)
class RevokeProps:
    """The revoke dialog. `strict` (level 4, a Live key): reason, last four of the client id and a name are asked."""

    title: str
    lead: str
    warning: str
    tone: Tone
    steps: tuple[PlannedStep, ...]
    last_four: str
    strict: bool


def derive_revoke(key: ApiKey, environment: Environment | None, what: WhatHappened | None) -> RevokeProps:
    """The dialog for a key, after `what` was chosen; None while nothing is."""
    warning, tone = _warning(what)
    return RevokeProps(
        f"Revoke “{key.name}”?",
        LEAD,
        warning,
        tone,
        _steps(what, dashboard=environment is not None and environment.dashboard_url is not None),
        key.client_id[-4:],
        key.environment_id == "live",
    )


def _warning(what: WhatHappened | None) -> tuple[str, Tone]:
    match what:
        case WhatHappened.TOKEN_LEAKED:
            return (
                (
                    "Whoever has the token can use it until it is ended. We ask Nomba to end it first. The secret "
                    "works until you regenerate it in the Nomba dashboard."
                ),
                "warn",
            )
        case WhatHappened.SECRET_LEAKED:
            return (
                (
                    "Whoever has the secret can sign in again. Regenerate it in the Nomba dashboard first; every check "
                    "ends what they opened until you have."
                ),
                "bad",
            )
        case WhatHappened.RETIRING:
            return (
                (
                    "Programs that hold its token get 401. They can sign in again until you regenerate the key in the "
                    "Nomba dashboard."
                ),
                "neutral",
            )
        case WhatHappened.SUSPENDING | None:
            return "", "neutral"
        case _:
            assert_never(what)


def _steps(what: WhatHappened | None, *, dashboard: bool) -> tuple[PlannedStep, ...]:
    note = "open, then we check it" if dashboard else "by you; then we check it"
    regenerate = PlannedStep("Regenerate the key in the dashboard", note, dashboard)
    stop = PlannedStep("Stop it on this computer", "every program here refuses it")
    end = PlannedStep("End the access token at Nomba", "then we check that it is refused")
    delete = PlannedStep("Delete the stored secret", "after the check; read back")
    if what is WhatHappened.SECRET_LEAKED:
        return (regenerate, stop, end, delete)
    return (stop, end, regenerate, delete)


def missing_to_revoke(
    props: RevokeProps, what: WhatHappened | None, *, reason: str, last_four: str, operator: str
) -> str:
    """What still has to be given before the key can be revoked; empty when nothing is."""
    if what is None:
        return "Choose what happened."
    if not props.strict:
        return ""
    if not reason:
        return "Choose a reason."
    if last_four.strip().casefold() != props.last_four.casefold():
        return "Type the last 4 of the client ID."
    if not operator.strip():
        return "Give your name: it stands in the receipt."
    return ""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line: the word in the pill with its colour, the step, and the evidence."""

    word: str
    tone: Tone
    title: str
    evidence: str


@dataclass(frozen=True, slots=True)
class ReceiptProps:
    """The receipt. `check`: something is left that a check could settle; `unproved`: the secret waits for its proof."""

    title: str
    sub: str
    lines: tuple[ReceiptLine, ...]
    check: bool
    dashboard: bool
    unproved: bool
    leave: str


def derive_receipt(
    receipt: Receipt, environment: Environment | None, zone: tzinfo | None = None
) -> ReceiptProps:
    """A receipt as it is shown."""
    regenerate = receipt.outcome(Step.REGENERATE)
    yours = regenerate is Outcome.TO_DO
    open_ended = (receipt.steps_left > 0 or yours) and not receipt.lifted
    parts = [receipt.key_name, clock_time(receipt.at, zone)]
    if receipt.took:
        parts.append(f"{receipt.took:.1f} s")
    if yours:
        parts.append("one step is yours")
    elif open_ended:
        parts.append(f"{count(receipt.steps_left, 'step')} left")
    return ReceiptProps(
        receipt.title,
        " · ".join(parts),
        tuple(
            ReceiptLine(line.word(), _tone(line), line.title(), line.evidence.words())
            for line in receipt.lines
        ),
        open_ended,
        open_ended and yours and environment is not None and environment.dashboard_url is not None,
        receipt.revoke and open_ended and receipt.outcome(Step.SECRET) is Outcome.WAITS,
        "Later" if open_ended else "Close",
    )


def _tone(line: Line) -> Tone:
    if line.red:
        return "bad"
    match line.outcome:
        case Outcome.PROVED:
            return "ok"
        case Outcome.REFUSED | Outcome.WAITS | Outcome.NOTHING:
            return "neutral"
        case Outcome.N_OF_M | Outcome.CLOSED:
            return "warn"
        case Outcome.TO_DO | Outcome.NOT_PROVED | Outcome.FAILED:
            return "bad"
        case _:
            assert_never(line.outcome)
