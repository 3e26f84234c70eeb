#!/bin/sh
# --profile writes a timeline of all ranks that a browser can show; --progress says how far the run is, and is about right; the
# summary names the bottleneck; a terminal gets its line although mpirun hides it.
# shellcheck disable=SC2016 # jq's variables
. tests/e2e/common.sh

tiny_job "$work/job.json" 3
expect 0 "bottleneck: [a-z ]* on rank [0-2] (m[0-2]), [0-9]* % of the run, " \
    run 60 3 "$work/job.json" --out "$work/out" --profile "$work/trace.json"
expect 0 "" jq -e 'map(select(.ph == "M")) | length == 3 and all(.name == "process_name") and
    (map(.args.name | capture("rank [0-2]: (?<m>m[0-2]) \\(.+\\)$").m) == ["m0", "m1", "m2"])' "$work/trace.json"
expect 0 "" jq -e '[.[] | select(.cat == "stage")] | group_by(.pid) | length == 3 and all(map(.name) |
    index("training") < index("commitments") and index("commitments") < index("lookups") and index("verification") > 0)' \
    "$work/trace.json"
# Stages of a rank do not overlap, and what is within a stage ends with it; times are whole microseconds.
expect 0 "" jq -e 'group_by(.pid) | all(map(select(.ph == "X")) | all(.ts >= 0 and .dur >= 1 and .tid == 0) and
    (map(select(.cat == "stage")) as $s | ([range(1; $s | length)] | all($s[. - 1].ts + $s[. - 1].dur <= $s[.].ts + 2)) and
    all(. as $e | any($s[]; .ts <= $e.ts and $e.ts + $e.dur <= .ts + .dur + 2))))' "$work/trace.json"
expect 0 "" jq -e 'any(.cat == "waiting" and .name == "waiting for gradient" and .args.frames >= 3)' "$work/trace.json"
expect 0 "" jq -e '.bottleneck | .share > 0 and .share <= 1 and (.doing | test("^(computing|waiting|sending)$")) and
    .member == "m\(.rank)"' "$work/out/tiny.report.json"

# Never replaces a file, and leaves none where the run fails.
expect 4 "trace.json" run 60 3 "$work/job.json" --out "$work/again" --profile "$work/trace.json"
expect 4 "" run 60 3 "$work/job.json" --out "$work/out" --profile "$work/none.json"
absent "$work/none.json"

# The time to finish. A machine with other work is no clock: the bound is loose, the real figure is printed.
cp examples/digits/alpha.csv.gz "$work"
jq '.members = [.members[0]] | del(.test) | .name = "forecast" | .schedule = {"steps": 200, "batch": 8,
    "rates": [{"from_step": 0, "rate": 0.25}]}' examples/digits/job.json >"$work/forecast.json"
expect 0 "" run 120 1 "$work/forecast.json" --out "$work/out" --progress --quiet
[ ! -s "$work/output" ] || fail "--quiet does not silence --progress"
worst=100
for attempt in 1 2 3; do
    rm -rf "$work/out"
    timeout 120 scripts/mpirun.sh -n 1 "$prove" "$work/forecast.json" --out "$work/out" --progress >"$work/output" 2>"$work/lines" ||
        fail "the run with --progress"
    worst=$(jq -rs --slurpfile r "$work/out/forecast.report.json" '$r[0].wall_seconds as $all |
        [.[] | select(.seconds_left != null and .seconds >= 0.1 * $all and .seconds <= 0.9 * $all) |
        (.seconds_left + .seconds - $all) / $all | fabs] | max * 100 | round' "$work/lines")
    echo "$0: from 10 to 90 % of run $attempt the time to finish was wrong by at most ${worst:=100} % of the run"
    [ "$worst" -gt 50 ] || break
done
expect 0 "" jq -es '(map(.stage) | index("training") < index("lookups")) and ([.[].seconds] == ([.[].seconds] | sort)) and
    ([.[].done | values] == ([.[].done | values] | sort))' "$work/lines"
[ "$worst" -le 50 ] || fail "the time to finish is wrong by $worst % of the run"

# By the clock of the CPU, which other work on the machine hardly disturbs (benchmarks/forecast.sh has more jobs).
make -s "$build/benchmarks/bench_forecast"
expect 0 "" "$build/benchmarks/bench_forecast" "$work/forecast.json" "$work/out/forecast.report.json"
cp "$work/output" "$work/forecast"
expect 0 "" jq -e '.error_of_all < 0.35 and .cpu_s > 0 and (.shares | length == 7 and (map(.[0]) | add) > 0.99)' "$work/forecast"

# mpirun keeps a rank's standard error from being a terminal; the line is drawn nevertheless.
if command -v script >/dev/null; then
    script -qec "scripts/mpirun.sh -n 1 $prove $work/forecast.json --out $work/terminal" /dev/null >"$work/output" 2>&1 </dev/null ||
        fail "the run on a terminal"
    grep -q "lookups .* % .* s left" "$work/output" || fail "no line on a terminal"
fi
finish
