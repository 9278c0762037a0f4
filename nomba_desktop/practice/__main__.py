"""``python -m nomba_desktop.practice``: a practice server in the foreground."""

from __future__ import annotations

import argparse
import json
import sys

from nomba_desktop.practice.command import add_options, serve


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted. One JSON line on stdout says where; the admin token too, unless to a file."""
    parser = argparse.ArgumentParser(
        prog="practice server", description="A local stand-in for Nomba's API, on 127.0.0.1 only."
    )
    add_options(parser)
    options = parser.parse_args(arguments)
    try:
        serve(options, lambda said: print(json.dumps(said), flush=True))
    except OSError as error:
        print(f"The practice server could not start: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
