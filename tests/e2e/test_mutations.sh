#!/bin/sh
# Systematic changes of accepted attestations: every one is refused, none takes long. CHANGES of each (docs/security.md has the result of 100,000).
. tests/e2e/common.sh
. tests/e2e/consortium.sh
changes=${CHANGES:-1000}
mutate=$build/tests/e2e/mutate

certified_runs
expect 0 '"accepted": 0' "$mutate" "$work/one/good.attestation" "$work/two/good.attestation" "$changes" "$trust"
cat "$work/output"

# Without anything but the proof, and with a model that is given.
tiny_job "$work/tiny.json" 3
for run in three four; do
    expect 0 "3 members" run 60 3 "$work/tiny.json" --out "$work/$run"
done
expect 0 '"accepted": 0' "$mutate" "$work/three/tiny.attestation" "$work/four/tiny.attestation" "$changes"
cat "$work/output"
finish
