"""API keys as this app records them: Nomba has no call that lists them (facts 0.1)."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NewType

from nomba_desktop.domain.environments import SessionId
from nomba_desktop.domain.text import clean, clean_lines, short_id

KeyId = NewType("KeyId", str)


class Role(enum.Enum):
    """The permission role that Nomba gave a key; a record, changing it changes nothing at Nomba."""

    ADMIN = "Admin"
    ACCOUNTS = "Accounts"
    TRANSACTIONS = "Transactions"
    TERMINALS = "Terminals"
    TRANSFERS = "Transfers"
    READ_ONLY = "Read-only"


class KeyState(enum.Enum):
    """Life of the credential. Revoked is final."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKING = "revoking"
    REVOKED = "revoked"


class SharedUse(enum.Enum):
    """Answer to "Does a server also sign in with this key?"."""

    YES_OR_NOT_SURE = "yes_or_not_sure"
    ONLY_HERE = "only_here"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One entry of the inventory. Holds no secret.

    Times are epoch seconds. `steps_left` counts what a cut-off still owes while `state` is REVOKING or SUSPENDED.
    """

    id: KeyId
    name: str
    environment_id: str
    host: str
    account_id: str
    client_id: str
    role: Role = Role.ADMIN
    role_note: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    shared_use: SharedUse = SharedUse.YES_OR_NOT_SURE
    auto_refresh: bool = False
    state: KeyState = KeyState.ACTIVE
    steps_left: int = 0
    created_at: float = 0.0
    state_changed_at: float = 0.0

    @property
    def session_id(self) -> SessionId:
        """What identifies this key's session at Nomba, however the UUID was spelled (RFC 9562 4)."""
        return SessionId(self.host, self.client_id.lower())

    @property
    def masked_client_id(self) -> str:
        """`2242…9f0d`."""
        return short_id(self.client_id)


class Field(enum.Enum):
    """A field of the form for a key."""

    NAME = "name"
    ENVIRONMENT = "environment"
    ACCOUNT_ID = "account_id"
    CLIENT_ID = "client_id"
    SECRET = "secret"
    ROLE_NOTE = "role_note"
    TAGS = "tags"
    NOTES = "notes"
    SHARED_USE = "shared_use"


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """What a person typed, untrimmed. The secret itself stays in the form; only its shape comes here."""

    name: str = ""
    environment_id: str | None = None
    account_id: str = ""
    client_id: str = ""
    secret_length: int = 0
    secret_is_plain: bool = True
    role: Role = Role.ADMIN
    role_note: str = ""
    tags: str = ""
    notes: str = ""
    shared_use: SharedUse | None = None


@dataclass(frozen=True, slots=True)
class FieldRemark:
    """One sentence beside one field. A warning informs and never blocks."""

    field: Field
    sentence: str
    blocks: bool = True


_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
NORMAL_SECRET_LENGTHS = (44, 88)
#: Windows stores at most 2,560 bytes as UTF-16 in one credential (platform notes 6); the binding needs room too.
MAX_SECRET_LENGTH = 900
MAX_NAME = 80
MAX_ROLE_NOTE = 200
MAX_NOTES = 2000
MAX_TAGS = 12
MAX_TAG = 30


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in its 36-character form."""
    return _UUID.fullmatch(text) is not None


def parse_tags(text: str) -> tuple[str, ...]:
    """Comma-separated tags, cleaned, without repeats, in the order written."""
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := clean(part, MAX_TAG))))


def _id_remark(field: Field, label: str, value: str) -> FieldRemark | None:
    value = value.strip()
    if not value:
        return FieldRemark(field, f"Enter the {label}.")
    if len(value) != 36:
        article = "An" if label[0] in "aA" else "A"
        return FieldRemark(field, f"{article} {label} has 36 characters; this has {len(value)}.")
    if not is_uuid(value):
        return FieldRemark(
            field, f"This is no {label}: it has the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx."
        )
    return None


def _secret_remark(draft: KeyDraft, needed: bool) -> FieldRemark | None:
    length = draft.secret_length
    if length == 0:
        return FieldRemark(Field.SECRET, "Enter the client secret.") if needed else None
    if length > MAX_SECRET_LENGTH:
        return FieldRemark(
            Field.SECRET, f"A keyring entry holds at most {MAX_SECRET_LENGTH} characters; this has {length}."
        )
    if not draft.secret_is_plain:
        return FieldRemark(
            Field.SECRET, "The secret has white space or invisible characters inside. Copy it again."
        )
    if length not in NORMAL_SECRET_LENGTHS:
        return FieldRemark(
            Field.SECRET,
            f"Secrets usually have 88 or 44 characters; this has {length}. You can save it.",
            blocks=False,
        )
    return None


def check_draft(
    draft: KeyDraft, host: str | None, existing: Iterable[ApiKey], *, editing: KeyId | None = None
) -> tuple[FieldRemark, ...]:
    """Every remark on the form, in its order; the draft may be saved when none of them blocks.

    `host` is that of the chosen environment. When editing, an empty secret means "keep the stored one".
    Keys with the same (host, client id) are refused: they would be one session at Nomba.
    """
    remarks: list[FieldRemark | None] = []
    if not clean(draft.name, MAX_NAME + 1):
        remarks.append(FieldRemark(Field.NAME, "Enter a name."))
    elif len(draft.name.strip()) > MAX_NAME:
        remarks.append(FieldRemark(Field.NAME, f"A name has at most {MAX_NAME} characters."))
    if draft.environment_id is None or host is None:
        remarks.append(FieldRemark(Field.ENVIRONMENT, "Choose the environment this key belongs to."))
    remarks.append(_id_remark(Field.ACCOUNT_ID, "account ID", draft.account_id))
    remarks.append(_id_remark(Field.CLIENT_ID, "client ID", draft.client_id))
    client_id = draft.client_id.strip().lower()
    same = [k for k in existing if k.id != editing and k.host == host and k.client_id.lower() == client_id]
    if same:
        remarks.append(
            FieldRemark(
                Field.CLIENT_ID,
                f"“{same[0].name}” already has this client ID. Nomba keeps one session for it.",
            )
        )
    remarks.append(_secret_remark(draft, needed=editing is None))
    if len(draft.role_note.strip()) > MAX_ROLE_NOTE:
        remarks.append(FieldRemark(Field.ROLE_NOTE, f"A role note has at most {MAX_ROLE_NOTE} characters."))
    tags = parse_tags(draft.tags)
    if any(len(part.strip()) > MAX_TAG for part in draft.tags.split(",")):
        remarks.append(FieldRemark(Field.TAGS, f"A tag has at most {MAX_TAG} characters."))
    elif len(tags) > MAX_TAGS:
        remarks.append(FieldRemark(Field.TAGS, f"At most {MAX_TAGS} tags; this has {len(tags)}."))
    if len(draft.notes) > MAX_NOTES:
        remarks.append(FieldRemark(Field.NOTES, f"Notes have at most {MAX_NOTES} characters."))
    if draft.shared_use is None:
        remarks.append(FieldRemark(Field.SHARED_USE, "Answer whether a server also signs in with this key."))
    order = list(Field)
    return tuple(sorted((r for r in remarks if r is not None), key=lambda r: order.index(r.field)))


def key_from_draft(
    draft: KeyDraft, key_id: KeyId, host: str, now: float, base: ApiKey | None = None
) -> ApiKey:
    """The key that a draft without blocking remarks describes; `base` is the key being edited."""
    shared = draft.shared_use or SharedUse.YES_OR_NOT_SURE
    changed = base is None or base.shared_use is not shared
    key = base or ApiKey(key_id, "", "", "", "", "", created_at=now, state_changed_at=now)
    return replace(
        key,
        name=clean(draft.name, MAX_NAME),
        environment_id=draft.environment_id or key.environment_id,
        host=host,
        account_id=draft.account_id.strip(),
        client_id=draft.client_id.strip(),
        role=draft.role,
        role_note=clean(draft.role_note, MAX_ROLE_NOTE),
        tags=parse_tags(draft.tags),
        notes=clean_lines(draft.notes, MAX_NOTES),
        shared_use=shared,
        auto_refresh=(shared is SharedUse.ONLY_HERE) if changed else key.auto_refresh,
    )
