#!/bin/sh
# A job that is cut into segments: the same model as in one piece, an accepted chain, with any number of members, with public
# and committed models between, hidden draws, and a manifest; and each way to break the chain.
. tests/e2e/common.sh
. tests/e2e/consortium.sh

output() {
    printf 's|"test"|"output": {"model": "%s", "between": "%s"}, "test"|' "$1" "$2"
}

for ranks in 1 2 4 7; do
    rm -f "$work"/*.opening
    tiny_job "$work/tiny.json" "$ranks"
    sed -i "s/\"steps\": 3/\"steps\": 6/" "$work/tiny.json"
    expect 0 "" run 60 "$ranks" "$work/tiny.json" --out "$work/one$ranks"
    expect 0 "segments              3" run 60 "$ranks" "$work/tiny.json" --out "$work/cut$ranks" --segments 3
    cmp -s "$work/one$ranks/tiny.safetensors" "$work/cut$ranks/tiny.safetensors" || fail "another model in segments, $ranks members"
    absent "$work/cut$ranks"/*.part "$work/cut$ranks/tiny.attestation"
    expect 0 "a chain of 3 attestations" "$consort" verify "$work/cut$ranks/tiny.chain" --model "$work/cut$ranks/tiny.safetensors"
    expect 0 "in 6 steps" "$consort" verify "$work/cut$ranks/tiny.chain"
done

rm -f "$work"/*.opening
tiny_job "$work/tiny.json" 3
sed -i 's/"steps": 3/"steps": 6, "segments": 3/' "$work/tiny.json"
expect 0 "segments              3, of up to 2 steps each" "$consort" plan "$work/tiny.json"
expect 0 "\"to\": 4" "$consort" plan "$work/tiny.json" --json
expect 5 "may take 1 MiB" "$consort" plan "$work/tiny.json" --memory 1M
expect 2 "a number of bytes" "$consort" plan "$work/tiny.json" --memory 1Q
expect 3 "7 segments of a job of 6 steps" "$consort" plan "$work/tiny.json" --segments 7
expect 5 "may take 1 MiB" run 60 3 "$work/tiny.json" --out "$work/x" --memory 1M

# one NAME SED: a run in three segments as the job says.
one() {
    sed -e "$2" "$work/tiny.json" >"$work/$1.json"
    expect 0 "" run 60 3 "$work/$1.json" --out "$work/$1"
    expect 0 "segment 3 of 3" "$consort" verify "$work/$1/tiny.chain"
}
one public "$(output public public)"
one other "s|\"test\"|\"seeds\": {\"contributions\": true}, \"test\"|"
one between ""
one committed "$(output committed committed)"
one hidden "s|\"test\"|\"indices\": \"hidden\", \"test\"|"
for name in between committed; do
    cmp -s "$work/public/tiny.safetensors" "$work/$name/tiny.safetensors" || fail "another model, $name"
done
expect 0 '"model_public": true' "$consort" verify --json "$work/between/tiny.chain"
expect 0 '"steps": 6' "$consort" verify --json "$work/between/tiny.chain"

# chain STATUS TEXT FILE...
chain() {
    status=$1
    text=$2
    shift 2
    expect "$status" "$text" "$consort" verify "$@"
}
at=$work/between/tiny
chain 0 "the job goes on: steps 5 to 6 of 6" "$at.1.attestation" "$at.2.attestation"
chain 34 "in another order" "$at.1.attestation" "$at.3.attestation" "$at.2.attestation"
chain 34 "something is missing" "$at.1.attestation" "$at.3.attestation"
chain 34 "goes on from another one" "$at.2.attestation" "$at.3.attestation"
chain 34 "file 2 is file 1 once more" "$at.1.attestation" "$at.1.attestation"
chain 34 "segment of another run" "$at.1.attestation" "$work/other/tiny.2.attestation"
chain 34 "segment of another run" "$work/public/tiny.1.attestation" "$at.2.attestation"
cp "$at.chain" "$work/listing"
chain 4 "listing\|tiny.1.attestation" "$work/listing" # the files are not beside it
printf 'consort chain 1\n../a\n' >"$work/listing"
chain 3 "listing:2: each line" "$work/listing"

# another job goes on from a chain's end
sed -e 's/"tiny"/"more"/' -e 's|"test"|"previous": "public/tiny.3.attestation", "test"|' "$work/tiny.json" >"$work/more.json"
expect 0 "" run 60 3 "$work/more.json" --out "$work/more"
chain 0 "a chain of 6 attestations" "$work/public/tiny.chain" "$work/more/more.chain"
expect 4 "exists already" run 60 3 "$work/more.json" --out "$work/more"

# With a manifest, quotas and certificates: what was signed is the whole job.
certified_datasets
job good medical-research
sign good
# shellcheck disable=SC2317 # called by expect
prove_cut() {
    timeout 120 scripts/mpirun.sh -n 1 "$prove" "$work/good.json" --out "$work/out" --key "$keys/alpha.key" --segments 2 : \
        -n 1 "$prove" "$work/good.json" --out "$work/out" --key "$keys/bravo.key" : \
        -n 1 "$prove" "$work/good.json" --out "$work/out" --key "$keys/charlie.key"
}
expect 0 "segments              2" prove_cut
chain 0 "a chain of 2 attestations" "$work/out/good.chain" --trust "$trust"
expect 0 "signed      the manifest and the statement" "$consort" verify "$work/out/good.chain" --trust "$trust"

finish
