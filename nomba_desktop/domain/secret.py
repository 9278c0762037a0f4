"""A value that must never be seen by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn

from nomba_desktop.domain.text import clean

_MASK = "••••"


class Secret:
    """A client secret, token or code. `reveal` is the only way out.

    Printing, formatting, pickling, copying and `dataclasses.asdict` never show the value;
    two secrets compare in constant time. A secret has no hash, so it can't become a dictionary key.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError("a secret is made from text")
        self._value = value

    def reveal(self) -> str:
        """The value itself. A house test lists every place that may call this."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # surrogatepass: the error for a lone surrogate would carry the value in its arguments
        mine, theirs = (s._value.encode("utf-8", "surrogatepass") for s in (self, other))
        return hmac.compare_digest(mine, theirs)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("a secret can't be copied or pickled")

    __reduce__ = __reduce_ex__ = __copy__ = __deepcopy__ = __getstate__ = _refuse


def hint(secret: Secret, head: int = 8, tail: int = 4) -> str:
    """First and last characters with dots between, as `eyJhbGci••••••wTFY`, for telling two tokens apart.

    At least three quarters of the value stay hidden: of short values fewer characters are shown, or none.
    What is shown is foreign text and cleaned as such.
    """
    value = secret.reveal()
    if len(value) < 4 * (head + tail):
        head, tail = len(value) // 8, len(value) // 8
    if head == 0:
        return "••••••"
    return f"{clean(value[:head])}••••••{clean(value[len(value) - tail :])}"


def has_white_space(secret: Secret) -> bool:
    """Whether white space or characters that don't show are anywhere in it: no secret of Nomba's has them."""
    return any(ch.isspace() or not ch.isprintable() for ch in secret.reveal())
