#!/bin/sh
# consort-prove under mpirun: several numbers of ranks, members' own command lines, and how it fails: with a reason and an exit status, without
# a hang and without a file.
. tests/e2e/common.sh

# run SECONDS RANKS ARGUMENTS...
run() {
    seconds=$1
    ranks=$2
    shift 2
    timeout "$seconds" scripts/mpirun.sh -n "$ranks" "$prove" "$@"
}

for ranks in 1 2 3 4 7; do
    mkdir "$work/$ranks"
    tiny_job "$work/$ranks/job.json" $ranks
    expect 0 "$ranks members trained" run 60 $ranks "$work/$ranks/job.json" --out "$work/$ranks/out"
    expect 0 "accepted" "$consort" verify "$work/$ranks/out/tiny.attestation" --model "$work/$ranks/out/tiny.safetensors"
done
job=$work/3/job.json

# The same model from a second run, another proof.
expect 0 '"proof_bytes"' run 60 3 "$job" --out "$work/again" --json
cmp -s "$work/again/tiny.safetensors" "$work/3/out/tiny.safetensors" || fail "another model in the second run"
cmp -s "$work/again/tiny.attestation" "$work/3/out/tiny.attestation" && fail "the same proof in the second run"

# Each member with a command line of its own.
cp "$work/3/m1.csv" "$work/elsewhere.csv"
expect 0 "3 members" timeout 60 scripts/mpirun.sh \
    -n 1 "$prove" "$job" --out "$work/mpmd" --member m0 --opening "$work/mpmd0.opening" : \
    -n 1 "$prove" "$job" --out "$work/mpmd" --member m1 --data "$work/elsewhere.csv" : \
    -n 1 "$prove" "$job" --out "$work/mpmd"
expect 0 "accepted" "$consort" verify "$work/mpmd/tiny.attestation"
[ -e "$work/elsewhere.csv.opening" ] && [ -e "$work/mpmd0.opening" ] || fail "openings are not where they belong"

# Pinned keys.
sed 's/ "test"/ "seeds": {"beacon": "x"}, "test"/' "$work/2/job.json" >"$work/2/pinned.json"
for i in 0 1; do
    key=$("$consort" keygen "$work/key$i")
    sed -i "s/\"name\": \"m$i\"/\"name\": \"m$i\", \"key\": \"$key\"/" "$work/2/pinned.json"
done
expect 0 "2 members" timeout 60 scripts/mpirun.sh -n 1 "$prove" "$work/2/pinned.json" --out "$work/pinned" --key "$work/key0" : \
    -n 1 "$prove" "$work/2/pinned.json" --out "$work/pinned" --key "$work/key1"
expect 2 "names a key for member" run 60 2 "$work/2/pinned.json" --out "$work/pinned2"

# No MPI is needed to plan, and to be told about mistakes.
expect 0 "committed integers" "$prove" "$job" --plan
expect 0 '"rows"' "$prove" "$job" --plan --json
expect 0 "usage: mpirun" "$prove" --help
expect 0 "^consort-prove [0-9]" "$prove" --version

# Failures.
out=$work/fails
expect 2 "the job has 3 members, this run has 2 ranks" run 60 2 "$job" --out "$out"
expect 2 "the job has 3 members, this run has 4 ranks" run 60 4 "$job" --out "$out"
expect 2 "out DIR is missing" run 60 3 "$job"
expect 2 "unknown option" run 60 3 "$job" --out "$out" --frobnicate
expect 4 "none.json" run 60 3 "$work/none.json" --out "$out"
expect 4 "tiny.attestation" run 60 3 "$job" --out "$work/3/out"
expect 4 "cannot" run 60 3 "$job" --out /proc/none
sed 's/"rows": 5/"rows": 6/' "$job" >"$work/3/rows.json"
expect 3 "rank 1 (m1): input error: .*m1.csv: 5 rows" run 60 3 "$work/3/rows.json" --out "$out"
sed 's/"min": 0/"min": 0.5/' "$job" >"$work/3/range.json"
expect 3 "line" run 60 3 "$work/3/range.json" --out "$out"
sed 's/"steps": 3/"steps": 4/' "$job" >"$work/3/other.json"
timeout 60 scripts/mpirun.sh -n 1 "$prove" "$job" --out "$out" : -n 2 "$prove" "$work/3/other.json" --out "$out" >"$work/output" 2>&1
[ $? -ne 0 ] || fail "different jobs were not noticed"
grep -q "job" "$work/output" || fail "different jobs were not named"
absent "$out/tiny.attestation" "$out/tiny.safetensors" "$out/tiny.report.json"

# A rank that is killed: everybody leaves, nothing is left.
sed 's/"steps": 3/"steps": 30000/' "$job" >"$work/3/long.json"
timeout 60 scripts/mpirun.sh -n 3 "$prove" "$work/3/long.json" --out "$out" >"$work/output" 2>&1 &
launcher=$!
victim=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sleep 0.25
    victim=$(pgrep -f "^$prove $work/3/long.json" | tail -n 1)
    [ -z "$victim" ] || break
done
sleep 0.5
[ -n "$victim" ] && kill -9 "$victim"
wait $launcher
status=$?
[ $status -ne 0 ] && [ $status -ne 124 ] || fail "after a killed rank the launcher ended with $status"
absent "$out/tiny.attestation" "$out/tiny.safetensors" "$out/tiny.report.json"
finish
