"""Answers in Nomba's envelope ``{code, description, data}`` and its variants (facts 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from nomba_desktop.practice.sessions import MintedTokens
from nomba_desktop.practice.switches import Refusal, Switches

LAGOS = timezone(timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and the JSON body that goes with it. ``minted``: the tokens inside, for the log."""

    status: int
    body: dict[str, Any]
    minted: MintedTokens | None = None

    def __repr__(self) -> str:
        return f"Answer(status={self.status})"


class RefusedError(Exception):
    """A request that ends in an error answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


def failure(status: int, code: str, description: str) -> Answer:
    """An error answer; its ``data`` is null."""
    return Answer(status, {"code": code, "description": description, "data": None})


def refusal(given: Refusal) -> Answer:
    """An error answer chosen by a switch."""
    return failure(given.status, given.code, given.description)


def unauthorized() -> Answer:
    """401 in the words of the OpenAPI sample (facts 6.2)."""
    return failure(401, "401", "Unauthorized")


def forbidden(description: str = "Forbidden") -> Answer:
    """403 in the words of the OpenAPI sample, or with its own description."""
    return failure(403, "403", description)


def not_found() -> Answer:
    """404 in the words of the OpenAPI sample."""
    return failure(404, "404", "Record not found")


def server_error(status: int = 500) -> Answer:
    """A 5xx in the words of the OpenAPI sample."""
    return failure(status, str(status), "Server error")


def too_many_requests() -> Answer:
    """429 in the documented words (facts 7)."""
    return failure(429, "429", "Too many requests. Please slow down.")


def invalid(description: str, switches: Switches) -> Answer:
    """Failed validation: HTTP 400, or HTTP 200 with code 400 as seen live (facts 6.1)."""
    if switches.envelope == "validation_200":
        return Answer(200, {"code": "400", "status": False, "message": description})
    return failure(400, "400", description)


def success(switches: Switches, data: Any, description: str = "Success") -> Answer:
    """HTTP 200 with code 00."""
    return _success({"code": "00", "description": description, "data": data}, switches)


def success_without_data(switches: Switches, description: str) -> Answer:
    """HTTP 200 with code 00 and no ``data`` at all, as after a revocation (facts 2.3)."""
    return _success({"code": "00", "description": description}, switches)


def _success(body: dict[str, Any], switches: Switches) -> Answer:
    if switches.envelope == "status_false":
        body["status"] = False
    return Answer(200, body)


def with_tokens(switches: Switches, account_id: str, minted: MintedTokens) -> Answer:
    """The 200 of issue and refresh (facts 2.1)."""
    data: dict[str, Any] = {"access_token": minted.access_token, "refresh_token": minted.refresh_token}
    if switches.business_id:
        data["businessId"] = account_id
    if switches.expires_at_format != "missing":
        data["expiresAt"] = expires_at(minted.expires_at, switches)
    answer = success(switches, data)
    return Answer(answer.status, answer.body, minted)


def expires_at(moment: int, switches: Switches) -> str | int:
    """An expiry (epoch seconds) in the form that the switch asks for (facts 3.5)."""
    utc = datetime.fromtimestamp(moment, UTC)
    match switches.expires_at_format:
        case "millis_z":
            return utc.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        case "micros_z":
            return utc.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        case "offset":
            return utc.astimezone(LAGOS).isoformat()
        case "naive":
            return utc.strftime("%Y-%m-%dT%H:%M:%S")
        case "minutes":
            return utc.strftime("%Y-%m-%dT%H:%M")
        case "epoch_seconds":
            return moment
        case "epoch_millis":
            return moment * 1000
        case _:
            return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
