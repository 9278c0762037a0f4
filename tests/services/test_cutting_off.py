"""Suspending and revoking against servers of all kinds: what is said is what was proved (protocol, "Cutting off")."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nomba_desktop.domain.cutoff import Outcome, Step, WhatHappened
from nomba_desktop.domain.errors import KeyStopped, StoreUnavailable, TakenElsewhere
from nomba_desktop.domain.keys import KeyState
from nomba_desktop.domain.record import StopKind
from nomba_desktop.practice.switches import Switches
from nomba_desktop.services.renewer import Asked
from tests.services.cut_off_rig import no_refresh_lives, nothing_lives, state, words
from tests.support.office import Office

pytestmark = pytest.mark.virtual_time

RETIRING, TOKEN, SECRET = WhatHappened.RETIRING, WhatHappened.TOKEN_LEAKED, WhatHappened.SECRET_LEAKED
HALF_DEAD = "Its token is dead. The secret still works."


async def test_an_honest_server_suspended_and_proved(office: Office) -> None:
    first, second, key = await office.two_desks()
    held = await second.use(key)
    receipt = await first.cut_off.suspend(key.id, "on leave", "Ada")
    assert not office.lives(held)
    assert words(receipt, Step.ACCESS) == "proved: 200 before · revoke accepted · 401 after 0.0 s"
    assert words(receipt, Step.REFRESH) == "refused: answered 401; it has no “before”, so this is no proof"
    assert receipt.proved
    assert receipt.title == "Suspended. Its token is dead; nothing on this computer uses the secret."
    assert state(first, key) == (KeyState.SUSPENDED, 0)
    for desk in (first, second):
        with pytest.raises(KeyStopped):
            desk.sessions.peek(key.id)
        with pytest.raises(KeyStopped):
            await desk.use(key, asked=Asked.PERSON)
    record = second.record(key)
    assert (record.stop, record.debt, record.tokens) == (StopKind.SUSPENDED, None, None)
    assert nothing_lives(office, key)
    assert office.calls() == ["issue 200", "revoke 200", "refresh 401", "refresh 401"]


async def test_revoked_as_on_nomba_is_cut_off_with_one_step_left(office: Office) -> None:
    desk, key = await office.one_desk()
    receipt = await desk.cut_off.revoke(key.id, RETIRING, "old", "Ada")
    assert receipt.title == HALF_DEAD
    assert not receipt.proved
    assert receipt.outcome(Step.REGENERATE) is Outcome.TO_DO
    assert receipt.outcome(Step.SECRET) is Outcome.WAITS
    assert state(desk, key) == (KeyState.REVOKING, 1)
    assert key.id in office.keyring.entries
    # nothing changed in the dashboard: the question opens a session, and that is ended
    again = await desk.cut_off.check_again(key.id)
    assert again.title == HALF_DEAD
    assert nothing_lives(office, key)
    assert no_refresh_lives(office, key)
    office.server.regenerate_secret(key.client_id)
    done = await desk.cut_off.check_again(key.id)
    assert done.title == "Revoked, and proved."
    assert words(done, Step.REGENERATE) == "proved: 200 before · answered 401 · it signed in before"
    assert words(done, Step.SECRET) == "proved: deleted; read back, and gone"
    assert done.proved
    assert state(desk, key) == (KeyState.REVOKED, 0)
    assert key.id not in office.keyring.entries
    assert desk.record(key).debt is None


async def test_a_leaked_secret_displaces_whoever_uses_it_and_is_checked_until_refused(office: Office) -> None:
    desk, key = await office.one_desk()
    office.server.sign_in_elsewhere(key.client_id)  # the thief
    receipt = await desk.cut_off.revoke(key.id, SECRET)
    assert receipt.title == HALF_DEAD
    assert receipt.outcome(Step.ACCESS) is Outcome.PROVED
    assert nothing_lives(office, key)
    office.server.sign_in_elsewhere(key.client_id)
    assert not nothing_lives(office, key)
    await desk.cut_off.check_again(key.id)
    assert nothing_lives(office, key)
    office.server.sign_in_elsewhere(key.client_id)
    office.server.regenerate_secret(key.client_id)
    done = await desk.cut_off.check_again(key.id)
    assert done.proved
    assert nothing_lives(office, key)


async def test_a_secret_regenerated_beforehand_is_seen_at_once(office: Office) -> None:
    desk, key = await office.one_desk()
    office.server.switches = Switches(regenerate_ends_tokens=False)
    office.server.regenerate_secret(key.client_id)
    receipt = await desk.cut_off.revoke(key.id, SECRET)
    assert receipt.title == "Revoked, and proved."
    assert receipt.outcome(Step.ACCESS) is Outcome.PROVED
    assert state(desk, key) == (KeyState.REVOKED, 0)
    assert key.id not in office.keyring.entries


@pytest.mark.parametrize("wrong", [401, 403, 200])
async def test_a_refused_secret_in_every_way_that_servers_refuse_it(office: Office, wrong: int) -> None:
    office.server.switches = Switches(wrong_secret=wrong)  # type: ignore[arg-type]
    desk, key = await office.one_desk()
    await desk.cut_off.revoke(key.id, RETIRING)
    office.server.regenerate_secret(key.client_id)
    assert (await desk.cut_off.check_again(key.id)).proved


@pytest.mark.parametrize("kind", ["edge_html", "error", "rate_limited"])
async def test_what_is_no_refusal_proves_nothing_about_the_secret(office: Office, kind: str) -> None:
    desk, key = await office.one_desk()
    await desk.cut_off.revoke(key.id, RETIRING)
    office.fault(kind, "/v1/auth/token/issue", times=None, status=403 if kind == "edge_html" else 503)
    receipt = await desk.cut_off.check_again(key.id)
    assert not receipt.done
    assert state(desk, key)[0] is KeyState.REVOKING
    assert key.id in office.keyring.entries
    office.server.clear_faults()
    office.server.regenerate_secret(key.client_id)
    done = await desk.cut_off.check_again(key.id)
    assert key.id not in office.keyring.entries
    if kind == "error":  # the question may have been handled, and then nobody knows the session it gave
        assert done.title.startswith("An unknown token may live until")
        assert state(desk, key) == (KeyState.REVOKING, 1)
    else:
        assert done.proved


async def test_a_server_that_lies_is_not_believed(office: Office) -> None:
    office.server.switches = Switches(revoke_effect="never")
    desk, key = await office.one_desk()
    held = await desk.use(key)
    receipt = await desk.cut_off.revoke(key.id, TOKEN)
    assert receipt.title == "Not proved. Nomba accepted the end, and the token still works."
    assert words(receipt, Step.ACCESS).startswith("not proved: 200 before · revoke accepted · 200 after 10.")
    assert 10.0 <= receipt.took < 12.0
    assert state(desk, key) == (KeyState.REVOKING, 2)
    assert office.lives(held)
    assert office.calls() == ["issue 200", "revoke 200"], "its refresh token is not tried while it lives"
    with pytest.raises(KeyStopped):
        await desk.use(key)
    # the server comes to its senses: what is owed is paid
    office.server.switches = Switches()
    (paid,) = await desk.cut_off.pay_debts()
    assert paid.outcome(Step.ACCESS) is Outcome.PROVED
    assert state(desk, key) == (KeyState.REVOKING, 1)
    assert not office.lives(held)


async def test_a_slow_server_is_waited_for(office: Office) -> None:
    office.server.switches = Switches(revoke_effect="late", revoke_late_by=4.0)
    desk, key = await office.one_desk()
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.proved
    line = receipt.line(Step.ACCESS)
    assert line is not None
    assert 4.0 <= line.evidence.after_seconds < 4.3


async def test_a_refresh_token_that_outlives_the_revocation_is_spent_and_reported(office: Office) -> None:
    office.server.switches = Switches(revoke_kills_refresh=False, revoked_bearer_at_refresh="accepted")
    desk, key = await office.one_desk()
    receipt = await desk.cut_off.suspend(key.id)
    assert nothing_lives(office, key)
    assert receipt.outcome(Step.ACCESS) is Outcome.PROVED
    assert "outlived its access token" in words(receipt, Step.REFRESH)
    assert receipt.done
    refreshes = [call for call in office.calls() if call == "refresh 200"]
    assert len(refreshes) == 1, "spent once"
    assert desk.record(key).tokens is None


async def test_a_refresh_token_that_works_without_its_bearer_is_found(office: Office) -> None:
    office.server.switches = Switches(revoke_kills_refresh=False, refresh_authorization="lenient")
    desk, key = await office.one_desk()
    receipt = await desk.cut_off.suspend(key.id)
    assert "outlived" in words(receipt, Step.REFRESH)
    assert nothing_lives(office, key)


async def test_a_refresh_token_that_is_not_single_use_is_red_and_stays_owed(office: Office) -> None:
    office.server.switches = Switches(
        revoke_kills_refresh=False, refresh_single_use=False, revoked_bearer_at_refresh="accepted"
    )
    desk, key = await office.one_desk()
    receipt = await desk.cut_off.revoke(key.id, TOKEN)
    assert (
        receipt.title == "A refresh token still signs in. It can't be killed from here: regenerate the key."
    )
    line = receipt.line(Step.REFRESH)
    assert line is not None
    assert line.red
    assert nothing_lives(office, key)
    assert state(desk, key) == (KeyState.REVOKING, 2)
    again = await desk.cut_off.check_again(key.id)
    assert again.title == receipt.title
    assert nothing_lives(office, key)
    office.server.regenerate_secret(key.client_id)
    done = await desk.cut_off.check_again(key.id)
    assert done.title == "Revoked, and proved."
    assert "refused now" in words(done, Step.REFRESH)
    assert state(desk, key) == (KeyState.REVOKED, 0)


async def test_where_probes_answer_without_a_token_nothing_is_proved(office: Office) -> None:
    office.server.switches = Switches(probes_without_token=True)
    desk, key = await office.one_desk()
    held = await desk.use(key)
    receipt = await desk.cut_off.revoke(key.id, RETIRING)
    assert not office.lives(held)
    assert receipt.outcome(Step.ACCESS) is Outcome.REFUSED
    assert "200 without a token" in words(receipt, Step.ACCESS)
    assert receipt.title == "Not proved: its token may still work."
    assert state(desk, key) == (KeyState.REVOKING, 2)


@pytest.mark.parametrize("path", ["/v1/a*", "*"])
async def test_an_edge_that_answers_in_html_proves_nothing(office: Office, path: str) -> None:
    desk, key = await office.one_desk()
    office.fault("edge_html", path, times=None)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.outcome(Step.ACCESS) is Outcome.FAILED
    assert receipt.title == "Its token was not ended: Nomba could not be asked."
    assert state(desk, key) == (KeyState.SUSPENDED, 1)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("edge_html", 403, None),
        ("empty", 403, None),
        ("error", 200, "401"),
        ("error", 401, None),
        ("error", 500, None),
        ("not_json", 200, None),
        ("drop", None, None),
    ],
)
async def test_only_a_refusal_after_the_act_is_one(
    office: Office, kind: str, status: int | None, code: str | None
) -> None:
    desk, key = await office.one_desk()
    # two answers before the act (without the token, with it), and this from then on
    office.fault(kind, "/v1/accounts/parent", times=None, skip=2, status=status, code=code)
    receipt = await desk.cut_off.suspend(key.id)
    if status == 401:
        assert receipt.proved
        return
    assert receipt.outcome(Step.ACCESS) is Outcome.NOT_PROVED
    assert not receipt.done
    office.server.clear_faults()
    (paid,) = await desk.cut_off.pay_debts()
    assert paid.proved


async def test_offline_it_is_stopped_here_and_owed(office: Office) -> None:
    first, second, key = await office.two_desks()
    held = await first.use(key)
    office.fault("drop", "*", times=None)
    receipt = await first.cut_off.suspend(key.id)
    assert receipt.outcome(Step.STOP) is Outcome.PROVED
    assert receipt.outcome(Step.ACCESS) is Outcome.FAILED
    with pytest.raises(KeyStopped):
        second.sessions.peek(key.id)
    assert office.lives(held)
    office.server.clear_faults()
    (paid,) = await second.cut_off.pay_debts()
    assert paid.proved
    assert not office.lives(held)


async def test_the_rate_limit_delays_and_proves_nothing(office: Office) -> None:
    desk, key = await office.one_desk()
    office.fault("rate_limited", "/v1/accounts/parent", times=3, skip=2, retry_after=7)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.proved
    assert receipt.took >= 20.0


async def test_a_low_limit_is_kept_and_the_control_is_fresh(office: Office) -> None:
    office.server.switches = Switches(rate_limit="low_traffic")
    desk, key = await office.one_desk()
    receipt = await desk.cut_off.suspend(key.id)
    # one POST a minute: the revoke had to wait, so the control was asked again right before it
    line = receipt.line(Step.ACCESS)
    assert line is not None
    assert line.outcome is Outcome.PROVED
    assert line.evidence.act_at - line.evidence.before_at <= 5.0
    assert all(entry.status != 429 for entry in office.server.log.entries())


async def test_a_full_disk_stops_nothing_and_says_so(office: Office) -> None:
    desk, key = await office.one_desk()
    desk.disk.trouble = lambda: StoreUnavailable("The disk is full: nothing was written.")
    with pytest.raises(StoreUnavailable):
        await desk.cut_off.suspend(key.id)
    assert desk.sessions.peek(key.id) is not None
    assert office.calls() == ["issue 200"]


async def test_earlier_tokens_that_the_server_left_alive_are_ended_too(office: Office) -> None:
    office.server.switches = Switches(session_rule="none")
    desk, key = await office.one_desk()
    for generation in (1, 2, 3):
        await desk.sessions.refresh_now(key.id, generation)
    receipt = await desk.cut_off.suspend(key.id)
    assert words(receipt, Step.OTHERS) == "proved: 3 of 3 refused"
    assert nothing_lives(office, key)


async def test_what_a_sign_out_still_owed_is_ended_too(office: Office) -> None:
    desk, key = await office.one_desk()
    held = await desk.use(key)
    number = office.fault("drop", "*", times=None)
    await desk.sessions.sign_out(key.id)
    office.server.clear_faults(number)
    assert office.lives(held)
    receipt = await desk.cut_off.revoke(key.id, RETIRING)
    assert receipt.outcome(Step.ACCESS) is Outcome.PROVED
    assert not office.lives(held)
    assert desk.record(key).owed == ()


async def test_a_signed_out_key_is_taken_over_to_be_sure(office: Office) -> None:
    desk, key = await office.one_desk(signed_in=False)
    office.server.sign_in_elsewhere(key.client_id)  # the merchant's server
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.proved
    assert nothing_lives(office, key)


async def test_a_key_without_tokens_and_secret_has_nothing_to_end(office: Office) -> None:
    desk, key = await office.one_desk(signed_in=False)
    await office.keyring.delete(key.id)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.outcome(Step.ACCESS) is Outcome.NOTHING
    assert office.server.log.entries() == []


async def test_an_outsider_whom_nothing_here_can_end_is_named(office: Office) -> None:
    desk, key = await office.one_desk()
    await office.keyring.delete(key.id)
    office.server.sign_in_elsewhere(key.client_id)
    receipt = await desk.cut_off.revoke(key.id, TOKEN)
    assert not receipt.done
    assert receipt.outcome(Step.ACCESS) is Outcome.REFUSED
    assert not nothing_lives(office, key)
    assert receipt.title.startswith("Not proved")


async def test_a_session_taken_elsewhere_without_a_secret_stays_unknown(office: Office) -> None:
    desk, key = await office.one_desk()
    await office.keyring.delete(key.id)
    office.server.sign_in_elsewhere(key.client_id)
    with pytest.raises(TakenElsewhere):
        await desk.sessions.check(key.id)
    assert desk.record(key).tokens is None
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.title.startswith("An unknown token may live until")
    assert "outside this app" in words(receipt, Step.UNKNOWN)
    assert not receipt.done


async def test_a_session_taken_elsewhere_is_taken_back_and_ended(office: Office) -> None:
    desk, key = await office.one_desk()
    office.server.sign_in_elsewhere(key.client_id)
    with pytest.raises(TakenElsewhere):
        await desk.sessions.check(key.id)
    receipt = await desk.cut_off.suspend(key.id)
    assert receipt.proved
    assert nothing_lives(office, key)


@pytest.mark.parametrize("role", ["Transactions", "Terminals", "Transfers", "Read-only"])
async def test_every_role_is_asked_with_a_read_it_may_make(office: Office, role: str) -> None:
    desk = await office.desk()
    key = await desk.add(office.new_key(role=role))
    await desk.sessions.sign_in(key.id)
    assert (await desk.cut_off.suspend(key.id)).proved


async def test_cutting_off_ignores_latch_budget_and_back_off(office: Office) -> None:
    desk, key = await office.one_desk()
    await desk.write(
        key,
        lambda r: replace(
            r, budget=(office.clock.now(),) * 9, attempts=9, next_try=office.clock.now() + 3000.0, tokens=None
        ),
    )
    assert (await desk.cut_off.suspend(key.id)).proved
    assert "issue 200" in office.calls()[1:]


async def test_repeating_changes_nothing(office: Office) -> None:
    first, second, key = await office.two_desks()
    one = await first.cut_off.suspend(key.id)
    sent = len(office.server.log.entries())
    assert await first.cut_off.suspend(key.id) == one
    again = await second.cut_off.suspend(key.id)
    assert again.proved
    assert len(office.server.log.entries()) == sent
    assert second.record(key).stop_count == 1


async def test_a_suspended_key_can_be_revoked_and_a_revoked_one_stays_so(office: Office) -> None:
    desk, key = await office.one_desk()
    await desk.cut_off.suspend(key.id)
    receipt = await desk.cut_off.revoke(key.id, RETIRING)
    assert receipt.title == HALF_DEAD
    assert receipt.outcome(Step.ACCESS) is Outcome.PROVED
    assert nothing_lives(office, key)
    await desk.cut_off.suspend(key.id)
    assert state(desk, key) == (KeyState.REVOKING, 1)
    with pytest.raises(KeyStopped):
        await desk.cut_off.resume(key.id)
