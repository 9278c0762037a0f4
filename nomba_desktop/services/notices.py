"""Errors become notices: one shape for everything a person is told."""

from __future__ import annotations

from nomba_desktop.domain.errors import Action, KeyringError, NombaDesktopError, SessionError
from nomba_desktop.domain.keys import KeyId
from nomba_desktop.domain.sessions import SignedIn, Unknown
from nomba_desktop.domain.snapshot import Notice, NoticeDismissed, NoticeRaised, Severity, Snapshot
from nomba_desktop.services.ports import Clock
from nomba_desktop.services.state import State


class Notices:
    """Raises and withdraws notices."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        state.subscribe(self._heard)

    def _heard(self, before: Snapshot, after: Snapshot) -> None:
        """What was told of a key's sign-in is no longer so once it is signed in again."""
        if before.sessions is after.sessions:
            return
        for key_id, session in after.sessions.items():
            if isinstance(session, SignedIn) and not isinstance(before.session(key_id), SignedIn | Unknown):
                self.withdraw_for(key_id)

    def error(self, what: str, error: NombaDesktopError, *, key_id: KeyId | None = None) -> None:
        """Show an error; the same cause at the same key replaces its earlier notice.

        `what` names the work in the operator's words and goes into the folded details.
        """
        # A keyring problem is one cause, however many keys it stops.
        keyring = isinstance(error, KeyringError) and not error.permanent
        sentence = "" if error.sentence == error.title else error.sentence
        self._state.publish(
            NoticeRaised(
                Notice(
                    id="keyring" if keyring else f"{error.reference}:{key_id or what}",
                    severity=Severity.BAD
                    if error.permanent and not isinstance(error, SessionError)
                    else Severity.WARN,
                    title=error.title,
                    sentence=sentence,
                    hint=error.hint,
                    details="\n".join(part for part in (f"while: {what}", error.details) if part),
                    reference=error.reference,
                    action=error.action,
                    key_id=None if keyring else key_id,
                    at=self._clock.now(),
                )
            )
        )

    def tell(
        self,
        notice_id: str,
        title: str,
        sentence: str = "",
        *,
        hint: str = "",
        action: Action | None = None,
        severity: Severity = Severity.INFO,
        key_id: KeyId | None = None,
    ) -> None:
        """Say something that is no error."""
        self._state.publish(
            NoticeRaised(
                Notice(
                    notice_id,
                    severity,
                    title,
                    sentence,
                    hint,
                    action=action,
                    key_id=key_id,
                    at=self._clock.now(),
                )
            )
        )

    def withdraw(self, notice_id: str) -> None:
        """Take a notice back: its cause is gone, or it was read."""
        self._state.publish(NoticeDismissed(notice_id))

    def withdraw_for(self, key_id: KeyId) -> None:
        """Take back every notice about a key."""
        for notice in self._state.snapshot.notices:
            if notice.key_id == key_id:
                self.withdraw(notice.id)
