"""From a person's wishes to the services (law 8): the one object behind `Intents`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from nomba_desktop.domain.errors import (
    KeyringLocked,
    NombaDesktopError,
    SessionError,
    StoreError,
)
from nomba_desktop.domain.keys import ApiKey, FieldRemark, KeyDraft, KeyId
from nomba_desktop.domain.secret import Secret
from nomba_desktop.domain.settings import Settings
from nomba_desktop.domain.snapshot import Severity
from nomba_desktop.domain.tokens import read_claims
from nomba_desktop.ui.actions_cut_off import CutOffActions
from nomba_desktop.ui.intents import Inspection

if TYPE_CHECKING:
    from nomba_desktop.domain.cutoff import Receipt
    from nomba_desktop.services.cutoff import CutOff
    from nomba_desktop.services.keyring_watch import KeyringWatch
    from nomba_desktop.services.keys import Keys
    from nomba_desktop.services.notices import Notices
    from nomba_desktop.services.ports import Clipboard, Clock
    from nomba_desktop.services.sessions import Sessions
    from nomba_desktop.services.state import State
    from nomba_desktop.services.tasks import Tasks


class Services(Protocol):
    """What the actions need of the wiring; `sessions` is None until the keyring let the store be opened.

    `settings_mistaken`: the file has a mistake, so only a person's own saving replaces it.
    """

    state: State
    notices: Notices
    tasks: Tasks
    keyring: KeyringWatch
    settings: Settings
    settings_mistaken: bool

    @property
    def keys(self) -> Keys:
        """The inventory. Raises `StoreError` while it isn't open."""
        ...

    @property
    def sessions(self) -> Sessions | None:
        """The sessions, once opened."""
        ...

    @property
    def cut_off(self) -> CutOff | None:
        """The service that cuts keys off, once the sessions were opened."""
        ...

    def note_signed_out(self, key: ApiKey, *, ended: bool) -> None:
        """Write it into the activity log."""
        ...

    def note_copied(self, key: ApiKey) -> None:
        """Write it into the activity log."""
        ...

    def note_receipt(self, key: ApiKey, receipt: Receipt) -> None:
        """Write it into the activity log."""
        ...

    async def memory_only(self) -> None:
        """Keep secrets in memory for this run."""
        ...

    async def save_settings(self, settings: Settings) -> None:
        """Save and apply."""
        ...

    async def reopen(self) -> None:
        """Try again to open what could not be opened."""
        ...


class Actions(CutOffActions):
    """Implements `Intents` on the services. Errors become notices, with the key's name."""

    def __init__(
        self,
        services: Services,
        *,
        clock: Clock,
        clipboard: Clipboard,
        practise: Callable[[], None],
        open_url: Callable[[str], object],
    ) -> None:
        super().__init__(services)
        self._services, self._clock, self._clipboard = services, clock, clipboard
        self._practise, self._open_url = practise, open_url

    # -- running -----------------------------------------------------------------------------------------------------

    def _sessions(self) -> Sessions:
        sessions = self._services.sessions
        if sessions is None:
            raise KeyringLocked("The stored sessions can't be opened without it.")
        return sessions

    async def _opened(self) -> Sessions:
        """The sessions; where they are still being opened, or the keyring may be back, that is waited for."""
        if self._services.sessions is None:
            await self._services.reopen()
        return self._sessions()

    def _spawn(self, what: str, work: Coroutine[Any, Any, object], key_id: KeyId | None = None) -> None:
        self._services.tasks.spawn(self._told(what, work, key_id), name=what)

    async def _told(self, what: str, work: Coroutine[Any, Any, object], key_id: KeyId | None) -> None:
        """Errors about a key are told as such; a repeated success takes the key's earlier notices back."""
        try:
            await work
        except NombaDesktopError as error:
            self._services.notices.error(what, error, key_id=key_id)
        else:
            if key_id is not None:
                self._services.notices.withdraw_for(key_id)

    # -- sessions ----------------------------------------------------------------------------------------------------

    def select(self, key_id: KeyId | None) -> None:
        """See `Intents.select`."""
        if key_id is not None and self._services.sessions is not None:
            self._services.tasks.spawn(self._checked(key_id), name="check the selected key")

    async def _checked(self, key_id: KeyId) -> None:
        try:
            await self._sessions().check(key_id)
        except (NombaDesktopError, SessionError):
            return  # the key's state shows it; nobody asked for anything

    def sign_in(self, key_id: KeyId, *, confirmed: bool = False) -> None:
        """See `Intents.sign_in`."""
        self._spawn("sign in", self._do(lambda s: s.sign_in(key_id, confirmed=confirmed)), key_id)

    def refresh_now(self, key_id: KeyId, generation: int, *, confirmed: bool = False) -> None:
        """See `Intents.refresh_now`."""
        self._spawn(
            "refresh", self._do(lambda s: s.refresh_now(key_id, generation, confirmed=confirmed)), key_id
        )

    def sign_out(self, key_id: KeyId, *, confirmed: bool = False) -> None:
        """See `Intents.sign_out`."""
        self._spawn("sign out", self._signed_out(key_id), key_id)

    async def _signed_out(self, key_id: KeyId) -> None:
        sessions = await self._opened()
        ended = await sessions.sign_out(key_id)
        key = sessions.key(key_id)
        self._services.note_signed_out(key, ended=ended)
        if not ended:
            self._services.notices.tell(
                f"owed:{key_id}",
                f"“{key.name}” is signed out here.",
                "Nomba was not seen to refuse its token yet. The app ends it there as soon as it can.",
                severity=Severity.WARN,
            )

    async def _do(self, work: Callable[[Sessions], Awaitable[object]]) -> None:
        await work(await self._opened())

    def set_auto_refresh(self, key_id: KeyId, on: bool) -> None:
        """See `Intents.set_auto_refresh`."""
        self._spawn("switch automatic refresh", self._switched(key_id, on), key_id)

    async def _switched(self, key_id: KeyId, on: bool) -> None:
        key = await self._services.keys.set_auto_refresh(key_id, on)
        if self._services.sessions is not None:
            self._services.sessions.observe([key])

    def leave_it(self, key_id: KeyId) -> None:
        """See `Intents.leave_it`."""
        self._services.notices.withdraw_for(key_id)

    def copy_token(self, key_id: KeyId) -> None:
        """See `Intents.copy_token`."""
        self._spawn("copy the token", self._copied(key_id), key_id)

    async def _copied(self, key_id: KeyId) -> None:
        sessions = await self._opened()
        held = await sessions.token(key_id)
        self._clipboard.put_secret(held.access)
        self._services.note_copied(sessions.key(key_id))
        seconds = self._services.settings.clipboard_clear
        sure = self._clipboard.promises_clearing
        self._services.notices.tell(
            "copied",
            "Token copied.",
            f"It leaves the clipboard in {seconds} s."
            if sure
            else "This desktop lets no program clear the clipboard for certain. Copy something else after use.",
        )
        self._services.tasks.spawn(self._clear_later(seconds), name="clear the clipboard")

    async def _clear_later(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._clipboard.clear_if_ours()
        self._services.notices.withdraw("copied")

    def reveal(self, key_id: KeyId) -> Secret | None:
        """See `Intents.reveal`."""
        try:
            held = self._sessions().peek(key_id)
        except (SessionError, StoreError, KeyringLocked):
            return None
        return held.access if held else None

    # -- the inventory -----------------------------------------------------------------------------------------------

    async def add_key(self, draft: KeyDraft, secret: Secret, *, sign_in: bool) -> tuple[FieldRemark, ...]:
        """See `Intents.add_key`."""
        added = await self._services.keys.add(draft, secret)
        if not isinstance(added, ApiKey):
            return added
        await self._warned()
        if self._services.sessions is not None:
            self._services.sessions.observe([added])
        if sign_in:
            self.sign_in(added.id, confirmed=True)
        return ()

    async def _warned(self) -> None:
        """The key is saved: whether this could be noted is another matter, told for itself."""
        settings = self._services.settings
        if settings.secrets_warning_seen or self._services.settings_mistaken:
            return
        try:
            await self._services.save_settings(replace(settings, secrets_warning_seen=True))
        except NombaDesktopError as error:
            self._services.notices.error("remember that the warning was read", error)

    async def edit_key(
        self, key_id: KeyId, draft: KeyDraft, secret: Secret | None
    ) -> tuple[FieldRemark, ...]:
        """See `Intents.edit_key`."""
        edited = await self._services.keys.edit(key_id, draft, secret)
        if not isinstance(edited, ApiKey):
            return edited
        self._services.notices.withdraw_for(key_id)
        if self._services.sessions is not None:
            self._services.sessions.observe([edited])
        return ()

    def check(self, draft: KeyDraft, editing: KeyId | None = None) -> tuple[FieldRemark, ...]:
        """See `Intents.check`."""
        return self._services.keys.check(draft, editing)

    def forget_key(self, key_id: KeyId) -> None:
        """See `Intents.forget_key`."""
        self._spawn("forget the key", self._forgotten(key_id), key_id)

    async def _forgotten(self, key_id: KeyId) -> None:
        await self._services.keys.forget(key_id)

    async def inspect(self, text: Secret) -> Inspection:
        """See `Intents.inspect`."""
        claims = read_claims(text)
        length = len(text)
        sessions = self._services.sessions
        if sessions is None:
            return Inspection(
                claims, "The stored sessions are closed: the app can't say whose it is.", length
            )
        for key in self._services.state.snapshot.keys.values():
            record = sessions.record(key)
            if record.tokens is not None and record.tokens.access == text:
                return Inspection(claims, f"This is the present token of “{key.name}”.", length, key.name)
            if any(end.access == text for end in (*record.superseded, *record.owed)):
                return Inspection(claims, f"This is an earlier token of “{key.name}”.", length, key.name)
        return Inspection(claims, "Not a present token of any key here.", length)

    # -- the rest ----------------------------------------------------------------------------------------------------

    def unlock_keyring(self) -> None:
        """See `Intents.unlock_keyring`."""
        self._spawn("unlock the keyring", self._services.keyring.unlock())

    def memory_only(self) -> None:
        """See `Intents.memory_only`."""
        self._spawn("work in memory only", self._services.memory_only())

    def retry(self) -> None:
        """See `Intents.retry`."""
        self._spawn("open the local store", self._services.reopen())

    def dismiss(self, notice_id: str) -> None:
        """See `Intents.dismiss`."""
        self._services.notices.withdraw(notice_id)

    def practise(self) -> None:
        """See `Intents.practise`."""
        self._practise()

    def settings(self) -> Settings:
        """See `Intents.settings`."""
        return self._services.settings

    async def save_settings(self, settings: Settings) -> None:
        """See `Intents.save_settings`."""
        await self._services.save_settings(settings)

    def open_dashboard(self, environment_id: str) -> None:
        """See `Intents.open_dashboard`."""
        environment = self._services.state.snapshot.environments.get(environment_id)
        if environment is not None and environment.dashboard_url is not None:
            self._open_url(environment.dashboard_url)

    def clipboard_text(self) -> str:
        """See `Intents.clipboard_text`."""
        return self._clipboard.text()
