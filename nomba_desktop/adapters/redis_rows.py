"""What the team's server sees of a session: an HMAC'd id, numbers, sealed bytes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from nomba_desktop.adapters.aesgcm_sealing import Sealer
from nomba_desktop.adapters.record_codec import SCHEMA, decode, encode
from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.errors import SealBroken
from nomba_desktop.domain.record import SessionRecord

#: Format byte and nonce: two seals never begin alike, so this names a version of a row.
_HEAD = 13
_WRONG_KEY = (
    "This desktop's team key is not the key of the team that uses this cache: it may have been removed from the team. "
    "Nothing was read or written."
)
_BROKEN = (
    "The team's record of a session does not open: "
    "it was altered or moved in the cache, or sealed under another key."
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it lies in the store. `base`: highest revision of earlier epochs that was folded in."""

    epoch: str
    revision: int
    generation: int
    base: int
    schema: int
    sealed: bytes

    @property
    def head(self) -> bytes:
        """How the sealed bytes begin: unique for each write."""
        return self.sealed[:_HEAD]

    @classmethod
    def read(cls, fields: list[bytes] | None) -> Row | None:
        """From the fields e, r, g, b, x, d of the store. Raises `SealBroken` when they are no row."""
        if not fields:
            return None
        try:
            epoch, revision, generation, base, schema, sealed = fields
            return cls(epoch.decode(), int(revision), int(generation), int(base), int(schema), bytes(sealed))
        except (ValueError, AttributeError, TypeError):
            raise SealBroken(_BROKEN) from None


class TeamSealer:
    """Seals under the team key (32 bytes). Host, client id, kind, schema, generation, revision, epoch are bound in."""

    def __init__(self, key: bytes) -> None:
        self._sealer = Sealer(key)
        self._names = hmac.new(key, b"nomba-desktop team names", hashlib.sha256).digest()

    def id(self, session: SessionId) -> str:
        """The session's name in the store: 32 hexadecimal digits that say nothing without the team key."""
        return self.hidden(f"{session.host}\n{session.client_id}")

    def hidden(self, name: str) -> str:
        """A name that says nothing without the team key."""
        return hmac.new(self._names, name.encode(), hashlib.sha256).hexdigest()[:32]

    def seal(self, session: SessionId, record: SessionRecord, *, epoch: str, revision: int, base: int) -> Row:
        """The row that holds this record."""
        sealed = self._sealer.seal(
            encode(record),
            host=session.host,
            client_id=session.client_id,
            kind=_kind(epoch, base),
            schema=SCHEMA,
            generation=record.generation,
            revision=revision,
        )
        return Row(epoch, revision, record.generation, base, SCHEMA, sealed)

    def open(self, session: SessionId, row: Row) -> SessionRecord:
        """The record of a row. Raises `SealBroken`."""
        try:
            plain = self._sealer.open(
                row.sealed,
                host=session.host,
                client_id=session.client_id,
                kind=_kind(row.epoch, row.base),
                schema=row.schema,
                generation=row.generation,
                revision=row.revision,
            )
        except SealBroken:
            raise SealBroken(_BROKEN) from None
        return decode(plain, row.schema)

    def proof(self, team: str, epoch: str) -> bytes:
        """Stands beside the epoch and opens for members only."""
        return self._seal(b"", "proof", team, epoch)

    def check(self, proof: bytes, team: str, epoch: str) -> None:
        """Raises `SealBroken` when the epoch was begun under another key than ours."""
        try:
            self._open(proof, "proof", team, epoch)
        except SealBroken:
            raise SealBroken(_WRONG_KEY) from None

    def seal_text(self, text: str, use: str, bound: str) -> bytes:
        """A short text, such as who holds a lease, bound to its use."""
        return self._seal(text.encode(), use, bound)

    def open_text(self, sealed: bytes, use: str, bound: str) -> str:
        """The text again. Raises `SealBroken`."""
        return self._open(sealed, use, bound).decode("utf-8", "replace")

    def _seal(self, plain: bytes, *about: str) -> bytes:
        kind = "\n".join(("team", *about))
        return self._sealer.seal(plain, host="", client_id="", kind=kind, schema=1, generation=0, revision=0)

    def _open(self, sealed: bytes, *about: str) -> bytes:
        kind = "\n".join(("team", *about))
        return self._sealer.open(sealed, host="", client_id="", kind=kind, schema=1, generation=0, revision=0)


def _kind(epoch: str, base: int) -> str:
    return f"team session\n{epoch}\n{base}"
