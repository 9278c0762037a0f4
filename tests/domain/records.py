"""Session records, and the moves a life of one is made of."""

from __future__ import annotations

from hypothesis import strategies as st

from nomba_desktop.domain.record import CallKind, Failure, Intent, OwedEnd, Tokens
from nomba_desktop.domain.renewal import Policy
from nomba_desktop.domain.secret import Secret

POLICY = Policy()
W = POLICY.w
FAILURE = Failure("ND-102", "Nomba did not answer in time", "It took too long.", "", 5.0)


def tokens(name: str = "a", issued: float = 0.0, life: float = 1800.0, *, refresh: bool = True) -> Tokens:
    """Tokens whose access token says who they are."""
    return Tokens(
        Secret(f"access-{name}"),
        Secret(f"refresh-{name}") if refresh else None,
        issued,
        issued + life,
        issued + life * 0.8,
        "ops-1/window/1",
    )


def intent(
    generation: int = 0,
    at: float = 0.0,
    nonce: str = "n",
    kind: CallKind = CallKind.ISSUE,
    who: str = "ops-1/window/1",
) -> Intent:
    """An intent, its `nonce` in short."""
    return Intent(kind, generation, who, at, nonce)


def owed(name: str, until: float = 1800.0) -> OwedEnd:
    """An access token to be ended."""
    return OwedEnd(Secret(f"access-{name}"), until)


def kinds() -> st.SearchStrategy[CallKind]:
    """The kinds of call."""
    return st.sampled_from([CallKind.ISSUE, CallKind.REFRESH])
