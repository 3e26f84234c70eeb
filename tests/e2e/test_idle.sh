#!/bin/sh
# Members without data, in real processes: wherever they stand; what both verifiers say of the attestations; a consortium with
# manifest and certificates in which the first rank only coordinates.
. tests/e2e/common.sh
. tests/e2e/consortium.sh
second="${PYTHON:-python3} scripts/verify_independent.py --quiet"

# both STATUS OPTIONS FILE: 0 (accepted) or 1 (not accepted), of both verifiers.
both() {
    status=$1
    # shellcheck disable=SC2086 # lists
    "$consort" verify $2 "$3" >"$work/output" 2>&1
    first=$?
    # shellcheck disable=SC2086 # lists
    $second $2 "$3" >>"$work/output" 2>&1
    got=$?
    [ $((first != 0)) -eq "$status" ] || fail "consort verify: status $first: $3"
    case $got in
    0 | 1 | 3) [ $((got != 0)) -eq "$status" ] || fail "verify_independent.py: status $got: $3" ;;
    *) fail "verify_independent.py ends with $got: $3" ;;
    esac
}

# idle_job RANKS "IDLE…" SED: a tiny job in which these members have no records.
idle_job() {
    tiny_job "$work/tiny.json" "$1"
    rm -f "$work"/m*.opening # of another shape
    holders=$1
    for i in $2; do
        sed -i "s|{\"name\": \"m$i\", \"rows\": [0-9]*, \"data\": \"{name}.csv\"}|{\"name\": \"m$i\", \"rows\": 0}|" "$work/tiny.json"
        holders=$((holders - 1))
    done
    rate=$(awk -v n="$holders" 'BEGIN { print 2 * n / 16 }')
    sed -i "s|\"rate\": [0-9.]*|\"rate\": $rate|; s|{\"name\": \"tiny\"|{$3\"name\": \"tiny\"|" "$work/tiny.json"
}

# The first one, the last, several; models that are released or not.
idle_job 2 "0" ""
expect 0 "2 members (1 of them idle)" "$prove" "$work/tiny.json" --plan
expect 0 "2 members trained" run 60 2 "$work/tiny.json" --out "$work/first"
both 0 "" "$work/first/tiny.attestation"
idle_job 4 "1 3" '"output": {"model": "committed"}, "seeds": {"contributions": true}, '
expect 0 "4 members trained" run 60 4 "$work/tiny.json" --out "$work/several" --attributable
both 0 "" "$work/several/tiny.attestation"
expect 0 "m3 .*idle: no records" "$consort" inspect "$work/several/tiny.attestation"
for what in proof dataset idle; do
    expect 0 "" "$build/tests/e2e/tamper" $what "$work/several/tiny.attestation" "$work/tampered.attestation"
    both 1 "" "$work/tampered.attestation"
done
idle_job 7 "0 2 5 6" '"indices": "hidden", '
expect 0 "7 members trained" run 60 7 "$work/tiny.json" --out "$work/seven"
both 0 "" "$work/seven/tiny.attestation"

# Somebody must have records.
idle_job 2 "0 1" ""
expect 3 "no member has records" "$prove" "$work/tiny.json" --plan

# Alpha coordinates, Bravo and Charlie have certified datasets; all three sign.
certified_datasets
job good medical-research
sed -i 's|"datasets": \[{"path": "a1".*}\]}|"datasets": []}|; s|"rate": 0.75|"rate": 0.5|' "$work/good.json"
grep -q '"datasets": \[\]' "$work/good.json" || fail "Alpha has datasets"
sign good
expect 0 "3 members" prove_with good
options="--trust $trust --at 2026-11-21"
both 0 "$options" "$work/out/good.attestation"
# shellcheck disable=SC2086 # lists
expect 0 "idle        no records" "$consort" verify $options "$work/out/good.attestation"
expect 0 "with 3 signatures" "$consort" inspect "$work/out/good.attestation"
expect 0 "" "$build/tests/e2e/tamper" idle "$work/out/good.attestation" "$work/tampered.attestation"
both 1 "$options" "$work/tampered.attestation"
# what was agreed on does not fit a job in which Alpha has data, nor one without it
sed 's|"datasets": \[\]|"datasets": ["a1"]|' "$work/good.json" >"$work/other.json"
sed -i 's|"name": "good"|"name": "good", "manifest": "good.manifest.json"|; s|"rate": 0.5|"rate": 0.75|' "$work/other.json"
expect 29 "manifest" prove_with other
finish
