"""Looks at what is in the bundle: `check_bundle.py BUNDLE`. Run by `make bundle`; ends with an error that names it all.

What must be there is there; nothing of the build machine's desktop, of our tests, or unused came along; every
library that anything in it needs is in it too, or is one that the package depends on.
"""

import re
import subprocess
import sys
from pathlib import Path

REQUIRED = (
    "nomba-desktop",
    "nomba",
    "_internal/PySide6/Qt/plugins/platforms/libqxcb.so",
    "_internal/PySide6/Qt/plugins/platforms/libqoffscreen.so",
    "_internal/PySide6/Qt/plugins/imageformats/libqsvg.so",
    "_internal/PySide6/Qt/plugins/iconengines/libqsvgicon.so",
    "_internal/PySide6/Qt/plugins/platformthemes/libqxdgdesktopportal.so",
    "_internal/PySide6/Qt/plugins/xcbglintegrations/libqxcb-egl-integration.so",
    "_internal/nomba_desktop/resources/icons/nomba-desktop.svg",
)
# TLS is Python's own here (httpx); QtNetwork is for the socket of the first window alone, without Qt's TLS plugins.
REQUIRED_PATTERNS = (
    r"_internal/(.*/)?_ssl\.[\w.-]+\.so",
    r"_internal/libssl\.so\.\d",
    r"_internal/libcrypto\.so\.\d",
    r"_internal/(.*/)?_sqlite3\.[\w.-]+\.so",
    r"_internal/cryptography/.*_rust\.[\w.]*so",
    r"_internal/nomba_desktop-[\w.]+\.dist-info/METADATA",
    r"_internal/keyring-[\w.]+\.dist-info/METADATA",
)
UNWANTED = re.compile(
    r"""(?x)
      libgtk | libgdk | libqgtk3 | libpango | libcairo | libgio
    | (^|/)tests?/ | \.py$ | keyrings | pytest | hypothesis | PyInstaller/
    | libQt6(?!Core|DBus|Gui|Network|Svg\.|Widgets|XcbQpa)
    | PySide6/Qt(?!Core|DBus|Gui|Network|Svg|Widgets)\w+\.(abi3|cpython)
    | /(translations|qml)/
    """
)
#: From the packages in packaging/linux/control: libc6, libegl1, libgl1, libxcb1.
FROM_THE_SYSTEM = re.compile(r"ld-linux|lib(c|m|dl|pthread|rt|util|resolv|EGL|GL|xcb)\.so\.\d")
LARGEST_MB = 150


def main(bundle: Path) -> None:
    files = sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if not path.is_dir())
    found = [f"missing: {name}" for name in REQUIRED if name not in files]
    found += [f"missing: {p}" for p in REQUIRED_PATTERNS if not any(re.fullmatch(p, f) for f in files)]
    found += [f"not wanted: {name}" for name in files if UNWANTED.search(name)]
    found += [f"leads nowhere: {name}" for name in files if not (bundle / name).exists()]
    libraries = [bundle / name for name in files if ".so" in name and not (bundle / name).is_symlink()]
    found += unmet(libraries, {path.name for path in bundle.rglob("*.so*")})
    megabytes = sum((bundle / name).lstat().st_size for name in files) / 1e6
    if megabytes > LARGEST_MB:
        found.append(f"{megabytes:.0f} MB, {LARGEST_MB} is the most")
    if found:
        sys.exit("\n".join(["check_bundle:", *found]))
    print(f"bundle: {len(files)} files, {megabytes:.0f} MB")


def unmet(libraries: list[Path], there: set[str]) -> list[str]:
    said = subprocess.run(["objdump", "-p", *libraries], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"^\s+NEEDED\s+(\S+)", said, re.MULTILINE))
    return [f"needed and not there: {n}" for n in sorted(needed - there) if not FROM_THE_SYSTEM.match(n)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
