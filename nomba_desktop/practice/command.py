"""What both commands that start a practice server share: ``python -m nomba_desktop.practice``, ``nomba practice``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

from nomba_desktop.practice.samples import sample_keys
from nomba_desktop.practice.server import PracticeServer


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `serve` knows."""
    parser.add_argument(
        "--port",
        type=_port,
        default=0,
        help="port to listen on; 0 lets the system choose (default: %(default)s)",
    )
    parser.add_argument("--persona", choices=("live", "sandbox"), default="live", help="which host to play")
    parser.add_argument("--samples", action="store_true", help="start with the eleven sample keys")
    parser.add_argument(
        "--samples-file", type=Path, metavar="FILE", help="write the sample keys, with secrets, there"
    )
    parser.add_argument("--admin-token-file", type=Path, metavar="FILE", help="write the admin token there")


def serve(options: argparse.Namespace, announce: Callable[[dict[str, object]], object]) -> None:
    """Serve until SIGINT or SIGTERM. Raises ``OSError`` where the port is taken or a file can't be written.

    ``announce`` gets, once it listens: ``url``, ``keys`` (how many), and ``admin_token`` or ``admin_token_file``.
    """
    keys = sample_keys() if options.samples or options.samples_file else []
    server = PracticeServer(keys=keys, persona=options.persona, port=options.port)
    said: dict[str, object] = {}
    if options.admin_token_file:
        _write_private(options.admin_token_file, server.admin_token + "\n")
        said["admin_token_file"] = str(options.admin_token_file)
    else:
        said["admin_token"] = server.admin_token
    if options.samples_file:
        rows = [
            {
                "name": key.name,
                "role": key.role,
                "state": key.state,
                "client_id": key.client_id,
                "account_id": key.account_id,
                "client_secret": key.client_secret,
            }
            for key in keys
        ]
        _write_private(options.samples_file, json.dumps(rows, indent=2) + "\n")
    server.serve(lambda url: announce({"url": url, **said, "keys": len(keys)}))


def _port(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"invalid int value: {text!r}") from None
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("--port must be between 0 and 65535")
    return number


def _write_private(path: Path, text: str) -> None:
    # A file that is there already may be readable by others: it is replaced, not reused.
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
