#!/bin/sh
# Makes the seeds in tests/fuzz/corpus that have a version anew, after a version was raised: make all build/tamper/consort-prove,
# then this script.
. tests/e2e/common.sh
. tests/e2e/consortium.sh
corpus=tests/fuzz/corpus

# statement OF TO: what `consort inspect --json` prints is the section itself, and a line feed.
statement() {
    "$consort" inspect --json "$1" | head -c -1 >"$corpus/statement/$2"
}

tiny_job "$work/job.json" 2
expect 0 "2 members" run 60 2 "$work/job.json" --out "$work/public"
sed 's/"test"/"output": {"model": "committed"}, "test"/' "$work/job.json" >"$work/committed.json"
expect 0 "2 members" run 60 2 "$work/committed.json" --out "$work/committed"
cp "$work/public/tiny.attestation" "$corpus/container/public"
statement "$work/public/tiny.attestation" public
statement "$work/committed/tiny.attestation" committed

tiny_job "$work/some.json" 4
sed 's/"name": "m\([02]\)", "rows": [0-9]*, "data": "{name}.csv"/"name": "m\1", "rows": 0/g
    s/"test"/"output": {"model": "committed"}, "seeds": {"contributions": true}, "test"/' "$work/some.json" >"$work/some_idle.json"
expect 0 "4 members" run 60 4 "$work/some_idle.json" --out "$work/some"
statement "$work/some/tiny.attestation" idle

certified_datasets
job good medical-research
sign good
expect 0 "3 members" prove_with good
cp "$work/out/good.attestation" "$corpus/container/certified"
statement "$work/out/good.attestation" certified
cp "$work/b/dataset.json" "$corpus/dataset_doc/checked"
expect 0 "" "$consort" dataset commit "$work/b.csv" --schema "$work/schema.json" --out "$work/bare" --columns 16 --no-check
cp "$work/bare/dataset.json" "$corpus/dataset_doc/bare"

# Evidence: the first byte of an input says what it is.
sed -i 's/"name": "m0"/"name": "m0", "identity": "keys\/alpha.pub"/
    s/"name": "m1"/"name": "m1", "identity": "keys\/bravo.pub"/' "$work/job.json"
expect 1 "cheated at update/part" timeout 60 env CONSORT_TAMPER=update/part@1 scripts/mpirun.sh \
    -n 1 "$build/tamper/consort-prove" "$work/job.json" --out "$work/lie" --key "$keys/alpha.key" : \
    -n 1 "$build/tamper/consort-prove" "$work/job.json" --out "$work/lie" --key "$keys/bravo.key"
{ printf '\000' && cat "$work"/lie/tiny.rank1.*.evidence; } >"$corpus/evidence/public"

# Of a wrong gradient, of false pads, and of a wrong sum: rank 1 is the one who adds up so short a gradient.
for what in gradient pads sum; do
    expect 1 "cheated at gradient" timeout 60 env CONSORT_TAMPER=$what@1 scripts/mpirun.sh \
        -n 1 "$build/tamper/consort-prove" "$work/job.json" --out "$work/$what" --key "$keys/alpha.key" --attributable : \
        -n 1 "$build/tamper/consort-prove" "$work/job.json" --out "$work/$what" --key "$keys/bravo.key" --attributable
    { printf '\000' && cat "$work/$what"/tiny.rank1.*.evidence; } >"$corpus/evidence/$what"
done

# Of the addend of a rank without data.
sed 's/\("identity": "keys\/bravo.pub"\), "rows": [0-9]*, "data": "{name}.csv"/\1, "rows": 0/' "$work/job.json" >"$work/idle.json"
expect 1 "cheated at gradient" timeout 60 env CONSORT_TAMPER=gradient@1 scripts/mpirun.sh \
    -n 1 "$build/tamper/consort-prove" "$work/idle.json" --out "$work/idle" --key "$keys/alpha.key" --attributable --opening "$work/idle.opening" : \
    -n 1 "$build/tamper/consort-prove" "$work/idle.json" --out "$work/idle" --key "$keys/bravo.key" --attributable
{ printf '\000' && cat "$work"/idle/tiny.rank1.*.evidence; } >"$corpus/evidence/idle"

# Of a wrong share of a weight table.
expect 1 "cheated at forward/table" timeout 60 env CONSORT_TAMPER=forward/table@1 scripts/mpirun.sh \
    -n 1 "$build/tamper/consort-prove" "$work/job.json" --out "$work/table" --key "$keys/alpha.key" --attributable : \
    -n 1 "$build/tamper/consort-prove" "$work/job.json" --out "$work/table" --key "$keys/bravo.key" --attributable
{ printf '\000' && cat "$work"/table/tiny.rank1.*.evidence; } >"$corpus/evidence/table"
finish
