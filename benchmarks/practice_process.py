"""Child process: a practice server with `COUNT` keys; prints its address and ends with its standard input."""

from __future__ import annotations

import sys
from random import SystemRandom

from benchmarks.profile import SECRET, seeded_key
from nomba_desktop.adapters.system_clock import SystemClock
from nomba_desktop.practice.keys import PracticeKey
from nomba_desktop.practice.server import PracticeServer, system_sleep
from nomba_desktop.practice.world import PracticeWorld


def main(count: int) -> None:
    keys = [
        PracticeKey(name=key.name, client_id=key.client_id, account_id=key.account_id, client_secret=SECRET)
        for key in (seeded_key(number, 0.0) for number in range(count))
    ]
    with PracticeServer(
        PracticeWorld(SystemClock(), SystemRandom(), sleep=system_sleep), keys=keys
    ) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
