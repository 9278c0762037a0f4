"""Entry point of the window."""


def main() -> int:
    """Open the window and return the exit code."""
    raise SystemExit("nomba-desktop: not built yet")
