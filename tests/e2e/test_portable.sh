#!/bin/sh
# A compiler that knows no instruction set beyond the plain ones still builds a program that works, says what it has, and
# refuses what it has not. Built without optimisation, in a folder of its own, and only what `consort` needs.
. tests/e2e/common.sh

plain=$build/plain
unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES
make -s -j2 BUILD="$plain" OPT=-O0 FLAGS_x86_64=-mnonexistent FLAGS_avx512ifma=-mnonexistent "$plain/consort" \
    >"$work/output" 2>&1 || fail "the build"

expect 0 "^consort [0-9.]* (portable)$" "$plain/consort" --version
expect 0 "(portable)$" env CONSORT_ISA=portable "$plain/consort" --version
for isa in x86_64 avx512ifma; do
    expect 2 "CONSORT_ISA=$isa is not available in this build or on this machine; available: portable$" env CONSORT_ISA=$isa "$plain/consort" --version
    [ -z "$(find "$plain/src" -path "*/$isa/*.o")" ] || fail "objects of $isa"
done

# It is the whole program: it verifies what the usual one proves.
tiny_job "$work/job.json" 2
expect 0 "2 members trained" timeout 120 scripts/mpirun.sh -n 2 "$prove" "$work/job.json" --out "$work/out"
expect 0 "accepted" "$plain/consort" verify "$work/out/tiny.attestation"
finish
