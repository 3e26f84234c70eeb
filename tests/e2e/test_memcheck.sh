#!/bin/sh
# Three members' run under valgrind's memcheck: no finding in code of this project, on any rank. What it finds in Open MPI, and in
# the libraries that this loads, is theirs. Leaks: of blocks that nothing points to any more.
. tests/e2e/common.sh

command -v valgrind >/dev/null || { echo "$0: skipped, valgrind is not installed"; exit 0; }
sources=$(cd src && find . ../mpi -name '*.[ch]' -exec basename {} \; | sort -u | tr '\n' ' ')
mpi=$(dpkg-query -L openmpi-common 2>/dev/null | grep 'openmpi-valgrind.supp$')

# ours LOG: the findings with a line of this project's before any of others' but libc's, in the order of the call.
ours() {
    awk -v names="$sources" '
        BEGIN { split(names, n, " "); for (k in n) mine["(" n[k]] = 1 }
        { sub(/^==[0-9]+== ?/, "") }
        /^[^ ]/ { finding = $0; theirs = shown = 0 }
        / (at|by) 0x/ {
            file = $NF; sub(/:[0-9]+\)$/, "", file)
            if (file in mine) { if (!theirs && !shown++) { print finding; bad = 1 } if (!theirs) print }
            else if ($0 ~ /\(in .*(openmpi|libmpi|libopen|pmix|libevent|hwloc|libucp|libucs|libfabric)/) theirs = 1
        }
        END { exit bad }' "$1"
}

# watched RANKS JOB OUT: each rank with a log of its own.
# shellcheck disable=SC2317 # called by expect
watched() {
    CONSORT_ISA=portable timeout 300 scripts/mpirun.sh -n "$1" valgrind --log-file="$work/log.%p" --error-limit=no \
        --leak-check=full --show-leak-kinds=definite ${mpi:+--suppressions="$mpi"} "$prove" "$2" --out "$3" --checkpoint "$work/saves" \
        --checkpoint-every 1steps
}

tiny_job "$work/job.json" 3
expect 0 "3 members" watched 3 "$work/job.json" "$work/out"
expect 0 "" "$consort" verify "$work/out/tiny.attestation"
logs=0
for log in "$work"/log.*; do
    grep -q "ERROR SUMMARY" "$log" || continue
    logs=$((logs + 1))
    ours "$log" >"$work/output" || fail "memcheck finds something"
done
[ $logs -eq 3 ] || fail "$logs ranks were watched"

# That it would be noticed.
printf '%s\n' "==1== Invalid read of size 8" "==1==    at 0x1: memmove (vg_replace.c:1)" "==1==    by 0x2: cs_run (run.c:7)" >"$work/made"
! ours "$work/made" >"$work/output" || fail "a finding in run.c passes"
printf '%s\n' "==1== Invalid read of size 8" "==1==    at 0x1: PMPI_Isend (in /usr/lib/libmpi.so)" "==1==    by 0x2: cs_run (run.c:7)" >"$work/made"
ours "$work/made" >"$work/output" || fail "a finding in Open MPI does not pass"
finish
