"""The part of a sealed record that decides whether its token may be handed out, read without msgspec.

`record_codec` is the codec: it builds a decoder for every field, which takes as long as all the rest of a process
that reads one token. Here is as much of MessagePack (github.com/msgpack/msgpack, spec.md) as records use. Whatever
is not expected raises `SealBroken`, and the caller lets the codec judge.
"""

from __future__ import annotations

import struct
from typing import Any

from nomba_desktop.domain.errors import SealBroken
from nomba_desktop.domain.record import CallKind, Intent, SessionRecord, StopKind, Tokens
from nomba_desktop.domain.secret import Secret

#: As in `record_codec`, which a test compares.
SCHEMA = 1
_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
            0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}  # fmt: skip
_SIZES = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I", 0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def peek(plain: bytes, schema: int) -> SessionRecord:
    """The record's generation, tokens, stop and intent; every other field has its default.

    Raises `SealBroken` on anything else, also on fields that this version does not know.
    """
    if schema != SCHEMA:
        raise SealBroken
    try:
        told = _Reader(plain).whole()
        if not told.keys() <= set(SessionRecord.__slots__):
            raise SealBroken
        tokens, intent = told["tokens"], told["intent"]
        return SessionRecord(
            generation=told["generation"],
            tokens=None if tokens is None else _tokens(tokens),
            stop=StopKind(told["stop"]),
            intent=None if intent is None else Intent(CallKind(intent["kind"]), 0, "", 0.0, ""),
        )
    except (struct.error, KeyError, IndexError, ValueError, TypeError, AttributeError, RecursionError):
        raise SealBroken("A stored session can't be read.") from None


def _tokens(told: dict[str, Any]) -> Tokens:
    if not told.keys() <= set(Tokens.__slots__):
        raise SealBroken
    refresh = told["refresh"]
    times = (told["issued_at"], told["expires_at"], told["refresh_at"])
    if not all(type(at) is float or type(at) is int for at in times):
        raise TypeError
    return Tokens(Secret(told["access"]), None if refresh is None else Secret(refresh), *times)


class _Reader:
    """Reads one value after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def whole(self) -> dict[str, Any]:
        """The one map that the bytes are. Raises ValueError when something is left over, or it is none."""
        value = self._value()
        if self._at != len(self._data) or not isinstance(value, dict):
            raise ValueError
        return value

    def _value(self) -> Any:
        head = self._data[self._at]
        self._at += 1
        if head < 0x80:
            return head
        if head >= 0xE0:
            return head - 0x100
        if head < 0x90:
            return self._map(head & 0x0F)
        if head < 0xA0:
            return [self._value() for _ in range(head & 0x0F)]
        if head < 0xC0:
            return self._text(head & 0x1F)
        if head in _CONSTANTS:
            return _CONSTANTS[head]
        if head in _NUMBERS:
            return self._number(_NUMBERS[head])
        size = int(self._number(_SIZES[head]))
        if head <= 0xDB:
            return self._text(size)
        return self._map(size) if head >= 0xDE else [self._value() for _ in range(size)]

    def _number(self, form: str) -> int | float:
        (number,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return number  # type: ignore[no-any-return]

    def _text(self, size: int) -> str:
        end = self._at + size
        if end > len(self._data):
            raise ValueError
        text = self._data[self._at : end].decode()
        self._at = end
        return text

    def _map(self, size: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(size):
            name = self._value()
            if not isinstance(name, str) or name in found:
                raise ValueError
            found[name] = self._value()
        return found
