"""One cause from any refusal: never more than two questions, whatever is known and whatever comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nomba_desktop.domain.answers import CallContext
from nomba_desktop.domain.causes import Cause, Explanation, named
from nomba_desktop.domain.errors import Answer, BadCredentials, Blocked, Forbidden, ServerFault, TokenRefused
from nomba_desktop.domain.explain import MAX_REQUESTS, judge
from nomba_desktop.domain.keys import Role
from nomba_desktop.domain.record import Failure, StopKind
from nomba_desktop.domain.refusal import (
    Known,
    Observation,
    Question,
    Refusal,
    SecretShape,
    refusal_in,
    refusal_of,
)
from nomba_desktop.domain.tokens import Claims

ACCOUNT, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
HERE = Known(
    now=1000.0, account_id=ACCOUNT, environment="Live", generation=9, has_token=True, issued_at=100.0,
    expires_at=1900.0, claims=Claims(subject=ACCOUNT, issued_at=100.0, expires_at=1900.0), ever_accepted=True,
)  # fmt: skip

refusals = st.builds(
    Refusal,
    st.sampled_from([401, 401, 403, 403, 0, 200, 404]),
    st.sampled_from(["", "01", "02", "401", "403"]),
    st.sampled_from(["", "", "", "Forbidden", "Token expired", "The token provided is a sandbox token"]),
    st.sampled_from([False, False, False, True]),
    st.sampled_from(CallContext),
    st.sampled_from([None, 0.0, 7200.0, -7200.0]),
    st.sampled_from([None, "/v1/accounts/parent", "/v1/transfers/banks"]),
    st.sampled_from([None, 1, 2]),
)
knowns = st.builds(
    Known,
    now=st.just(1000.0),
    account_id=st.just(ACCOUNT),
    environment=st.just("Live"),
    role=st.sampled_from(Role),
    answers_without_token=st.booleans(),
    generation=st.integers(0, 5),
    stop=st.sampled_from([StopKind.NONE] * 4 + list(StopKind)),
    signed_out=st.sampled_from([False, False, False, True]),
    has_token=st.sampled_from([True, True, False]),
    issued_at=st.sampled_from([0.0, 100.0, 990.0]),
    expires_at=st.sampled_from([0.0, 900.0, 1900.0]),
    claims=st.sampled_from(
        [None, Claims(), Claims(subject=OTHER), Claims(subject=ACCOUNT, issued_at=100.0, expires_at=1900.0)]
    ),
    ever_accepted=st.booleans(),
    certain_theft=st.booleans(),
    displaced_by=st.sampled_from(["", "", "", "Till"]),
    account_seen=st.sampled_from(["", "Till"]),
    twin=st.sampled_from(["", "Till"]),
    secret=st.sampled_from([None, SecretShape(88), SecretShape(80), SecretShape(89, True)]),
)
observations = st.builds(
    Observation,
    st.sampled_from([0, 200, 401, 403, 429, 500]),
    st.sampled_from(["", "02"]),
    st.just(""),
    st.booleans(),
)


@settings(max_examples=600)
@given(refusals, knowns, st.lists(observations, min_size=3, max_size=3))
def test_always_one_cause_and_never_more_than_two_questions(
    refusal: Refusal, known: Known, answers: list[Observation]
) -> None:
    seen: dict[Question, Observation] = {}
    while isinstance(verdict := judge(refusal, known, seen), Question):
        assert verdict not in seen, "a question is asked once"
        assert known.has_token or not verdict.bearer, "there is no token to ask with"
        assert len(seen) < MAX_REQUESTS
        seen[verdict] = answers[len(seen)]
    assert isinstance(verdict, Explanation)
    assert verdict.title
    assert verdict.next_step
    assert all(verdict.evidence)
    assert verdict.certain is False or verdict.cause is not Cause.UNKNOWN


@settings(max_examples=600)
@given(refusals, knowns)
def test_a_200_that_anybody_gets_proves_nothing(refusal: Refusal, known: Known) -> None:
    """Where everything is answered 200, with and without a token, the reads change no verdict but to *unknown*."""
    known = replace(known, answers_without_token=True)
    seen: dict[Question, Observation] = {}
    while isinstance(verdict := judge(refusal, known, seen), Question):
        seen[verdict] = Observation(200)
    if seen:
        deaf: dict[Question, Observation] = {}
        while isinstance(silent := judge(refusal, known, deaf), Question):
            deaf[silent] = Observation()
        assert verdict.cause in (Cause.UNKNOWN, silent.cause)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (
            "Forbidden. The token provided is a sandbox token and can't be used on live.",
            Cause.WRONG_ENVIRONMENT,
        ),
        ("Use a live key here", Cause.WRONG_ENVIRONMENT),
        ("This token lives no more", Cause.ENDED_ELSEWHERE),
    ],
)
def test_the_servers_words_about_the_environment(words: str, cause: Cause) -> None:
    deaf = {
        Question("/v1/accounts/parent", ACCOUNT): Observation(401),
        Question("/v1/transfers/banks", ACCOUNT): Observation(401),
    }
    found = judge(Refusal(401, "401", words), HERE, deaf)
    assert isinstance(found, Explanation)
    assert found.cause is cause


def test_the_role_in_force_is_asked_first_and_the_refused_path_never() -> None:
    refusal = Refusal(403, "403", path="/v1/transfers/banks")
    assert judge(refusal, replace(HERE, role=Role.TERMINALS), {}) == Question(
        "/v1/accounts/terminals?limit=1", ACCOUNT
    )
    assert judge(refusal, replace(HERE, role=Role.TRANSFERS), {}) == Question("/v1/accounts/parent", ACCOUNT)


def test_the_account_that_the_token_names_is_tried_before_anything_else() -> None:
    known = replace(HERE, claims=Claims(subject=OTHER))
    ask = judge(Refusal(403, "403"), known, {})
    assert ask == Question("/v1/accounts/parent", OTHER)
    found = judge(Refusal(403, "403"), known, {ask: Observation(200)})
    assert isinstance(found, Explanation)
    assert (found.cause, found.certain) == (Cause.WRONG_ACCOUNT, True)


def test_answers_that_anybody_gets_are_not_taken_for_refusals() -> None:
    lax = replace(HERE, answers_without_token=True, claims=Claims(subject=OTHER))
    read = Question("/v1/accounts/parent", OTHER)
    found = judge(
        Refusal(403, "403"), lax, {read: Observation(200), replace(read, bearer=False): Observation(200)}
    )
    assert isinstance(found, Explanation)
    assert found.cause is Cause.UNKNOWN


def test_ended_elsewhere_is_certain_the_second_time_only() -> None:
    for twice in (False, True):
        known = replace(HERE, has_token=False, certain_theft=twice)
        found = judge(Refusal(401), known, {})
        assert isinstance(found, Explanation)
        assert found.cause is Cause.ENDED_ELSEWHERE
        assert found.certain is twice
        assert found.title.startswith("Probably") is not twice


def test_a_clock_that_was_always_off_explains_nothing() -> None:
    """Two hours behind at the sign-in and now: the countdown allowed for it, and Nomba ended the token early."""
    claims = Claims(subject=ACCOUNT, issued_at=7300.0, expires_at=9100.0)
    known = replace(HERE, claims=claims)
    found = judge(Refusal(401, "02", offset=7200.0), known, {})
    assert isinstance(found, Explanation)
    assert found.cause is Cause.EXPIRED
    moved = judge(Refusal(401, "02", offset=0.0), known, {})
    assert isinstance(moved, Explanation)
    assert moved.cause is Cause.CLOCK


def test_a_200_counts_where_its_control_is_refused_and_there_is_no_third_question() -> None:
    lax = replace(HERE, answers_without_token=True, role=Role.TRANSACTIONS)
    refusal = Refusal(403, "403", path="/v1/accounts/parent")
    read = Question("/v1/transactions/accounts?limit=1", ACCOUNT)
    control = replace(read, bearer=False)
    assert judge(refusal, lax, {}) == read
    assert judge(refusal, lax, {read: Observation(200)}) == control
    for status, cause in (
        (401, Cause.PERMISSION),
        (200, Cause.UNKNOWN),
        (0, Cause.UNKNOWN),
        (500, Cause.UNKNOWN),
    ):
        found = judge(refusal, lax, {read: Observation(200), control: Observation(status)})
        assert isinstance(found, Explanation)
        assert found.cause is cause, status
    edge = judge(refusal, lax, {read: Observation(200), control: Observation(403, html=True)})
    assert isinstance(edge, Explanation)
    assert edge.cause is Cause.UNKNOWN
    named_other = replace(lax, claims=Claims(subject=OTHER))
    used_up = {replace(read, account_id=OTHER): Observation(403), read: Observation(200)}
    assert isinstance(judge(refusal, named_other, used_up), Explanation), (
        "the control would be a third request"
    )


def test_refusals_are_read_from_errors_and_from_the_record() -> None:
    answer = Answer(403, "403", "Forbidden", offset=3.0)
    assert refusal_of(Forbidden(answer=answer)) == Refusal(403, "403", "Forbidden", offset=3.0)
    assert refusal_of(TokenRefused()) == Refusal(401)
    assert refusal_of(Blocked()) == Refusal(403, html=True)
    assert refusal_of(ServerFault(answer=Answer(500))) is None
    for error in (BadCredentials(answer=answer), BadCredentials(answer=Answer(200, "01"))):
        failure = Failure(error.reference, error.title, error.sentence, error.details, 5.0)
        expected = refusal_of(error)
        assert expected is not None
        assert refusal_in(failure) == replace(expected, offset=None)
    assert refusal_in(Failure("ND-105", "", "", "HTTP 500", 5.0)) is None
    assert refusal_in(Failure("ND-112", "", "", "", 5.0)) == Refusal(403)


def test_only_the_likeliest_says_probably() -> None:
    assert named(Cause.EXPIRED, "").evidence == ()
    assert named(Cause.EXPIRED).title == "The token expired"
    assert named(Cause.EXPIRED, certain=False).title == "Probably: the token expired"
    assert named(Cause.UNKNOWN).title == "The cause is not known"
    assert not named(Cause.UNKNOWN).certain
