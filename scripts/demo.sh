#!/bin/sh
# The main job on real data: four members train and prove together, anyone verifies, and cheats are refused.
# `make demo` builds what this needs and runs it.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
out=$build/demo
consort=$build/consort
rm -rf "$out"
mkdir -p "$out"

say() {
    printf '\n== %s\n' "$*"
}

# refused WHAT COMMAND...: the command must fail; its reason is shown.
refused() {
    what=$1
    shift
    if "$@" >"$out/output" 2>&1; then
        echo "demo: $what was NOT refused" >&2
        exit 1
    fi
    printf '%-32s refused: %s\n' "$what" "$(grep -E '^consort' "$out/output" | grep -v 'rank failure' | head -n 1)"
}

say "four members, each with its own file, train and prove together"
scripts/mpirun.sh -n 4 "$build/consort-prove" examples/digits/job.json --out "$out"

say "anyone verifies, without MPI"
"$consort" verify "$out/digits.attestation" --model "$out/digits.safetensors"

say "the same training in floating point"
"$consort" compare examples/digits/job.json "$out/digits.attestation"

say "cheats"
for cheat in proof weight dataset; do
    "$build/tests/e2e/tamper" "$cheat" "$out/digits.attestation" "$out/$cheat.attestation"
done
refused "a flipped byte of the proof" "$consort" verify "$out/proof.attestation"
refused "a changed weight of the model" "$consort" verify "$out/weight.attestation"
refused "two swapped dataset rows" "$consort" verify "$out/dataset.attestation"
refused "a rank with a wrong gradient" env CONSORT_TAMPER=gradient@2 \
    scripts/mpirun.sh -n 4 "$build/tamper/consort-prove" examples/digits/quick.json --out "$out" --quiet
if [ -e "$out/digits-quick.attestation" ]; then
    echo "demo: the cheat left an attestation" >&2
    exit 1
fi
rm -f "$out/output"
say "done; the files are in $out"
