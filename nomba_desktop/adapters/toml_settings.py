"""Settings as a TOML file: only what differs from the defaults, checked value by value."""

from __future__ import annotations

import dataclasses
import enum
import re
import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomli_w

from nomba_desktop.adapters.offload import finish
from nomba_desktop.adapters.private_files import beside, private_directory, replace_durably
from nomba_desktop.adapters.sqlite_errors import from_os
from nomba_desktop.domain.environments import LOOPBACK, normal_base_url
from nomba_desktop.domain.errors import SettingsInvalid
from nomba_desktop.domain.settings import DEFAULTS, Settings
from nomba_desktop.domain.text import clean

_MOST_BYTES = 1_000_000
_NAMES = frozenset(field.name for field in dataclasses.fields(Settings))
_KINDS = {bool: "true or false", int: "a whole number", str: "text in quotes"}
#: Seconds between two probes, and until the clipboard is cleared.
RANGES = {"probe_every": (60, 3600), "clipboard_clear": (5, 300)}


class TomlSettings:
    """`SettingsFile` at `path`. Keys that this version doesn't know are kept when saving; `unknown` names them.

    Comments in the file are lost when the app saves it. File work runs on `executor`, or on a thread of its own.
    """

    def __init__(self, path: Path, executor: Executor | None = None) -> None:
        self._path = path
        self._executor = executor or ThreadPoolExecutor(1, "nomba-settings")
        self.unknown: tuple[str, ...] = ()

    async def load(self) -> Settings:
        """The settings; defaults where the file or a key doesn't exist.

        Raises `SettingsInvalid` with one sentence for each mistake, naming line and key. The file stays as it is.
        """
        return await finish(self._executor, self._load)

    async def save(self, settings: Settings) -> None:
        """Write atomically what differs from the defaults.

        A file with mistakes is kept beside it as `name.mistaken`: what it said else is not lost.
        Raises `SettingsInvalid` when a value may not be saved, also when the file has mistakes that are not the
        app's to overwrite (it is no TOML), and `StoreUnavailable` when it can't be written.
        """
        await finish(self._executor, lambda: self._save(settings))

    def _load(self) -> Settings:
        text, table = self._read()
        self.unknown = tuple(clean(name, 60) for name in table if name not in _NAMES)
        values, mistakes = _judged(text, table)
        if mistakes:
            raise SettingsInvalid(" ".join(mistakes), details=self._path.name)
        return Settings(**values)

    def _save(self, settings: Settings) -> None:
        changed = {}
        for field in dataclasses.fields(Settings):
            value = getattr(settings, field.name)
            if value == getattr(DEFAULTS, field.name):
                continue
            plain = value.value if isinstance(value, enum.Enum) else value
            try:
                _value(field.name, plain)
            except ValueError as error:
                raise SettingsInvalid(f"“{field.name}”: {error}") from None
            changed[field.name] = plain
        text, table = self._read()
        kept = {name: value for name, value in table.items() if name not in _NAMES}
        try:
            private_directory(self._path.parent)
            if _judged(text, table)[1]:
                replace_durably(beside(self._path, ".mistaken"), text.encode())
            replace_durably(self._path, tomli_w.dumps({**changed, **kept}).encode())
        except OSError as error:
            raise from_os(error) from error

    def _read(self) -> tuple[str, dict[str, Any]]:
        try:
            if self._path.stat().st_size > _MOST_BYTES:
                raise SettingsInvalid(
                    "The settings file is far too large to be one.", details=self._path.name
                )
            text = self._path.read_bytes().decode()
        except FileNotFoundError:
            return "", {}
        except UnicodeDecodeError:
            raise SettingsInvalid("The settings file is not UTF-8 text.", details=self._path.name) from None
        except OSError as error:
            raise SettingsInvalid(
                "The settings file can't be read.", details=error.strerror or type(error).__name__
            ) from error
        try:
            return text, tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            last = f"at line {text.rstrip().count(chr(10)) + 1}, the last one"
            said = clean(str(error)).replace("at end of document", last)
            raise SettingsInvalid(f"The settings file is no TOML: {said}.", details=self._path.name) from None


def _judged(text: str, table: Mapping[str, object]) -> tuple[dict[str, Any], list[str]]:
    """The values that can be used, and a sentence for each that can't."""
    values: dict[str, Any] = {}
    mistakes = []
    for name in (name for name in table if name in _NAMES):
        try:
            values[name] = _value(name, table[name])
        except ValueError as error:
            mistakes.append(f"{_line_of(name, text)}“{name}”: {error}")
    return values, mistakes


def _line_of(name: str, text: str) -> str:
    found = re.search(
        rf"^[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*[=.]|^[ \t]*\[{re.escape(name)}\]", text, re.MULTILINE
    )
    return f"Line {text.count(chr(10), 0, found.start()) + 1}, " if found else ""


def _value(name: str, value: object) -> object:
    """The setting of a TOML value. Raises ValueError with a sentence."""
    usual = getattr(DEFAULTS, name)
    if isinstance(usual, enum.Enum):
        kind = type(usual)
        if value not in (member.value for member in kind):
            raise ValueError(f"one of {', '.join(repr(member.value) for member in kind)} is expected.")
        return kind(value)
    if type(value) is not type(usual):
        raise ValueError(f"{_KINDS[type(usual)]} is expected.")
    if isinstance(value, int) and name in RANGES and not RANGES[name][0] <= value <= RANGES[name][1]:
        raise ValueError(f"a number of seconds from {RANGES[name][0]} to {RANGES[name][1]} is expected.")
    if isinstance(value, str) and value and name in _CHECKS:
        return _CHECKS[name](value)
    return value


def _proxy(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("a proxy looks like http://proxy.example:3128.") from None
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError("a proxy looks like http://proxy.example:3128.")
    if parts.username or parts.password:
        raise ValueError("leave out user name and password, this file is plain text.")
    return value


def _extra_ca(value: str) -> str:
    from cryptography import x509  # noqa: PLC0415 - costs more than all other settings, and few name a file

    path = Path(value)
    if not path.is_absolute():
        raise ValueError("name the file with its whole path.")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("the file is too large for certificates.")
        certificates = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the file can't be read ({error.strerror}).") from None
    try:
        x509.load_pem_x509_certificates(certificates)
    except ValueError:
        raise ValueError("the file holds no certificate in PEM form.") from None
    return value


def _practice_url(value: str) -> str:
    address = normal_base_url(value)
    if urlsplit(address).hostname not in LOOPBACK:
        raise ValueError("the practice server runs on this computer, use 127.0.0.1.")
    return address


_CHECKS: dict[str, Callable[[str], str]] = {
    "proxy": _proxy,
    "extra_ca": _extra_ca,
    "practice_url": _practice_url,
}
