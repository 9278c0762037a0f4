"""Values that the contracts store and compare."""

from __future__ import annotations

from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState, Role, SharedUse
from nomba_desktop.domain.record import (
    CallKind,
    Debt,
    Failure,
    Intent,
    Latch,
    LatchKind,
    OwedEnd,
    SessionRecord,
    StopKind,
    Tokens,
)
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.ports import Binding, BoundSecret

HOST = "api.example.test"
SESSION = SessionId(HOST, "22426d2a-0000-4000-8000-00000000000a")
OTHER = SessionId(HOST, "22426d2a-0000-4000-8000-00000000000b")
ACCESS = "eyJhbGciOiJIUzI1NiJ9.planted-access-token.c2lnbmF0dXJl"
REFRESH = "planted-refresh-token-ÄÖ"

RICH = SessionRecord(
    generation=7,
    tokens=Tokens(Secret(ACCESS), Secret(REFRESH), 100.0, 1900.5, 1500.25, "window"),
    stop=StopKind.SUSPENDED,
    stop_count=3,
    intent=Intent(CallKind.REFRESH, 7, "nomba (1)", 120.0, "n" * 32),
    may_land_until=180.0,
    lost=True,
    debt=Debt(StopKind.SUSPENDED, 121.0, 7),
    superseded=(OwedEnd(Secret("old-1"), 900.0), OwedEnd(Secret("old-2"), 901.0)),
    owed=(OwedEnd(Secret("owed"), 902.0),),
    attempts=2,
    next_try=130.0,
    refusals=1,
    latch=Latch(LatchKind.DISPLACED, 7, 122.0, 12.5, "Terminal ₦"),
    theft_generation=6,
    budget=(100.0, 110.0),
    failure=Failure("ND-102", "No answer", "Nomba did not answer.", "HTTP 504", 123.0),
    accepted_at=105.0,
)

KEY = ApiKey(
    id=KeyId("k-1"),
    name="Läden ₦",
    environment_id="live",
    host=HOST,
    account_id="ac-1",
    client_id=SESSION.client_id,
    role=Role.TERMINALS,
    role_note="note",
    tags=("shop", "ikeja, lagos"),
    notes="first line\nsecond “line”",
    shared_use=SharedUse.ONLY_HERE,
    auto_refresh=True,
    state=KeyState.REVOKING,
    steps_left=2,
    created_at=10.5,
    state_changed_at=11.25,
)

BOUND = BoundSecret(Secret("s" * 84 + 'ß=?"'), Binding(HOST, SESSION.client_id, "ac-1"))
