#!/bin/sh
# Builds the Debian packages under $BUILD/deb from a `make install`: what dpkg-buildpackage would do, with dpkg-dev alone and
# without a second compilation. Called by `make deb`, which says BUILD and VERSION.
set -eu
build=${BUILD:?} version=${VERSION:?}
deb=$build/deb
here=$(dirname "$0")
debian=$here/debian

command -v dpkg-shlibdeps >/dev/null || { echo "make-deb: needs dpkg-dev: apt-get install dpkg-dev" >&2; exit 1; }
full=$(dpkg-parsechangelog -l "$debian/changelog" -S Version)
[ "${full%-*}" = "$version" ] || {
    echo "make-deb: $debian/changelog is of version ${full%-*}, include/consort/version.h of $version" >&2
    exit 1
}
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l "$debian/changelog" -S Timestamp)
triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
arch=$(dpkg-architecture -qDEB_HOST_ARCH)

rm -rf "$deb"
mkdir -p "$deb/debian"
cp "$debian/control" "$debian/changelog" "$deb/debian"
make -s install BUILD="$build" DESTDIR="$PWD/$deb/consort" PREFIX=/usr LIBDIR="/usr/lib/$triplet"
strip --remove-section=.comment --remove-section=.note "$deb/consort/usr/bin/"*
strip --strip-debug --enable-deterministic-archives "$deb/consort/usr/lib/$triplet/libconsort.a"
mkdir -p "$deb/libconsort-dev/usr" "$deb/consort/DEBIAN"
mv "$deb/consort/usr/lib" "$deb/consort/usr/include" "$deb/libconsort-dev/usr"

# finish PACKAGE: documents, compressed pages, control files, the archive.
finish() {
    root=$deb/$1
    doc=$root/usr/share/doc/$1
    mkdir -p "$doc" "$root/DEBIAN" "$root/usr/share/lintian/overrides"
    # Made by the project itself, not uploaded to Debian, where a bug would ask for it.
    echo "$1: initial-upload-closes-no-bugs [usr/share/doc/$1/changelog.Debian.gz:1]" >"$root/usr/share/lintian/overrides/$1"
    install -m 644 "$debian/copyright" "$doc"
    gzip -9n <"$debian/changelog" >"$doc/changelog.Debian.gz"
    find "$root" -path '*/man/*' -type f -exec gzip -9n {} +
    find "$root" -type f -name '*.gz' -exec chmod 644 {} +
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    (cd "$deb" && dpkg-gencontrol -p"$1" -P"$1" -Tdebian/substvars -fdebian/files)
    find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group --build "$root" "$deb/${1}_${full}_$arch.deb"
}

(cd "$deb" && dpkg-shlibdeps -Tdebian/substvars consort/usr/bin/consort consort/usr/bin/consort-prove)
finish consort
: >"$deb/debian/substvars"
finish libconsort-dev
