#!/bin/sh
# How right the time to finish is (consort-prove --progress), for jobs of several sizes by 1, 2 and 4 ranks. A line of JSON for each run:
#
#   wall   from a tenth to nine tenths of the run, the largest |seconds so far + seconds left - seconds in the end| / seconds in the end, of the
#          lines of --progress; for an otherwise idle machine with a core for each rank
#   cpu    the same by the clock of the ranks' CPU seconds (bench_forecast.c), for any machine; rest: of what was left
#   shares of each stage, forecast and measured
#
#   benchmarks/forecast.sh [JOB...]      jobs: small, logistic, wide, images, long (all but long, which takes minutes)
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
make -s "$build/benchmarks/jobs/make_data" "$build/benchmarks/bench_forecast" "$build/consort-prove"
dir=$(mktemp -d "${TMPDIR:-/tmp}/consort-forecast-XXXXXX")
trap 'rm -rf "$dir"' EXIT
[ $# -gt 0 ] || set -- small logistic wide images

# run NAME RANKS WIDTHS STEPS BATCH ROWS: batch and rows of all ranks together.
run() {
    features=${3%%,*} classes=${3##*,} members='' i=0
    rm -rf "$dir/job"
    mkdir "$dir/job"
    while [ $i -lt "$2" ]; do
        "$build/benchmarks/jobs/make_data" "$dir/job/m$i" $(($6 / $2)) "$features" "$classes" $i
        members="$members${members:+, }{\"name\": \"m$i\", \"rows\": $(($6 / $2)), \"data\": \"m$i.npy\", \"labels\": \"m$i.labels.npy\"}"
        i=$((i + 1))
    done
    rate=$(awk -v b="$5" 'BEGIN { printf "%.17g", b / 2048 }')
    cat >"$dir/job/job.json" <<END
{"name": "$1", "model": {"widths": [$3]}, "scales": {"a": 8, "d": 13, "value_bits": 16},
 "schedule": {"steps": $4, "batch": $(($5 / $2)), "rates": [{"from_step": 0, "rate": $rate}]}, "members": [$members],
 "data": {"format": "npy", "classes": $classes, "features": {"min": 0, "max": 255, "offset": 128, "multiplier": 1}}}
END
    scripts/mpirun.sh -n "$2" "$build/consort-prove" "$dir/job/job.json" --out "$dir/job/out" --progress 2>"$dir/job/lines" >"$dir/job/text" || {
        cat "$dir/job/lines" >&2
        exit 1
    }
    "$build/benchmarks/bench_forecast" "$dir/job/job.json" "$dir/job/out/$1.report.json" >"$dir/job/cpu"
    jq -cs --slurpfile r "$dir/job/out/$1.report.json" --slurpfile c "$dir/job/cpu" '$r[0].wall_seconds as $all | $c[0] as $cpu |
        {job: $cpu.job, ranks: $cpu.ranks, cpu_s: $cpu.cpu_s, wall_s: ($all * 1000 | round / 1000), wall: ([.[] |
         select(.seconds_left != null and .seconds >= 0.1 * $all and .seconds <= 0.9 * $all) |
         (.seconds_left + .seconds - $all) / $all | fabs] | max | . * 1000 | round / 1000),
         cpu: $cpu.error_of_all, rest: $cpu.error_of_rest, shares: $cpu.shares}' "$dir/job/lines"
}

for job in "$@"; do
    for ranks in 1 2 4; do
        case $job in
        small) run small $ranks 64,32,10 100 16 800 ;;
        logistic) run logistic $ranks 1024,2 16 512 4096 ;;
        wide) run wide $ranks 512,512,512,10 32 16 512 ;;
        images) run images $ranks 784,128,10 64 64 2000 ;;
        long) run long $ranks 784,128,10 469 128 16000 ;;
        *)
            sed -n '9s/^# *//p' "$0" >&2
            exit 2
            ;;
        esac
    done
done
