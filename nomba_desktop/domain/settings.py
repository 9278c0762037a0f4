"""Settings: what a person may change, with the values that apply when nothing was changed."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields

from nomba_desktop.domain.environments import PRACTICE_DEFAULT_URL


class Theme(enum.Enum):
    """Which palette the window uses."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Density(enum.Enum):
    """Height of the table's rows."""

    COMFORTABLE = "comfortable"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; times in seconds. `proxy` is empty for a direct connection; no environment variable counts."""

    theme: Theme = Theme.SYSTEM
    density: Density = Density.COMFORTABLE
    reduce_motion: bool = False
    probe_every: int = 300
    clipboard_clear: int = 30
    proxy: str = field(default="", repr=False)  # tells where a network is
    extra_ca: str = ""
    practice_url: str = PRACTICE_DEFAULT_URL
    secrets_warning_seen: bool = False


DEFAULTS = Settings()


def non_default(settings: Settings) -> tuple[str, ...]:
    """Names of the settings that matter for safety and differ from their default: shown in the window, always."""
    visible = ("proxy", "extra_ca", "practice_url")
    return tuple(f.name for f in fields(settings) if f.name in visible and _differs(settings, f.name))


def _differs(settings: Settings, name: str) -> bool:
    return bool(getattr(settings, name) != getattr(DEFAULTS, name))
