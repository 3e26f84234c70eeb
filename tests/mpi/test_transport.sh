#!/bin/sh
# The Open MPI transport on several numbers of ranks. A killed rank must end the whole job: mpirun fails, and soon.
set -eu
output=$(mktemp)
trap 'rm -f "$output"' EXIT
program=${BUILD:-build}/tests/mpi/test_transport
for n in 1 2 3 4 7; do
    echo "-- $n ranks"
    scripts/mpirun.sh -n $n "$program"
done
for r in 0 1 2; do
    echo "-- rank $r of 3 ends early"
    scripts/mpirun.sh -n 3 "$program" lost $r
done
for r in 0 2; do
    echo "-- rank $r of 3 is killed"
    status=0
    timeout 30 scripts/mpirun.sh -n 3 "$program" killed $r >/dev/null 2>&1 || status=$?
    if [ "$status" -eq 0 ] || [ "$status" -eq 124 ]; then
        echo "FAILED: mpirun ended with $status"
        exit 1
    fi
done
for r in 0 2; do
    echo "-- rank $r of 3 is silent"
    status=0
    timeout 30 scripts/mpirun.sh -n 3 "$program" silent $r >"$output" 2>&1 || status=$?
    if [ "$status" -eq 0 ] || [ "$status" -eq 124 ] || ! grep -q "rank [01] leaves: .*rank $r was lost" "$output"; then
        echo "FAILED: mpirun ended with $status"
        cat "$output"
        exit 1
    fi
done
echo "-- rank 1 of 3 takes nothing"
status=0
timeout 30 scripts/mpirun.sh -n 3 "$program" deaf 1 >"$output" 2>&1 || status=$?
if [ "$status" -eq 0 ] || [ "$status" -eq 124 ] || ! grep -q "rank 0 leaves: rank 1 was not heard of" "$output"; then
    echo "FAILED: mpirun ended with $status"
    cat "$output"
    exit 1
fi
for what in pieces frames; do
    echo "-- rank 1 of 2 sends empty $what without end"
    status=0
    timeout 20 scripts/mpirun.sh -n 2 "$program" $what 1 >"$output" 2>&1 || status=$?
    if [ "$status" -eq 0 ] || [ "$status" -eq 124 ] || ! grep -q "rank 0 leaves: .*rank 1" "$output"; then
        echo "FAILED: mpirun ended with $status"
        cat "$output"
        exit 1
    fi
done
for n in 1 2 3 5; do
    echo "-- long messages in short pieces, $n ranks"
    scripts/mpirun.sh -n $n "${BUILD:-build}/tests/mpi/test_pieces"
done
