#!/bin/sh
# `make install`: the programs run from there, and a program of another project builds with pkg-config alone.
. tests/e2e/common.sh

expect 0 "" make -s install BUILD="$build" DESTDIR="$work/root" PREFIX=/opt/consort
prefix=$work/root/opt/consort
expect 0 "^consort [0-9]" "$prefix/bin/consort" --version
expect 0 "^consort-prove [0-9]" "$prefix/bin/consort-prove" --version

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
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/root"
flags=$(pkg-config --cflags --libs --static consort) || fail "pkg-config does not know consort"
# shellcheck disable=SC2086 # a list of flags
expect 0 "" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror "$work/client.c" $flags -o "$work/client"
expect 4 "file error" "$work/client" "$work/none"
tiny_job "$work/job.json" 1
expect 0 "" run 60 1 "$work/job.json" --out "$work/out"
expect 0 "" "$work/client" "$work/out/tiny.attestation"
expect 0 "^[0-9]" pkg-config --modversion consort
finish
