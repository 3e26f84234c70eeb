#!/bin/sh
# From an authority's key to a checked certificate: datasets are certified, shown, and refused for each reason by its own status.
. tests/e2e/common.sh

for who in Alpha Bravo Charlie; do
    expect 0 "" "$consort" keygen --name $who --out "$work" --no-passphrase
done
awk 'BEGIN { for (k = 0; k < 9; k++) printf "%.2f,%.2f,%d\n", k % 5 / 4, (3 * k) % 7 / 4, k % 2 }' >"$work/records.csv"
cat >"$work/schema.json" <<'END'
{"features": {"min": 0, "max": 2, "multiplier": 4}, "classes": ["no", "yes"]}
END
cat >"$work/licence.json" <<'END'
{"version": 1, "name": "Research", "purposes": ["medical-research"], "quota": {"per_epoch": 9, "total": 100},
 "expires": "2027-06-30", "attribution": "Thanks"}
END
commit() {
    expect 0 "" "$consort" dataset commit "$work/records.csv" --schema "$work/schema.json" --out "$@"
}
# shellcheck disable=SC2317 # called by expect
certify() {
    folder=$1
    shift
    for option in "--source=a test" --until=2027-12-31 --from=2026-01-01 "--licence=$work/licence.json" "--key=$work/alpha.key"; do
        case " $* " in
        *" ${option%%=*} "*) ;; # the caller's
        *) set -- "$@" "$option" ;;
        esac
    done
    "$consort" dataset certify "$folder" "$@"
}
trust=$work/authorities.json

# Trust lists.
expect 0 "set .* of 1" "$consort" trust add "$trust" "$work/alpha.pub"
expect 0 "set .* of 2" "$consort" trust add "$trust" "$work/bravo.pub"
expect 3 "on the list already" "$consort" trust add "$trust" "$work/alpha.pub"
expect 0 "Bravo" "$consort" trust show "$trust"
expect 0 '"set": "[0-9a-f]*"' "$consort" trust show "$trust" --json
sed 's/Alpha/Alpen/' "$work/alpha.pub" >"$work/forged.pub"
expect 30 "refused (signature)" "$consort" trust add "$trust" "$work/forged.pub"
expect 4 "cannot open" "$consort" trust add "$trust" "$work/none.pub"
expect 4 "cannot open" "$consort" trust show "$work/none.json"
sed 's/"version":1}$/"version":2}/' "$trust" >"$work/newer.json"
expect 38 "refused (version)" "$consort" trust show "$work/newer.json"

# A dataset without certificate.
commit "$work/ds"
expect 0 "certificate   none" "$consort" dataset show "$work/ds"
expect 22 "has no certificate" "$consort" dataset show "$work/ds" --trust "$trust"

# Certified, and everything that is checked.
expect 0 '"Alpha", key' certify "$work/ds"
expect 4 "exists already" certify "$work/ds"
expect 0 "NOT: give --trust" "$consort" dataset show "$work/ds"
expect 0 "medical-research, at most 9 draws in one pass, at most 100 draws in one run, until 2027-06-30" \
    "$consort" dataset show "$work/ds" --trust "$trust" --at 2027-06-30
expect 0 "as of 2026-01-01" "$consort" dataset show "$work/ds" --trust "$trust" --at 2026-01-01
expect 0 '"trusted": true' "$consort" dataset show "$work/ds" --trust "$trust" --at 2026-01-01 --json
expect 23 "valid from 2026-01-01" "$consort" dataset show "$work/ds" --trust "$trust" --at 2025-12-31
expect 23 "licence \"Research\" expired" "$consort" dataset show "$work/ds" --trust "$trust" --at 2027-07-01
expect 2 "no such day" "$consort" dataset show "$work/ds" --trust "$trust" --at 2027-02-29
expect 0 "" "$consort" trust add "$work/other.json" "$work/charlie.pub"
expect 22 "not on the trust list" "$consort" dataset show "$work/ds" --trust "$work/other.json" --at 2026-06-01

# Another dataset, another schema, another certificate.
sed '1s/0.00/0.25/' "$work/records.csv" >"$work/changed.csv"
cp "$work/records.csv" "$work/kept.csv"
mv "$work/changed.csv" "$work/records.csv"
commit "$work/changed"
cp "$work/ds/certificate.json" "$work/changed/"
expect 27 "refused (dataset)" "$consort" dataset show "$work/changed"
mv "$work/kept.csv" "$work/records.csv"
sed -i 's/"yes"/"maybe"/' "$work/schema.json"
commit "$work/schema"
cp "$work/ds/certificate.json" "$work/schema/"
expect 28 "refused (schema)" "$consort" dataset show "$work/schema"
rm "$work/schema/certificate.json"
cp "$work/ds/certificate.json" "$work/kept.json"
sed 's/"total":100/"total":101/' "$work/kept.json" >"$work/ds/certificate.json"
expect 30 "refused (signature)" "$consort" dataset show "$work/ds" --trust "$trust" --at 2026-06-01
sed 's/"rows":/"more":0,"rows":/' "$work/kept.json" >"$work/ds/certificate.json"
expect 39 "refused (unknown)" "$consort" dataset show "$work/ds"
mv "$work/kept.json" "$work/ds/certificate.json"

# What an authority does not sign.
commit "$work/unproved" --no-check
expect 21 "refused (proof)" certify "$work/unproved"
expect 0 "NOT proved" "$consort" dataset show "$work/unproved"
cp -r "$work/schema" "$work/damaged"
printf '\001' | dd of="$work/damaged/proof" bs=1 seek=100 conv=notrunc 2>/dev/null
expect 3 "not the proof that dataset.json names" certify "$work/damaged"
expect 2 "no such day" certify "$work/schema" --until 2027-02-29
expect 3 "never be valid" certify "$work/schema" --until 2025-12-31
expect 2 "are required" "$consort" dataset certify "$work/schema"
expect 2 "allowed" certify "$work/schema" --source ""
expect 4 "cannot open" certify "$work/schema" --licence "$work/none.json"
expect 4 "cannot open" certify "$work/schema" --key "$work/none.key"
expect 4 "cannot open" certify "$work/none"
absent "$work/unproved/certificate.json" "$work/damaged/certificate.json" "$work/schema/certificate.json"

# A denied licence can be certified, and stops every use.
sed -i 's/"version": 1,/"version": 1, "deny": true,/' "$work/licence.json"
expect 0 "DENIES" certify "$work/schema"
expect 24 "refused (denied)" "$consort" dataset show "$work/schema" --trust "$trust" --at 2026-06-01
sed -i 's/"deny": true,//' "$work/licence.json"

# Hidden sources; a key with a passphrase.
expect 0 "hidden: one of the set" certify "$work/changed" --hide-among "$trust" --out "$work/hidden.json" --key "$work/bravo.key"
grep -q "Bravo\|Alpha" "$work/hidden.json" && fail "a hidden authority is named"
cp "$work/hidden.json" "$work/changed/certificate.json"
expect 0 "checked     by the trust list" "$consort" dataset show "$work/changed" --trust "$trust" --at 2026-06-01
expect 37 "refused (ring)" "$consort" dataset show "$work/changed" --trust "$work/other.json" --at 2026-06-01
expect 37 "none of the set" certify "$work/changed" --hide-among "$trust" --out "$work/x.json" --key "$work/charlie.key"
expect 3 "hides among" certify "$work/changed" --hide-among "$work/other.json" --out "$work/x.json" --key "$work/charlie.key"
echo "open sesame" >"$work/passphrase"
expect 0 "" "$consort" keygen --name Delta --out "$work" --passphrase-file "$work/passphrase"
expect 2 "sealed with a passphrase" certify "$work/ds" --out "$work/x.json" --key "$work/delta.key" </dev/null
absent "$work/x.json"
expect 0 '"Delta", key' certify "$work/ds" --out "$work/x.json" --key "$work/delta.key" --passphrase-file "$work/passphrase"

# Licences as CAWG assertions.
expect 0 '"use": "constrained"' "$consort" licence to-cawg "$work/licence.json"
cp "$work/output" "$work/cawg.json"
expect 0 '"per_epoch": 9' "$consort" licence from-cawg "$work/cawg.json"
cp "$work/output" "$work/licence2.json"
"$consort" licence to-cawg "$work/licence2.json" >"$work/cawg2.json"
cmp -s "$work/cawg.json" "$work/cawg2.json" || fail "another licence after the round trip"
sed 's/constrained/allowed/' "$work/cawg.json" >"$work/cawg2.json"
expect 39 "refused (unknown)" "$consort" licence from-cawg "$work/cawg2.json"

for command in "dataset certify" "dataset show" "dataset commit" "licence to-cawg" "licence from-cawg" "trust add" "trust show"; do
    # shellcheck disable=SC2086 # two words
    expect 0 "usage: consort $command" "$consort" $command --help
    # shellcheck disable=SC2086
    expect 2 "arguments" "$consort" $command
    # shellcheck disable=SC2086
    expect 2 "unknown option" "$consort" $command --frobnicate x
done
for command in dataset licence trust; do
    expect 0 "usage: consort $command" "$consort" $command --help
    expect 2 "arguments" "$consort" $command
    expect 2 "unknown option or command" "$consort" $command frobnicate
done
finish
