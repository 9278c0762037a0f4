"""What a person can ask for. Widgets emit wishes; one object of this shape, made in `app`, carries them down.

Plain methods return at once: what they change comes back through the snapshot, what goes wrong as a notice.
Coroutines return what the asking form needs to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nomba_desktop.domain.cutoff import Receipt, WhatHappened
from nomba_desktop.domain.keys import FieldRemark, KeyDraft, KeyId
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import Settings
from nomba_desktop.domain.tokens import Claims


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a pasted token says. `key_name` and `generation` are set where it is a token known here.

    `known` is one plain sentence: the present token of a key, an earlier one, or not known here.
    """

    claims: Claims
    known: str
    length: int
    key_name: str = ""


class Intents(Protocol):
    """Everything the window can ask for in this version."""

    def select(self, key_id: KeyId | None) -> None:
        """The person looks at this key: a signed-in one is probed."""
        ...

    def sign_in(self, key_id: KeyId, *, confirmed: bool = False) -> None:
        """Sign in with client credentials; `confirmed` where a server may use the key and the person agreed."""
        ...

    def refresh_now(self, key_id: KeyId, generation: int, *, confirmed: bool = False) -> None:
        """Replace the generation that was on the screen."""
        ...

    def sign_out(self, key_id: KeyId, *, confirmed: bool = False) -> None:
        """End the token at the server, then clear it here."""
        ...

    def set_auto_refresh(self, key_id: KeyId, on: bool) -> None:
        """Switch automatic refresh."""
        ...

    def copy_token(self, key_id: KeyId) -> None:
        """Probe it, copy it, clear the clipboard after 30 s."""
        ...

    def reveal(self, key_id: KeyId) -> Secret | None:
        """The access token for painting; None when there is none. Synchronous: the hot read."""
        ...

    def leave_it(self, key_id: KeyId) -> None:
        """A taken-away session is left alone: the notice is read, the state stays."""
        ...

    async def add_key(self, draft: KeyDraft, secret: Secret, *, sign_in: bool) -> tuple[FieldRemark, ...]:
        """Save a new key; the remarks that block when it wasn't saved. Raises a `NombaDesktopError`.

        `sign_in` was confirmed where a server may use the key. Sets `Settings.secrets_warning_seen`.
        """
        ...

    async def edit_key(
        self, key_id: KeyId, draft: KeyDraft, secret: Secret | None
    ) -> tuple[FieldRemark, ...]:
        """Save changes; `secret` None keeps the stored one. Raises a `NombaDesktopError`."""
        ...

    def check(self, draft: KeyDraft, editing: KeyId | None = None) -> tuple[FieldRemark, ...]:
        """Every remark on the form as it stands."""
        ...

    def forget_key(self, key_id: KeyId) -> None:
        """Delete the key, its session record and its secret, read back."""
        ...

    async def suspend(self, key_id: KeyId, reason: str) -> Receipt:
        """Stop a key until it is resumed, end its token and check. Raises a `NombaDesktopError`: nothing was done."""
        ...

    async def revoke(self, key_id: KeyId, what: WhatHappened, reason: str, operator: str) -> Receipt:
        """Stop a key for good, end its token and check. Raises a `NombaDesktopError`: nothing was done."""
        ...

    async def check_again(self, key_id: KeyId) -> Receipt:
        """Go on with what a cut-off left: end what lives, ask whether the stored secret still signs in.

        Raises a `NombaDesktopError`.
        """
        ...

    async def delete_secret_unproved(self, key_id: KeyId, operator: str) -> Receipt:
        """Delete the secret of a revoked key although it may still sign in; `operator` answers for it.

        Raises a `NombaDesktopError`.
        """
        ...

    def last_receipt(self, key_id: KeyId) -> Receipt | None:
        """The receipt of the last cut-off, None where there is none or it can't be read."""
        ...

    def resume(self, key_id: KeyId) -> None:
        """Lift a suspension and sign in anew; the person agreed to the sign-in."""
        ...

    async def inspect(self, text: Secret) -> Inspection:
        """Decode a pasted token; nothing is stored or sent. Raises `NotAToken`."""
        ...

    def unlock_keyring(self) -> None:
        """Try the keyring again, letting it ask."""
        ...

    def memory_only(self) -> None:
        """Keep secrets in memory for this run."""
        ...

    def retry(self) -> None:
        """Try again to open the local store, after `StoreUnavailable` was shown."""
        ...

    def dismiss(self, notice_id: str) -> None:
        """A notice was read."""
        ...

    def practise(self) -> None:
        """Open a second window on a practice server with sample keys; nothing here is touched."""
        ...

    def settings(self) -> Settings:
        """The settings now."""
        ...

    async def save_settings(self, settings: Settings) -> None:
        """Save them. Raises `SettingsInvalid` with the sentence, or `StoreUnavailable`."""
        ...

    def open_dashboard(self, environment_id: str) -> None:
        """Open Nomba's dashboard in the browser."""
        ...

    def clipboard_text(self) -> str:
        """What the clipboard holds, for *Paste all*."""
        ...
