"""Sessions and their tokens: which are live, what replaces what, what a spent refresh token does (facts 3).

Tokens themselves are never kept, only their SHA-256 fingerprints.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal

from nomba_desktop.practice.clock import Clock
from nomba_desktop.practice.jwt import fingerprint, mint_access_token, mint_refresh_token
from nomba_desktop.practice.keys import Persona, PracticeKey
from nomba_desktop.practice.switches import Switches

TokenKind = Literal["access", "refresh"]
Ending = Literal[
    "replaced", "revoked", "spent", "reuse_detected", "key_revoked", "key_regenerated", "expired_by_admin"
]
Standing = Literal["live", "expired"] | Ending


@dataclass(slots=True)
class TokenRecord:
    """What the server knows of one token. Times are true epoch seconds, without clock skew."""

    kind: TokenKind
    fingerprint: str
    client_id: str
    account_id: str
    environment: Persona
    session: int
    expires_at: float
    ended: Ending | None = None
    dies_at: float | None = None
    """A revocation that takes effect late: the moment it does."""

    def standing(self, now: float) -> Standing:
        """Live, or why not."""
        if self.ended is not None:
            return self.ended
        if self.dies_at is not None and now >= self.dies_at:
            return "revoked"
        return "expired" if now >= self.expires_at else "live"


@dataclass(frozen=True, slots=True)
class MintedTokens:
    """A new pair as it goes out; ``expires_at`` in epoch seconds as the server *says*, skew included."""

    access_token: str
    refresh_token: str
    expires_at: int

    def __repr__(self) -> str:
        return f"MintedTokens(expires_at={self.expires_at})"


class Sessions:
    """The session table of one host. Callers hold the world's lock."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._tokens: dict[str, TokenRecord] = {}
        self._current: dict[str, TokenRecord] = {}
        self._last_session = 0

    def find(self, token: str, kind: TokenKind) -> TokenRecord | None:
        """The record of a token presented by a client."""
        return self.by_fingerprint(fingerprint(token), kind)

    def by_fingerprint(self, hex_digest: str, kind: TokenKind | None = None) -> TokenRecord | None:
        """The record under a fingerprint, whatever its standing."""
        record = self._tokens.get(hex_digest)
        return record if record is not None and kind in (None, record.kind) else None

    def live(self, client_id: str, kind: TokenKind) -> list[TokenRecord]:
        """The client's live tokens of that kind, oldest first."""
        return [r for r in self._all_live() if r.client_id == client_id and r.kind == kind]

    def open(self, key: PracticeKey, environment: Persona, switches: Switches) -> MintedTokens:
        """A successful issue: a new session; by the rule, the one before it in scope ends."""
        if switches.session_rule != "none":
            for record in self._in_scope(key, environment, switches):
                self._end(record, "replaced")
        self._last_session += 1
        return self._mint(key, environment, self._last_session, switches)

    def rotate(self, key: PracticeKey, refresh: TokenRecord, switches: Switches) -> MintedTokens:
        """A successful refresh with this live refresh token: both tokens anew, in the same session."""
        if switches.refresh_single_use:
            self._end(refresh, "spent")
        if switches.session_rule == "issue_and_refresh":
            for record in self._in_scope(key, refresh.environment, switches):
                if record.kind == "access" or record.session != refresh.session:
                    self._end(record, "replaced")
        return self._mint(key, refresh.environment, refresh.session, switches)

    def reuse(self, refresh: TokenRecord, switches: Switches) -> None:
        """A refresh token that was spent is presented again: with reuse detection its whole session ends."""
        if switches.spent_refresh == "ends_session":
            for record in self._of_session(refresh.session):
                self._end(record, "reuse_detected")

    def revoke(self, access: TokenRecord, switches: Switches) -> None:
        """Revocation of a live access token, as far as the switches let it take effect."""
        if switches.revoke_effect == "never":
            return
        doomed = [access]
        if switches.revoke_kills_refresh:
            doomed += [r for r in self._of_session(access.session) if r.kind == "refresh"]
        for record in doomed:
            if switches.revoke_effect == "now":
                self._end(record, "revoked")
            elif record.dies_at is None:
                record.dies_at = self._clock.now() + switches.revoke_late_by

    def end_client(self, client_id: str, why: Ending, kind: TokenKind | None = None) -> None:
        """End all live tokens of a client, or only those of one kind."""
        for record in self._all_live():
            if record.client_id == client_id and kind in (None, record.kind):
                self._end(record, why)

    def expire(self, client_id: str, kind: TokenKind | None) -> None:
        """Let the client's live tokens reach their end at this moment."""
        now = self._clock.now()
        for record in self._all_live():
            if record.client_id == client_id and kind in (None, record.kind):
                record.expires_at = min(record.expires_at, now)

    def _end(self, record: TokenRecord, why: Ending) -> None:
        if record.standing(self._clock.now()) == "live":
            record.ended = why

    def _all_live(self) -> list[TokenRecord]:
        # Time only goes forward here: what has ended or expired never comes back and is dropped from the list.
        now = self._clock.now()
        self._current = {mark: r for mark, r in self._current.items() if r.standing(now) == "live"}
        return list(self._current.values())

    def _of_session(self, session: int) -> list[TokenRecord]:
        return [record for record in self._all_live() if record.session == session]

    def _in_scope(self, key: PracticeKey, environment: Persona, switches: Switches) -> list[TokenRecord]:
        def same(record: TokenRecord) -> bool:
            if record.environment != environment:
                return False
            if switches.session_scope == "client":
                return record.client_id == key.client_id
            return switches.session_scope == "environment" or record.account_id == key.account_id

        return [record for record in self._all_live() if same(record)]

    def _mint(self, key: PracticeKey, environment: Persona, session: int, switches: Switches) -> MintedTokens:
        skew = switches.clock_skew
        said_now = self._clock.now() + skew
        issued = math.floor(said_now)
        expires = issued + switches.access_ttl
        access = mint_access_token(
            key,
            issued=issued,
            expires=expires + switches.jwt_exp_offset,
            environment=environment,
            role_claim=switches.role_claim,
            rng=self._rng,
        )
        refresh = mint_refresh_token(said_now, self._rng)
        refresh_end = issued - skew + switches.refresh_ttl
        ends: tuple[tuple[TokenKind, str, float], ...] = (
            ("access", access, expires - skew),
            ("refresh", refresh, refresh_end),
        )
        for kind, token, end in ends:
            mark = fingerprint(token)
            record = TokenRecord(kind, mark, key.client_id, key.account_id, environment, session, end)
            self._tokens[mark] = self._current[mark] = record
        return MintedTokens(access, refresh, expires)
