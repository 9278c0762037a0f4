"""What callers of the walk want, and what they get."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nomba_desktop.domain.keys import ApiKey, SharedUse
from nomba_desktop.domain.secret import Secret


class Asked(enum.Enum):
    """Who wants a token: a person may lift a latch, a program and the schedule may not."""

    PERSON = "person"
    PROGRAM = "program"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Held:
    """A token travels with the generation it was read from."""

    access: Secret
    generation: int
    expires_at: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants: a token living `min_life` seconds (None: the usual), not the generation `replacing`."""

    key: ApiKey
    min_life: float | None
    replacing: int | None
    asked: Asked
    confirmed: bool

    @property
    def may_call(self) -> bool:
        """Whether an auth call is agreed to: a server may use the key, so a person has to say so once."""
        return self.key.shared_use is SharedUse.ONLY_HERE or self.confirmed or self.key.auto_refresh
