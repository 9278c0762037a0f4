"""*Paste all*: finding a key's values in whatever was copied (facts 9)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from nomba_desktop.domain.keys import is_uuid
from nomba_desktop.domain.secret import Secret

_MAX_PASTE = 200_000
_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9A-Za-z])")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])(?:[A-Za-z0-9+/_-]{86}==|[A-Za-z0-9+/_-]{43}=)(?![A-Za-z0-9+/=])")
_PAIR = re.compile(
    r"""^[\s{,]*(?:export\s+)?["']?(?P<label>[A-Za-z][\w .()-]{0,60}?)["']?\s*(?:=>|[:=\t])\s*["']?(?P<value>[^"'\r\n]*)""",
    re.M,
)
_SECRET_LABELS = ("private key", "privatekey", "secret", "clientkey", "client key")
_CLIENT_LABELS = ("client id", "clientid")
_ACCOUNT_LABELS = ("account", "business id", "businessid")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was recognised. `trimmed`: white space around a value was removed, which a person is told.

    `environment` is a guess from words in the text (live, sandbox); a person still chooses.
    """

    account_id: str = ""
    client_id: str = ""
    secret: Secret | None = None
    environment: str | None = None
    trimmed: bool = False
    unsure: tuple[str, ...] = ()

    @property
    def found_nothing(self) -> bool:
        """Whether no value was recognised at all."""
        return not (self.account_id or self.client_id or self.secret)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        pairs = [(m["label"], m["value"]) for m in _PAIR.finditer(text)]
        return pairs + _labelled_lines(text)
    found: list[tuple[str, str]] = []
    _walk(value, found, 0)
    return found


def _walk(value: object, found: list[tuple[str, str]], depth: int) -> None:
    if depth > 8 or len(found) > 500:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                found.append((str(key), inner))
            else:
                _walk(inner, found, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, found, depth + 1)


def _labelled_lines(text: str) -> list[tuple[str, str]]:
    """A dashboard copy has the label on one line and the value on the next."""
    lines = [line for line in text.splitlines() if line.strip()]
    return [
        (a.strip().rstrip(":"), b) for a, b in zip(lines, lines[1:], strict=False) if len(a.strip()) <= 40
    ]


def _kind(label: str) -> str | None:
    flat = re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)).lower().strip()
    if any(word in flat for word in _SECRET_LABELS):
        return "secret"
    if any(word in flat for word in _CLIENT_LABELS):
        return "client_id"
    if any(word in flat for word in _ACCOUNT_LABELS):
        return "account_id"
    return None


def _environment(text: str) -> str | None:
    low = text.lower()
    sandbox = re.search(r"(?<![a-z])(sandbox|test)(?![a-z])", low) is not None
    live = re.search(r"(?<![a-z])(live|production|prod)(?![a-z])", low) is not None
    if sandbox == live:
        return None
    return "sandbox" if sandbox else "live"


def recognise(text: str) -> Pasted:
    """Find account id, client id and secret in text, JSON, `.env` lines or a dashboard copy, whatever their names.

    Names win; without names the shapes decide: 88 or 44 base64 characters are the secret, and of two UUIDs it is
    unsure which is which (they are put in the dashboard's order, client id first, and named in `unsure`).
    """
    text = text[:_MAX_PASTE]
    named: dict[str, str] = {}
    trimmed = False
    for label, raw in _pairs(text):
        kind = _kind(label)
        value = raw.strip().strip(",;").strip().strip("\"'").strip()
        fits = bool(value) and (len(value) >= 16 and " " not in value if kind == "secret" else is_uuid(value))
        if kind and kind not in named and fits:
            named[kind] = value
            trimmed = trimmed or raw.rstrip("\r\n,;") != raw.rstrip("\r\n,;").strip()
    unsure: list[str] = []
    rest = [u for u in dict.fromkeys(_UUID.findall(text)) if u not in named.values()]
    for kind in ("client_id", "account_id"):
        if kind not in named and rest:
            if len(rest) > 1 or "client_id" not in named:
                unsure.append(kind)
            named[kind] = rest.pop(0)
    if "secret" not in named and (secrets := _BASE64.findall(text)):
        named["secret"] = secrets[0]
        if len(set(secrets)) > 1:
            unsure.append("secret")
    alone = text.strip()
    if not named and text != alone and len(alone) <= 200:
        trimmed = True
    secret = Secret(named["secret"]) if "secret" in named else None
    return Pasted(
        named.get("account_id", ""),
        named.get("client_id", ""),
        secret,
        _environment(_BASE64.sub(" ", text)),
        trimmed,
        tuple(unsure),
    )


def trimmed_value(text: str) -> tuple[str, bool]:
    """A single field's value without white space around it, and whether any was there."""
    value = text.strip()
    return value, value != text
