"""Where this program keeps its files, and under which name its keyring entries."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

APP = "nomba-desktop"
#: A profile of its own below this directory: data, config, keyring entries (docs/command-line.md).
PROFILE_VARIABLE = "NOMBA_PROFILE_DIR"


@dataclass(frozen=True, slots=True)
class Paths:
    """Directories of one profile, private to the user (0700). `keyring` names the profile's keyring entries."""

    data: Path
    config: Path
    keyring: str = "default"

    @property
    def database(self) -> Path:
        """Inventory and sealed sessions."""
        return self.data / "nomba.sqlite3"

    @property
    def locks(self) -> Path:
        """Lock files, one per session; never deleted."""
        return self.data / "locks"

    @property
    def settings(self) -> Path:
        """Settings, TOML."""
        return self.config / "settings.toml"


def window_socket(paths: Paths) -> str:
    """Where the profile's first window listens for later starts.

    A file in the private data directory; a name of its own where such a path is too long (108 bytes on Linux) or
    sockets have no paths (Windows).
    """
    path = str(paths.data / "window.sock")
    if os.name == "posix" and len(os.fsencode(path)) < 100:
        return path
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    return f"{APP}-{hashlib.sha256(f'{user}|{path}'.encode()).hexdigest()[:24]}"


def may_be_running(socket: str) -> bool:
    """Whether it is worth asking: without its file nobody listens there."""
    path = Path(socket)
    return not path.is_absolute() or path.exists()


def user_paths(environ: Mapping[str, str] = os.environ) -> Paths:
    """The profile that the environment names, else the directories the platform has for this user."""
    if profile := environ.get(PROFILE_VARIABLE):
        return profile_paths(Path(profile))
    import platformdirs

    return Paths(
        Path(platformdirs.user_data_dir(APP, appauthor=False, roaming=False)),
        Path(platformdirs.user_config_dir(APP, appauthor=False, roaming=False)),
    )


def paths_below(root: Path) -> Paths:
    """The same directories below `root`: the demo's, a test's."""
    return Paths(root / "data", root / "config")


def profile_paths(root: Path) -> Paths:
    """A profile below `root`: its keyring entries are named after the directory, however it is spelled."""
    place = os.path.realpath(root)
    name = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
    return Paths(Path(place) / "data", Path(place) / "config", f"dir-{name}")
