#!/bin/sh
# Committing to datasets: what is written, to whom it is readable, and every way in which it is refused.
. tests/e2e/common.sh

awk 'BEGIN { for (k = 0; k < 9; k++) printf "%.2f,%.2f,%d\n", k % 5 / 4, (3 * k) % 7 / 4, k % 2 }' >"$work/records.csv"
cat >"$work/schema.json" <<'END'
{"features": {"min": 0, "max": 2, "multiplier": 4}, "classes": ["no", "yes"]}
END
# shellcheck disable=SC2317 # called by expect
commit() {
    "$consort" dataset commit "$work/records.csv" --schema "$work/schema.json" "$@"
}

expect 0 "usage: consort dataset commit" "$consort" dataset commit --help
expect 0 "proved well formed" commit --out "$work/ds"
grep -q '"name":"records"' "$work/ds/dataset.json" || fail "the dataset is not named after its file"
grep -q '"columns":2048' "$work/ds/dataset.json" || fail "not 2048 columns"
[ "$(stat -c %a "$work/ds/opening")" = 600 ] || fail "others may read the opening"
[ "$(stat -c %a "$work/ds/proof")" = 644 ] || fail "others may not read the proof"
proof=$(sha256sum "$work/ds/proof" | cut -d ' ' -f 1)
grep -q "\"proof\":\"$proof\"" "$work/ds/dataset.json" || fail "the document does not name the proof"
digest=$(printf 'consort/dataset/1\0' | cat - "$work/ds/dataset.json" | sha256sum | cut -d ' ' -f 1)
expect 0 "$digest" "$consort" dataset show "$work/ds"

# The same data again: other commitments, another dataset.
expect 0 "" commit --out "$work/again" --name "Second; ä" --columns 64 --check
grep -q '"name":"Second; ä"' "$work/again/dataset.json" || fail "the name is not the one given"
expect 0 '"proof": false' commit --out "$work/bare" --no-check --json
absent "$work/bare/proof"
grep -q '"proof":null' "$work/bare/dataset.json" || fail "a proof is named that was not made"

# Labels in a file of their own, packed records, maps for each feature, number of classes only.
cut -d , -f 1,2 "$work/records.csv" | gzip >"$work/features.csv.gz"
cut -d , -f 3 "$work/records.csv" >"$work/labels.csv"
echo '{"features": {"min": [0, 0], "max": [1, 2], "offset": 0.5, "multiplier": [8, 4]}, "classes": 3}' >"$work/maps.json"
expect 0 "2 features and 3 classes, 4 bits" "$consort" dataset commit "$work/features.csv.gz" --labels "$work/labels.csv" \
    --schema "$work/maps.json" --out "$work/split"
grep -q '"name":"features"' "$work/split/dataset.json" || fail "the name has an extension"
grep -q '"class_names":null' "$work/split/dataset.json" || fail "classes have names"

# Nothing is replaced, and nothing is left of what fails.
cp -r "$work/ds" "$work/kept"
expect 4 "exists already" commit --out "$work/ds"
diff -r "$work/ds" "$work/kept" || fail "a dataset was changed"
rm "$work/kept/dataset.json" "$work/kept/proof"
expect 4 "opening: exists already" commit --out "$work/kept"
absent "$work/kept/dataset.json" "$work/kept/proof"
expect 4 "Not a directory" commit --out "$work/schema.json/ds"

# Wrong usage.
expect 2 "are required" "$consort" dataset commit "$work/records.csv" --out "$work/no"
expect 2 "are required" "$consort" dataset commit "$work/records.csv" --schema "$work/schema.json"
expect 2 "exclude each other" commit --out "$work/no" --check --no-check
for columns in 0x40 "" 2097152 -4; do
    expect 2 "a power of two" commit --out "$work/no" --columns "$columns"
done
expect 3 "columns: 48 is not a power of two" commit --out "$work/no" --columns 48
expect 3 "columns: 2; allowed" commit --out "$work/no" --columns 2
expect 3 "name" commit --out "$work/no" --name ""
expect 3 "control characters" commit --out "$work/no" --name "$(printf 'a\tb')"

# Data and schema that do not fit.
schema() {
    echo "$1" >"$work/bad.json"
    expect 3 "$2" "$consort" dataset commit "$work/records.csv" --schema "$work/bad.json" --out "$work/no"
}
expect 4 "cannot open" "$consort" dataset commit "$work/none.csv" --schema "$work/schema.json" --out "$work/no"
expect 4 "cannot open" "$consort" dataset commit "$work/records.csv" --schema "$work/none.json" --out "$work/no"
schema '{"features": {"min": 0, "max": 2, "multiplier": 4}' 'bad.json: line'
schema '{"features": {"min": 0, "max": 2, "multiplier": 4}}' 'classes: missing'
schema '{"features": {"min": 0, "max": 2, "multiplier": 4}, "classes": 0}' 'classes: 0; allowed'
schema '{"features": {"min": 0, "max": 2, "multiplier": 4}, "classes": 2, "rows": 9}' 'unknown field "rows"'
schema '{"features": {"min": 0, "max": 2, "multiplier": [4, 4, 4]}, "classes": 2}' 'features'
schema '{"features": {"min": [0, 0], "max": [2, 2, 2], "multiplier": 4}, "classes": 2}' 'data.features\|features.max'
schema '{"features": {"min": 0, "max": 1, "multiplier": 4}, "classes": 2}' 'records.csv'
schema '{"features": {"min": 0, "max": 2, "multiplier": 4}, "classes": 1}' 'records.csv'
schema '{"features": {"min": 0, "max": 2, "multiplier": 40000}, "classes": 2}' 'at most 16 are allowed'
absent "$work/no"

# One member's proof is changed where only the group equations see it: no run begins.
expect 0 "" commit --out "$work/m0" --name first --columns 16
expect 0 "" commit --out "$work/m1" --name second --columns 16
cat >"$work/job.json" <<'END'
{"name": "pair", "model": {"widths": [2, 3, 2]}, "scales": {"a": 3, "d": 5, "value_bits": 9},
 "schedule": {"steps": 3, "batch": 2, "rates": [{"from_step": 0, "rate": 0.25}]},
 "members": [{"name": "a", "datasets": ["m0"]}, {"name": "b", "datasets": ["m1"]}]}
END
expect 0 "" run 60 2 "$work/job.json" --out "$work/good" --quiet
expect 0 "" "$consort" verify "$work/good/pair.attestation"
before=$(sha256sum "$work/m1/proof" | cut -d ' ' -f 1)
last=$(($(stat -c %s "$work/m1/proof") - 32)) # the lowest byte of the last scalar
byte=$(od -An -tu1 -j $last -N 1 "$work/m1/proof")
printf '%b' "\\0$(printf %o $(((byte + 1) % 256)))" | dd of="$work/m1/proof" bs=1 seek=$last conv=notrunc 2>/dev/null
after=$(sha256sum "$work/m1/proof" | cut -d ' ' -f 1)
sed "s/$before/$after/" "$work/m1/dataset.json" >"$work/m1/new" && mv "$work/m1/new" "$work/m1/dataset.json"
expect 21 'second' "$consort" dataset show "$work/m1"
expect 21 'second' run 60 2 "$work/job.json" --out "$work/bad" --quiet
absent "$work/bad/pair.attestation"

finish
