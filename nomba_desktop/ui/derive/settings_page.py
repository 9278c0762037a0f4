"""What the *Settings* page shows and which sentence stands beside which setting. No Qt, no file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from nomba_desktop.domain.countdown import ago
from nomba_desktop.domain.environments import LOOPBACK, normal_base_url
from nomba_desktop.domain.settings import DEFAULTS, Density, Settings, Theme
from nomba_desktop.domain.snapshot import KeyringState, KeyringStatus

KeyringTone = Literal["neutral", "ok", "warn", "bad"]

#: Seconds between two probes of a signed-in key: often enough to notice, rare enough for the rate limits.
PROBE_RANGE = (60, 3600)
#: Seconds a copied token stays in the clipboard.
CLIPBOARD_RANGE = (5, 300)

THEMES = ((Theme.SYSTEM, "As the system"), (Theme.LIGHT, "Light"), (Theme.DARK, "Dark"))
DENSITIES = ((Density.COMFORTABLE, "Comfortable"), (Density.COMPACT, "Compact"))

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "theme": "Colours",
        "density": "Row height",
        "reduce_motion": "Reduce motion",
        "probe_every": "Check signed-in keys every",
        "clipboard_clear": "Clear a copied token after",
        "proxy": "Proxy",
        "extra_ca": "Extra CA certificate file",
        "practice_url": "Practice server address",
    }
)
HINTS: Mapping[str, str] = MappingProxyType(
    {
        "probe_every": "Seconds, 60 to 3600. Asks Nomba whether the token is still accepted.",
        "clipboard_clear": "Seconds, 5 to 300. Only if the clipboard still holds it.",
        "proxy": "Empty: connect directly. No environment variable counts.",
        "extra_ca": "A PEM file, trusted besides the system's certificates. Empty: only the system's.",
        "practice_url": "On this computer, for keys of the Practice environment.",
    }
)


@dataclass(frozen=True, slots=True)
class SettingsDraft:
    """The page as typed: numbers and addresses are still text."""

    theme: Theme = DEFAULTS.theme
    density: Density = DEFAULTS.density
    reduce_motion: bool = DEFAULTS.reduce_motion
    probe_every: str = str(DEFAULTS.probe_every)
    clipboard_clear: str = str(DEFAULTS.clipboard_clear)
    proxy: str = DEFAULTS.proxy
    extra_ca: str = DEFAULTS.extra_ca
    practice_url: str = DEFAULTS.practice_url


@dataclass(frozen=True, slots=True)
class SettingsProps:
    """Sentences by setting, which settings are not at their default, and the keyring's state in words."""

    wrong: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    defaults: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    changed: bool = False
    busy: bool = False
    said: str = ""
    problem: str = ""
    keyring: str = ""
    keyring_tone: KeyringTone = "neutral"


def draft_of(settings: Settings) -> SettingsDraft:
    """The page for stored settings."""
    return SettingsDraft(
        settings.theme,
        settings.density,
        settings.reduce_motion,
        str(settings.probe_every),
        str(settings.clipboard_clear),
        settings.proxy,
        settings.extra_ca,
        settings.practice_url,
    )


def _number(text: str, low: int, high: int) -> str:
    text = text.strip()
    if not (text.isascii() and text.isdecimal()) or len(text) > 6 or not low <= int(text) <= high:
        return f"A whole number of seconds from {low} to {high}."
    return ""


def _proxy(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "This is no address. A proxy looks like http://proxy.example:3128."
    if parts.scheme not in ("http", "https") or not host:
        return "A proxy's address starts with http:// or https:// and names a host."
    if parts.username or parts.password:
        return "Leave out user name and password: settings are stored in plain text."
    if parts.path.strip("/") or parts.query or parts.fragment:
        return "A proxy's address ends after the port."
    return ""


def _ca(text: str) -> str:
    text = text.strip()
    if text and not (PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()):
        return "Name the file with its whole path, or choose it."
    return ""


def _practice(text: str) -> str:
    try:
        address = normal_base_url(text)
    except ValueError as error:
        return str(error)
    if urlsplit(address).hostname not in LOOPBACK:
        return "The practice server runs on this computer: use 127.0.0.1."
    return ""


def check_settings(draft: SettingsDraft) -> Mapping[str, str]:
    """Setting -> what is wrong with it; empty when the draft can be saved."""
    found = {
        "probe_every": _number(draft.probe_every, *PROBE_RANGE),
        "clipboard_clear": _number(draft.clipboard_clear, *CLIPBOARD_RANGE),
        "proxy": _proxy(draft.proxy),
        "extra_ca": _ca(draft.extra_ca),
        "practice_url": _practice(draft.practice_url),
    }
    return {name: sentence for name, sentence in found.items() if sentence}


def settings_from(draft: SettingsDraft, base: Settings) -> Settings:
    """The settings a draft without wrong fields describes; what the page doesn't show stays as in `base`."""
    return replace(
        base,
        theme=draft.theme,
        density=draft.density,
        reduce_motion=draft.reduce_motion,
        probe_every=int(draft.probe_every),
        clipboard_clear=int(draft.clipboard_clear),
        proxy=draft.proxy.strip(),
        extra_ca=draft.extra_ca.strip(),
        practice_url=normal_base_url(draft.practice_url),
    )


def _default_words(draft: SettingsDraft) -> dict[str, str]:
    usual = SettingsDraft()
    words = {
        "theme": dict(THEMES)[usual.theme].lower(),
        "density": dict(DENSITIES)[usual.density].lower(),
        "reduce_motion": "off",
        "proxy": "none",
        "extra_ca": "none",
    }
    return {
        name: f"Changed from {words.get(name) or getattr(usual, name)}"
        for name in NAMES
        if _plain(getattr(draft, name)) != getattr(usual, name)
    }


def _plain(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def keyring_words(status: KeyringStatus, now: float) -> tuple[str, KeyringTone]:
    """The result of the keyring test as a sentence and a tone."""
    name = status.backend or "The keyring"
    tested = f", tested {ago(now - status.tested_at)}" if status.tested_at else ""
    match status.state:
        case KeyringState.OK:
            return f"{name} works{tested}.", "ok"
        case KeyringState.UNTRIED:
            return "Not tested yet.", "neutral"
        case KeyringState.LOCKED:
            return f"{name} is locked{tested}. Unlock it to sign in and refresh.", "warn"
        case KeyringState.DENIED:
            return f"{name} refused access{tested}. Allow Nomba Desktop when the system asks.", "bad"
        case KeyringState.ABSENT:
            return "This computer has no keyring. Start one, or work in memory only.", "bad"
        case KeyringState.HUNG:
            return f"{name} does not answer{tested}. An unlock window may be open behind another one.", "bad"
        case KeyringState.MEMORY:
            return "Secrets are kept in memory for this run only.", "warn"


def derive_settings(
    draft: SettingsDraft,
    saved: Settings,
    keyring: KeyringStatus,
    now: float,
    *,
    judged: Collection[str],
    busy: bool = False,
    said: str = "",
    problem: str = "",
) -> SettingsProps:
    """The page's props; only the `judged` settings (left or submitted) are told what is wrong."""
    words, tone = keyring_words(keyring, now)
    return SettingsProps(
        wrong=MappingProxyType({n: s for n, s in check_settings(draft).items() if n in judged}),
        defaults=MappingProxyType(_default_words(draft)),
        changed=draft != draft_of(saved),
        busy=busy,
        said=said,
        problem=problem,
        keyring=words,
        keyring_tone=tone,
    )
