"""The window with the eleven keys of the design's pictures, for looking at it and for tests. Not shipped.

`python -m tests.support.gallery FOLDER [SCALE]` writes PNGs of the main screens, light and dark.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from nomba_desktop.domain.environments import LIVE, SANDBOX, practice
from nomba_desktop.domain.keys import ApiKey, KeyId, KeyState, Role, SharedUse
from nomba_desktop.domain.record import Failure
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.sessions import (
    Failing,
    Life,
    Refreshing,
    Session,
    SignedIn,
    SignedOut,
    TakenAway,
    WaitFor,
    Waiting,
)
from nomba_desktop.domain.settings import Settings
from nomba_desktop.domain.snapshot import (
    EnvironmentsKnown,
    InventoryLoaded,
    KeyringSeen,
    KeyringState,
    KeyringStatus,
    SessionsSeen,
)
from nomba_desktop.domain.tokens import Claims, TokenFacts
from nomba_desktop.services.state import State

ZONE = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 21, 18, 15, 46, tzinfo=ZONE).timestamp()
PAYOUTS, BRANCH = KeyId("payouts"), KeyId("branch")
#: What `reveal` gives: planted, so that a test can look for it where it must not be.
PLANTED = "eyJhbGciOiJIUzI1NiJ9." + "PLANTEDsecretTOKENvalue0123456789" * 12 + ".wTFY"


@dataclass
class FakeClock:
    """A clock that stands still until it is told to move."""

    wall: float = NOW
    mono: float = 1000.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the window doesn't sleep")

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds


class FakeIntents:
    """Writes down what was asked."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        def called(*args: Any, **kwargs: Any) -> None:
            self.calls.append((name, *args, *(f"{k}={v}" for k, v in kwargs.items())))

        return called

    def reveal(self, key_id: KeyId) -> Secret | None:
        self.calls.append(("reveal", key_id))
        return Secret(PLANTED)

    def settings(self) -> Settings:
        return Settings()

    def names(self) -> list[str]:
        return [call[0] for call in self.calls]


CLAIMS = Claims(
    roles=("TEAMS_OWNER",),
    groups=("3f0e2a71-9d1c-4a54-9e2e-5a1c1f0b7a22",),
    emails=("o…@example.test",),
    subject="5e26cfb0-529f-41d3-a8e1-0b9d7c1f2a3b",
    algorithm="HS256",
)
FACTS = TokenFacts("eyJhbGci••••••••••wTFY", "01h4gdx2••••••2892", CLAIMS)


def life(left: float, generation: int = 7, total: float = 1800.0) -> Life:
    """A token with that many seconds left."""
    end = NOW + left
    issued = end - total
    return Life(generation, issued, end, end - 312, "this desktop, ops-desk-1", NOW - 6, FACTS)


def key(name: str, masked: str, role: Role, env: str = "live", **more: Any) -> ApiKey:
    """A key as in the pictures."""
    head, tail = masked.split("…")
    host = "api.nomba.com" if env == "live" else "sandbox.nomba.com"
    return ApiKey(
        id=KeyId(more.pop("id", name.split(maxsplit=1)[0].lower())),
        name=name,
        environment_id=env,
        host=host,
        account_id="8900aaaa-bae0-45c1-9b9d-ee7872e6ca27",
        client_id=f"{head}aaaa-f2cf-4ccc-ada1-00000000{tail}",
        role=role,
        shared_use=SharedUse.ONLY_HERE,
        auto_refresh=True,
        **more,
    )


def _at(month: int, day: int) -> float:
    return datetime(2026, month, day, 12, tzinfo=UTC).timestamp()


FAILED = Failure("ND-105", "Nomba has a problem", "Nomba answered 503.", "HTTP 503", NOW - 90)
KEYS: list[tuple[ApiKey, Session]] = [
    (key("Branch kiosk", "d04e…93f7", Role.TRANSFERS), TakenAway(NOW - 1243, 14 * 60 + 20, certain=True)),
    (
        key(
            "Coastal pilot",
            "4f08…a9d3",
            Role.ADMIN,
            state=KeyState.REVOKING,
            steps_left=1,
            state_changed_at=_at(11, 20),
        ),
        SignedOut(),
    ),
    (key("Virtual accounts", "5ab2…4471", Role.ACCOUNTS), Failing(FAILED, 2, NOW + 32, life=life(182))),
    (
        key(
            "Agent banking (old)",
            "13c9…b00e",
            Role.ADMIN,
            state=KeyState.SUSPENDED,
            state_changed_at=_at(11, 14),
        ),
        SignedOut(),
    ),
    (key("Checkout web", "9f3a…10aa", Role.ADMIN), SignedIn(replace(life(1278), refresh_at=NOW + 991))),
    (key("Payouts service", "2242…9f0d", Role.ADMIN), SignedIn(life(1584))),
    (key("Reconciliation job", "0c41…e2b8", Role.TRANSACTIONS), Refreshing(life(298), NOW - 1)),
    (
        key("Sandbox QA", "77d0…c3f5", Role.ADMIN, "sandbox"),
        SignedIn(replace(life(990), refresh_at=NOW + 700)),
    ),
    (key("Terminal fleet", "81be…77c1", Role.TERMINALS), SignedIn(replace(life(774), refresh_at=NOW + 461))),
    (key("Vendor trial", "e671…5d29", Role.TRANSACTIONS, "sandbox"), SignedOut()),
    (
        key("First gateway", "b7a0…02c4", Role.ADMIN, state=KeyState.REVOKED, state_changed_at=_at(10, 2)),
        SignedOut(),
    ),
]


def filled_state(keys: list[tuple[ApiKey, Session]] | None = None) -> State:
    """A state with keys and sessions, published as facts."""
    pairs = KEYS if keys is None else keys
    state = State()
    state.publish(EnvironmentsKnown((LIVE, SANDBOX, practice())))
    state.publish(KeyringSeen(KeyringStatus(KeyringState.OK, "Secret Service", NOW)))
    state.publish(InventoryLoaded(tuple(k for k, _ in pairs)))
    state.publish(SessionsSeen({k.id: s for k, s in pairs}))
    return state


def many(number: int) -> list[tuple[ApiKey, Session]]:
    """So many signed-in keys."""
    return [
        (
            key(f"Key {i:04d}", "aaaa…bbbb", Role.ADMIN, id=f"k{i}"),
            SignedIn(life(300 + (i * 37) % 1400 + (i % 10) / 10)),
        )
        for i in range(number)
    ]


def lock_keyring(state: State) -> None:
    """As in keyring-locked-light."""
    state.publish(KeyringSeen(KeyringStatus(KeyringState.LOCKED, "Secret Service", NOW)))
    waiting = {
        KeyId("virtual"): Waiting(WaitFor.KEYRING, life=life(182)),
        KeyId("reconciliation"): Waiting(WaitFor.KEYRING, life=life(298)),
    }
    state.publish(SessionsSeen(waiting))


def main() -> None:
    """Write the pictures."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 2:
        os.environ["QT_SCALE_FACTOR"] = sys.argv[2]
    from PySide6.QtWidgets import QApplication

    from nomba_desktop.domain.settings import Density
    from nomba_desktop.domain.settings import Theme as Choice
    from nomba_desktop.ui.presenter import Presenter
    from nomba_desktop.ui.theme import Theme
    from nomba_desktop.ui.window import MainWindow

    app = QApplication([])
    theme = Theme(app)
    theme.install()
    for choice in (Choice.LIGHT, Choice.DARK):
        theme.choose(choice, Density.COMFORTABLE)
        for name in ("main", "taken", "locked", "first-run", "failing", "loading", "empty"):
            state = State() if name == "loading" else filled_state([] if name == "first-run" else None)
            if name == "locked":
                lock_keyring(state)
            clock = FakeClock()
            window = MainWindow(theme, clock, ZONE)
            presenter = Presenter(state, FakeIntents(), clock, window, ZONE)
            if name not in ("first-run", "loading"):
                chosen = {"taken": BRANCH, "failing": KeyId("virtual")}.get(name, PAYOUTS)
                presenter.choose(chosen)
            if name == "empty":
                window.search.setText("nothing like it")
            window.resize(1280, 766)
            window.show()
            app.sendPostedEvents()
            for _ in range(5):
                app.processEvents()
            window.setFocus()
            app.processEvents()
            window.grab().save(str(folder / f"{name}-{choice.value}.png"))
            window.close_now()
            window.deleteLater()


if __name__ == "__main__":
    main()
