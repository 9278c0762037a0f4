"""The activity log: what an entry is, and the chain that shows where a log was changed (ADR 0012).

MAC of entry n = HMAC-SHA256(key, MAC of entry n-1 + canonical bytes of entry n); the first one covers 32 zero bytes.
No secret can enter: texts are text (a `Secret` is refused), what looks like a token or a client secret is masked, and a
token is named by a keyed fingerprint. Times are epoch seconds, durations seconds.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
import math
import re
from dataclasses import dataclass, fields

from nomba_desktop.domain.text import clean

MAC_BYTES = 32
NO_MAC = bytes(MAC_BYTES)
#: Longest reason and evidence, in characters; names are shorter.
MAX_WORDS = 500
MAX_NAME = 120
_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
# A token, or base64 as long as a client secret (facts 2, 3), also in the middle of other words.
_SECRET = re.compile(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}|[A-Za-z0-9+/_-]{86}==|[A-Za-z0-9+/_-]{43}=")


class What(enum.Enum):
    """What happened. The values are stored: they never change."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    REFRESHED = "refreshed"
    REFRESH_FAILED = "refresh_failed"
    SIGNED_OUT = "signed_out"
    COPIED = "copied"
    KEY_ADDED = "key_added"
    KEY_EDITED = "key_edited"
    KEY_FORGOTTEN = "key_forgotten"
    TAKEN_ELSEWHERE = "taken_elsewhere"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    CUT_OFF = "cut_off"
    REVOKED = "revoked"
    CUT_OFF_STEP = "cut_off_step"
    PRUNED = "pruned"


class Result(enum.Enum):
    """What it came to. `OPEN`: something is left to do or to prove."""

    OK = "ok"
    FAILED = "failed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """12 hexadecimal digits that stand for a token (`Sealer.fingerprint`); worthless without the cache key."""

    digits: str

    def __post_init__(self) -> None:
        if not _FINGERPRINT.fullmatch(self.digits):
            raise ValueError("a fingerprint has 12 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, before it has a place in the log. Texts are cleaned and cut when it is made."""

    what: What
    result: Result = Result.OK
    key_id: str = ""
    key_name: str = ""
    operator: str = ""
    reason: str = ""
    duration: float = 0.0
    evidence: str = ""
    fingerprints: tuple[Fingerprint, ...] = ()

    def __post_init__(self) -> None:
        limits = {"key_id": MAX_NAME, "key_name": MAX_NAME, "operator": MAX_NAME}
        for name in ("key_id", "key_name", "operator", "reason", "evidence"):
            object.__setattr__(self, name, harmless(getattr(self, name), limits.get(name, MAX_WORDS)))
        if not math.isfinite(self.duration):
            raise ValueError("a duration is a number of seconds")
        object.__setattr__(
            self, "duration", float(self.duration) + 0.0
        )  # -0.0 would not come back from SQLite
        if not all(isinstance(mark, Fingerprint) for mark in self.fingerprints):
            raise TypeError("tokens are named by fingerprints")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact is written down: the system's user, the host, and the process as program and number."""

    system_user: str
    host: str
    process: str

    def __post_init__(self) -> None:
        for name in ("system_user", "host", "process"):
            object.__setattr__(self, name, harmless(getattr(self, name), MAX_NAME))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is stored; `number` counts from 1 without gaps."""

    number: int
    at: float
    operator: str
    system_user: str
    host: str
    process: str
    what: What
    key_id: str
    key_name: str
    reason: str
    result: Result
    duration: float
    evidence: str
    fingerprints: tuple[Fingerprint, ...]

    def to_plain(self) -> dict[str, object]:
        """Plain values in the order of the fields, for JSON and for the canonical bytes."""
        plain: dict[str, object] = {part.name: getattr(self, part.name) for part in fields(self)}
        plain |= {"at": float(self.at), "duration": float(self.duration)}
        plain |= {"what": self.what.value, "result": self.result.value}
        return {**plain, "fingerprints": [mark.digits for mark in self.fingerprints]}

    def canonical(self) -> bytes:
        """The bytes that are authenticated: a JSON list of all fields, ASCII; no two entries share them."""
        return json.dumps(list(self.to_plain().values()), separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, slots=True)
class Link:
    """An entry with its MAC."""

    entry: Entry
    mac: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: number and MAC of the last entry; also what is anchored in the keyring."""

    number: int = 0
    mac: bytes = NO_MAC


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Entries up to `number` were dropped; `mac` is that entry's. `seal` covers both, `at`, and the seal before."""

    number: int
    mac: bytes
    at: float
    seal: bytes

    @property
    def head(self) -> Head:
        """Where the chain goes on."""
        return Head(self.number, self.mac)


def harmless(text: object, limit: int) -> str:
    """One cleaned line of at most `limit` characters; what looks like a token or secret is masked.

    Raises `TypeError` for anything but text, a `Secret` above all.
    """
    if not isinstance(text, str):
        raise TypeError("the activity log takes text only")
    return clean(_SECRET.sub("••••", clean(text, limit * 4)), limit)


def chain_key(cache_key: bytes) -> bytes:
    """The 32-byte key of the chain, expanded from the cache key (HKDF-Expand with one block, RFC 5869 2.3)."""
    return hmac.new(cache_key, b"nomba-desktop activity log" + b"\x01", hashlib.sha256).digest()


def entry_of(fact: Fact, number: int, at: float, place: Place) -> Entry:
    """The entry of a fact."""
    return Entry(
        number=number,
        at=float(at) + 0.0,
        operator=fact.operator,
        system_user=place.system_user,
        host=place.host,
        process=place.process,
        what=fact.what,
        key_id=fact.key_id,
        key_name=fact.key_name,
        reason=fact.reason,
        result=fact.result,
        duration=fact.duration,
        evidence=fact.evidence,
        fingerprints=fact.fingerprints,
    )


def mac_of(key: bytes, before: bytes, entry: Entry) -> bytes:
    """The MAC of an entry that follows one with the MAC `before`."""
    return hmac.new(key, before + entry.canonical(), hashlib.sha256).digest()


def linked(key: bytes, head: Head, entry: Entry) -> Link:
    """The entry as the next link. Raises `ValueError` when its number is not the next one."""
    if entry.number != head.number + 1:
        raise ValueError("entries are numbered without gaps")
    return Link(entry, mac_of(key, head.mac, entry))


def sealed_checkpoint(key: bytes, last: Checkpoint | None, head: Head, at: float) -> Checkpoint:
    """A checkpoint at `head` that follows `last`."""
    return Checkpoint(head.number, head.mac, float(at), _seal(key, last, head, float(at)))


def is_genuine(key: bytes, last: Checkpoint | None, checkpoint: Checkpoint) -> bool:
    """Whether this checkpoint was made with the key, after `last`."""
    if last is not None and checkpoint.number <= last.number:
        return False
    return hmac.compare_digest(checkpoint.seal, _seal(key, last, checkpoint.head, checkpoint.at))


def _seal(key: bytes, last: Checkpoint | None, head: Head, at: float) -> bytes:
    plain = json.dumps(["checkpoint", head.number, head.mac.hex(), float(at)]).encode()
    return hmac.new(key, (last.seal if last else NO_MAC) + plain, hashlib.sha256).digest()
