"""Where this program keeps its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

APP = "nomba-desktop"


@dataclass(frozen=True, slots=True)
class Paths:
    """Directories of one profile. All are private to the user (0700)."""

    data: Path
    config: Path

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


def user_paths() -> Paths:
    """The directories the platform has for this user."""
    import platformdirs

    return Paths(
        Path(platformdirs.user_data_dir(APP, appauthor=False, roaming=False)),
        Path(platformdirs.user_config_dir(APP, appauthor=False, roaming=False)),
    )


def paths_below(root: Path) -> Paths:
    """The same directories below `root`: the demo's, a test's."""
    return Paths(root / "data", root / "config")
