"""The table of (HTTP status, body code), row by row (facts 6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nomba_desktop.domain.answers import CallContext, failure, is_pending, is_success, words_of
from nomba_desktop.domain.errors import (
    Answer,
    ApiError,
    BadCredentials,
    BadRequest,
    Blocked,
    Fate,
    Forbidden,
    RateLimited,
    ServerFault,
    TokenRefused,
    TransientApiError,
    UnreadableAnswer,
)

ISSUE, REFRESH, REVOKE, USE = CallContext.ISSUE, CallContext.REFRESH, CallContext.REVOKE, CallContext.USE
NO, MAYBE = Fate.NOT_HANDLED, Fate.UNKNOWN


@pytest.mark.parametrize(
    ("status", "code", "success", "pending"),
    [
        (200, "00", True, False),
        (200, "200", True, False),
        (200, None, True, False),
        (201, "00", True, False),
        (201, None, True, False),
        (204, None, True, False),
        (201, "201", False, True),
        (200, "201", False, True),
        (202, "201", False, True),
        (200, "", False, False),
        (200, "0", False, False),
        (200, "01", False, False),
        (200, "02", False, False),
        (200, "400", False, False),
        (200, "?", False, False),
        (301, "00", False, False),
        (400, "00", False, False),
        (401, None, False, False),
        (500, "00", False, False),
        (500, "201", False, False),
    ],
)
def test_success_and_pending(status: int, code: str | None, success: bool, pending: bool) -> None:
    assert (is_success(status, code), is_pending(status, code)) == (success, pending)


# context, status, code, HTML, the error, its fate
TABLE = [
    # HTTP 401: by context
    (ISSUE, 401, "01", False, BadCredentials, NO),
    (ISSUE, 401, "02", False, BadCredentials, NO),
    (ISSUE, 401, "401", False, BadCredentials, NO),
    (ISSUE, 401, "", False, BadCredentials, NO),
    (REFRESH, 401, "01", False, TokenRefused, NO),
    (REFRESH, 401, "02", False, TokenRefused, NO),
    (REFRESH, 401, "", False, TokenRefused, NO),
    (REVOKE, 401, "401", False, TokenRefused, NO),
    (USE, 401, "01", False, TokenRefused, NO),
    (USE, 401, "02", False, TokenRefused, NO),
    (USE, 401, "", False, TokenRefused, NO),
    # 01 and 02 inside HTTP 200 and 400: auth calls only
    (ISSUE, 200, "01", False, BadCredentials, NO),
    (ISSUE, 400, "01", False, BadCredentials, NO),
    (ISSUE, 200, "02", False, BadRequest, NO),
    (ISSUE, 400, "02", False, BadRequest, NO),
    (REFRESH, 200, "01", False, TokenRefused, NO),
    (REFRESH, 200, "02", False, TokenRefused, NO),
    (REFRESH, 400, "02", False, TokenRefused, NO),
    (REFRESH, 422, "02", False, BadRequest, NO),
    (REVOKE, 200, "01", False, TokenRefused, NO),
    (REVOKE, 200, "02", False, TokenRefused, NO),
    (USE, 200, "01", False, ServerFault, MAYBE),
    (USE, 200, "02", False, BadRequest, NO),
    (USE, 400, "01", False, BadRequest, NO),
    (USE, 404, "02", False, BadRequest, NO),
    # the mirrored codes inside HTTP 200
    (ISSUE, 200, "400", False, BadRequest, NO),
    (ISSUE, 200, "401", False, BadCredentials, NO),
    (ISSUE, 200, "403", False, BadCredentials, NO),
    (ISSUE, 200, "404", False, BadRequest, NO),
    (ISSUE, 200, "429", False, RateLimited, NO),
    (ISSUE, 200, "500", False, ServerFault, MAYBE),
    (REFRESH, 200, "401", False, TokenRefused, NO),
    (REFRESH, 200, "403", False, Forbidden, NO),
    (USE, 200, "400", False, BadRequest, NO),
    (USE, 201, "401", False, TokenRefused, NO),
    (USE, 200, "403", False, Forbidden, NO),
    (USE, 200, "429", False, RateLimited, NO),
    (USE, 200, "500", False, ServerFault, MAYBE),
    # 05 and 06: not to be tried again
    (USE, 200, "05", False, Forbidden, NO),
    (USE, 200, "06", False, BadRequest, NO),
    # 403
    (ISSUE, 403, "403", False, BadCredentials, NO),
    (ISSUE, 403, "01", False, BadCredentials, NO),
    (ISSUE, 403, "", False, BadCredentials, NO),
    (REFRESH, 403, "403", False, Forbidden, NO),
    (REFRESH, 403, "02", False, Forbidden, NO),
    (REVOKE, 403, "", False, Forbidden, NO),
    (USE, 403, "403", False, Forbidden, NO),
    (USE, 403, "01", False, Forbidden, NO),
    (ISSUE, 403, "", True, Blocked, NO),
    (USE, 403, "", True, Blocked, NO),
    # other refusals
    (ISSUE, 400, "400", False, BadRequest, NO),
    (ISSUE, 422, "", False, BadRequest, NO),
    (ISSUE, 404, "404", False, BadRequest, NO),
    (REFRESH, 400, "400", False, BadRequest, NO),
    # passing
    (ISSUE, 429, "429", False, RateLimited, NO),
    (ISSUE, 429, "01", False, RateLimited, NO),
    (ISSUE, 429, "", True, RateLimited, NO),
    (REFRESH, 500, "500", False, ServerFault, MAYBE),
    (REFRESH, 500, "01", False, ServerFault, MAYBE),
    (USE, 500, "", False, ServerFault, MAYBE),
    (ISSUE, 502, "", True, ServerFault, MAYBE),
    (ISSUE, 503, "", False, ServerFault, MAYBE),
    (ISSUE, 599, "00", False, ServerFault, MAYBE),
    # what nobody documented
    (ISSUE, 200, "", True, UnreadableAnswer, MAYBE),
    (ISSUE, 401, "", True, UnreadableAnswer, NO),
    (ISSUE, 404, "", True, UnreadableAnswer, NO),
    (ISSUE, 200, "99", False, UnreadableAnswer, MAYBE),
    (ISSUE, 200, "?", False, UnreadableAnswer, MAYBE),
    (ISSUE, 201, "201", False, UnreadableAnswer, MAYBE),
    (ISSUE, 302, "", False, UnreadableAnswer, NO),
    (ISSUE, 302, "00", True, UnreadableAnswer, NO),
    (ISSUE, 407, "", False, UnreadableAnswer, NO),
    (ISSUE, 418, "00", False, UnreadableAnswer, NO),
    (ISSUE, 405, "400", False, UnreadableAnswer, NO),
]


@pytest.mark.parametrize(("context", "status", "code", "html", "kind", "fate"), TABLE)
def test_the_table(
    context: CallContext, status: int, code: str, html: bool, kind: type[ApiError], fate: Fate
) -> None:
    answer = Answer(status, code, "Its own words.", html)
    error = failure(context, answer, 7.0)
    assert type(error) is kind
    assert error.fate is fate
    assert error.answer == answer
    assert "Its own words." in error.details
    assert error.permanent is not issubclass(kind, TransientApiError)
    if kind in (RateLimited, ServerFault) and code != "01":
        assert error.retry_after == 7.0
    if kind in (BadRequest, Forbidden, ServerFault) and not html:
        assert code in error.sentence or str(status) in error.sentence


def test_a_refusal_of_the_secret_says_what_else_it_may_be() -> None:
    error = failure(ISSUE, Answer(403, "403"))
    assert "403" in error.sentence
    assert "sub-account" in error.sentence


@given(
    st.sampled_from(CallContext),
    st.integers(200, 599),
    st.sampled_from(
        ["", "00", "01", "02", "05", "06", "200", "201", "400", "401", "403", "404", "429", "500", "?"]
    )
    | st.text(max_size=5),
    st.booleans(),
)
def test_every_answer_has_one_error(context: CallContext, status: int, code: str, html: bool) -> None:
    error = failure(context, Answer(status, code, html=html))
    assert error.sentence.endswith(".")
    assert isinstance(error, TransientApiError) or error.fate is NO
    if error.fate is MAYBE:
        assert 200 <= status < 300 or status >= 500
    if status == 429 or (200 <= status < 300 and code == "429"):
        assert isinstance(error, RateLimited)
    if context is not ISSUE:
        assert not isinstance(error, BadCredentials)
    if context is ISSUE:
        assert not isinstance(error, TokenRefused)
    if status == 403:
        assert error.permanent


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        ({"description": "D", "message": "M", "error": "E", "errors": ["x"]}, "R", "D"),
        ({"description": "  ", "message": "M", "error": "E"}, "R", "M"),
        ({"description": None, "error": "E", "errors": ["x"]}, "R", "E"),
        ({"errors": ["a", "b\n"]}, "R", "a; b"),
        ({"errors": [{"message": "m", "client_secret": "s3cr3t"}, {"x": 1}, None, 4]}, "R", "m; 4"),
        ({"errors": []}, "R", "R"),
        ({"errors": [{}, None]}, "R", "R"),
        ({"errors": "text"}, "R", "R"),
        ({"description": {"a": 1}}, "R\x1b", "R"),
        ({"description": "\u202eevil\x00"}, "", "evil"),
        ({"description": "x" * 1000}, "", "x" * 299 + "…"),
        ({}, "", ""),
    ],
)
def test_words_of(body: dict[str, object], reason: str, words: str) -> None:
    assert words_of(body, reason) == words


def test_words_of_a_deeply_nested_error() -> None:
    nested: object = "deep"
    for _ in range(50_000):
        nested = [nested]
    assert words_of({"errors": [nested, {"message": nested}]}, "R") == "R"
