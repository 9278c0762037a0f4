"""Every exit code of `nomba`, in one table: the program, its documentation and the tests go by it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exit:
    """A code, its stable name, what it means, and the references of the errors that lead to it."""

    code: int
    name: str
    meaning: str
    references: tuple[str, ...] = ()


OK = Exit(0, "ok", "Done.")
FAILED = Exit(
    1, "failed", "It failed for a reason without a code of its own.", ("ND-000", "ND-100", "ND-200", "ND-999")
)
USAGE = Exit(
    2,
    "usage",
    "Asked wrongly: an unknown option, a value missing, a secret as an argument, a token for a terminal "
    "without --show.",
    ("ND-600", "ND-601"),
)
INTERRUPTED = Exit(130, "interrupted", "Ctrl+C. A call under way may still have reached Nomba.", ("ND-607",))
CHECKS_FAILED = Exit(28, "checks_failed", "`nomba doctor` found something wrong.", ("ND-604",))

EXITS: tuple[Exit, ...] = (
    OK,
    FAILED,
    USAGE,
    Exit(3, "not_found", "No key has that name, client ID or start of one.", ("ND-401",)),
    Exit(4, "ambiguous", "More than one key has it; the candidates are named.", ("ND-602",)),
    Exit(5, "refused", "Nomba refused the client ID, the secret, the token or a field.",
         ("ND-110", "ND-111", "ND-114")),
    Exit(6, "forbidden", "Nomba, or something in front of it, forbids this key or this computer.",
         ("ND-112", "ND-113")),
    Exit(7, "offline", "No connection, no answer in time, or the connection broke off.",
         ("ND-101", "ND-102", "ND-103")),
    Exit(8, "try_later", "Nomba asks to slow down, has a problem, or its answer can't be read.",
         ("ND-104", "ND-105", "ND-106")),
    Exit(9, "unsafe", "The server's certificate was not accepted; nothing was sent.", ("ND-107",)),
    Exit(10, "keyring_locked", "The keyring is locked.", ("ND-301",)),
    Exit(11, "keyring_absent", "This computer has no keyring.", ("ND-303",)),
    Exit(12, "keyring_denied", "The keyring refused.", ("ND-300", "ND-302")),
    Exit(13, "keyring_hung", "The keyring does not answer.", ("ND-304",)),
    Exit(14, "secret_unusable", "The secret is missing, too long, or belongs to another place.",
         ("ND-305", "ND-306", "ND-307")),
    Exit(15, "held_elsewhere", "Another program is signing in with the key and has not finished.", ("ND-203",)),
    Exit(16, "ask_first", "A person has to agree: repeat it with --yes.", ("ND-205",)),
    Exit(17, "stopped", "The key is suspended or revoked.", ("ND-202",)),
    Exit(18, "taken_elsewhere", "The session was ended outside this app.", ("ND-204",)),
    Exit(19, "displaced", "Two keys end each other's session.", ("ND-209",)),
    Exit(20, "signed_out", "The key is signed out: `nomba sign-in`.", ("ND-201",)),
    Exit(21, "latched", "Nomba refused for good; nothing is tried until a person signs in again.", ("ND-208",)),
    Exit(22, "waiting", "Too early for the next try (back-off or budget, shared by all programs).",
         ("ND-206", "ND-207")),
    Exit(23, "store_unavailable", "The local store can't be used.", ("ND-320", "ND-321")),
    Exit(24, "store_damaged", "The local store, or a session in it, can't be read.", ("ND-322", "ND-323")),
    Exit(25, "settings", "The settings file has a mistake.", ("ND-330",)),
    Exit(26, "fields", "What was entered can't be used; each field has its sentence.", ("ND-400", "ND-410")),
    Exit(27, "end_owed", "Signed out here, but the token's end at Nomba is not proved yet.", ("ND-603",)),
    CHECKS_FAILED,
    Exit(29, "team", "The team cache is away, lost something, or waits for a desktop that knows the session.",
         ("ND-210", "ND-211", "ND-212")),
    Exit(30, "log_broken", "The activity log is not as it was written; the first broken entry is named.",
         ("ND-340",)),
    Exit(126, "not_executable", "`nomba exec`: the command can't be run.", ("ND-605",)),
    Exit(127, "no_such_command", "`nomba exec`: there is no such command.", ("ND-606",)),
    INTERRUPTED,
    Exit(141, "output_lost", "What was to be written found no reader.", ("ND-608",)),
)  # fmt: skip

_BY_REFERENCE = {reference: row for row in EXITS for reference in row.references}


def exit_of(reference: str) -> Exit:
    """The row of an error's reference."""
    return _BY_REFERENCE.get(reference, FAILED)
