#!/bin/sh
# The consort program: every command, its exit statuses, its unhappy paths.
. tests/e2e/common.sh

tiny_job "$work/job.json" 2
expect 0 "" scripts/mpirun.sh -n 2 "$prove" "$work/job.json" --out "$work/out"
good=$work/out/tiny.attestation

expect 0 "usage: consort" "$consort" --help
expect 0 "^consort [0-9]" "$consort" --version
expect 2 "a command is missing" "$consort"
expect 2 "unknown command" "$consort" frobnicate
for command in verify inspect plan keygen compare; do
    expect 0 "usage: consort $command" "$consort" $command --help
    expect 2 "arguments\|required\|which file" "$consort" $command
    expect 2 "unknown option" "$consort" $command --frobnicate x
done

expect 0 "accepted: tiny" "$consort" verify "$good"
expect 0 '"accepted": true' "$consort" verify --json "$good"
expect 0 "" "$consort" verify --quiet "$good"
[ ! -s "$work/output" ] || fail "--quiet says something"
expect 0 "accepted" "$consort" verify "$good" --model "$work/out/tiny.safetensors"
expect 2 "value is missing" "$consort" verify "$good" --model
expect 4 "cannot open" "$consort" verify "$good" --model "$work/none"
expect 4 "cannot open" "$consort" verify "$work/none"
expect 3 "not an attestation file" "$consort" verify "$work/job.json"
head -c 1000 "$good" >"$work/short"
expect 3 "truncated" "$consort" verify "$work/short"
{ cat "$good"; echo; } >"$work/long"
expect 3 "follow the last section" "$consort" verify "$work/long"
expect 0 "" "$build/tests/e2e/tamper" proof "$good" "$work/proof" # a bad point, or a false equation
"$consort" verify "$work/proof" >"$work/output" 2>&1
case $? in 21 | 3) ;; *) fail "a flipped byte of the proof" ;; esac
for cheat in weight dataset; do
    expect 0 "" "$build/tests/e2e/tamper" $cheat "$good" "$work/$cheat"
    expect 21 "refused (proof)" "$consort" verify "$work/$cheat"
    expect 21 '"refusal": "proof"' "$consort" verify --json "$work/$cheat"
    # shellcheck disable=SC2016 # the inner shell expands it
    expect 21 "refused (proof)" sh -c '"$1" verify --json "$2" >/dev/full' sh "$consort" "$work/$cheat"
done

expect 0 "m1: 5 records" "$consort" inspect "$good"
expect 0 '"version":3' "$consort" inspect --json "$good"
expect 3 "not an attestation" "$consort" inspect "$work/job.json"

expect 0 "committed integers" "$consort" plan "$work/job.json"
expect 0 '"steps": 3' "$consort" plan --json "$work/job.json"
expect 4 "cannot open" "$consort" plan "$work/none.json"
sed 's/"batch": 2/"batch": 0/' "$work/job.json" >"$work/bad.json"
expect 3 "bad.json: schedule.batch: 0; allowed" "$consort" plan "$work/bad.json"

expect 0 "for float64" "$consort" compare "$work/job.json" "$good"
expect 0 '"float64_accuracy"' "$consort" compare --json "$work/job.json" "$good"
sed 's/"steps": 3/"steps": 4/' "$work/job.json" >"$work/other.json"
expect 3 "their parameters differ" "$consort" compare "$work/other.json" "$good"

if ldd "$consort" | grep -qi 'mpi'; then
    echo "FAILED: consort links MPI" >&2
    failures=$((failures + 1))
fi
finish
