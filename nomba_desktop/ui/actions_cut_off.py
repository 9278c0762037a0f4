"""Cutting keys off, on their way to the service: the part of `Actions` behind suspend, resume, revoke and receipts."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from nomba_desktop.domain.cutoff import Receipt, WhatHappened
from nomba_desktop.domain.errors import KeyringLocked, NombaDesktopError
from nomba_desktop.domain.keys import ApiKey, KeyId

if TYPE_CHECKING:
    from nomba_desktop.services.cutoff import CutOff
    from nomba_desktop.services.notices import Notices
    from nomba_desktop.services.sessions import Sessions


class CutOffServices(Protocol):
    """What cutting off needs of the wiring; `cut_off` is None until the stored sessions are open."""

    notices: Notices

    @property
    def cut_off(self) -> CutOff | None:
        """The service, once the sessions were opened."""
        ...

    @property
    def sessions(self) -> Sessions | None:
        """The sessions, once opened."""
        ...

    def note_receipt(self, key: ApiKey, receipt: Receipt) -> None:
        """Write each step into the activity log."""
        ...

    async def reopen(self) -> None:
        """Try again to open what could not be opened."""
        ...


class CutOffActions:
    """The gestures that cut a key off. A base of `Actions`, which says how work runs in the background."""

    def __init__(self, services: CutOffServices) -> None:
        self._cutting = services

    def _spawn(self, what: str, work: Coroutine[Any, Any, object], key_id: KeyId | None = None) -> None:
        raise NotImplementedError

    async def _cut_off(self) -> CutOff:
        if self._cutting.cut_off is None:
            await self._cutting.reopen()
        if self._cutting.cut_off is None:
            raise KeyringLocked("The stored sessions can't be opened without it.")
        return self._cutting.cut_off

    async def suspend(self, key_id: KeyId, reason: str) -> Receipt:
        """See `Intents.suspend`."""
        return self._done(key_id, await (await self._cut_off()).suspend(key_id, reason))

    async def revoke(self, key_id: KeyId, what: WhatHappened, reason: str, operator: str) -> Receipt:
        """See `Intents.revoke`."""
        return self._done(key_id, await (await self._cut_off()).revoke(key_id, what, reason, operator))

    async def check_again(self, key_id: KeyId) -> Receipt:
        """See `Intents.check_again`."""
        return self._done(key_id, await (await self._cut_off()).check_again(key_id))

    async def delete_secret_unproved(self, key_id: KeyId, operator: str) -> Receipt:
        """See `Intents.delete_secret_unproved`."""
        return self._done(key_id, await (await self._cut_off()).delete_secret_unproved(key_id, operator))

    def _done(self, key_id: KeyId, receipt: Receipt) -> Receipt:
        """What was told of the key's session before is over with it; each step goes into the activity log."""
        self._cutting.notices.withdraw_for(key_id)
        sessions = self._cutting.sessions
        if sessions is not None:
            self._cutting.note_receipt(sessions.key(key_id), receipt)
        return receipt

    def last_receipt(self, key_id: KeyId) -> Receipt | None:
        """See `Intents.last_receipt`."""
        if self._cutting.cut_off is None:
            return None
        try:
            return self._cutting.cut_off.last(key_id)
        except NombaDesktopError as error:
            self._cutting.notices.error("read the receipt", error, key_id=key_id)
            return None

    def resume(self, key_id: KeyId) -> None:
        """See `Intents.resume`."""
        self._spawn("resume the key", self._resumed(key_id), key_id)

    async def _resumed(self, key_id: KeyId) -> None:
        kept = await (await self._cut_off()).resume(key_id)
        sessions = self._cutting.sessions
        if not kept and sessions is not None:
            await sessions.sign_in(key_id, confirmed=True)
