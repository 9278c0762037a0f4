"""The walk of a cut-off, under the lock; numbers are steps of the session protocol, "Cutting off"."""

from __future__ import annotations

from nomba_desktop.domain.cutoff import (
    CONTROL_LASTS,
    KEY_DISABLED,
    LONGEST_LIFE,
    REVOKE_ACCEPTED,
    Evidence,
    Line,
    Outcome,
    Step,
    WhatHappened,
    clock_words,
)
from nomba_desktop.domain.errors import ApiError, Fate, SecretBoundElsewhere
from nomba_desktop.domain.keys import ApiKey
from nomba_desktop.domain.moves_stop import (
    close_cut_off,
    displacement_seen,
    note_lines,
)
from nomba_desktop.domain.record import CallKind, Debt, LatchKind, SessionRecord, StopKind
from nomba_desktop.domain.renewal import Policy
from nomba_desktop.domain.secret import Secret
from nomba_desktop.services.auth_calls import AuthCalls
from nomba_desktop.services.auth_targets import Targets
from nomba_desktop.services.cutoff_calls import CutOffCalls, Run, Unclear
from nomba_desktop.services.cutoff_judge import Known, failed_line, judged
from nomba_desktop.services.cutoff_proof import Look, Sight
from nomba_desktop.services.cutoff_refresh import try_refreshes
from nomba_desktop.services.ports import Clock, KeyManagement, NombaApi, SessionStore

#: So often one walk begins again with a token that came up meanwhile; what is left then stays a debt.
ROUNDS = 8


#: What the access token may have come to before its refresh token is tried.
_ENDED = (Outcome.PROVED, Outcome.REFUSED, Outcome.NOTHING)


class Stale(Exception):
    """The control is too old for the act: it has to be asked again."""


class CutOffWalk:
    """Ends every token of a session and proves it. The caller holds the lock; each step can be repeated safely."""

    def __init__(
        self,
        *,
        store: SessionStore,
        api: NombaApi,
        targets: Targets,
        auth: AuthCalls,
        calls: CutOffCalls,
        clock: Clock,
        policy: Policy,
        management: KeyManagement | None = None,
        rounds: int = ROUNDS,
    ) -> None:
        self._store, self._api, self._targets, self._auth = store, api, targets, auth
        self._calls, self._clock, self._policy, self._management = calls, clock, policy, management
        self._rounds = rounds

    def manages(self, key: ApiKey) -> bool:
        """Whether the key itself can be disabled at its environment."""
        if self._management is None:
            return False
        try:
            return self._targets(key).environment.manages_keys
        except SecretBoundElsewhere:
            return False  # nothing can be sent for it; the walk says so

    async def end_tokens(self, run: Run) -> SessionRecord:
        """Steps 3 to 9: the record with its debt closed as far as it could be proved, and the lines in `run`.

        Raises `MoveRefused` (look again), `StoreError`.
        """
        record = self._calls.look(run)
        noted = record.debt.control if record.debt is not None else None
        if self.manages(run.key) and noted == record.generation:
            await self._disable(run)  # an interrupted run may have done it: no token can be got any more
        for _ in range(self._rounds):
            record = self._calls.look(run)
            known = await self._end_known(run, record)
            record = self._calls.look(run)
            if record.in_doubt and not run.disabled:
                if await self._end_doubt(run, record):
                    continue
            elif self._wants_takeover(run, record, known):
                taken = await self._take_over(run)
                if taken or self._calls.look(run).in_doubt:
                    continue
            self._count_noted(run, self._calls.look(run))
            if run.lines[Step.ACCESS].outcome not in _ENDED or not await try_refreshes(self._calls, run):
                break
        if self.manages(run.key) and not run.disabled and not await self._disable(run):
            run.put(failed_line(Evidence(), "the key could not be disabled"))
        return await self._close(run)

    # -- 5, 6, 7: the tokens that are known ------------------------------------------------------------------------

    async def _end_known(self, run: Run, record: SessionRecord) -> Known:
        tokens = record.tokens
        others = [end.access for end in (*record.superseded, *record.owed)]
        first = tokens.access if tokens is not None else (others.pop() if others else None)
        if first is None:
            run.lines.setdefault(
                Step.ACCESS, Line(Step.ACCESS, Outcome.NOTHING, Evidence(remark="no token is stored"))
            )
            return Known.NONE
        if first in run.dead:
            known = Known.PROVED
        else:
            known, line = await self._end_one(run, first, record.generation if tokens is not None else None)
            run.put(line)
        await self._end_others(run, [access for access in others if access not in run.dead])
        return known

    async def _end_others(self, run: Run, others: list[Secret]) -> None:
        if not others:
            return
        dead = proved = 0
        evidence = Evidence()
        for access in others:
            known, line = await self._end_one(run, access, None)
            proved += known is Known.PROVED
            dead += known in (Known.PROVED, Known.NO_BEFORE)
            evidence = line.evidence
            if known is Known.NO_BEFORE:
                run.dead.append(access)
        outcome = Outcome.NOT_PROVED
        if dead == len(others):
            outcome = Outcome.PROVED if proved == dead else Outcome.REFUSED
        words = Evidence(remark=f"{dead} of {len(others)} refused") if dead else evidence
        run.put(Line(Step.OTHERS, outcome, words))

    async def _end_one(self, run: Run, access: Secret, generation: int | None) -> tuple[Known, Line]:
        """Control, act, proof of one access token; the control is durable before the act where it has a generation."""
        for _ in range(3):
            control = await run.proofs.control(run.key, access)
            if control.look is Look.REFUSED:
                if self.manages(run.key):
                    await self._calls.spare(run, generation)
                words = f"answered {control.status} already; without a 200 before, this is no proof"
                return Known.NO_BEFORE, Line(
                    Step.ACCESS, Outcome.REFUSED, Evidence(after=control.status, remark=words)
                )
            await self._calls.spare(run, generation, seen=control.counts)
            try:
                return await self._act(run, access, control)
            except Stale:
                continue
        words = "the answer before the act was too old each time: the connection is too slow"
        return Known.OPEN, Line(Step.ACCESS, Outcome.NOT_PROVED, Evidence(remark=words))

    async def _act(self, run: Run, access: Secret, control: Sight) -> tuple[Known, Line]:
        key = run.key
        disabled = False

        async def fresh() -> None:
            """The act may have waited for the rate limit: then the control is asked again, before it leaves."""
            nonlocal control
            if disabled or not control.counts or self._clock.monotonic() - control.at <= CONTROL_LASTS:
                return
            again = await run.proofs.ask(key, access, control.path)
            if not again.counts:
                raise Stale
            control = again

        await fresh()
        target, done = self._targets(key), REVOKE_ACCEPTED
        disabled = self.manages(key) and (run.disabled or await self._disable(run))
        acted, acted_at = self._clock.now(), self._clock.monotonic()
        # Also where the key is disabled: a suspension can be lifted, and the token shall not live again.
        failed = await run.proofs.tried(
            lambda before: self._api.revoke(target, access, before_send=before), fresh
        )
        if disabled:
            done = KEY_DISABLED
        else:
            acted, acted_at = self._clock.now(), self._clock.monotonic()
        if failed is not None and not disabled:
            done = (
                "revoke refused"
                if failed.fate is Fate.NOT_HANDLED and failed.permanent
                else "revoke not answered"
            )
        evidence = Evidence(control.status if control.counts else 0, control.wall, done, acted)
        reached = disabled or failed is None or failed.fate is Fate.UNKNOWN or failed.answer is not None
        if not reached or (control.look is Look.UNCLEAR and failed is not None):
            told = (failed or control.error or ApiError()).title
            return Known.OPEN, failed_line(evidence, told)
        after = await run.proofs.until_refused(key, access, control.path)
        known, line = judged(control, evidence, after, after.at - acted_at)
        if known is Known.PROVED:
            run.dead.append(access)
        return known, line

    async def _disable(self, run: Run) -> bool:
        """Disable the key where the environment can do it: one call."""
        if self._management is None:
            return False
        record = self._calls.look(run)
        try:
            await self._management.disable(self._targets(run.key), for_good=record.stop is StopKind.REVOKED)
        except ApiError:
            return False
        run.disabled = True
        return True

    def _count_noted(self, run: Run, record: SessionRecord) -> None:
        """A control that an interrupted run noted counts where no token can be got that could be proved (5)."""
        debt = record.debt
        line = run.lines.get(Step.ACCESS)
        if debt is None or record.tokens is None or debt.control != record.generation:
            return
        if line is None or line.outcome is not Outcome.REFUSED:
            return
        after = line.evidence.after
        remark = f"noted at {clock_words(debt.control_at)}, before the app was interrupted"
        run.put(
            Line(Step.ACCESS, Outcome.PROVED, Evidence(200, debt.control_at, "", 0.0, after, 0.0, remark))
        )
        run.dead.append(record.tokens.access)

    # -- 4: doubt, and taking over ---------------------------------------------------------------------------------

    def _wants_takeover(self, run: Run, record: SessionRecord, known: Known) -> bool:
        if run.takeovers or run.disabled:
            return False
        if run.what is WhatHappened.SECRET_LEAKED:
            return True  # whoever has it may have a session
        return known in (Known.NO_BEFORE, Known.NONE)

    async def _end_doubt(self, run: Run, record: SessionRecord) -> bool:
        """In doubt (4): wait until nothing can land any more, then take over. Whether there is a token to end now."""
        intent = record.intent
        await self._wait_for_landing(record)
        if run.secret is not None and run.takeovers < 3:
            if await self._take_over(run):
                record = self._calls.look(run)
                if record.lost and self._auth.displaces(run.key) is None and run.takeovers < 3:
                    await self._take_over(run, observe=True)
                run.lines.pop(Step.UNKNOWN, None)
                return True
            record = self._calls.look(run)
            if record.intent is not None and run.secret is not None:
                return run.takeovers < 3  # this call's fate is unknown too: once more
        was_refresh = intent is not None and intent.kind is CallKind.REFRESH
        if run.secret is None and was_refresh and await try_refreshes(self._calls, run):
            return True
        self._unknown(run, record)
        return False

    async def _wait_for_landing(self, record: SessionRecord) -> None:
        now, intent = self._clock.now(), record.intent
        until = max(record.may_land_until, intent.at + self._policy.w if intent is not None else 0.0)
        until = min(until, now + self._policy.w)
        if until >= now:
            # a little more: what was sent at that very moment counts as able to land
            await self._clock.sleep(until - now + 0.01)

    def _unknown(self, run: Run, record: SessionRecord) -> None:
        debt, now = record.debt, self._clock.now()
        told = next((x for x in debt.lines if x.step is Step.UNKNOWN), None) if debt is not None else None
        life = max(LONGEST_LIFE, record.tokens.life if record.tokens is not None else 0.0)
        until = told.until if told is not None and told.until else now + life
        why = "a reply was lost, and there is no secret to take its session over"
        if run.secret_trouble is not None:
            why = f"a reply was lost, and the secret can't be read: {run.secret_trouble.title}"
        elif run.secret_refused:
            why = "a reply was lost, and signing in to take its session over was refused"
        elif run.secret is not None:
            why = "a session may live that no sign-in of ours is known to end"
        run.put(Line(Step.UNKNOWN, Outcome.NOT_PROVED, Evidence(remark=why), until=until))

    async def _take_over(self, run: Run, *, observe: bool = False) -> bool:
        """Issue under the stop (4): that is now the token to end, and it displaced what was there."""
        if run.secret is None:
            return False
        key, before = run.key, self._calls.look(run)
        old: Sight | None = None
        if observe and before.tokens is not None:
            old = await run.proofs.control(key, before.tokens.access)
        run.takeovers += 1
        try:
            landed = await self._calls.issue(run, run.secret)
        except Unclear as unclear:
            if run.lines[Step.ACCESS].outcome is not Outcome.PROVED:
                run.put(failed_line(Evidence(), unclear.error.title))
            return False
        if not isinstance(landed, SessionRecord):
            run.secret_refused = landed
            run.secret = None
            return False
        run.signed_in = True
        if old is not None and old.counts and before.tokens is not None:
            now = await run.proofs.ask(key, before.tokens.access, old.path)
            if now.look is not Look.UNCLEAR:
                await self._auth.note_displaces(key, now.look is Look.REFUSED)
            if now.look is Look.REFUSED:
                await self._store.apply(key.session_id, lambda r: displacement_seen(r, landed.generation))
        return True

    # -- 9: close --------------------------------------------------------------------------------------------------

    async def _close(self, run: Run) -> SessionRecord:
        record = self._calls.look(run)
        debt = record.debt
        self._count_noted(run, record)
        if record.tokens is None and record.latch is not None and self._outsider_lives(run, record):
            self._unknown_outsider(run, record)
        if not record.in_doubt or run.disabled:
            if Step.UNKNOWN in run.lines and not self._outsider_lives(run, record):
                del run.lines[Step.UNKNOWN]
        elif Step.UNKNOWN not in run.lines:
            self._unknown(run, record)
        lines, sid = run.in_order(), run.key.session_id
        if not self._all_proved(run, record, debt):
            return await self._store.apply(sid, lambda r: note_lines(r, run.stop_count, lines))
        # A suspension that the server itself keeps may leave a doubt: resuming asks anew what lives.
        disabled = run.disabled
        return await self._store.apply(
            sid,
            lambda r: close_cut_off(r, record.generation, run.stop_count, lines, key_disabled=disabled),
        )

    def _outsider_lives(self, run: Run, record: SessionRecord) -> bool:
        """Somebody outside signed in, and there was no way to end that session."""
        taken = record.latch is not None and record.latch.kind is LatchKind.TAKEN_ELSEWHERE
        return taken and not run.signed_in and not run.disabled

    def _unknown_outsider(self, run: Run, record: SessionRecord) -> None:
        ends = (record.latch.at if record.latch is not None else self._clock.now()) + LONGEST_LIFE
        words = Evidence(remark="somebody outside this app signed in, and nothing here can end that session")
        run.put(Line(Step.UNKNOWN, Outcome.NOT_PROVED, words, until=ends))

    def _all_proved(self, run: Run, record: SessionRecord, debt: Debt | None) -> bool:
        """Whether every token that the record knows was seen to be dead in this walk, and nothing else is open."""

        def outcome(step: Step) -> Outcome | None:
            line = run.lines.get(step)
            return line.outcome if line is not None else None

        known = [end.access for end in (*record.superseded, *record.owed)]
        if record.tokens is not None:
            known.append(record.tokens.access)
        survivors = all(spared.yields >= 2 for spared in debt.refreshes) if debt is not None else True
        return (
            all(access in run.dead for access in known)
            and outcome(Step.ACCESS) in (Outcome.PROVED, Outcome.NOTHING)
            and outcome(Step.OTHERS) in (None, Outcome.PROVED, Outcome.REFUSED)
            and outcome(Step.REFRESH) in (Outcome.NOTHING, Outcome.REFUSED, Outcome.NOT_PROVED)
            and outcome(Step.UNKNOWN) is None
            and survivors
        )
