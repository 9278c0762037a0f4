"""The panel of every session state: headline, ring, switch, buttons, story."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nomba_desktop.domain.environments import LIVE
from nomba_desktop.domain.keys import KeyState, Role, SharedUse
from nomba_desktop.domain.sessions import (
    Expired,
    Failing,
    HeldByOther,
    Refreshing,
    Session,
    SignedIn,
    SignedOut,
    SigningIn,
    TakenAway,
    Unknown,
    WaitFor,
    Waiting,
)
from nomba_desktop.ui.derive.detail import DetailProps, Do, derive_detail
from nomba_desktop.ui.derive.gestures import Gesture, question_for
from tests.support.gallery import FAILED, NOW, ZONE, key, life

KEY = key("Payouts service", "2242…9f0d", Role.ADMIN)
LIFE, DEAD = life(1584), life(-5)


def panel(session: Session, **changes: object) -> DetailProps:
    offset = changes.pop("clock_offset", 0.0)
    assert isinstance(offset, float)
    return derive_detail(
        replace(KEY, **changes),  # type: ignore[arg-type]
        session,
        LIVE,
        NOW,
        clock_offset=offset,
        zone=ZONE,
    )


# session, ring words, headline, start of sub, switch shown, buttons that are on, story's heading
TABLE: list[tuple[Session, str, str, str, bool, list[Do], str]] = [
    (Unknown(), "reading", "Not read yet", "The stored", False, [], ""),
    (SignedOut(), "no token", "Signed out", "No token", True, [Do.SIGN_IN], ""),
    (SignedOut(owed=1), "no token", "Signed out", "1 token still", True, [Do.SIGN_IN], ""),
    (SignedOut(lost=True), "no token", "Signed out", "A session that nobody", True, [Do.SIGN_IN], ""),
    (SignedOut(failure=FAILED), "no token", "Signed out", "No token", True, [Do.SIGN_IN], FAILED.title),
    (SigningIn(NOW), "no token", "Signing in", "Asking Nomba since 18:15:46", False, [], ""),
    (
        SignedIn(LIFE),
        "left", "Expires 18:42:10", "Refreshes by itself at 18:36:58", True,
        [Do.COPY, Do.REFRESH, Do.SIGN_OUT], "",
    ),
    (
        SignedIn(DEAD),
        "no token", "Expired 18:15:41", "Nothing renews", True, [Do.SIGN_IN, Do.SIGN_OUT], "",
    ),
    (Refreshing(LIFE, NOW), "left", "Expires 18:42:10", "Being refreshed", True, [Do.COPY, Do.SIGN_OUT], ""),
    (
        Failing(FAILED, 2, NOW + 32, life=LIFE),
        "left", "Expires 18:42:10", "2 tries failed. Next at 18:16:18.", True,
        [Do.COPY, Do.REFRESH, Do.SIGN_OUT], FAILED.title,
    ),
    (
        Failing(FAILED, 1, NOW + 32),
        "no token", "No token", "1 try failed.", True, [Do.SIGN_IN], FAILED.title,
    ),
    (
        Failing(FAILED, 3, 0.0, latched=True),
        "no token", "No token", "Nothing is tried again", True, [Do.SIGN_IN, Do.EDIT], FAILED.title,
    ),
    (
        Failing(FAILED, 3, 0.0, latched=True, life=LIFE),
        "left", "Expires 18:42:10", "Nothing is tried", True, [Do.COPY, Do.SIGN_IN, Do.EDIT], FAILED.title,
    ),
    (
        Waiting(WaitFor.KEYRING, life=LIFE),
        "left", "Expires 18:42:10", "Refreshing waits for the keyring", True, [Do.UNLOCK], "",
    ),
    (
        Waiting(WaitFor.KEYRING),
        "no token", "No token yet", "Signing in waits for the keyring", True, [Do.UNLOCK], "",
    ),
    (
        Waiting(WaitFor.RATE_LIMIT, NOW + 10, LIFE),
        "left", "Expires 18:42:10", "Nomba asks to slow down. The app waits until 18:15:56", True, [Do.COPY], "",
    ),
    (Waiting(WaitFor.RATE_LIMIT), "no token", "No token yet", "Nomba asks", True, [], ""),
    (Expired(DEAD), "no token", "Expired 18:15:41", "Nothing renews", True, [Do.SIGN_IN, Do.SIGN_OUT], ""),
    (
        HeldByOther("ops-desk-2", NOW - 2, LIFE),
        "left", "Expires 18:42:10", "ops-desk-2 is renewing it since 18:15:44", True, [Do.COPY], "",
    ),
    (HeldByOther("", NOW), "no token", "No token here", "Another program", True, [], ""),
    (
        TakenAway(NOW - 1243, 860.0, certain=True),
        "no token", "Ended at 17:55:03", "Nomba refused a token that had 14 min left.", False, [],
        "Most likely",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("session", "ring", "headline", "sub", "switch", "buttons", "story"), TABLE)
def test_a_session_as_a_panel(
    session: Session, ring: str, headline: str, sub: str, switch: bool, buttons: list[Do], story: str
) -> None:
    props = panel(session)
    assert (props.ring_words, props.headline) == (ring, headline)
    assert props.sub.startswith(sub)
    assert (props.auto_refresh is not None) is switch
    assert [b.do for b in props.buttons if not b.off] == buttons
    assert (props.story.heading if props.story else "") == story


def test_every_kind_of_session_is_in_the_table() -> None:
    assert {type(entry[0]) for entry in TABLE} == set(Session.__args__)


@pytest.mark.parametrize("state", [KeyState.SUSPENDED, KeyState.REVOKING, KeyState.REVOKED])
def test_a_stopped_key_offers_nothing(state: KeyState) -> None:
    props = panel(SignedIn(LIFE), state=state, state_changed_at=NOW)
    assert (props.buttons, props.auto_refresh, props.bar, props.lines) == ((), None, None, ())


@pytest.mark.parametrize(
    ("state", "steps", "offered"),
    [
        (KeyState.ACTIVE, 0, [Do.SUSPEND, Do.REVOKE]),
        (KeyState.SUSPENDED, 0, [Do.RESUME, Do.REVOKE]),
        (KeyState.SUSPENDED, 1, [Do.FINISH, Do.RESUME, Do.REVOKE]),
        (KeyState.REVOKING, 1, [Do.FINISH]),
        (KeyState.REVOKED, 0, []),
    ],
)
def test_what_cuts_a_key_off_follows_its_state(state: KeyState, steps: int, offered: list[Do]) -> None:
    props = panel(SignedIn(LIFE), state=state, steps_left=steps, state_changed_at=NOW)
    assert [button.do for button in props.cut_off] == offered


def test_a_suspension_that_is_not_proved_says_so() -> None:
    props = panel(SignedIn(LIFE), state=KeyState.SUSPENDED, steps_left=1, state_changed_at=NOW)
    assert props.sub == "Its token may still work: the cut-off is not finished."


def test_a_button_that_is_off_says_why() -> None:
    off = {b.do: b.off for b in panel(Refreshing(LIFE, NOW)).buttons if b.off}
    assert off == {Do.REFRESH: "It is being refreshed now."}


def test_taken_elsewhere_rules_out_only_what_is_known() -> None:
    def ruled_out(session: TakenAway, offset: float) -> str:
        story = panel(session, clock_offset=offset).story
        assert story is not None
        return story.ruled_out

    sure = TakenAway(NOW, 860.0, certain=True)
    assert "clock (offset under 5 s)" in ruled_out(sure, 2.0)
    assert "clock" not in ruled_out(sure, 9.0)
    assert "expired" in ruled_out(sure, 0.0)
    assert "expired" not in ruled_out(TakenAway(NOW, 0.0, certain=True), 0.0)


def test_taken_elsewhere_is_careful_the_first_time_and_names_a_key_of_our_own() -> None:
    first = panel(TakenAway(NOW, 860.0, certain=False)).story
    second = panel(TakenAway(NOW, 860.0, certain=True)).story
    own = panel(TakenAway(NOW, 860.0, certain=True, other="Checkout web")).story
    assert first is not None
    assert second is not None
    assert own is not None
    assert "or Nomba ended the session" in first.text
    assert second.text == "Another program signed in with this key. Nomba keeps one live session per key."
    assert "Checkout web" in own.text
    assert [b.do for b in second.buttons] == [Do.SIGN_IN_HERE, Do.LEAVE]
    assert "at most once in 5 minutes" in second.footnote


def test_why_a_token_is_not_refreshed() -> None:
    shared = panel(SignedIn(LIFE), auto_refresh=False, shared_use=SharedUse.YES_OR_NOT_SURE)
    assert shared.sub == "Not refreshed by itself: a server may use this key"
    assert panel(SignedIn(LIFE), auto_refresh=False).sub == "Not refreshed by itself"


def test_an_end_on_another_day_names_the_day() -> None:
    assert panel(SignedIn(life(86_400 * 2, total=86_400 * 3))).headline == "Expires 23 Nov 18:15:46"


def test_the_lines_of_the_token() -> None:
    lines = {line.label: line for line in panel(SignedIn(LIFE)).lines}
    assert lines["Access token"].showable
    assert lines["Issued"].text(NOW) == "18:12:10 · 3 min ago"
    assert lines["Expires"].value == "18:42:10 · 17:42:10 UTC"
    assert (lines["Role in token"].value, lines["Role in token"].chip) == ("TEAMS_OWNER", "reads like Admin")
    assert lines["E-mail"].value == "o…@example.test"
    assert lines["Checked"].text(NOW) == "accepted 18:15:40, 6 s ago"
    bare = replace(LIFE, accepted_at=0.0, facts=replace(LIFE.facts, refresh_hint="", refresh_made_at=None))
    lines = {line.label: line for line in panel(SignedIn(bare)).lines}
    assert "Refresh token" not in lines
    assert lines["Checked"].text(NOW) == "not asked yet"


@pytest.mark.parametrize("gesture", list(Gesture))
def test_what_asks_first(gesture: Gesture) -> None:
    shared = replace(KEY, shared_use=SharedUse.YES_OR_NOT_SURE)
    question = question_for(gesture, shared)
    assert question is not None
    assert "Payouts service" in question.title
    assert question.sentence
    assert not question.danger
    alone = question_for(gesture, KEY)
    assert (alone is not None) is (gesture is Gesture.STOP_REFRESH)


def test_questions_about_a_shared_key_say_what_it_costs() -> None:
    shared = replace(KEY, shared_use=SharedUse.YES_OR_NOT_SURE)
    for gesture in (Gesture.SIGN_IN, Gesture.REFRESH, Gesture.SIGN_OUT, Gesture.START_REFRESH):
        question = question_for(gesture, shared)
        assert question is not None
        assert "401" in question.sentence
