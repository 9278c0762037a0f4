"""The last step of revoking: the stored secret, proved dead, deleted and read back (session protocol 10)."""

from __future__ import annotations

from nomba_desktop.domain.cutoff import Evidence, Line, Outcome, Step
from nomba_desktop.domain.errors import KeyringError, SecretBoundElsewhere
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.moves_stop import secret_deleted, secret_refused
from nomba_desktop.domain.record import Debt, SessionRecord
from nomba_desktop.services.auth_calls import AuthCalls
from nomba_desktop.services.cutoff_calls import CutOffCalls, Run, Unclear
from nomba_desktop.services.ports import SessionStore, Vault

_DASHBOARD = "Developer, API Keys, Regenerate Keys"


class SecretStep:
    """Until regenerating is proved the secret is used for one thing: to see whether signing in is refused."""

    def __init__(self, *, store: SessionStore, vault: Vault, auth: AuthCalls, calls: CutOffCalls) -> None:
        self._store, self._vault, self._auth, self._calls = store, vault, auth, calls

    async def take(self, run: Run) -> None:
        """Read the secret for this walk. A keyring that is away is no error here: the receipt says so."""
        try:
            run.secret = await self._auth.secret_of(run.key)
        except KeyringError as error:
            run.secret_trouble = error

    async def ask(self, run: Run) -> None:
        """Is signing in with it refused? A session that this gives is stored under the stop, for the walk to end."""
        if run.secret is None or run.secret_refused or (run.signed_in and not run.disabled):
            return
        run.takeovers += 1
        try:
            landed = await self._calls.issue(run, run.secret)
        except Unclear as unclear:
            run.put(Line(Step.REGENERATE, Outcome.FAILED, Evidence(remark=unclear.error.title)))
            return
        if isinstance(landed, SessionRecord):
            run.signed_in = True
        else:
            run.secret_refused, run.secret = landed, None

    async def finish(self, run: Run) -> None:
        """Say where the secret stands; delete it once it is proved dead. Raises `StoreError`, `MoveRefused`."""
        sid = run.key.session_id
        record = self._store.read(sid)
        debt = record.debt
        if debt is None or not debt.secret_left:
            self._say_of_suspended(run)
            return
        worked = debt.secret_worked or run.signed_in
        if run.secret_refused and worked and not debt.secret_dead:
            record = await self._store.apply(sid, lambda r: secret_refused(r, run.stop_count))
            debt = record.debt or debt
        if debt.secret_dead or self._disabled_without_secret(run):
            run.put(self._dead_line(run, debt))
            await self._delete(run)
            return
        if run.secret_refused:
            words = "refused, but it was never seen to sign in: compare it with the dashboard"
            run.put(Line(Step.REGENERATE, Outcome.TO_DO, Evidence(after=run.secret_refused, remark=words)))
        elif (
            Step.REGENERATE not in run.lines
            or run.lines[Step.REGENERATE].outcome is not Outcome.FAILED
            or run.signed_in
        ):
            run.put(self._to_do_line(run, worked))
        run.put(self._waiting_line(run))

    @staticmethod
    def _disabled_without_secret(run: Run) -> bool:
        return run.disabled and run.secret is None and not run.secret_refused and run.secret_trouble is None

    def _say_of_suspended(self, run: Run) -> None:
        if run.secret_refused:
            words = Evidence(200 if run.signed_in else 0, after=run.secret_refused)
            run.put(Line(Step.REGENERATE, Outcome.REFUSED, words))
        elif run.suspends and not run.disabled:
            run.put(
                Line(Step.REGENERATE, Outcome.TO_DO, Evidence(remark=_DASHBOARD + ", to stop it everywhere"))
            )

    @staticmethod
    def _dead_line(run: Run, debt: Debt) -> Line:
        if run.secret_refused:
            seen = Evidence(before=200, after=run.secret_refused, remark="it signed in before")
            return Line(Step.REGENERATE, Outcome.PROVED, seen)
        told = next((line for line in debt.lines if line.step is Step.REGENERATE), None)
        if debt.secret_dead:
            proved = told if told is not None and told.outcome is Outcome.PROVED else None
            return proved or Line(
                Step.REGENERATE, Outcome.PROVED, Evidence(remark="refused when it was asked")
            )
        return Line(
            Step.REGENERATE, Outcome.NOTHING, Evidence(remark="no secret is stored; the key is disabled")
        )

    @staticmethod
    def _to_do_line(run: Run, worked: bool) -> Line:
        remark = _DASHBOARD
        if isinstance(run.secret_trouble, SecretBoundElsewhere):
            remark += f"; {run.secret_trouble.title.lower()}"
        elif run.secret is None and run.secret_trouble is None:
            remark += "; no secret is stored here to check it with"
        return Line(Step.REGENERATE, Outcome.TO_DO, Evidence(before=200 if worked else 0, remark=remark))

    @staticmethod
    def _waiting_line(run: Run) -> Line:
        if run.secret is None and run.secret_trouble is None and not run.secret_refused:
            return Line(Step.SECRET, Outcome.NOTHING, Evidence(remark="none is stored"))
        if run.secret_trouble is not None:
            return Line(Step.SECRET, Outcome.WAITS, Evidence(remark=run.secret_trouble.title))
        return Line(Step.SECRET, Outcome.WAITS, Evidence(remark="kept for the check, used for nothing else"))

    async def _delete(self, run: Run) -> None:
        try:
            gone = await self.delete(run.key)
        except KeyringError as error:
            run.put(Line(Step.SECRET, Outcome.WAITS, Evidence(remark=error.title)))
            return
        if not gone:
            run.put(Line(Step.SECRET, Outcome.FAILED, Evidence(remark="the keyring still has it")))
            return
        run.put(Line(Step.SECRET, Outcome.PROVED, Evidence(remark="deleted; read back, and gone")))
        lines = run.in_order()
        await self._store.apply(run.key.session_id, lambda r: secret_deleted(r, run.stop_count, lines))

    async def delete(self, key: ApiKey) -> bool:
        """Delete the stored secret and read back; whether it is gone. Raises `KeyringError`."""
        await self._vault.delete(key.id)
        return await self._vault.get(key.id) is None
