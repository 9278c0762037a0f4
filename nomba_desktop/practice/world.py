"""The state of one practice server: keys, sessions, grants, faults, log. Synchronous and thread-safe."""

from __future__ import annotations

import base64
import random
import threading
from dataclasses import replace

from nomba_desktop.practice.clock import Clock, OffsetClock, Sleep
from nomba_desktop.practice.faults import ActiveFault, Fault, Faults, Gates
from nomba_desktop.practice.keys import KeyState, Persona, PracticeKey, Role
from nomba_desktop.practice.log import RequestLog
from nomba_desktop.practice.ratelimit import RateLimiter, Verdict
from nomba_desktop.practice.records import Grant, TokenReport
from nomba_desktop.practice.sessions import Sessions, Standing, TokenKind
from nomba_desktop.practice.switches import Switches


class PracticeWorld:
    """All that one practice server knows.

    ``clock`` and ``rng`` are handed in, so is ``sleep`` (needed by faults that take time). ``persona`` is the
    host it plays; tokens and keys of the other one are foreign. ``admin_token`` guards the admin routes; by
    default it is drawn from ``rng``. Methods may be called from any thread.
    """

    def __init__(
        self,
        clock: Clock,
        rng: random.Random,
        switches: Switches | None = None,
        persona: Persona = "live",
        *,
        sleep: Sleep | None = None,
        admin_token: str | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = OffsetClock(clock)
        self.rng = rng
        self.persona: Persona = persona
        self.sleep = sleep
        self.admin_token = rng.randbytes(24).hex() if admin_token is None else admin_token
        self.switches = switches or Switches()
        self.log = RequestLog()
        self.gates = Gates()
        self.sessions = Sessions(self.clock, rng)
        self._keys: dict[str, PracticeKey] = {}
        self._grants: list[Grant] = []
        self._faults = Faults()
        self._limiter = RateLimiter()

    def __repr__(self) -> str:
        return f"PracticeWorld(persona={self.persona!r}, keys={len(self._keys)})"

    # Keys

    def add_key(self, key: PracticeKey) -> PracticeKey:
        """Take a key in. Raises ``ValueError`` where its client id is known already."""
        with self.lock:
            if key.client_id in self._keys:
                raise ValueError("There is a key with this client id already.")
            self._keys[key.client_id] = key
            return key

    def key(self, client_id: str) -> PracticeKey | None:
        """The key with this client id."""
        with self.lock:
            return self._keys.get(client_id)

    def all_keys(self) -> list[PracticeKey]:
        """All keys in the order they were added."""
        with self.lock:
            return list(self._keys.values())

    def environment_of(self, key: PracticeKey) -> Persona:
        """The host a key belongs to."""
        return self.persona if key.environment is None else key.environment

    def suspend_key(self, client_id: str) -> PracticeKey:
        """Disable a key: issue, refresh and use are refused until it is resumed. ``KeyError`` if unknown."""
        with self.lock:
            return self._put(self._keys[client_id].in_state("suspended"))

    def resume_key(self, client_id: str) -> PracticeKey:
        """Lift a suspension; tokens that have not ended meanwhile work again. ``ValueError`` if revoked."""
        with self.lock:
            return self._put(self._keys[client_id].in_state("active"))

    def revoke_key(self, client_id: str) -> PracticeKey:
        """Disable a key for good and end its tokens. ``KeyError`` if unknown."""
        with self.lock:
            key = self._put(self._keys[client_id].in_state("revoked"))
            self.sessions.end_client(client_id, "key_revoked")
            return key

    def regenerate_secret(self, client_id: str, *, overlap: float = 0.0) -> str:
        """Give a key a new secret and return it; the old one works for ``overlap`` more seconds.

        Ends running tokens where the switch ``regenerate_ends_tokens`` is on (facts 4.1: unknown upstream).
        """
        with self.lock:
            key = self._keys[client_id]
            if key.state == "revoked":
                raise ValueError("A revoked key gets no new secret.")
            secret = new_secret(self.rng)
            until = self.now() + overlap
            self._put(
                replace(
                    key, client_secret=secret, previous_secret=key.client_secret, previous_secret_until=until
                )
            )
            if self.switches.regenerate_ends_tokens:
                self.sessions.end_client(client_id, "key_regenerated")
            return secret

    def set_role(self, client_id: str, role: Role) -> PracticeKey:
        """Give a key another role; tokens show it from the next one on, permissions change at once."""
        with self.lock:
            return self._put(replace(self._keys[client_id], role=role))

    def _put(self, key: PracticeKey) -> PracticeKey:
        self._keys[key.client_id] = key
        return key

    # Tokens

    def is_live(self, fingerprint: str) -> bool:
        """Whether the token with this SHA-256 (hex) would be accepted now."""
        report = self.token_report(fingerprint)
        return report is not None and report.live

    def token_report(self, fingerprint: str) -> TokenReport | None:
        """What is known of the token with this SHA-256 (hex); None if it was never minted here."""
        with self.lock:
            record = self.sessions.by_fingerprint(fingerprint)
            if record is None:
                return None
            standing: Standing | KeyState = record.standing(self.now())
            key = self._keys[record.client_id]
            if standing == "live" and key.state != "active":
                standing = key.state
            return TokenReport(fingerprint, record.kind, record.client_id, standing == "live", standing)

    def live_fingerprints(self, client_id: str, kind: TokenKind = "access") -> tuple[str, ...]:
        """Fingerprints of the client's live tokens, oldest first; at most one under the strict rule."""
        with self.lock:
            key = self._keys.get(client_id)
            if key is None or key.state != "active":
                return ()
            return tuple(record.fingerprint for record in self.sessions.live(client_id, kind))

    def expire_tokens(self, client_id: str, kind: TokenKind | None = "access") -> None:
        """Let the client's tokens of that kind (None: both) reach their end now."""
        with self.lock:
            self.sessions.expire(client_id, kind)

    def sign_in_elsewhere(self, client_id: str) -> None:
        """Somebody else signs in with this key; what lived before ends by the rules."""
        with self.lock:
            key = self._keys[client_id]
            self.sessions.open(key, self.environment_of(key), self.switches)

    # Grants

    def add_grant(self, grant: Grant) -> None:
        """Remember what the access endpoint was asked."""
        with self.lock:
            self._grants.append(grant)

    def grants(self) -> list[Grant]:
        """All grants in the order they were asked."""
        with self.lock:
            return list(self._grants)

    # Behaviour

    def now(self) -> float:
        """True epoch seconds of this world, without clock skew."""
        return self.clock.now()

    def advance(self, seconds: float) -> None:
        """Move this world's clock forward."""
        with self.lock:
            self.clock.advance(seconds)

    def set_switches(self, given: object) -> Switches:
        """Change the switches that a JSON-like mapping names. Raises ``BadInputError``."""
        with self.lock:
            self.switches = self.switches.changed(given)
            return self.switches

    def inject(self, fault: Fault) -> int:
        """Set a fault; returns its number. ``ValueError`` where it takes time and there is no ``sleep``."""
        if fault.needs_sleep and self.sleep is None:
            raise ValueError("This practice server was given no way to wait; use a gate instead of seconds.")
        with self.lock:
            if fault.gate is not None:
                self.gates.shut(fault.gate)
            return self._faults.add(fault)

    def clear_faults(self, number: int | None = None) -> None:
        """Take back one fault, or all. Requests that wait at a gate go on waiting until it is released."""
        with self.lock:
            self._faults.clear(number)

    def faults(self) -> list[ActiveFault]:
        """The faults in force."""
        with self.lock:
            return self._faults.active()

    def take_faults(self, method: str, path: str, client_id: str | None) -> tuple[Fault, ...]:
        """The faults that strike a request that has come in, counted."""
        with self.lock:
            return self._faults.take(method, path, client_id)

    def release(self, gate: str) -> int:
        """Open a gate; returns how many requests waited there."""
        return self.gates.release(gate)

    def count_request(self, account: str, method: str) -> Verdict | None:
        """Count a request against the rate limit of its account."""
        with self.lock:
            return self._limiter.take(account, method, self.now(), self.switches.rate_limit)


def new_secret(rng: random.Random) -> str:
    """A client secret as Nomba's are: 64 random bytes in base64, 88 characters (facts 2.1)."""
    return base64.b64encode(rng.randbytes(64)).decode()
