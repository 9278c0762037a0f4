"""Why was I refused? From a refusal to one named cause, with at most two further reads (facts 6.3).

Pure: `judge` says which read to make next, or names the cause. A 200 in an environment that answers without a token
counts only when the same read without a token is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nomba_desktop.domain.answers import CallContext
from nomba_desktop.domain.causes import Cause, Explanation, named
from nomba_desktop.domain.probes import liveness_probes
from nomba_desktop.domain.record import StopKind
from nomba_desktop.domain.refusal import Known, Observation, Question, Refusal

#: Further reads for one explanation.
MAX_REQUESTS = 2
#: Seconds that two clocks may differ before a difference explains anything.
CLOCK_OFF = 60.0
#: Up to this generation a key that was never accepted may have been wrong from the start: each renewal by a
#: refresh needed a token that counted.
FEW_SIGN_INS = 3
#: Where no 200 counts, a token refused this many seconds after its issue was refused from the start.
FROM_THE_START = 60.0

Seen = Mapping[Question, Observation]
_NOTHING = Observation()
_NAMES_ENVIRONMENT = re.compile(
    r"\b(sandbox|test|live|production)\s+(access\s+)?(token|key|credential)", re.IGNORECASE
)
_SILENT = "Nothing that could be asked tells the causes apart."


def judge(refusal: Refusal, known: Known, seen: Seen) -> Question | Explanation:
    """The next read, or the cause. With `MAX_REQUESTS` observations it is always the cause."""
    plain = _at_once(refusal, known)
    if plain is not None:
        return plain
    if refusal.context is CallContext.ISSUE:
        return _sign_in_refused(refusal, known, seen)
    if refusal.status == 403:
        return _forbidden(refusal, known, seen)
    if refusal.status == 401:
        return _unauthorized(refusal, known, seen)
    return named(Cause.UNKNOWN, refusal.line())


def _at_once(refusal: Refusal, known: Known) -> Explanation | None:
    """What needs no further look."""
    if refusal.html:
        return named(
            Cause.BLOCKED,
            f"The answer {refusal.status} was a web page; Nomba itself answers in JSON.",
            "Nomba never saw the request, so nothing is known about the key or the token.",
        )
    if _NAMES_ENVIRONMENT.search(refusal.words):
        return named(
            Cause.WRONG_ENVIRONMENT, refusal.line(), f"The key is recorded under {known.environment}."
        )
    if known.stop is not StopKind.NONE:
        return named(Cause.ENDED_HERE, f"The key is {known.stop.value} here.", refusal.line())
    if refusal.context is CallContext.ISSUE:
        return None
    if refusal.generation is not None and refusal.generation < known.generation:
        newer = known.generation - refusal.generation
        return named(
            Cause.ENDED_HERE,
            f"The refused token is number {refusal.generation}; since then it was renewed {newer}×.",
            "Nomba keeps one session: a newer token ends the one before.",
        )
    if known.displaced_by:
        return named(
            Cause.ENDED_HERE, f"“{known.displaced_by}” of this app signed in and ended this session."
        )
    if known.signed_out:
        return named(
            Cause.ENDED_HERE, "The key was signed out here, and its token was ended.", refusal.line()
        )
    return None


# -- 401 on a token ----------------------------------------------------------------------------------------------------


def _unauthorized(refusal: Refusal, known: Known, seen: Seen) -> Question | Explanation:
    over = _over(refusal, known)
    if over is not None:
        return over
    if known.has_token and known.claimed_account:
        other = _other_account(known, seen)
        if other is not None:
            return other
    if not known.has_token:
        return _ended(refusal, known)
    ask = Question(_own_path(known), known.account_id)
    again = _look(seen, ask)
    if again is None:
        return ask
    if again.status == 200:
        return _accepted_after_all(refusal, known, seen, ask)
    return _of_observation(again, known) or _ended(refusal, known)


def _over(refusal: Refusal, known: Known) -> Explanation | None:
    """Expired, by this clock, by the server's, or by the server's words; or the clocks disagree about it."""
    end = known.claims.expires_at if known.claims else None
    at_server = None if refusal.offset is None else known.now + refusal.offset
    over_there = end is not None and at_server is not None and at_server >= end
    alive_there = end is not None and at_server is not None and at_server < end - CLOCK_OFF
    over_here = 0 < known.expires_at <= known.now
    said = refusal.code == "02" or "expired" in refusal.words.lower()
    if not (said or over_there or (over_here and not alive_there)):
        return None
    moved = _clock_moved(refusal, known)
    if not over_here and abs(moved) > CLOCK_OFF:
        way = "back" if moved > 0 else "forward"
        return named(
            Cause.CLOCK,
            f"This computer's clock was set {way} by about {_span(abs(moved))} since the sign-in.",
            "By Nomba's clock the token is over; by this computer's it is not.",
        )
    if over_here:
        return named(Cause.EXPIRED, f"It ended {_span(known.now - known.expires_at)} ago.", refusal.line())
    left = f"This app counted {_span(known.expires_at - known.now)} left." if known.expires_at else ""
    return named(Cause.EXPIRED, refusal.line(), left)


def _clock_moved(refusal: Refusal, known: Known) -> float:
    """How far the offset to the server's clock changed since the token was issued, in seconds."""
    issued = known.claims.issued_at if known.claims else None
    if issued is None or not known.issued_at or refusal.offset is None:
        return 0.0
    return refusal.offset - (issued - known.issued_at)


def _accepted_after_all(refusal: Refusal, known: Known, seen: Seen, ask: Question) -> Question | Explanation:
    counts = _counts(known, seen, ask)
    if isinstance(counts, Question):
        return counts
    if counts and refusal.context is CallContext.USE and known.generation > 1:
        return named(
            Cause.ENDED_HERE,
            "The token at hand is accepted: 200 just now.",
            "So an older token was refused; this app has renewed it since.",
            certain=False,
        )
    told = "The token at hand is accepted: 200 just now." if counts else _proves_nothing(known)
    return named(Cause.UNKNOWN, told, refusal.line())


def _ended(refusal: Refusal, known: Known) -> Explanation:
    """A dead token that did not expire: wrong from the start, or ended since."""
    alike = "No token of this key was ever accepted here"
    if _never_counted(known) and known.claimed_account and not known.has_token:
        return named(Cause.WRONG_ACCOUNT, f"{alike}, and the token names another account.", certain=False)
    if _never_counted(known):
        return named(
            Cause.WRONG_ENVIRONMENT,
            f"{alike}, although signing in works: Nomba may sign in a key of the other environment.",
            refusal.line(),
            certain=False,
        )
    left = known.expires_at - known.now
    return named(
        Cause.ENDED_ELSEWHERE,
        f"The token had {_span(left)} left." if left > 0 else "",
        "This app did not end it and did not renew it.",
        "Ruled out: expiry, a stop here, a newer token here.",
        refusal.line(),
        certain=known.certain_theft,
    )


def _never_counted(known: Known) -> bool:
    if known.ever_accepted or known.generation > FEW_SIGN_INS or not known.issued_at:
        return False
    return not known.answers_without_token or known.now - known.issued_at <= FROM_THE_START


# -- 403 on a token ----------------------------------------------------------------------------------------------------


def _forbidden(refusal: Refusal, known: Known, seen: Seen) -> Question | Explanation:
    if not known.has_token:
        return named(Cause.UNKNOWN, refusal.line(), "There is no token at hand to ask further with.")
    if known.claimed_account:
        other = _other_account(known, seen)
        if other is not None:
            return other
    asked = (refusal.path or "").partition("?")[0]
    for probe in liveness_probes(known.role):
        if probe.path.partition("?")[0] == asked:
            continue
        ask = Question(probe.path, known.account_id)
        answer = _look(seen, ask)
        if answer is None:
            return ask
        if answer.status == 200:
            return _permitted_elsewhere(refusal, known, seen, ask)
        if answer.status == 401:
            return _ended(refusal, known)
        of_answer = _of_observation(answer, known)
        if of_answer is not None and of_answer.cause is not Cause.KEY_STOPPED:
            return of_answer
        if len(seen) >= MAX_REQUESTS:
            break
    refused = [f"GET {q.path}: 403" for q, o in seen.items() if o.status == 403 and q.bearer]
    if not refused:
        return named(Cause.UNKNOWN, refusal.line(), _SILENT)
    return named(
        Cause.KEY_STOPPED, "Further reads are refused as well: " + ", ".join(refused) + ".", certain=False
    )


def _permitted_elsewhere(refusal: Refusal, known: Known, seen: Seen, ask: Question) -> Question | Explanation:
    counts = _counts(known, seen, ask)
    if isinstance(counts, Question):
        return counts
    if not counts:
        return named(Cause.UNKNOWN, refusal.line(), _proves_nothing(known))
    what = f" GET {refusal.path} is not permitted." if refusal.path else ""
    return named(
        Cause.PERMISSION,
        f"The same token is allowed GET {ask.path}: token, account and environment are right.{what}",
        refusal.line(),
        f"Recorded role: {known.role.value}.",
    )


# -- signing in was refused --------------------------------------------------------------------------------------------


def _sign_in_refused(refusal: Refusal, known: Known, seen: Seen) -> Question | Explanation:
    if known.secret is not None and known.secret.remarks:
        return named(
            Cause.WRONG_SECRET, *known.secret.remarks, refusal.line(), certain=known.secret.white_space
        )
    if known.twin:
        return named(
            Cause.WRONG_ENVIRONMENT,
            f"“{known.twin}” signed in with this client ID in another environment.",
            refusal.line(),
        )
    if known.has_token:
        ask = Question(_own_path(known), known.account_id)
        answer = _look(seen, ask)
        if answer is None:
            return ask
        if answer.status == 200:
            counts = _counts(known, seen, ask)
            if isinstance(counts, Question):
                return counts
            if counts:
                return named(
                    Cause.WRONG_SECRET,
                    "Its present token is accepted with this account ID, so the key is alive; only the secret is not.",
                    refusal.line(),
                )
        elif answer.status == 403 and known.claimed_account and not answer.html:
            other = _other_account(known, seen)
            if other is not None:
                return other
        of_answer = _of_observation(answer, known)
        if of_answer is not None:
            return of_answer
    return _likeliest_at_sign_in(refusal, known)


def _likeliest_at_sign_in(refusal: Refusal, known: Known) -> Explanation:
    shape = (
        f"The secret looks right: {known.secret.length} characters, no white space." if known.secret else ""
    )
    if refusal.code == "01" or refusal.status == 200:
        return named(
            Cause.WRONG_SECRET,
            refusal.line(),
            "The code 01 means that client ID and secret don't belong together, or not to this environment.",
            shape,
            certain=False,
        )
    if known.claimed_account:
        return named(
            Cause.WRONG_ACCOUNT, "The last token named another account than the recorded one.", certain=False
        )
    if known.generation > 0:
        return named(Cause.KEY_STOPPED, "This key signed in before.", refusal.line(), shape, certain=False)
    if known.account_seen:
        return named(
            Cause.WRONG_SECRET,
            f"The account ID is right: “{known.account_seen}” is accepted with it.",
            refusal.line(),
            shape,
            certain=False,
        )
    return named(
        Cause.WRONG_ACCOUNT,
        refusal.line(),
        "This key never signed in here. A sub-account's ID gets this answer; so may a wrong secret.",
        shape,
        certain=False,
    )


# -- looking -----------------------------------------------------------------------------------------------------------


def _look(seen: Seen, question: Question) -> Observation | None:
    """What was seen; None where it may still be asked; nothing where the requests are used up."""
    if question in seen:
        return seen[question]
    return _NOTHING if len(seen) >= MAX_REQUESTS else None


def _counts(known: Known, seen: Seen, question: Question) -> bool | Question:
    """Whether the 200 to this question says anything; or the control that has to be asked first (facts 5)."""
    if not known.answers_without_token:
        return True
    control = Question(question.path, question.account_id, bearer=False)
    answer = _look(seen, control)
    if answer is None:
        return control
    return answer.status in (401, 403) and not answer.html


def _other_account(known: Known, seen: Seen) -> Question | Explanation | None:
    """Whether the account that the token names is the right one: the question, the proof, or no help."""
    ask = Question(_own_path(known), known.claimed_account)
    answer = _look(seen, ask)
    if answer is None:
        return ask
    if answer.status != 200:
        return None
    counts = _counts(known, seen, ask)
    if isinstance(counts, Question):
        return counts
    if not counts:
        return None
    return named(
        Cause.WRONG_ACCOUNT,
        "With the account that the token names, the same read is answered 200; with the recorded one it is refused.",
        f"The token names {known.claimed_account}; recorded is {known.account_id}.",
    )


def _of_observation(answer: Observation, known: Known) -> Explanation | None:
    """What a second refusal says by itself."""
    refusal = Refusal(answer.status, answer.code, answer.words, answer.html)
    if answer.html:
        return _at_once(refusal, known)
    if _NAMES_ENVIRONMENT.search(answer.words):
        return named(Cause.WRONG_ENVIRONMENT, refusal.line())
    if answer.status == 401 and answer.code == "02":
        return named(Cause.EXPIRED, refusal.line())
    if answer.status == 403:
        return named(Cause.KEY_STOPPED, "Its token is refused as well.", refusal.line(), certain=False)
    return None


def _own_path(known: Known) -> str:
    return liveness_probes(known.role)[0].path


def _proves_nothing(known: Known) -> str:
    return f"{known.environment} answers without a token as well, so its 200 proves nothing. {_SILENT}"


def _span(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"
