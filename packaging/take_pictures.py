"""Takes pictures of the running practice window: starts it, clicks and types with xdotool, grabs the screen.

Runs on a virtual screen of 1280 x 800 (packaging/demo.sh). The program doesn't know that it is photographed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time  # noqa: TID251 - a person at the screen waits for real
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROW = 46
FIRST_ROW = 108
#: The button at the bottom of the panel.
REVOKE = (1222, 744)
#: Rows as the practice window shows them: who needs a person first, then by name.
ROWS = (
    "Agent banking (old)",
    "Branch kiosk",
    "First gateway",
    "Virtual accounts",
    "Checkout web",
    "Coastal pilot",
    "Payouts service",
)


def xdotool(*words: str) -> None:
    """Move, click and type as a person would."""
    subprocess.run(["xdotool", *words], check=True)


def settle(seconds: float = 0.7) -> None:
    """Give the window the time a person would give it."""
    time.sleep(seconds)


def click(x: int, y: int) -> None:
    """One click of the left button, then off the table."""
    xdotool("mousemove", str(x), str(y), "click", "1")
    settle(0.2)
    xdotool("mousemove", "640", "790")


def choose(name: str) -> None:
    """Choose a row of the table."""
    click(400, FIRST_ROW + ROW * ROWS.index(name))
    settle(1.2)


def type_text(text: str) -> None:
    """Type into what has the focus."""
    xdotool("type", "--delay", "4", text)


@contextmanager
def practice_window(*options: str) -> Iterator[None]:
    """The practice window, with its sample keys ready."""
    command = [sys.executable, "-m", "nomba_desktop.app.demo", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        said = program.stdout.readline()
        if "Practice window" not in said:
            program.kill()
            sys.exit(f"take_pictures: the practice window did not come up: {said!r}")
        settle(1.5)
        try:
            yield
        finally:
            program.terminate()
            program.wait(20)
    if program.returncode:
        sys.exit(f"take_pictures: the practice window ended with {program.returncode}")


class Album:
    """Where the pictures go."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.taken: list[Path] = []

    def grab(self, name: str) -> None:
        """The whole screen, as a PNG."""
        path = self._out / f"{name}.png"
        subprocess.run(["import", "-window", "root", str(path)], check=True)
        self.taken.append(path)


def key_form() -> None:
    """Fill the form half, with a client ID that lost its end."""
    xdotool("key", "ctrl+n")
    settle()
    xdotool("key", "Tab", "space", "Tab")
    type_text("Payouts service")
    xdotool("key", "Tab", "Tab")
    type_text("890022ce-bae0-45c1-9b9d-ee7872e6ca27")
    xdotool("key", "Tab")
    type_text("2242b79d-f2cf-4ccc-ada1")
    xdotool("key", "Tab")
    type_text("cHJhY3RpY2UtcHJhY3RpY2UtcHJhY3RpY2UtcHJhY3RpY2UtcHJhY3RpY2UtcHJhY3RpY2UtcHJhY3RpY2U4OA==")
    xdotool("key", "Tab", "Tab", "space")
    settle()


def take(album: Album) -> None:
    """Every picture."""
    with practice_window("--theme", "light"):
        choose("Payouts service")
        album.grab("main-light")
        choose("Branch kiosk")
        album.grab("taken-elsewhere-light")
        choose("Virtual accounts")
        album.grab("refresh-failing-light")
        choose("Payouts service")
        key_form()
        album.grab("add-key-light")
        xdotool("key", "Escape")
        settle()
        click(*REVOKE)
        settle()
        album.grab("revoke-light")
        xdotool("key", "Escape")
        settle()
        xdotool("key", "ctrl+i")
        settle()
        album.grab("inspect-light")
        xdotool("key", "ctrl+comma")
        settle()
        album.grab("settings-light")
    with practice_window("--theme", "dark"):
        choose("Payouts service")
        album.grab("main-dark")
        choose("Branch kiosk")
        album.grab("taken-elsewhere-dark")
        choose("Payouts service")
        key_form()
        album.grab("add-key-dark")
    with practice_window("--theme", "light", "--empty"):
        album.grab("first-run-light")


def main() -> int:
    """Take them all and say where they are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("build/screens"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    album = Album(options.out)
    take(album)
    print(f"{len(album.taken)} pictures in {options.out.resolve()}:")
    for path in album.taken:
        print(f"  {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
