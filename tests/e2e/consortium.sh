# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # used by the tests that source this, after common.sh
# A consortium of three members, an authority and a stranger, for the end-to-end tests.

keys=$work/keys
for who in Alpha Bravo Charlie Authority Stranger; do
    expect 0 "" "$consort" keygen --name $who --out "$keys" --no-passphrase
done
trust=$work/authorities.json
expect 0 "" "$consort" trust add "$trust" "$keys/authority.pub"
cat >"$work/schema.json" <<'END'
{"features": {"min": 0, "max": 2, "multiplier": 4}, "classes": ["no", "yes"]}
END

# dataset NAME ROWS START: NAME.csv and the committed dataset NAME.
dataset() {
    awk -v rows="$2" -v i="$3" 'BEGIN { for (k = 0; k < rows; k++) {
        a = (7 * k + i) % 9 / 4; b = (5 * k + 2 * i) % 9 / 4; printf "%.2f,%.2f,%d\n", a, b, (a > b) } }' >"$work/$1.csv"
    expect 0 "" "$consort" dataset commit "$work/$1.csv" --schema "$work/schema.json" --out "$work/$1" --columns 16
}

# licence DENY PER_EPOCH TOTAL EXPIRES
licence() {
    cat >"$work/licence.json" <<END
{"version": 1, "name": "Research", "purposes": ["medical-research"], "deny": $1, "quota": {"per_epoch": $2, "total": $3},
 "expires": $4, "attribution": "Thanks"}
END
}

# certify NAME KEY OPTIONS: with the terms of licence.json, instead of an earlier certificate.
certify() {
    name=$1
    key=$2
    shift 2
    rm -f "$work/$name/certificate.json"
    expect 0 "" "$consort" dataset certify "$work/$name" --licence "$work/licence.json" --key "$keys/$key.key" \
        --source "Registry of $name" --from 2026-01-01 --until 2030-12-31 "$@"
}

# Alpha draws 6 of its first 8 records in a pass and 10 of 5 in all; a run has 20 draws of each member.
job() {
    cat >"$work/$1.json" <<END
{"name": "$1", "model": {"widths": [2, 3, 2]}, "scales": {"a": 3, "d": 5, "value_bits": 9}, "purpose": "$2",
 "schedule": {"steps": 5, "batch": 4, "rates": [{"from_step": 0, "rate": 0.75}]},
 "seeds": {"contributions": true, "beacon": "29 11 05", "beacon_source": "the lottery of 2026-12-01"},
 "members": [
  {"name": "a", "identity": "keys/alpha.pub", "datasets": [{"path": "a1", "weight": 0.75}, {"path": "a2", "total": 9}]},
  {"name": "b", "identity": "keys/bravo.pub", "datasets": ["b"]},
  {"name": "c", "identity": "keys/charlie.pub", "datasets": [{"path": "c", "per_epoch": 5}]}]}
END
}

# sign JOB
sign() {
    rm -f "$work/$1.manifest.json"
    expect 0 "to be signed by 3 members" "$consort" manifest init "$work/$1.json"
    for who in alpha bravo charlie; do
        expect 0 "" "$consort" manifest sign "$work/$1.json" --key "$keys/$who.key"
    done
}

# shellcheck disable=SC2317 # called by expect
prove_with() {
    timeout 120 scripts/mpirun.sh -n 1 "$prove" "$work/$1.json" --out "$work/out" --key "$keys/alpha.key" : \
        -n 1 "$prove" "$work/$1.json" --out "$work/out" --key "$keys/bravo.key" : \
        -n 1 "$prove" "$work/$1.json" --out "$work/out" --key "$keys/charlie.key"
}

# Four committed datasets, certified.
certified_datasets() {
    dataset a1 8 0
    dataset a2 5 3
    dataset b 6 1
    dataset c 7 2
    licence false 8 20 null
    for name in a1 a2 b c; do certify $name authority; done
}

# Two runs of one job on them, with fresh contributions: $work/one and $work/two, each with good.attestation.
certified_runs() {
    certified_datasets
    job good medical-research
    sign good
    for run in one two; do
        expect 0 "3 members" prove_with good
        mv "$work/out" "$work/$run"
    done
}
