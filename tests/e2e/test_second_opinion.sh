#!/bin/sh
# Two verifiers, one corpus: what `consort verify` accepts and what it refuses, scripts/verify_independent.py does too.
# CHANGES changed files of each of two attestations.
. tests/e2e/common.sh
. tests/e2e/consortium.sh
second="${PYTHON:-python3} scripts/verify_independent.py --quiet"
changes=${CHANGES:-40}

# both STATUS FILE...: the files as one chain; STATUS is 0 (accepted) or 1 (not accepted) for both. $options are for both.
options=
both() {
    status=$1
    shift
    # shellcheck disable=SC2086 # lists
    "$consort" verify $options "$@" >"$work/output" 2>&1
    first=$?
    # shellcheck disable=SC2086 # lists
    $second $options "$@" >>"$work/output" 2>&1
    got=$?
    [ $((first != 0)) -eq "$status" ] || fail "consort verify: status $first: $*"
    case $got in
    0 | 1 | 3) [ $((got != 0)) -eq "$status" ] || fail "verify_independent.py: status $got: $*" ;;
    *) fail "verify_independent.py ends with $got: $*" ;;
    esac
}

# changed NAME HONEST OTHER [TRUST]: $changes changed files, none of which either accepts.
changed() {
    mkdir "$work/$1"
    "$build/tests/e2e/mutate" "$2" "$3" "$changes" ${4:+"$4"} --keep "$work/$1" "$changes" >"$work/output" 2>&1 ||
        fail "mutate $2"
    # shellcheck disable=SC2086 # lists
    $second --each $options "$work/$1"/* >"$work/output" 2>&1
    got=$?
    [ "$got" -eq 1 ] || [ "$got" -eq 3 ] || fail "verify_independent.py --each ends with $got: $1"
    if grep ": accepted$" "$work/output" >&2; then fail "verify_independent.py accepts changed files of $2"; fi
    judged=$(grep -c -e ": refused, " -e ": malformed, " "$work/output")
    [ "$judged" -eq "$(find "$work/$1" -type f | wc -l)" ] || fail "verify_independent.py does not judge all files: $1"
}

# tampered WHAT FILE: a change of contents that is consistent in itself.
tampered() {
    expect 0 "" "$build/tests/e2e/tamper" "$1" "$2" "$work/tampered.attestation"
    both 1 "$work/tampered.attestation"
}

# Plain jobs: a model that is public, only committed, given; hidden draws; one layer; a chain and segments.
tiny_job "$work/tiny.json" 3
# plain NAME SED
plain() {
    sed -e "s/\"tiny\"/\"$1\"/" -e "$2" "$work/tiny.json" >"$work/$1.json"
    expect 0 "" run 60 3 "$work/$1.json" --out "$work/$1"
}
at() {
    echo "$work/$1/$1.attestation"
}
plain public ""
plain again ""
plain committed 's|"test"|"output": {"model": "committed"}, "test"|'
plain hidden 's|"test"|"indices": "hidden", "previous": "committed/committed.attestation", "test"|
s|"previous"|"initial": "committed/committed.safetensors", &|'
plain given 's|"widths": \[2, 3, 2\]|&, "initial_max": [4, 4]|; s|"test"|"initial": "public/public.safetensors", "test"|'
plain shallow 's|\[2, 3, 2\]|[2, 2]|; s|"value_bits": 9|"value_bits": 8, "limb_bits": [4, 5, 3]|
s|"test"|"seeds": {"contributions": true}, "test"|'
plain parts 's|"steps": 3|"steps": 5, "segments": 2|
s|"test"|"indices": "hidden", "output": {"between": "committed"}, "test"|'
mkdir "$work/more"
tiny_job "$work/more/tiny.json" 3
sed -e 's|"tiny"|"longer"|' -e 's|"steps": 3|"steps": 100|' "$work/more/tiny.json" >"$work/more/longer.json"
expect 0 "" run 60 3 "$work/more/longer.json" --out "$work/longer"
mkdir "$work/broad"
tiny_job "$work/broad/tiny.json" 3
for data in "$work"/broad/m?.csv; do
    awk -F, '{ for (k = 0; k < 50; k++) printf "%s,%s,", $1, $2; print $3 }' "$data" >"$data.new" && mv "$data.new" "$data"
done
sed -e 's|"tiny"|"wide"|' -e 's|"steps": 3|"steps": 40|; s|\[2, 3, 2\]|[100, 3, 2]|' "$work/broad/tiny.json" >"$work/broad/wide.json"
expect 0 "" run 60 3 "$work/broad/wide.json" --out "$work/wide"
for name in public committed given shallow longer wide; do
    both 0 "$(at $name)"
done
both 0 "$(at committed)" "$(at hidden)"
both 1 "$(at hidden)"
both 1 "$(at public)" "$(at hidden)"
both 0 "$work/parts/parts.chain"
both 1 "$work/parts/parts.2.attestation"
both 1 "$work/parts/parts.2.attestation" "$work/parts/parts.1.attestation"
for what in proof weight dataset; do
    tampered $what "$(at public)"
done
tampered proof "$(at committed)"
changed changed-plain "$(at public)" "$(at again)"

# Other rules: a verifier that takes the lookups' leaves, enough for several lines, in the order of their entries; files of
# the version before.
in_order='import sys; sys.path.insert(0, "scripts"); import verify_independent
from independent import lookups; lookups.point_of_entries = lambda point, last_axis: point; sys.exit(verify_independent.run())'
for name in longer wide; do
    expect 1 ": refused, " "${PYTHON:-python3}" -c "$in_order" --quiet "$(at $name)"
done
in_tiles='import sys; sys.path.insert(0, "scripts"); import verify_independent
from independent import lookups; lookups.line_bits = lambda bits, last_axis: min(bits, 6); sys.exit(verify_independent.run())'
expect 1 ": refused, " "${PYTHON:-python3}" -c "$in_tiles" --quiet "$(at wide)"
{ head -c 8 "$(at public)" && printf '\004' && tail -c +10 "$(at public)"; } >"$work/earlier.attestation"
both 1 "$work/earlier.attestation"
expect 38 "made by another version of consort (format 4, this one reads 5)" "$consort" verify "$work/earlier.attestation"
expect 1 "refused, container: container: format 4, this program reads 5" "${PYTHON:-python3}" scripts/verify_independent.py "$work/earlier.attestation"

# A consortium: several datasets with well-formedness proofs, certificates, manifest, contributions, signatures.
certified_runs
good=$work/one/good.attestation
both 0 "$good"
options="--trust $trust --at 2026-11-21"
both 0 "$good"
changed changed-good "$good" "$work/two/good.attestation" "$trust"
for what in proof weight dataset; do
    tampered $what "$good"
done
options="--trust $trust --at 2025-12-31"
both 1 "$good"
expect 0 "" "$consort" trust add "$work/others.json" "$keys/stranger.pub"
options="--trust $work/others.json --at 2026-11-21"
both 1 "$good"

# The authority hides among others.
cp "$trust" "$work/set.json"
expect 0 "" "$consort" trust add "$work/set.json" "$keys/stranger.pub"
for name in a1 a2 b c; do certify $name authority --hide-among "$work/set.json"; done
job ring medical-research
sign ring
expect 0 "3 members" prove_with ring
options="--trust $work/set.json --at 2026-11-21"
both 0 "$work/out/ring.attestation"
options="--trust $trust --at 2026-11-21"
both 1 "$work/out/ring.attestation"

finish
