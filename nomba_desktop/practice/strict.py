"""Strict reading of JSON objects into frozen dataclasses, and back, for the admin routes.

An unknown name, a missing name or a value of the wrong kind raises ``BadInputError`` with one plain sentence.
Values are never quoted back: they may be secrets.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, cast

T = TypeVar("T")


class BadInputError(ValueError):
    """Input that the practice server does not accept; the message is one sentence for a person."""


def build(cls: type[T], given: object) -> T:
    """A new ``cls`` from a JSON object; fields without a default are required."""
    values = _checked(cls, given)
    for field in dataclasses.fields(cast(Any, cls)):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in values:
            raise BadInputError(f"'{field.name}' is required.")
    try:
        return cls(**values)
    except BadInputError:
        raise
    except ValueError as error:
        raise BadInputError(str(error)) from None


def change(current: T, given: object) -> T:
    """A copy of ``current`` with the fields that the JSON object names replaced."""
    values = _checked(type(current), given)
    try:
        return dataclasses.replace(cast(Any, current), **values)  # type: ignore[no-any-return]
    except ValueError as error:
        raise BadInputError(str(error)) from None


def to_json(value: object) -> Any:
    """The JSON form of a value made of dataclasses, sets, tuples and plain values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, frozenset | set):
        return sorted(to_json(item) for item in value)
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


def _checked(cls: type[Any], given: object) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise BadInputError("The body must be a JSON object.")
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls) if field.init]
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in names:
            raise BadInputError(f"'{str(name)[:60]}' is not known here. Known: {', '.join(names)}.")
        values[name] = _read(hints[name], value, name)
    return values


def _read(hint: Any, value: object, name: str) -> Any:
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        allowed = typing.get_args(hint)
        for choice in allowed:
            if value == choice and type(value) is type(choice):
                return choice
        raise BadInputError(f"'{name}' must be one of: {', '.join(map(str, allowed))}.")
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        (inner,) = (arm for arm in typing.get_args(hint) if arm is not type(None))
        return _read(inner, value, name)
    if origin in (tuple, frozenset):
        if not isinstance(value, list):
            raise BadInputError(f"'{name}' must be a list.")
        items = [_read(typing.get_args(hint)[0], item, name) for item in value]
        return origin(items)
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise BadInputError(f"'{name}' must be a JSON object.")
        return build(cast(type[Any], hint), value)
    return _read_plain(hint, value, name)


def _read_plain(hint: Any, value: object, name: str) -> Any:
    if hint is bool:
        if not isinstance(value, bool):
            raise BadInputError(f"'{name}' must be true or false.")
        return value
    if hint is str:
        if not isinstance(value, str):
            raise BadInputError(f"'{name}' must be text.")
        return value
    if hint in (int, float):
        wanted = (int,) if hint is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted) or not math.isfinite(value):
            raise BadInputError(f"'{name}' must be a {'whole ' if hint is int else ''}number.")
        return value
    raise TypeError(f"no rule for {name}: {hint!r}")
