#!/usr/bin/env bash
# build/nomba-desktop_VERSION_ARCHITECTURE.deb from the bundle in dist/ (`make deb` makes that first).
#   DEB_COMPRESSION=xz packaging/deb.sh     smaller and slow, for a release (default: zstd)
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
bundle=dist/nomba-desktop
[[ -x $bundle/nomba-desktop && -x $bundle/nomba ]] || { echo "deb: no bundle in dist/; run make bundle" >&2; exit 1; }
python=.venv/bin/python

version=$("$python" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
architecture=$(dpkg --print-architecture)
# The same commit gives the same package: no file is newer than the commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)

tree=build/deb
rm -rf "$tree"
mkdir -p "$tree"/{DEBIAN,usr/{bin,lib,share/{applications,metainfo,man/man1,lintian/overrides,doc/nomba-desktop}}}

cp -a "$bundle" "$tree/usr/lib/nomba-desktop"
find "$tree/usr/lib" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
chmod 755 "$tree"/usr/lib/nomba-desktop/{nomba-desktop,nomba}
ln -s ../lib/nomba-desktop/nomba-desktop ../lib/nomba-desktop/nomba "$tree/usr/bin/"

fill() { # TEMPLATE: with @NAME@ replaced
    sed -e "s/@VERSION@/$version/" -e "s/@DATE@/$date/" -e "s/@ARCHITECTURE@/$architecture/" \
        -e "s/@GLIBC@/$glibc/" -e "s/@KILOBYTES@/$kilobytes/" \
        -e '/^@MIT@$/{' -e 's/.*//' -e 'r /dev/stdin' -e 'd' -e '}' "packaging/linux/$1" < <(sed -e 's/^$/./' -e 's/^/ /' LICENSE)
}

# The newest glibc symbol that anything in the bundle asks for is the oldest glibc it runs on.
glibc=$(find "$bundle" -type f \( -name '*.so*' -o -perm -u+x \) -exec objdump -T {} + 2>/dev/null |
    grep -oE 'GLIBC_[0-9]+\.[0-9.]+' | sed 's/GLIBC_//' | sort -Vu | tail -1)
[[ $glibc ]] || { echo "deb: no glibc version found in the bundle" >&2; exit 1; }
kilobytes=0

share=$tree/usr/share
cp packaging/linux/nomba-desktop.desktop "$share/applications/"
fill nomba-desktop.metainfo.xml >"$share/metainfo/nomba-desktop.metainfo.xml"
desktop-file-validate "$share/applications/nomba-desktop.desktop"
appstreamcli validate --no-net "$share/metainfo/nomba-desktop.metainfo.xml" >&2
"$python" packaging/render_icons.py "$share/icons/hicolor"
for page in nomba-desktop nomba; do fill $page.1 | gzip -9n >"$share/man/man1/$page.1.gz"; done

doc=$share/doc/nomba-desktop
fill copyright >"$doc/copyright"
"$python" packaging/licences.py "$bundle" "$doc/licences"
{
    echo "nomba-desktop ($version) unstable; urgency=medium"
    printf '\n  * Version %s; what is new stands in CHANGELOG.md of the source.\n\n' "$version"
    echo " -- $(sed -n 's/^Maintainer: //p' packaging/linux/control)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
cp packaging/linux/lintian-overrides "$share/lintian/overrides/nomba-desktop"
find "$share" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +

kilobytes=$(du -sk --apparent-size "$tree/usr" | cut -f1)
fill control >"$tree/DEBIAN/control"
(cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)

package=build/nomba-desktop_${version}_${architecture}.deb
rm -f build/nomba-desktop_*.deb
fakeroot dpkg-deb --root-owner-group -Z"${DEB_COMPRESSION:-zstd}" --build "$tree" "$package" >/dev/null
echo "$package: $(du -h "$package" | cut -f1), needs glibc $glibc"
