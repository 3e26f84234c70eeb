#!/bin/sh
# `make install`: the programs run from there, and a program of another project builds with pkg-config alone and verifies an
# attestation; the man pages say what the programs do; `make uninstall` leaves nothing; the Debian packages hold the same.
. tests/e2e/common.sh

expect 0 "" make -s install BUILD="$build" DESTDIR="$work/root" PREFIX=/opt/consort
prefix=$work/root/opt/consort
version=$(sed -n 's/.*CONSORT_VERSION "\(.*\)"/\1/p' include/consort/version.h)
expect 0 "^consort $version" "$prefix/bin/consort" --version
expect 0 "^consort-prove $version" "$prefix/bin/consort-prove" --version
tiny_job "$work/job.json" 1
expect 0 "" run 60 1 "$work/job.json" --out "$work/out"

cat >"$work/client.c" <<'END'
#include <consort/verify.h>
#include <consort/version.h>
#include <stdio.h>

int main(int argc, char **argv) {
    cs_verify_report report;
    const cs_status status = argc == 2 ? cs_verify_file(argv[1], NULL, &report) : CS_ERR_USAGE;
    printf("%s: %s\n", CONSORT_VERSION, cs_status_name(status));
    return (int)status;
}
END

# client FLAGS...: builds it with what pkg-config knows, and verifies.
client() {
    # shellcheck disable=SC2046 # a list of flags
    expect 0 "" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror "$work/client.c" $(pkg-config --cflags --libs --static consort) -o "$work/client"
    expect 4 "file error" "$work/client" "$work/none"
    expect 0 "^$version: " "$work/client" "$work/out/tiny.attestation"
    head -c 1000 "$work/out/tiny.attestation" >"$work/cut"
    expect 3 "" "$work/client" "$work/cut"
    rm "$work/client"
}
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/root"
expect 0 "^$version\$" pkg-config --modversion consort
client

# The options of --help (of its usage, and where lines begin with them), and those in the man page (in its section, if there is one).
options_of() {
    "$@" --help | awk 'NF == 0 { usage = 1 } !usage || /^ *--/' | grep -o -- '--[a-z][a-z0-9-]*' | grep -vxe --help -e --version | sort -u
}
options_in() {
    awk -v section="$2" '/^\.Ss / { on = $0 == ".Ss " section } /^\.Sh / { on = section == "" } on' "$1" | grep -o 'Fl -[a-z][a-z0-9-]*' |
        sed 's/Fl -/--/' | grep -vxe --help -e --version | sort -u
}
man=$prefix/share/man
grep '^\.Ss ' "$man/man1/consort.1" | cut -d' ' -f2- >"$work/sections"
[ "$(wc -l <"$work/sections")" -gt 12 ] || fail "consort.1 has few commands"
while read -r program command; do
    # shellcheck disable=SC2086 # command and subcommand
    options_of "$prefix/bin/$program" $command >"$work/said"
    options_in "$man/man1/consort.1" "$program $command" >"$work/written"
    expect 0 "" diff "$work/said" "$work/written"
done <"$work/sections"
for command in $("$prefix/bin/consort" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'); do
    grep -q "^consort $command\( \|\$\)" "$work/sections" || fail "consort.1 does not know consort $command"
done
options_of "$prefix/bin/consort-prove" >"$work/said"
options_in "$man/man1/consort-prove.1" "" >"$work/written"
expect 0 "" diff "$work/said" "$work/written"
# Every field of a job, to the second level, by the schema.
jq -r '.properties as $top | $top | keys[] as $k | $k, (.[$k] | (.properties // .items.properties // {}) | keys[] | "\($k).\(.)")' \
    "$prefix/share/consort/job.schema.json" | grep -vx 'model\|scales\|schedule\|seeds\|data\|test\|output' >"$work/said"
sed -n 's/^\.It Ic //p' "$man/man5/consort-job.5" >"$work/written"
[ "$(wc -l <"$work/said")" -gt 30 ] || fail "the schema has few fields"
sort "$work/said" -o "$work/said"
sort "$work/written" -o "$work/written"
expect 0 "" diff "$work/said" "$work/written"
for page in "$man"/man*/*; do
    expect 0 "" mandoc -T lint -W warning "$page"
    groff -mdoc -ww -Tutf8 -z "$page" >"$work/output" 2>&1
    [ ! -s "$work/output" ] || fail "groff warns of $page"
done
completed=$(PATH=$prefix/bin:$PATH bash -c '. "$1"; COMP_WORDS=(consort da); COMP_CWORD=1; _consort; echo "${COMPREPLY[*]}"
    COMP_WORDS=(consort dataset commit --sch); COMP_CWORD=3; _consort; echo "${COMPREPLY[*]}"' - "$prefix/share/bash-completion/completions/consort")
[ "$completed" = "dataset
--schema" ] || fail "completion says: $completed"

# Somebody else's file in a common folder stays.
echo other >"$prefix/lib/other"
expect 0 "" make -s uninstall DESTDIR="$work/root" PREFIX=/opt/consort
[ "$(find "$prefix" -type f -o -name '*consort*' ! -path "$prefix")" = "$prefix/lib/other" ] || fail "left: $(find "$prefix")"
expect 0 "" make -s uninstall DESTDIR="$work/root" PREFIX=/opt/consort

# The packages, unpacked elsewhere.
expect 0 "" make -s deb BUILD="$build"
for package in consort libconsort-dev; do
    file=$(echo "$build/deb/${package}_$version"-*.deb)
    expect 0 "" dpkg-deb -x "$file" "$work/deb"
    expect 0 "" dpkg-deb -e "$file" "$work/control-$package"
    (cd "$work/deb" && md5sum --quiet -c "$work/control-$package/md5sums") >"$work/output" 2>&1 || fail "md5sums of $package"
done
grep -q '^Depends:.*libsodium' "$work/control-consort/control" || fail "the package does not depend on its libraries"
expect 0 "^consort $version" "$work/deb/usr/bin/consort" --version
prove=$work/deb/usr/bin/consort-prove
rm -rf "$work/out"
expect 0 "" run 60 1 "$work/job.json" --out "$work/out"
expect 0 "" "$work/deb/usr/bin/consort" verify "$work/out/tiny.attestation"
expect 0 "" gzip -t "$work/deb/usr/share/man/man1/consort.1.gz" "$work/deb/usr/share/doc/consort/changelog.Debian.gz"
PKG_CONFIG_PATH=$(dirname "$(find "$work/deb" -name consort.pc)") PKG_CONFIG_SYSROOT_DIR=$work/deb
client
if command -v lintian >/dev/null; then
    expect 0 "" lintian --allow-root --fail-on error,warning "$build"/deb/*.deb
fi

# The Spack recipe is Python; what it says can only be tried with Spack.
expect 0 "" python3 -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' packaging/spack/package.py
finish
