"""The shortest way to a token: one select for the key, one for its record, one entry of the keyring, one decrypt.

No loop, no lock, no service, no library but SQLite, the seal and the keyring. Whatever is not simply at hand is None,
and the services are opened instead; what is handed out is judged by the same `look` as theirs.
"""

from __future__ import annotations

from collections.abc import Callable

from nomba_desktop.adapters.cache_key_entry import service_of_cache_key, text_to_cache_key
from nomba_desktop.adapters.quick_keyring import ask_quickly
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.app.paths import Paths
from nomba_desktop.cli.quick import QuickToken
from nomba_desktop.cli.select import find
from nomba_desktop.domain.environments import LIVE, SANDBOX
from nomba_desktop.domain.errors import NombaDesktopError
from nomba_desktop.domain.renewal import DEFAULT_POLICY, refresh_margin

_ADDRESSES = {place.host: place.base_url for place in (LIVE, SANDBOX)}


class QuickFiles:
    """`Quick` on a profile's files. What was tried in vain is not tried again: the services are opened anyway."""

    def __init__(
        self,
        paths: Paths,
        ask: Callable[[str], Callable[[], str | None]] = ask_quickly,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._paths, self._ask, self._now = paths, ask, now or SystemClock().now
        self._in_vain = False

    def token(self, key: str, min_life: float | None = None) -> QuickToken | None:
        """The token at hand, read after the keyring answered: as late as can be."""
        if self._in_vain:
            return None
        try:
            found = self._found(key, min_life)
        except NombaDesktopError:
            found = None
        self._in_vain = found is None
        return found

    def names(self) -> list[str] | None:
        """The names of all keys; none where there is no store yet."""
        from nomba_desktop.adapters.sqlite_quick import QuickStore

        try:
            with QuickStore(self._paths.database) as store:
                return [key.name for key in store.key_rows()]
        except NombaDesktopError:
            return None

    def _found(self, text: str, min_life: float | None) -> QuickToken | None:
        if not self._paths.database.exists():
            return None
        entry = self._ask(service_of_cache_key(self._paths.keyring))
        from nomba_desktop.adapters.sqlite_quick import QuickStore  # while the keyring looks
        from nomba_desktop.domain.record import Verdict, look

        with QuickStore(self._paths.database) as store:
            key = find(store.key_rows(), text)
            cache_key = entry()
            if cache_key is None:
                return None
            record = store.record(key.session_id, text_to_cache_key(cache_key))
        tokens = record.tokens
        if tokens is None:
            return None
        least = min(DEFAULT_POLICY.min_life, refresh_margin(tokens.life)) if min_life is None else min_life
        if look(record, self._now(), least) is not Verdict.USABLE:
            return None
        return QuickToken(tokens.access, key.account_id, _ADDRESSES.get(key.host, ""))
