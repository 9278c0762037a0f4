"""What is special about the frozen program (build.spec): its environment."""

from __future__ import annotations

from collections.abc import MutableMapping

#: Set by PyInstaller's start-up for this process only. Where the user had a value, it stands in `NAME_ORIG`.
_OWN = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH", "QT_PLUGIN_PATH", "QML2_IMPORT_PATH")


def restore_environment(environ: MutableMapping[str, str]) -> None:
    """Give the programs we start the user's own environment back, so that a browser doesn't load our libraries.

    This process has what it needs: the system's loader read its path at the start, and Qt finds its plugins beside
    its libraries.
    """
    for name in _OWN:
        before = environ.pop(f"{name}_ORIG", None)
        environ.pop(name, None)
        if before:
            environ[name] = before
    for name in [name for name in environ if name.startswith("_PYI_")]:
        del environ[name]
