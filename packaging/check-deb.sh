#!/usr/bin/env bash
# The proof that the package stands alone: a fresh machine root of this Debian without Python, the .deb installed
# there with apt, its self-test under a virtual screen with a real Secret Service, and its removal. Needs root.
#   packaging/check-deb.sh [PACKAGE]
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD

if [[ ${1:-} == --inside ]]; then # PACKAGE ROOT, in mount and process namespaces of its own
    package=$2 root=$3
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/dev/shm"
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/tmp"
    cp "$package" "$root/tmp/package.deb"
    cp packaging/check-deb-inside.sh "$root/tmp/"
    exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        bash /tmp/check-deb-inside.sh
fi

package=${1:-$(ls build/nomba-desktop_*.deb)}
((EUID == 0)) || exec sudo -n "$here/packaging/check-deb.sh" "$package"
packaging/prepare-system.sh deb

begun=$SECONDS
step() { echo "check-deb: $((SECONDS - begun)) s: $*"; }

root=$(mktemp -d "${TMPDIR:-/tmp}/nomba-root.XXXXXX")
chmod 755 "$root"
lint=''
finish() {
    if [[ $lint ]]; then kill "$lint" 2>/dev/null || true; fi
    rm -f "$root.lint" "$root.log"
    # Its mounts live in a namespace that is gone: nothing below is anybody else's.
    if ! grep -qF " $root/" /proc/mounts; then rm -rf --one-file-system "$root"; fi
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# zstd members are beyond Debian 12's lintian; dpkg and apt there know them.
lintian --allow-root --fail-on error --suppress-tags malformed-deb-archive "$package" >"$root.lint" 2>&1 &
lint=$!

# The same release and the same sources as this machine.
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
    awk -v suite="$suite" '$2 == suite { print $1; exit }')
[[ $mirror ]] || { echo "check-deb: apt has no source for $suite" >&2; exit 1; }
step "a machine root of $suite"
mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/quick" # nobody needs it after a power cut
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -20 "$root.log" >&2; exit 1; }
rm -f "$root.log"
rm -rf "$root"/etc/apt/{sources.list,sources.list.d}
for part in sources.list sources.list.d keyrings trusted.gpg.d auth.conf auth.conf.d; do
    if [[ -e /etc/apt/$part ]]; then cp -a "/etc/apt/$part" "$root/etc/apt/"; fi
done
cp -a /usr/share/keyrings/. "$root/usr/share/keyrings/"
apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/00machine" || true
echo 'APT::Install-Recommends "false";' >>"$root/etc/apt/apt.conf.d/00machine"
cp -L /etc/resolv.conf "$root/etc/" 2>/dev/null || true
cp /etc/hosts "$root/etc/" 2>/dev/null || true

step "the package in it"
unshare --mount --pid --fork --kill-child "$here/packaging/check-deb.sh" --inside "$package" "$root"

step "what its self-test said"
python=.venv/bin/python
"$python" packaging/check_selftest.py "$root/var/tmp/selftest.json" xcb
rc=0
wait "$lint" || rc=$?
lint=''
cat "$root.lint"
rm -f "$root.lint"
((rc == 0)) || { echo "check-deb: lintian found errors" >&2; exit 1; }
step "passed"
