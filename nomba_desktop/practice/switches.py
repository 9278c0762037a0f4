"""The switches of facts 11.2: where Nomba's behaviour is unknown, each possibility can be chosen.

The first value named is the default. What suspended and revoked keys are answered with is *our choice*
(unknown upstream), and therefore configurable here: ``suspended_key``, ``revoked_key``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nomba_desktop.practice.strict import change


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer: HTTP status, body ``code`` and ``description``."""

    status: int
    code: str
    description: str

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError("'status' must be between 200 and 599.")


@dataclass(frozen=True, slots=True)
class Switches:
    """How this practice server behaves. Immutable; a change is a new value. All durations in seconds."""

    access_ttl: int = 1800
    """Access token life: 1800 (guide), 3600 (sample), 10800 (measured), or less in tests (facts 3.2)."""
    refresh_ttl: int = 86_400
    refresh_single_use: bool = True

    session_scope: Literal["client", "account", "environment"] = "client"
    """Within which one session lives at a time (facts 3.4)."""
    session_rule: Literal["issue_and_refresh", "issue_only", "none"] = "issue_and_refresh"
    """Which calls end the tokens that were live before."""
    spent_refresh: Literal["refused", "ends_session"] = "refused"
    """A spent refresh token presented again; ``ends_session`` is reuse detection (RFC 9700 4.14)."""

    revoke_dead_token: Literal[200, 400, 404] = 200
    """Answer to the revocation of a token that is dead, unknown or another client's (facts 2.3)."""
    revoke_kills_refresh: bool = True
    revoke_effect: Literal["now", "late", "never"] = "now"
    """``late`` and ``never`` answer 200 as well: a slow server, and one that lies."""
    revoke_late_by: float = 4.0
    revoked_bearer_at_refresh: Literal["refused", "accepted"] = "refused"
    refresh_authorization: Literal["strict", "lenient"] = "strict"
    """``strict``: a refresh without Authorization is 401 (facts 2.2)."""
    regenerate_ends_tokens: bool = True

    wrong_secret: Literal[401, 403, 200] = 401
    """401 with code 01; 403 Forbidden (observed); 200 with code 01 (facts 6.3)."""
    other_environment: Literal["named", "plain"] = "named"
    """Its token used here: ``named``, sandbox on live is 403 and says so, else 401; ``plain``, always 401."""
    cross_host_issue: Literal["rejected", "accepted"] = "rejected"
    expired_code: Literal["02", "401"] = "02"
    raw_authorization: bool = False
    """Also accept ``Authorization: <token>`` without ``Bearer`` (facts 1)."""
    probes_without_token: bool = False
    """The sandbox's habit: read probes without Authorization answer 200 (facts 5)."""

    expires_at_format: Literal[
        "seconds_z",
        "millis_z",
        "offset",
        "naive",
        "missing",
        "micros_z",
        "minutes",
        "epoch_seconds",
        "epoch_millis",
    ] = "seconds_z"
    """The five of facts 11.2, then the rest of facts 3.5. ``minutes`` has no zone and no seconds."""
    envelope: Literal["plain", "status_false", "validation_200"] = "plain"
    """``status_false`` on success; ``validation_200``, failed validation as 200 with code 400 (facts 6.1)."""
    banks_shape: Literal["array", "results"] = "array"
    business_id: bool = True
    """Whether ``businessId`` is sent with tokens (facts 2.1)."""
    role_claim: bool = True
    """Whether access tokens carry an ``R:`` claim (facts 3.1)."""

    rate_limit: Literal["regular", "low_traffic", "elevated", "off"] = "regular"
    """15 POST and 75 other a second; 1 and 25 a minute; 40 and 100 a second (facts 7)."""
    clock_skew: float = 0.0
    """Seconds by which this server's clock is ahead, seen in Date, ``iat``, ``exp``, ``expiresAt``, ULIDs."""
    jwt_exp_offset: int = 0
    """Seconds added to the JWT's ``exp`` alone, to make it disagree with ``expiresAt``."""

    suspended_key: Refusal = Refusal(403, "403", "Forbidden")
    revoked_key: Refusal = Refusal(401, "401", "Unauthorized")
    missing_permission: Refusal = Refusal(403, "403", "Forbidden")

    def __post_init__(self) -> None:
        for name, value in (("access_ttl", self.access_ttl), ("refresh_ttl", self.refresh_ttl)):
            if value < 1:
                raise ValueError(f"'{name}' must be at least 1 second.")
        if self.revoke_late_by < 0:
            raise ValueError("'revoke_late_by' must not be negative.")

    def changed(self, given: object) -> Switches:
        """A copy with the switches that a JSON object names changed. Raises ``BadInputError``."""
        return change(self, given)
