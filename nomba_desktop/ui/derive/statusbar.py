"""The status bar: keyring, connection, clock, settings that differ, and the next refresh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from nomba_desktop.domain.clocks import SHOWN_OFFSET
from nomba_desktop.domain.countdown import ago, span
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.sessions import Failing, Session, WaitFor, Waiting
from nomba_desktop.domain.snapshot import KeyringState, KeyringStatus, Snapshot
from nomba_desktop.ui.derive.rows import Row, Tone
from nomba_desktop.ui.derive.words import clock_time, count

#: Seconds between two texts in the first minute after a test.
STEP = 10.0


@dataclass(frozen=True, slots=True)
class StatusItem:
    """One item: its topic (what a click explains), words, the colour of its dot, and since when it holds."""

    topic: str
    words: str
    tone: Tone
    explanation: str
    since: float = 0.0

    def text(self, now: float) -> str:
        """The words at `now`."""
        return f"{self.words}, tested {ago(self._gone(now))}" if self.since else self.words

    def _gone(self, now: float) -> float:
        """Seconds since then, in the first minute in whole steps: each other text is another layout of the bar."""
        gone = now - self.since
        return gone - gone % STEP if gone < 60 else gone

    def next_change(self, now: float) -> float | None:
        """Seconds until the words change."""
        if not self.since:
            return None
        step = STEP if now - self.since < 60 else 60.0
        return step - (now - self.since) % step


@dataclass(frozen=True, slots=True)
class NextRefresh:
    """The right end. With `at` the words are followed by the time until then; `spoken` names the moment instead."""

    words: str = ""
    at: float = 0.0
    spoken: str = ""

    def text(self, now: float) -> str:
        """The words at `now`."""
        if not self.at:
            return self.words
        return f"{self.words} in {span(self.at - now)}" if self.at > now else f"{self.words} now"


@dataclass(frozen=True, slots=True)
class StatusProps:
    """The whole bar."""

    items: tuple[StatusItem, ...] = ()
    next: NextRefresh = NextRefresh()


_KEYRING: Mapping[KeyringState, tuple[str, Tone, str]] = {
    KeyringState.UNTRIED: (
        "not tried yet",
        "neutral",
        "The keyring of this computer keeps the client secrets. It is tried when it is first needed.",
    ),
    KeyringState.OK: (
        "ok",
        "ok",
        "The keyring of this computer keeps the client secrets. Whoever can use your login can use it.",
    ),
    KeyringState.LOCKED: (
        "locked",
        "warn",
        "Unlock it: signing in, refreshing and revealing wait for it. Tokens at hand go on until they expire.",
    ),
    KeyringState.DENIED: (
        "refused",
        "warn",
        "You or the system refused access. Allow Nomba Desktop when the system asks, then try again.",
    ),
    KeyringState.ABSENT: (
        "none found",
        "bad",
        "No keyring service runs on this computer. Install or start one, or work in memory only for this run.",
    ),
    KeyringState.HUNG: (
        "does not answer",
        "warn",
        "An unlock window may be open behind another one. Answer it, or try again.",
    ),
    KeyringState.MEMORY: (
        "memory only for this run",
        "warn",
        "Secrets are kept in memory and are gone when the app ends.",
    ),
}

_SETTINGS = {
    "proxy": ("Proxy in use", "Calls to Nomba go through the proxy named in Settings."),
    "extra_ca": (
        "Extra CA certificate",
        "Besides the system's, certificates of the authority named in Settings are accepted.",
    ),
    "practice_url": (
        "Practice address changed",
        "The Practice environment is at the address named in Settings.",
    ),
}


def derive_statusbar(snapshot: Snapshot, rows: Iterable[Row], zone: tzinfo | None = None) -> StatusProps:
    """The bar. What changes with time is a moment in its props."""
    items = [_keyring(snapshot)]
    if offline := _offline(snapshot, zone):
        items.append(offline)
    if abs(snapshot.clock_offset) > SHOWN_OFFSET:
        items.append(_clock(snapshot.clock_offset))
    for name in snapshot.non_default_settings:
        text, why = _SETTINGS.get(name, (f"{name} changed", "This setting differs from its default."))
        items.append(StatusItem(f"setting:{name}", text, "info", why))
    return StatusProps(tuple(items), _next(snapshot.sessions, rows, zone))


def _keyring(snapshot: Snapshot) -> StatusItem:
    status: KeyringStatus = snapshot.keyring
    words, tone, explanation = _KEYRING[status.state]
    fine = status.state is KeyringState.OK
    since = status.tested_at if fine and not snapshot.keys else 0.0
    return StatusItem(
        "keyring", f"Keyring: {status.backend or words if fine else words}", tone, explanation, since
    )


def _offline(snapshot: Snapshot, zone: tzinfo | None) -> StatusItem | None:
    if not any(
        isinstance(s, Failing) and s.failure.reference == "ND-101" for s in snapshot.sessions.values()
    ):
        return None
    heard = max(snapshot.last_contact.values(), default=0.0)
    words = f", last contact {clock_time(heard, zone)}" if heard else ""
    why = (
        "Tokens at hand go on until they expire and can be copied. Signing in and refreshing wait; the app tries "
        "again by itself."
    )
    return StatusItem("offline", f"No connection to Nomba{words}", "warn", why)


def _clock(offset: float) -> StatusItem:
    way = "behind" if offset > 0 else "ahead of"
    why = "The app allows for it. Correct this computer's clock if you can: other programs may not."
    return StatusItem("clock", f"Clock {span(abs(offset))} {way} Nomba's", "warn", why)


def _next(sessions: Mapping[KeyId, Session], rows: Iterable[Row], zone: tzinfo | None) -> NextRefresh:
    waiting = sum(isinstance(s, Waiting) and s.what is WaitFor.KEYRING for s in sessions.values())
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        words = f"{count(waiting, 'refresh', 'refreshes')} {verb} for the keyring"
        return NextRefresh(words, spoken=words)
    planned = [
        (row.bar.refresh_at, row.name)
        for row in rows
        if row.bar and row.bar.refresh_at and row.signed_in and row.tone == "ok"
    ]
    if not planned:
        return NextRefresh()
    at, name = min(planned)
    said = f"Next refresh: {name}"
    return NextRefresh(said, at, f"{said} at {clock_time(at, zone)}")
