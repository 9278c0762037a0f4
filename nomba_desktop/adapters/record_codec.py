"""Session records as bytes (MessagePack). The result holds tokens in plain: it is sealed before it goes anywhere."""

from __future__ import annotations

from typing import Any

import msgspec

from nomba_desktop.domain.errors import SealBroken
from nomba_desktop.domain.record import SessionRecord
from nomba_desktop.domain.secret import Secret

#: Rises when a field changes its meaning or goes away. A field that is added with a default needs no new number.
SCHEMA = 1


def _from_secret(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(f"a record holds no {type(value).__name__}")


def _to_secret(kind: type, value: object) -> object:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError("no secret")  # msgspec makes a ValidationError of it


_encoder = msgspec.msgpack.Encoder(enc_hook=_from_secret)
_decoder = msgspec.msgpack.Decoder(SessionRecord, dec_hook=_to_secret)


def encode(record: SessionRecord) -> bytes:
    """The record as bytes."""
    return _encoder.encode(record)


def decode(plain: bytes, schema: int = SCHEMA) -> SessionRecord:
    """The record that was encoded; fields it lacks have their defaults.

    Raises `SealBroken` on anything else, also on fields that this version does not know: writing the record back
    would lose them. The message never quotes the bytes.
    """
    if schema != SCHEMA:
        raise SealBroken("A stored session was written by another version of Nomba Desktop.")
    try:
        record = _decoder.decode(plain)
        again = encode(record)
        known = again == plain or _covers(msgspec.msgpack.decode(again), msgspec.msgpack.decode(plain))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
        raise SealBroken("A stored session can't be read.") from None
    if not known:
        raise SealBroken("A stored session was written by a newer version of Nomba Desktop.")
    return record


def _covers(ours: Any, theirs: Any) -> bool:
    """Whether every key of `theirs` is in `ours`, at every depth."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(name in ours and _covers(ours[name], value) for name, value in theirs.items())
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(_covers, ours, theirs))
    return True
