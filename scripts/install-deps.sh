#!/bin/sh
# Installs what is missing of the packages in scripts/packages.txt: install-deps.sh [build] [test] [check] (default: build test).
# As root directly, otherwise through sudo. Does nothing, and asks for nothing, when all is there.
set -eu
here=$(dirname "$0")
[ $# -gt 0 ] || set -- build test
wanted=$(printf '%s\n' "$@" | paste -sd'|' -)
packages=$(grep -v '^#' "$here/packages.txt" | grep -E " ($wanted)\$" | cut -d' ' -f1 | paste -sd' ' -)

command -v dpkg-query >/dev/null 2>&1 || {
    echo "install-deps: this is not a Debian system; install what these packages hold by hand: $packages" >&2
    exit 1
}
missing=
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "install-deps: these packages are missing, and there is no sudo; as root: apt-get install$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "install-deps: installing$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of names
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
