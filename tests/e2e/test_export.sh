#!/bin/sh
# consort export and consort verify --export and --require, on a run of a few steps.
. tests/e2e/common.sh

tiny_job "$work/job.json" 2
expect 0 "" run 60 2 "$work/job.json" --out "$work/run" --quiet
attestation=$work/run/tiny.attestation
expect 0 "ed25519" "$consort" keygen --name "Lead & Sons" --out "$work/keys" --no-passphrase
key=$work/keys/lead-sons.key

expect 0 "" "$consort" export c2pa "$attestation" --key "$key" --out "$work/tiny.c2pa.json"
expect 0 "" "$consort" export model-card "$attestation" --out "$work/tiny.md"
expect 0 "unedited C2PA-style manifest, signed by Lead & Sons" "$consort" verify "$attestation" --export "$work/tiny.c2pa.json"
expect 0 "unedited model card" "$consort" verify "$attestation" --export "$work/tiny.md"
expect 0 '"signer": "Lead & Sons"' "$consort" verify "$attestation" --json --export "$work/tiny.c2pa.json"
"$consort" export model-card "$attestation" >"$work/again.md"
cmp -s "$work/tiny.md" "$work/again.md" || fail "a model card depends on more than the attestation"

# Edited ones, and one of another attestation.
sed 's/"steps":3/"steps":4/' "$work/tiny.c2pa.json" >"$work/edited.json"
expect 36 'parameters.steps is not what\|compute.steps is not what' "$consort" verify "$attestation" --export "$work/edited.json"
sed 's/^- steps: 3$/- steps: 4/' "$work/tiny.md" >"$work/edited.md"
expect 36 "line .* is not what" "$consort" verify "$attestation" --export "$work/edited.md"
sed 's/"name": "tiny"/"name": "other"/' "$work/job.json" >"$work/other.json"
expect 0 "" run 60 2 "$work/other.json" --out "$work/run" --quiet
expect 36 "active_manifest is not what" "$consort" verify "$work/run/other.attestation" --export "$work/tiny.c2pa.json"
expect 36 "line .* is not what" "$consort" verify "$work/run/other.attestation" --export "$work/tiny.md"
expect 4 "absent.md" "$consort" verify "$attestation" --export "$work/absent.md"

# What is refused is not exported, and nothing is replaced.
"$build/tests/e2e/tamper" weight "$attestation" "$work/cheat.attestation"
expect 21 "proof" "$consort" export model-card "$work/cheat.attestation" --out "$work/cheat.md"
expect 21 "proof" "$consort" export c2pa "$work/cheat.attestation" --key "$key" --out "$work/cheat.json"
absent "$work/cheat.md" "$work/cheat.json"
expect 4 "exists already" "$consort" export model-card "$attestation" --out "$work/tiny.md"
expect 2 "key FILE is missing" "$consort" export c2pa "$attestation"
expect 2 "do not belong here" "$consort" export model-card "$attestation" --key "$key"
expect 2 "is not \"c2pa\"" "$consort" export pdf "$attestation"
expect 2 "which attestation" "$consort" export model-card
expect 0 "usage: consort export" "$consort" export --help

# Policies: 3 steps of 2 times 2 draws; a 2-3-2 network makes 12 + 6 + 12 multiply-adds a draw.
policy() {
    echo "$1" >"$work/policy.json"
}
policy '{"version": 1, "steps": {"at_least": 3, "at_most": 3}, "multiply_adds": {"at_least": 360, "at_most": 360}}'
expect 0 "met: 4 demands" "$consort" verify "$attestation" --require "$work/policy.json"
policy '{"version": 1, "multiply_adds": {"at_most": 359}}'
expect 35 "multiply_adds.at_most: demanded 359 or fewer; found 360" "$consort" verify "$attestation" --require "$work/policy.json"
policy '{"version": 1, "steps": {"at_least": 4}}'
expect 35 "steps.at_least: demanded 4 or more; found 3" "$consort" verify "$attestation" --require "$work/policy.json"
policy '{"version": 1, "datasets_certified": true, "signatures": "all", "purpose": "medical-research"}'
expect 40 "purpose: demanded medical-research; found none" "$consort" verify "$attestation" --require "$work/policy.json"
expect 40 '"field": "datasets_certified"' "$consort" verify "$attestation" --json --require "$work/policy.json"
policy '{"version": 1, "energy": {"at_most": 3}}'
expect 39 "energy" "$consort" verify "$attestation" --require "$work/policy.json"
policy '{"version": 2}'
expect 38 "version" "$consort" verify "$attestation" --require "$work/policy.json"
policy '{"version": 1, "steps": {"at_least": 3'
expect 3 "line" "$consort" verify "$attestation" --require "$work/policy.json"

# Of a chain: policies add up, exports are of the last one.
sed 's|"name": "tiny"|"name": "next"|; s|"test"|"previous": "run/tiny.attestation", "test"|' "$work/job.json" >"$work/next.json"
expect 0 "" run 60 2 "$work/next.json" --out "$work/run" --quiet
next=$work/run/next.attestation
policy '{"version": 1, "steps": {"at_most": 6}, "multiply_adds": {"at_least": 720}}'
expect 0 "met: 2 demands" "$consort" verify "$attestation" "$next" --require "$work/policy.json"
policy '{"version": 1, "steps": {"at_most": 5}}'
expect 35 "steps.at_most: demanded 5 or fewer; found 6" "$consort" verify "$attestation" "$next" --require "$work/policy.json"
expect 0 "" "$consort" export c2pa "$attestation" "$next" --key "$key" --out "$work/next.c2pa.json"
expect 0 "parentOf" cat "$work/next.c2pa.json"
expect 0 "unedited C2PA-style manifest" "$consort" verify "$attestation" "$next" --export "$work/next.c2pa.json"
expect 36 "active_manifest is not what" "$consort" verify "$attestation" --export "$work/next.c2pa.json"
expect 34 "goes on from another one" "$consort" export model-card "$next"

finish
