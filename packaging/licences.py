"""The licence texts of everything in the bundle: `licences.py BUNDLE TARGET`.

Python packages of requirements.lock bring theirs; for libraries taken from Debian it is their package's copyright
file; Python's own and Qt's (LGPL-3, GPL-3) come from the system. What has no text ends this with an error.
"""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMON = Path("/usr/share/common-licenses")
TEXT = re.compile(r"(?i)(^|/)(licen[cs]e|copying|notice|authors)[^/]*$|/licenses/[^/]+$")
#: Their wheels have no texts; what they say themselves, and where the text is.
BY_NAME = {
    "pyside6-essentials": ("LGPL-3", "GPL-3"),
    "shiboken6": ("LGPL-3", "GPL-3"),
}


def main(bundle: Path, target: Path) -> None:
    missing = [
        *python_packages(target),
        *system_libraries(bundle / "_internal", target),
        *python_itself(target),
    ]
    if missing:
        sys.exit(f"licences: no licence text found for: {', '.join(sorted(missing))}")


def python_packages(target: Path) -> list[str]:
    names = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    missing = []
    for name in [*names, "pyinstaller"]:
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system or Python
        texts = [Path(str(found.locate_file(file))) for file in found.files or [] if TEXT.search(str(file))]
        texts += [COMMON / text for text in BY_NAME.get(name.lower().replace("_", "-"), ())]
        texts = [text for text in texts if text.is_file()]
        keep(texts, target / name.lower())
        if not texts:
            missing.append(name)
    return missing


def system_libraries(internal: Path, target: Path) -> list[str]:
    missing = []
    for library in sorted(internal.glob("*.so*")):
        if library.is_symlink() or library.name.startswith("libpython") or ".cpython-" in library.name:
            continue
        owner = subprocess.run(
            ["dpkg-query", "--search", f"*/{library.name}"], capture_output=True, text=True, check=False
        ).stdout.partition(":")[0]
        text = Path("/usr/share/doc") / owner / "copyright"
        if owner and text.is_file():
            keep([text], target / owner)
        else:
            missing.append(library.name)
    return missing


def python_itself(target: Path) -> list[str]:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = [
        Path(sysconfig.get_path("stdlib")) / "LICENSE.txt",
        Path("/usr/share/doc") / version / "copyright",
        Path("/usr/share/doc") / f"lib{version}" / "copyright",
    ]
    text = next((place for place in places if place.is_file()), None)
    if text:
        keep([text], target / "python")
    return [] if text else ["Python"]


def keep(texts: list[Path], folder: Path) -> None:
    for text in texts:
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / text.name
        if copy.exists() and copy.read_bytes() != text.read_bytes():
            copy = folder / f"{text.parent.name}-{text.name}"
        shutil.copyfile(text, copy)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
