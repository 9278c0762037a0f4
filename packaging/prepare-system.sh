#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that a task needs, if any is missing. Quick when none is.
#   packaging/prepare-system.sh GROUP...
# Groups: python (venv), window (Qt's libraries, fonts), display (a virtual screen), test, team (a server for tests to
# start on loopback), bundle, deb (and its check).
set -euo pipefail

# Alternatives (a|b) differ between releases: any installed one will do, else the first that apt knows.
python=(python3-venv)
window=(
    ca-certificates libegl1 libgl1 libxkbcommon0 libdbus-1-3 'libglib2.0-0|libglib2.0-0t64' libfontconfig1
    libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0
    fontconfig-config fonts-dejavu-core fonts-inter fonts-jetbrains-mono
)
display=(xvfb xauth openbox xdotool imagemagick)
test=('dbus-daemon|dbus' 'dbus-bin|dbus' gnome-keyring)
team=('redis-server|valkey-server')
bundle=(binutils)
deb=(fakeroot desktop-file-utils appstream debootstrap lintian)

# A Python of the system has its library in a package of its own; PyInstaller needs that.
if [[ $(readlink -f "$(command -v python3 || true)") =~ ^/usr/bin/(python3\.[0-9]+)$ ]]; then
    bundle+=("lib${BASH_REMATCH[1]}|lib${BASH_REMATCH[1]}t64")
fi

wanted=()
for group in "$@"; do
    case $group in
        python) wanted+=("${python[@]}") ;;
        window) wanted+=("${window[@]}") ;;
        display) wanted+=("${window[@]}" "${display[@]}") ;;
        test) wanted+=("${window[@]}" "${display[@]}" "${test[@]}") ;;
        team) wanted+=("${team[@]}") ;;
        bundle) wanted+=("${window[@]}" "${bundle[@]}") ;;
        deb) wanted+=("${deb[@]}") ;;
        *) echo "prepare-system: no group '$group'" >&2; exit 2 ;;
    esac
done
((${#wanted[@]})) || { echo "prepare-system: name a group" >&2; exit 2; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # Qt's wheels for Windows and macOS bring everything; other Linuxes name their packages otherwise.
    [[ $(uname -s) == Linux ]] && echo "prepare-system: no apt here; what is needed, by Debian's names: ${wanted[*]}" >&2
    exit 0
fi

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
is_installed() { grep -qxF -- "$1" <<<"$installed"; }

missing=()
for entry in "${wanted[@]}"; do
    found=
    for name in ${entry//|/ }; do
        if is_installed "$name"; then found=1; break; fi
    done
    [[ $found ]] || missing+=("$entry")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo -n)
    else
        {
            echo "Some system packages are missing, and installing them needs root. Run this, then try again:"
            echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]%%|*}"
        } >&2
        exit 1
    fi
fi

apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
echo "prepare-system: installing ${missing[*]%%|*}" >&2
"${apt[@]}" update >&2

names=()
for entry in "${missing[@]}"; do
    choice=${entry%%|*}
    for name in ${entry//|/ }; do
        if apt-cache show --no-all-versions "$name" >/dev/null 2>&1; then choice=$name; break; fi
    done
    names+=("$choice")
done
"${apt[@]}" install -y --no-install-recommends "${names[@]}" >&2
