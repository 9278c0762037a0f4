"""Entry point of the window: `nomba-desktop`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nomba_desktop.app.world import World


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window and return the exit code."""
    parser = argparse.ArgumentParser(prog="nomba-desktop", description="Keeps Nomba API keys signed in.")
    parser.add_argument(
        "--practice", action="store_true", help="play with sample keys on a practice server; nothing is kept"
    )
    parser.add_argument("--selftest", action="store_true", help="test this installation, print JSON, and end")
    options, rest = parser.parse_known_args(arguments)
    if options.selftest:
        from nomba_desktop.app.selftest import run as selftest

        return selftest(rest)
    if options.practice:
        from nomba_desktop.app.demo import main as demo

        return demo(rest)
    if rest:
        parser.error(f"unknown argument: {rest[0]}")

    from nomba_desktop.app.opening import run_window
    from nomba_desktop.app.paths import may_be_running, user_paths, window_socket

    socket = window_socket(user_paths())
    if may_be_running(socket):
        from nomba_desktop.ui.platform.single_instance import raise_first

        if raise_first(socket, list(arguments or sys.argv[1:])):
            return 0
    return run_window(_world, socket=socket)


def _world() -> World:
    from nomba_desktop.app.world import real_world

    return real_world("window")


if __name__ == "__main__":
    sys.exit(main())
