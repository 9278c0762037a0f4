"""The one place where the command line takes a secret out of its wrapping: for standard output, for a child."""

from __future__ import annotations

from collections.abc import Mapping

from nomba_desktop.cli.problems import NotToATerminal
from nomba_desktop.cli.terminal import Terminal
from nomba_desktop.domain.secret import Secret

TOKEN = "NOMBA_ACCESS_TOKEN"
ACCOUNT = "NOMBA_ACCOUNT_ID"
BASE_URL = "NOMBA_BASE_URL"


def check_screen(terminal: Terminal, *, show: bool) -> None:
    """Raises `NotToATerminal` before anything is done for a token that may not be written."""
    if terminal.shows_output and not show:
        raise NotToATerminal("Standard output is a terminal.")


def plain(secret: Secret) -> str:
    """The value itself."""
    return secret.reveal()


def is_plain(secret: Secret) -> bool:
    """Whether only visible ASCII is inside, as in the form of the window."""
    return all("!" <= ch <= "~" for ch in plain(secret))


def environment(before: Mapping[str, str], token: Secret, account_id: str, base_url: str) -> dict[str, str]:
    """A child's environment."""
    return {**before, TOKEN: plain(token), ACCOUNT: account_id, BASE_URL: base_url}
