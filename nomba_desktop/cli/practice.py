"""`nomba practice`: a practice server in the foreground."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol

from nomba_desktop.cli.report import Told, refuse, write_json
from nomba_desktop.cli.terminal import Terminal

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
    takes_command = False

    def __init__(self, server: Callable[[], Doll], terminal: Terminal) -> None:
        self._server, self._terminal = server, terminal

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """The practice server's options, with a fixed port for a default."""
        self._server().add_options(parser)
        parser.set_defaults(port=DEFAULT_PORT)

    def run(self, options: argparse.Namespace) -> int:
        """Serve; being interrupted is its good end."""
        try:
            self._server().serve(options, lambda said: self._announce(said, as_json=options.json))
        except OSError as error:
            hint = "" if error.filename else "Is the port taken? Choose another with --port."
            sentence = f"{error.strerror or error}."
            return refuse(
                self._terminal,
                self.name,
                options.json,
                Told("ND-000", "The practice server could not start", sentence, hint),
            )
        except KeyboardInterrupt:
            pass
        return 0

    def _announce(self, said: dict[str, object], *, as_json: bool) -> None:
        url, keys = said["url"], said["keys"]
        if as_json:
            write_json(self._terminal, self.name, None, {"url": url, "keys": keys})
            return
        place = "the environment Practice of Nomba Desktop"
        if url != f"http://127.0.0.1:{DEFAULT_PORT}":
            place += " (set this address for it in Settings)"
        use = (
            f"with {keys} keys: add them to {place}"
            if keys
            else f"without keys: --samples-file FILE makes some for {place} and writes their secrets there"
        )
        self._terminal.write(f"Practice server on {url} {use}. Ctrl+C ends it.\n")
