#!/bin/sh
# The workloads of benchmarks/jobs at 1/100 of their size, by 1, 2, 3, 4 and 7 ranks: each gives an accepted proof (run.sh ends with its verification)
# within a limit on the memory of each process, dataset commitments included. Two runs at a time, those of many ranks first; about 3 minutes of CPU.
# 1/100: of records and steps; of dense10m a tenth of the parameters and of the steps; images-10 is a chain of two segments.
#
# What the limit means: 2,622 records of 1,024 features are 2^22 integers with padding. A process that holds 32 bytes for each of them beside what it
# needs (about 130 MiB with one rank, 50 of them for MPI) takes 128 MiB more and fails.
. tests/e2e/common.sh
logistic_limit=224

# workload JOB SCALE LIMIT RANKS...: one run after another.
workload() {
    job=$1
    scale=$2
    most=$3
    shift 3
    for ranks in "$@"; do
        log=$work/$job.$ranks
        if ! timeout 240 benchmarks/jobs/run.sh "$job" --scale "$scale" --ranks "$ranks" --limit "$most" >"$log" 2>&1 ||
            ! grep -q "\"job\": \"$job\", \"scale\": \"$scale\", \"ranks\": $ranks" "$log"; then
            sed "s/^/    $job, $ranks ranks: /" "$log" >>"$work/failed"
            echo "    $job, $ranks ranks: failed" >>"$work/failed"
        fi
    done
}

make -s "$build/benchmarks/jobs/make_data" # before two runs at a time want it
workload images-10 1/100 256 7 4 3 2 1 &
workload dense10m 1/100 384 7 4 3 2 1
workload images 1/100 256 7 4 3 2 1
workload logistic 1/100 $logistic_limit 7 4 3 2 1
wait

# A run that needs more than it is allowed says so, and leaves nothing behind.
timeout 60 benchmarks/jobs/run.sh logistic --scale 1/100 --limit 90 --keep "$work/small" >"$work/output" 2>&1 && fail "90 MiB were enough"
grep -q "memory" "$work/output" || fail "no word of memory"
absent "$work/small/run/logistic.attestation"

if [ -s "$work/failed" ]; then
    cat "$work/failed" >&2
    failures=$((failures + 1))
fi
finish
