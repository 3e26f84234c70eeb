#!/bin/sh
# The figures of docs/results.md: kernels in every instruction set there is, the digits job, an epoch of 60,000 images, and how cost grows with ranks and
# widths, all against their bars. Writes build/bench/results.json (one object a line) and prints a table; BENCH_QUICK=1 leaves the epoch out (about six
# minutes). Wall times want an otherwise idle machine; ratios of CPU time do not.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
out=$build/bench
rm -rf "$out"
mkdir -p "$out"
make -s "$build/benchmarks/bench_proof" "$build/benchmarks/bench_kernels" "$build/benchmarks/bench_dataset"
results=$out/results.json

# number FILE KEY: the first value of a key in one-object-a-line or pretty JSON.
number() {
    sed -n "s/.*\"$2\": *\([0-9.eE+-]*\).*/\1/p" "$1" | head -n 1
}
figure() { # NAME VALUE BAR: smaller is better
    awk -v n="$1" -v v="$2" -v b="$3" 'BEGIN { printf "{\"figure\": \"%s\", \"value\": %.4g, \"bar\": %.4g, \"ratio\": %.3f, \"met\": %s}\n", n, v, b, v / b, v <= b ? "true" : "false" }' >>"$results"
}

isa=$("$build/consort" --version | sed 's/.*(\(.*\))/\1/')
bar() { # IFMA OTHERS: the bar of the instruction set in use
    if [ "$isa" = avx512ifma ]; then echo "$1"; else echo "$2"; fi
}

scripts/mpirun.sh -n 4 "$build/consort-prove" examples/digits/job.json --out "$out/digits" --quiet --json >"$out/digits.json"
"$build/consort" verify "$out/digits/digits.attestation" --json >"$out/verify.json"
"$build/consort" compare examples/digits/job.json "$out/digits/digits.attestation" --json >"$out/compare.json"

figure "digits job, 4 ranks: whole run, wall s" "$(number "$out/digits.json" wall_seconds)" "$(bar 8 60)"
figure "digits job: verification, one core, s" "$(awk -v a="$(number "$out/verify.json" read_seconds)" -v b="$(number "$out/verify.json" derive_seconds)" -v c="$(number "$out/verify.json" proof_seconds)" 'BEGIN { print a + b + c }')" 0.3
figure "digits job: proof, KiB" "$(awk -v b="$(number "$out/digits.json" proof_bytes)" 'BEGIN { print b / 1024 }')" 200
figure "digits job: |accuracy - float64|, points" "$(awk -v a="$(number "$out/compare.json" model_accuracy)" -v b="$(number "$out/compare.json" float64_accuracy)" 'BEGIN { d = 100 * (a - b); print d < 0 ? -d : d }')" 1
figure "digits job: max / mean CPU over 4 ranks" "$(awk -v a="$(number "$out/digits.json" cpu_seconds_max)" -v b="$(number "$out/digits.json" cpu_seconds_mean)" 'BEGIN { print a / b }')" 1.10
figure "digits job: peak memory of all ranks, GiB" "$(awk -v b="$(number "$out/digits.json" peak_bytes_total)" 'BEGIN { print b / 1073741824 }')" 2

# The same number of draws on four ranks and on one; threads of one process, synthetic data of the digits' shape. All on one core: two virtual cores
# often share one real core's units, and two busy ranks then cost each other CPU time that one rank alone does not pay.
one_core=
command -v taskset >/dev/null 2>&1 && one_core="taskset -c 0"
$one_core "$build/benchmarks/bench_proof" 4 900 8 12 64 32 10 >"$out/four.json"
$one_core "$build/benchmarks/bench_proof" 1 900 32 12 64 32 10 >"$out/one.json"
figure "CPU of 4 ranks / CPU of 1 rank, same draws, one core" "$(awk -v a="$(number "$out/four.json" cpu_sum_s)" -v b="$(number "$out/one.json" cpu_sum_s)" 'BEGIN { print a / b }')" 1.25

"$build/benchmarks/bench_proof" 1 64 16 12 256 256 10 >"$out/narrow.json"
"$build/benchmarks/bench_proof" 1 64 16 12 512 512 10 >"$out/wide.json"
figure "CPU of proving a step, widths 512 / 256, batch 16" "$(awk -v a="$(number "$out/wide.json" proof_cpu_s)" -v b="$(number "$out/narrow.json" proof_cpu_s)" 'BEGIN { print a / b }')" 2.3

# Datasets: a million records of 32 features, or a tenth of that.
records=1000000 share=1
[ -z "${BENCH_QUICK:-}" ] || records=100000 share=10
$one_core "$build/benchmarks/bench_dataset" "$records" 32 >"$out/dataset.json"
figure "dataset of $records x 32: CPU of committing, s" "$(number "$out/dataset.json" commit_cpu_s)" "$(bar 4 32 | awk -v s=$share '{ print $1 / s }')"
figure "dataset of $records x 32: CPU of its proof, s" "$(number "$out/dataset.json" proof_cpu_s)" "$(bar 4 32 | awk -v s=$share '{ print $1 / s }')"

if [ -z "${BENCH_QUICK:-}" ]; then
    $one_core "$build/benchmarks/bench_proof" images 469 >"$out/images.json"
    figure "60,000 images, 784-128-10: CPU of the proof, s" "$(number "$out/images.json" proof_cpu_s)" "$(bar 15 130)"
    figure "60,000 images: peak memory, GiB" "$(awk -v m="$(number "$out/images.json" peak_rss_mb)" 'BEGIN { print m * 1e6 / 1073741824 }')" 8
    if [ "$isa" = avx512ifma ]; then
        figure "60,000 images: CPU of the proof / of the training" "$(awk -v p="$(number "$out/images.json" proof_cpu_s)" -v t="$(number "$out/images.json" training_cpu_s)" 'BEGIN { print p / t }')" 4
    fi
fi

for set in portable x86_64 avx512ifma; do
    if CONSORT_ISA=$set "$build/consort" --version >/dev/null 2>&1; then
        CONSORT_ISA=$set $one_core "$build/benchmarks/bench_kernels" >>"$out/kernels.json"
    fi
done
sed -n 's/{"isa": "\(.*\)", "kernel": "\(.*\)", "unit": "\(.*\)", "value": \(.*\), "cycles_per_op": .*, "bar": /{"figure": "\1: \2, \3", "value": \4, "bar": /p' \
    "$out/kernels.json" >>"$results"

awk -F'"figure": "|", "value": |, "bar": |, "ratio": |, "met": |}' '
    BEGIN { printf "%-60s %10s %10s %7s\n", "figure", "measured", "bar", "ratio" }
    { printf "%-60s %10s %10s %7s%s\n", $2, $3, $4, $5, $6 == "true" ? "" : "  MISSED" }' "$results"
echo
echo "without bars:"
sed -n '/"bar"/!s/{"isa": "\(.*\)", "kernel": "\(.*\)", "unit": "\(.*\)", "value": \(.*\), "cycles_per_op": \(.*\)}/\1: \2: \4 \3, \5 cycles/p' "$out/kernels.json"
