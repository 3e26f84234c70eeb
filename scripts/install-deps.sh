#!/bin/sh
# Installs what is missing of the packages in scripts/packages.txt: install-deps.sh [build] [test] [check] (default: build test).
# As root directly, otherwise through sudo. Does nothing, and asks for nothing, when all is there.
set -eu
here=$(dirname "$0")
[ $# -gt 0 ] || set -- build test
wanted=$(printf '%s\n' "$@" | paste -sd'|' -)
packages=$(grep -v '^#' "$here/packages.txt" | grep -E " ($wanted)\$" | cut -d' ' -f1)

command -v dpkg-query >/dev/null 2>&1 || {
    echo "install-deps: this is not a Debian system; install these packages by hand:" $packages >&2
    exit 1
}
missing=
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

run=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "install-deps: missing:$missing; install them as root (no sudo here)" >&2
        exit 1
    }
    run=sudo
fi
echo "install-deps: installing$missing"
$run apt-get update -qq
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends $missing >/dev/null
