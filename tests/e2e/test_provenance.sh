#!/bin/sh
# A consortium from keys to an accepted attestation: datasets are committed and certified, a manifest is signed by all, three
# ranks prove, a stranger verifies; and whatever does not hold is refused by the status of its own kind.
. tests/e2e/common.sh

. tests/e2e/consortium.sh

certified_datasets
job good medical-research

# The manifest.
expect 4 "good.manifest.json" "$consort" manifest check "$work/good.json"
expect 0 "to be signed by 3 members" "$consort" manifest init "$work/good.json"
expect 4 "exists already" "$consort" manifest init "$work/good.json"
expect 30 "not signed by member \"a\"" "$consort" manifest check "$work/good.json"
expect 30 "not signed by member \"a\"" prove_with good
expect 0 "signed by 1 of 3" "$consort" manifest sign "$work/good.json" --key "$keys/alpha.key"
expect 3 "signature of \"Alpha\" already\|sign with one key" "$consort" manifest sign "$work/good.json" --key "$keys/alpha.key"
expect 2 "no member" "$consort" manifest sign "$work/good.json" --key "$keys/stranger.key"
expect 2 "key FILE is required" "$consort" manifest sign "$work/good.json"
expect 0 "signed by 2 of 3" "$consort" manifest sign "$work/good.json" --key "$keys/bravo.key"
expect 30 "not signed by member \"c\"" "$consort" manifest check "$work/good.json" --trust "$trust"
expect 0 "signed by 3 of 3" "$consort" manifest sign "$work/good.json" --key "$keys/charlie.key"
expect 0 "certified, the licence permits the job" "$consort" manifest check "$work/good.json" --trust "$trust"
expect 0 '"signed": true' "$consort" manifest check "$work/good.json" --json
cp "$work/good.manifest.json" "$work/kept.json"

# Whatever is changed after signing is named.
changed() {
    kind=$1
    says=$2
    sed "$3" "$work/good.json" >"$work/changed.json"
    ! cmp -s "$work/good.json" "$work/changed.json" || fail "the job is unchanged by $3"
    cp "$work/kept.json" "$work/changed.manifest.json"
    expect "$kind" "$says" "$consort" manifest check "$work/changed.json"
}
changed 29 'another "params"' 's/0.75}\]/1.5}]/'
expect 29 'rank 1 (b): refused (manifest): .*another "params"' prove_with changed
changed 29 'another "params", in steps' 's/"steps": 5/"steps": 4/'
changed 29 'another "members"' 's/"name": "c"/"name": "d"/'
changed 26 'another "purpose"' 's/medical-research/marketing/'
changed 27 'another "datasets"' 's/"weight": 0.75/"weight": 0.5/'
changed 27 'another "datasets"' 's/, "per_epoch": 5//'
changed 32 'another "seeds", in contributions' 's/"contributions": true/"contributions": false/'
changed 0 'signed' 's/"beacon": "29 11 05", //' # its value may come later, but the run needs it
expect 32 'source of a beacon' prove_with changed
changed 32 'another source of the beacon' 's/, "beacon_source": "[^"]*"//; s/29 11 05/29 11 06/'
sed 's/"total":9/"total":8/' "$work/kept.json" >"$work/good.manifest.json"
expect 27 'another "datasets"' "$consort" manifest check "$work/good.json"
sed 's/"version":1}/"version":2}/' "$work/kept.json" >"$work/good.manifest.json"
expect 38 "version 2" "$consort" manifest check "$work/good.json"
sed 's/"previous":/"pet":1,"previous":/' "$work/kept.json" >"$work/good.manifest.json"
expect 39 'unknown field "pet"' "$consort" manifest check "$work/good.json"
sed 's/\("signature":"\)\(.\{16\}\)\(.\{16\}\)/\1\3\2/' "$work/kept.json" >"$work/good.manifest.json"
expect 29 "not what \"Alpha\" signed" "$consort" manifest check "$work/good.json"
expect 29 "Alpha (has not signed)" "$consort" manifest check "$work/good.json" # nor is it shown as if it had
expect 29 '"signed": false' "$consort" manifest check "$work/good.json" --json
cp "$work/kept.json" "$work/good.manifest.json"

# The run, and a stranger who verifies it.
expect 0 "3 members" prove_with good
good=$work/out/good.attestation
expect 0 "accepted: good" "$consort" verify "$good" --trust "$trust"
for fact in Alpha Bravo Charlie "Registry of a2" medical-research "29 11 05" multiply-adds; do
    grep -q -- "$fact" "$work/output" || fail "verify does not print \"$fact\""
done
expect 0 '"name": "Authority"' "$consort" verify "$good" --trust "$trust" --json
expect 0 "accepted" "$consort" verify "$good"
expect 0 '"certificate": null' "$consort" verify "$good" --json
expect 0 "Registry of a2" "$consort" inspect "$good"
expect 0 '"version":3' "$consort" inspect "$good" --json
expect 2 "give its secret key" run 60 3 "$work/good.json" --out "$work/none"
cat >"$work/policy.json" <<'END'
{"version": 1, "purpose": "medical-research", "datasets_certified": true, "signatures": "all", "steps": {"at_least": 5, "at_most": 5}}
END
expect 0 "accepted" "$consort" verify "$good" --trust "$trust" --require "$work/policy.json"
expect 40 "datasets_certified" "$consort" verify "$good" --require "$work/policy.json"
echo '{"version": 1, "hidden_sources": "refused"}' >"$work/open.json"
expect 0 "accepted" "$consort" verify "$good" --trust "$trust" --require "$work/open.json"
expect 40 "not held against a trust list" "$consort" verify "$good" --require "$work/open.json"
expect 2 "require: given twice" "$consort" verify "$good" --require "$work/open.json" --require "$work/open.json"

# A second segment, with a manifest of its own that all sign.
sed 's|"good"|"next"|; s|"purpose"|"previous": "out/good.attestation", &|' "$work/good.json" >"$work/next.json"
sign next
expect 0 "the licence permits the job" "$consort" manifest check "$work/next.json" --trust "$trust"
expect 0 "3 members" prove_with next
expect 34 "goes on from another one" "$consort" verify "$work/out/next.attestation" --trust "$trust"
expect 25 "draws in all files; its licence allows 20" "$consort" verify "$good" "$work/out/next.attestation" --trust "$trust"
expect 25 "draws in all files; its licence allows 20" "$consort" verify "$good" "$work/out/next.attestation" # whoever signed it
sed -i 's/"at_least": 5/"at_least": 6/; s/"at_most": 5/"at_most": 6/' "$work/policy.json"
expect 35 "steps.at_least" "$consort" verify "$good" --trust "$trust" --require "$work/policy.json"

# Two runs of one manifest have different seeds: contributions are fresh.
rm -r "$work/out"
expect 0 "3 members" prove_with good
expect 0 "accepted" "$consort" verify "$good" --trust "$trust"

# Authority, dates.
expect 0 "" "$consort" trust add "$work/strangers.json" "$keys/stranger.pub"
expect 22 "not on the trust list" "$consort" verify "$good" --trust "$work/strangers.json"
expect 23 "valid from 2026-01-01" "$consort" verify "$good" --trust "$trust" --at 2025-12-31
expect 23 "valid from" "$consort" verify "$good" --trust "$trust" --at 2031-01-01
expect 2 "" "$consort" verify "$good" --at 2031-02-30

# Licences that the run would not keep to: who asks before it is told so. (tests/attest/test_provenance.c runs them all.)
# broken NAME KIND TEXT PURPOSE: the good job again with another certificate for the second member.
broken() {
    job "$1" "$4"
    sign "$1"
    expect "$2" "$3" "$consort" manifest check "$work/$1.json" --trust "$trust" --at 2026-11-21
}
licence true null null null
certify b authority
broken denied 24 "refused (denied).*member \"b\"" medical-research
licence false null 19 null
certify b authority
broken quota 25 "refused (quota).*member \"b\"" medical-research
expect 0 "3 members" prove_with quota # nobody asked
expect 25 "refused (quota).*member \"b\"" "$consort" verify "$work/out/quota.attestation" --trust "$trust" --at 2026-11-21
licence false 5 null null
certify b authority
broken epoch 25 "refused (quota).*member \"b\"" medical-research
licence false 6 20 '"2026-11-20"'
certify b authority
broken expired 23 "refused (expired).*member \"b\"" medical-research
licence false 6 20 '"2026-11-21"'
certify b authority
broken purpose 26 "refused (purpose)" marketing
job exact medical-research
sign exact
expect 0 "certified" "$consort" manifest check "$work/exact.json" --trust "$trust" --at 2026-11-21
certify b stranger
broken authority 22 "refused (authority).*member \"b\"" medical-research

# A source hidden among authorities.
cp "$trust" "$work/set.json"
expect 0 "" "$consort" trust add "$work/set.json" "$keys/stranger.pub"
for name in a1 a2 b c; do certify $name authority --hide-among "$work/set.json"; done
job hidden medical-research
sign hidden
expect 0 "3 members" prove_with hidden
expect 0 "accepted" "$consort" verify "$work/out/hidden.attestation" --trust "$work/set.json" --at 2026-11-21
expect 37 "refused (ring)" "$consort" verify "$work/out/hidden.attestation" --trust "$trust" --at 2026-11-21

# A changed record is another dataset; its old certificate is not for it.
licence false 8 20 null
for name in a1 a2 b c; do certify $name authority; done
sed '1s/^[0-9.]*/1.25/' "$work/b.csv" >"$work/b2.csv"
expect 0 "" "$consort" dataset commit "$work/b2.csv" --schema "$work/schema.json" --out "$work/b2" --columns 16 --name b
cp "$work/b/certificate.json" "$work/b2/"
job record medical-research
sed -i 's/"datasets": \["b"\]/"datasets": ["b2"]/' "$work/record.json"
sign record
expect 27 "refused (dataset)" "$consort" manifest check "$work/record.json"
expect 0 "3 members" prove_with record
expect 27 "refused (dataset)" "$consort" verify "$work/out/record.attestation"
sed -i 's/"yes"/"maybe"/' "$work/schema.json"
expect 0 "" "$consort" dataset commit "$work/b.csv" --schema "$work/schema.json" --out "$work/b3" --columns 16
job other medical-research
sed -i 's/"datasets": \["b"\]/"datasets": ["b3"]/' "$work/other.json"
expect 28 "the numbers of dataset \"b\" mean something else" "$consort" manifest init "$work/other.json"

# A run without a member: only with a manifest without it, which the others have signed.
# shellcheck disable=SC2317 # called by expect
prove_without() {
    timeout 120 scripts/mpirun.sh -n 1 "$prove" "$work/$1.json" --out "$work/out" --exclude b --key "$keys/alpha.key" : \
        -n 1 "$prove" "$work/$1.json" --out "$work/out" --exclude b --key "$keys/charlie.key"
}
for name in a1 a2 c; do certify $name authority; done
job fewer medical-research
sign fewer
expect 4 "fewer.without-b.manifest.json" prove_without fewer
cp "$work/fewer.manifest.json" "$work/fewer.without-b.manifest.json"
expect 29 "refused (manifest)" prove_without fewer
rm "$work/fewer.without-b.manifest.json"
expect 0 "to be signed by 2 members" "$consort" manifest init "$work/fewer.json" --exclude b
expect 0 "" "$consort" manifest sign "$work/fewer.json" --exclude b --key "$keys/alpha.key"
expect 2 "no member" "$consort" manifest sign "$work/fewer.json" --exclude b --key "$keys/bravo.key"
expect 30 "not signed by member \"c\"" prove_without fewer
expect 0 "" "$consort" manifest sign "$work/fewer.json" --exclude b --key "$keys/charlie.key"
expect 0 "" "$consort" manifest check "$work/fewer.json" --exclude b --trust "$trust" --at 2026-11-21
expect 0 "2 members" prove_without fewer
expect 0 "accepted" "$consort" verify "$work/out/fewer.attestation" --trust "$trust" --at 2026-11-21
expect 0 "left out" "$consort" inspect "$work/out/fewer.attestation"
finish
