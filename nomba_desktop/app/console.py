"""Entry point of the `nomba` command."""


def main() -> int:
    """Run the command line and return the exit code."""
    raise SystemExit("nomba: not built yet")
