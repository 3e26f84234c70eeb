#!/bin/sh
# Runs one of the jobs beside this script from nothing to a verified proof and prints one JSON line; README.md beside
# it says what it holds.
#
#   benchmarks/jobs/run.sh JOB [--scale 1/100] [--ranks N] [--committed] [--limit MIB] [--keep DIR]
#
# The file JOB.json is the job at full size with one member. --ranks N divides rows and batch among N members; --scale takes a part of its work: of rows
# and steps (so each record is drawn as often as before), and for dense10m of the product of parameters and steps, the square root of it of each. Of ten
# segments as many stay as have at least 16 steps, but two. --committed only commits to the final model. --limit is the most data
# memory (ulimit -d) that each process may have, --keep where files go and stay (else a temporary folder, removed). BUILD is the build folder.
set -eu
here=$(dirname "$0")
cd "$here/../.."
build=${BUILD:-build}

usage() {
    sed -n '5s/^# *//p' "$0" >&2
    exit 2
}
[ $# -ge 1 ] || usage
job=$1
shift
scale=1 ranks=1 output=public limit=unlimited keep=
while [ $# -gt 0 ]; do
    case $1 in
    --committed) output=committed ;;
    --scale | --ranks | --limit | --keep)
        [ $# -ge 2 ] || usage
        case $1 in
        --scale) scale=$2 ;;
        --ranks) ranks=$2 ;;
        --limit) limit=$(($2 * 1024)) ;;
        --keep) keep=$2 ;;
        esac
        shift
        ;;
    *) usage ;;
    esac
    shift
done
[ -f "benchmarks/jobs/$job.json" ] || usage

# Records of all members at full size, the most in one dataset (what committing to it takes in memory grows with them), integers in a commitment; what
# --scale scales.
columns=2048 by=rows most=65536
case $job in
logistic) rows=262144 columns=16384 most=32768 ;;
dense10m) rows=1024 columns=8192 by=parameters ;;
images | images-10) rows=60000 columns=8192 ;;
esac

dir=${keep:-$(mktemp -d "${TMPDIR:-/tmp}/consort-job-XXXXXX")}
[ -n "$keep" ] || trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir"
make -s "$build/benchmarks/jobs/make_data" "$build/consort" "$build/consort-prove"

# field NAME: a number or list of the job at full size.
field() {
    sed -n "s/.*\"$1\": \(\[[0-9, ]*\]\|[0-9]*\).*/\1/p" "benchmarks/jobs/$job.json" | head -n 1
}
part() { # NUMBER: that part of it, rounded up, at least 1
    awk -v n="$1" -v s="$scale" 'BEGIN { split(s "/1", f, "/"); x = n * f[1] / f[2]; k = int(x); print k + (k < x) }'
}
steps=$(field steps)
widths=$(field widths)
if [ $by = rows ]; then
    rows=$(part "$rows")
    steps=$(part "$steps")
else
    steps=$(awk -v n="$steps" -v s="$scale" 'BEGIN { split(s "/1", f, "/"); x = n * sqrt(f[1] / f[2]); k = int(x); print k + (k < x) }')
    widths=$(echo "$widths" | awk -v s="$scale" '{ gsub(/[][,]/, ""); split(s "/1", f, "/"); r = sqrt(sqrt(f[1] / f[2])); n = split($0, w, " ")
        for (k = 1; k < n; k++) printf "%s%d", (k > 1 ? ", " : "["), w[k] * r + 0.5
        print ", " w[n] "]" }')
fi
# as many columns as rows, about: a rank's integers grow with the rows, or with the widths
columns=$(awk -v c="$columns" -v s="$scale" -v by=$by 'BEGIN { split(s "/1", f, "/"); c *= (f[1] / f[2]) ^ (by == "rows" ? 0.5 : 0.375)
    for (p = 1024; p * 1.414 < c; p *= 2); print p }')
batch=$(awk -v b="$(field batch)" -v n="$ranks" 'BEGIN { k = int(b / n); print k + (k < b / n) }')
features=$(echo "$widths" | sed 's/\[\([0-9]*\),.*/\1/')
classes=$(field classes)
# the rate changes with the global batch, so that rate / batch stays the same power of two
rate=$(sed -n 's/.*"rate": \([0-9.]*\).*/\1/p' "benchmarks/jobs/$job.json" |
    awk -v b="$(field batch)" -v n="$ranks" -v m="$batch" '{ printf "%.17g", $1 / b * n * m }')

limited() { # at most $limit KiB of data memory
    # shellcheck disable=SC3045,SC2016 # dash and bash have ulimit -d; $@ is the inner shell's
    sh -c 'ulimit -d "$0" && exec "$@"' "$limit" "$@"
}
# counted FILE COMMAND...: output to FILE; adds the user and system seconds of the command to $cpu_of.
counted() {
    file=$1
    shift
    times >"$dir/before"
    limited "$@" >"$file"
    times >"$dir/after"
    cpu_of=$(awk -v sum="$cpu_of" '{ gsub(/s/, ""); for (k = 1; k <= 2 && FNR == 2; k++) { split($k, t, "m"); sum += (FILENAME ~ /after$/ ? 1 : -1) * (60 * t[1] + t[2]) } }
        END { printf "%.3f", sum }' "$dir/before" "$dir/after")
}

sed -n 's/^ *"data": \(.*\),$/\1/p' "benchmarks/jobs/$job.json" >"$dir/schema.json"
members='' i=0 cpu_of=0 dataset_bytes=0
while [ $i -lt "$ranks" ]; do
    mine=$(awk -v r="$rows" -v n="$ranks" -v i=$i 'BEGIN { print int((i + 1) * r / n) - int(i * r / n) }')
    folders='' k=0
    while [ "$mine" -gt 0 ]; do
        name=m$i-$k
        records=$((mine < most ? mine : most))
        "$build/benchmarks/jobs/make_data" "$dir/$name" $records "$features" "$classes" $((1000 * i + k))
        counted "$dir/$name.json" "$build/consort" dataset commit "$dir/$name.npy" --labels "$dir/$name.labels.npy" --schema "$dir/schema.json" \
            --columns "$columns" --out "$dir/$name" --json
        rm "$dir/$name.npy" "$dir/$name.labels.npy"
        dataset_bytes=$((dataset_bytes + $(wc -c <"$dir/$name/proof")))
        folders="$folders${folders:+, }\"$name\""
        mine=$((mine - records)) k=$((k + 1))
    done
    members="$members${members:+, }{\"name\": \"m$i\", \"datasets\": [$folders]}"
    i=$((i + 1))
done
dataset_cpu=$cpu_of
segments=$(field segments)
[ "${segments:-1}" -le $((steps / 16)) ] || segments=$((steps < 48 ? 2 : steps / 16))
[ "${segments:-1}" -le "$steps" ] || segments=$steps
sed -e "s/\"widths\": \[[^]]*\]/\"widths\": $widths/; s/\"steps\": [0-9]*/\"steps\": $steps/; s/\"batch\": [0-9]*/\"batch\": $batch/" \
    -e "s/\"segments\": [0-9]*/\"segments\": $segments/; s/\"rate\": [0-9.]*/\"rate\": $rate/; s/\"members\": .*/\"members\": [$members],/; s/\"model\": \"public\"/\"model\": \"$output\"/" \
    -e '/^  "data":/d' "benchmarks/jobs/$job.json" >"$dir/$job.json"

"$build/consort" plan "$dir/$job.json" --json >"$dir/plan.json"
# shellcheck disable=SC2016 # $@ is the inner shell's
scripts/mpirun.sh -n "$ranks" sh -c 'ulimit -d "$0" && exec "$@"' "$limit" "$build/consort-prove" "$dir/$job.json" --out "$dir/run" --quiet --json \
    >"$dir/report.json"
proved=$dir/run/$job.attestation
[ -f "$proved" ] || proved=$dir/run/$job.chain
cpu_of=0
counted "$dir/verify.json" "$build/consort" verify "$proved" --json
verify_cpu=$cpu_of

# number FILE KEY: the first value of a key.
number() {
    sed -n "s/.*\"$2\": *\([0-9.eE+-]*\).*/\1/p" "$1" | head -n 1
}
stage() { # NAME: seconds on the root
    tr -d '\n' <"$dir/report.json" | sed -n "s/.*\"stage\": *\"$1\", *\"seconds\": *\([0-9.eE+-]*\).*/\1/p"
}
cpu=$(awk -v m="$(number "$dir/report.json" cpu_seconds_mean)" -v n="$ranks" 'BEGIN { print m * n }')
awk -v job="$job" -v scale="$scale" -v ranks="$ranks" -v rows="$rows" -v steps="$steps" -v batch=$((batch * ranks)) \
    -v parameters="$(number "$dir/report.json" parameters)" -v dataset="$dataset_cpu" -v cpu="$cpu" -v training="$(stage training)" \
    -v wall="$(number "$dir/report.json" wall_seconds)" -v verify="$verify_cpu" -v proof="$(number "$dir/report.json" proof_bytes)" \
    -v datasets="$dataset_bytes" \
    -v file="$(number "$dir/report.json" file_bytes)" -v peak="$(number "$dir/report.json" peak_bytes_max)" \
    -v total="$(number "$dir/report.json" peak_bytes_total)" -v messages="$(number "$dir/report.json" messages)" \
    -v bytes="$(number "$dir/report.json" bytes_sent_max)" -v plan_cpu="$(number "$dir/plan.json" cpu_seconds_per_rank)" \
    -v plan_peak="$(number "$dir/plan.json" memory_bytes_per_rank)" -v plan_proof="$(number "$dir/plan.json" proof_bytes)" 'BEGIN {
    printf "{\"job\": \"%s\", \"scale\": \"%s\", \"ranks\": %d, \"rows\": %d, \"steps\": %d, \"batch\": %d, \"parameters\": %d, ", job, scale, ranks, rows, steps, batch, parameters
    printf "\"dataset_cpu_s\": %.3f, \"cpu_s\": %.3f, \"training_root_s\": %.3f, \"step_cpu_s\": %.4f, \"wall_s\": %.3f, \"verify_cpu_s\": %.3f, ", dataset, cpu, training, cpu / steps, wall, verify
    printf "\"proof_bytes\": %d, \"dataset_proof_bytes\": %d, \"file_bytes\": %d, \"peak_bytes_max\": %.0f, \"peak_bytes_total\": %.0f, \"messages\": %d, \"bytes_sent_max\": %d, ", proof, datasets, file, peak, total, messages, bytes
    printf "\"plan_cpu_ratio\": %.2f, \"plan_peak_ratio\": %.2f, \"plan_proof_ratio\": %.2f}\n", plan_cpu * ranks / cpu, plan_peak / peak, plan_proof / proof }'
