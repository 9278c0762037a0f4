"""`nomba practice`: a practice server in the foreground."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol, TextIO

#: The port that the Practice environment looks at, unless Settings says otherwise.
DEFAULT_PORT = 8484


class Doll(Protocol):
    """The practice server's own command (`nomba_desktop.practice.command`), handed in by `app`."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options, `--port` among them."""
        ...

    def serve(self, options: argparse.Namespace, announce: Callable[[dict[str, object]], object]) -> None:
        """Serve until interrupted; `announce` gets `url` and `keys`. Raises `OSError`."""
        ...


class PracticeCommand:
    """Starts a local Nomba to play against, and says in one line where it listens and how to use it."""

    name = "practice"
    summary = (
        "Serve a practice Nomba on 127.0.0.1 until interrupted; keys and tokens are worth nothing elsewhere."
    )

    def __init__(self, server: Callable[[], Doll], out: TextIO, err: TextIO) -> None:
        self._server, self._out, self._err = server, out, err

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """The practice server's options, with a fixed port for a default."""
        self._server().add_options(parser)
        parser.set_defaults(port=DEFAULT_PORT)

    def run(self, options: argparse.Namespace) -> int:
        """Serve; 1 when it could not start."""
        try:
            self._server().serve(options, self._announce)
        except OSError as error:
            hint = "" if error.filename else " Is the port taken? Choose another with --port."
            print(
                f"The practice server could not start: {error.strerror or error}.{hint}",
                file=self._err,
                flush=True,
            )
            return 1
        except KeyboardInterrupt:
            pass
        return 0

    def _announce(self, said: dict[str, object]) -> None:
        url, keys = said["url"], said["keys"]
        place = "the environment Practice of Nomba Desktop"
        if url != f"http://127.0.0.1:{DEFAULT_PORT}":
            place += " (set this address for it in Settings)"
        use = (
            f"with {keys} keys: add them to {place}"
            if keys
            else f"without keys: --samples-file FILE makes some for {place} and writes their secrets there"
        )
        print(f"Practice server on {url} {use}. Ctrl+C ends it.", file=self._out, flush=True)
