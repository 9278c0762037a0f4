"""*Paste all*: finding a key's values in whatever was copied (facts 9)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from nomba_desktop.domain.keys import is_uuid
from nomba_desktop.domain.secret import Secret

_MAX_PASTE = 200_000
_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9A-Za-z])")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{86}==|[A-Za-z0-9+/_-]{43}=)(?![A-Za-z0-9+/=])")
# One line each, and every repetition that may have to be tried again is bounded: linear in the length of the text.
_PAIR = re.compile(
    r"""^[ \t{,>|*•$-]*(?:export[ \t]{1,8})?["'`]?(?P<label>[A-Za-z][\w ./()-]{0,60}?)["'`]?"""
    r"""[ \t]{0,40}(?:=>|[:=|\t])[ \t]*["'`]?(?P<value>[^"'`\r\n]*)""",
    re.MULTILINE,
)
_LABEL = re.compile(r"[A-Za-z][\w ./()-]{0,39}")
#: Invisible characters that travel with copied text.
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_QUOTES = "\"'`“”‘’„«»"
# Kind, words of a label that name it, and words that make it something else. In order: a sure name before a vague one.
_NAMES = (
    ("secret", ("private key", "privatekey", "client secret", "clientsecret", "client key", "clientkey"), ()),
    ("client_id", ("client id", "clientid"), ()),
    ("account_id", ("parent account", "account id", "accountid", "business id", "businessid"), ()),
    ("secret", ("secret",), ("jwt", "session", "cookie")),
    ("account_id", ("account",), ()),
)
_NEVER = ("webhook", "signature", "signing", "begin ", "sub account", "subaccount")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was recognised. `trimmed`: white space around a value or an invisible character was removed, which a person
    is told. `unsure` names the fields that a person should compare: the text does not say which value is theirs.

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
    found: list[tuple[str, str]] = []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        found = [(m["label"], m["value"]) for m in _PAIR.finditer(text)]
        return found + _labelled_lines(text)
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
    labels = (line.strip().rstrip(":").strip() for line in lines)
    below = zip(labels, lines[1:], strict=False)
    return [(a, b) for a, b in below if len(a) <= 40 and _LABEL.fullmatch(a) and not _is_pair(b)]


def _is_pair(line: str) -> bool:
    found = _PAIR.match(line)
    return found is not None and bool(found["value"].strip("= "))


def _flat(label: str) -> str:
    """`clientKey`, `CLIENT_KEY`, `Client key:` as `client key`."""
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label[:200])).lower().strip()


def _named(pairs: list[tuple[str, str]]) -> tuple[dict[str, list[tuple[str, str]]], set[str]]:
    """The (value, raw text) that labels give each kind, the surest label's first; and the values of other things."""
    fitting: list[tuple[str, str, str]] = []
    others: set[str] = set()
    for label, raw in pairs:
        value = raw.strip().strip(",;|").strip().strip(_QUOTES).strip()
        if len(value) < 16 or any(ch in "*•…" or ch.isspace() for ch in value):
            continue
        flat = _flat(label)
        if any(word in flat for word in _NEVER):
            others.add(value)
        else:
            fitting.append((flat, value, raw))
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, words, never in _NAMES:
        if kind not in found:
            hits = [
                (value, raw)
                for flat, value, raw in fitting
                if (kind == "secret" or is_uuid(value))
                and any(word in flat for word in words)
                and not any(word in flat for word in never)
            ]
            if hits:
                found[kind] = hits
    return found, others


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
    unsure which is which (they are put in the dashboard's order, client id first). A value that the dashboard masks,
    a webhook's key and a sub-account are never taken.
    """
    shown = _HIDDEN.sub("", text[:_MAX_PASTE])
    hidden = len(shown) < min(len(text), _MAX_PASTE)
    text = shown
    named, others = _named(_pairs(text))
    found = {kind: hits[0][0] for kind, hits in named.items()}
    unsure = {kind for kind, hits in named.items() if len({value for value, _ in hits}) > 1}
    trimmed = any(_padded(raw) for hits in named.values() for value, raw in hits if value == hits[0][0])

    taken = {value.lower() for hits in named.values() for value, _ in hits} | {
        value.lower() for value in others
    }
    rest = [u for u in dict.fromkeys(_UUID.findall(text)) if u.lower() not in taken]
    missing = [kind for kind in ("client_id", "account_id") if kind not in found]
    if len(missing) == 2 or len(rest) > 1:
        unsure.update(missing[: len(rest)])
    by_shape = dict(zip(missing, rest, strict=False))
    secrets = [s for s in dict.fromkeys(_BASE64.findall(text)) if s.lower() not in taken]
    if "secret" not in found and secrets:
        by_shape["secret"] = secrets[0]
        if len(secrets) > 1:
            unsure.add("secret")
    if by_shape:
        values = set(by_shape.values())
        alone = (line for line in text.splitlines() if line.strip() in values)
        trimmed = trimmed or text.strip() in values - {text} or any(line != line.strip() for line in alone)
    found |= by_shape
    if found.get("client_id", "").lower() == found.get("account_id", "-").lower():
        unsure |= {"client_id", "account_id"}  # one value under both names: one of them is wrong

    return Pasted(
        found.get("account_id", ""),
        found.get("client_id", ""),
        Secret(found["secret"]) if "secret" in found else None,
        _environment(_BASE64.sub(" ", text)),
        trimmed or (hidden and bool(found)),
        tuple(kind for kind in ("client_id", "account_id", "secret") if kind in unsure),
    )


def _padded(raw: str) -> bool:
    inner = raw.rstrip(",;")
    return inner != inner.strip() and not inner.endswith("|")  # a table's cell has its spaces for the looks


def trimmed_value(text: str) -> tuple[str, bool]:
    """A single field's value without white space around it, and whether any was there."""
    value = text.strip()
    return value, value != text
