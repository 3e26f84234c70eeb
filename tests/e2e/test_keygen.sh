#!/bin/sh
# Identities: what keygen writes, with and without a passphrase, and what it refuses.
. tests/e2e/common.sh

# shellcheck disable=SC2317 # called by expect
keygen() {
    "$consort" keygen "$@" </dev/null
}

expect 0 "not sealed" keygen --name "St. Mary's" --out "$work/new/keys"
[ "$(stat -c %a "$work/new/keys/st-mary-s.key")" = 600 ] || fail "the key file's mode"
grep -q "$(x25519 "$work/new/keys/st-mary-s.pub")" "$work/output" || fail "the public key is not shown"
secret=$(sed 's/.*"secret":"\([0-9a-f]*\)".*/\1/' "$work/new/keys/st-mary-s.key")
grep -q "$secret" "$work/output" && fail "the secret is shown"
cp "$work/new/keys/st-mary-s.key" "$work/before"
expect 4 "exists already" keygen --name "st  mary S" --out "$work/new/keys"
cmp -s "$work/new/keys/st-mary-s.key" "$work/before" || fail "a key was replaced"
touch "$work/new/keys/b.pub"
expect 4 "exists already" keygen --name b --out "$work/new/keys"
absent "$work/new/keys/b.key"

echo "open sesame" >"$work/passphrase"
echo "" >"$work/empty"
expect 0 '"sealed": true' keygen --name A --out "$work/keys" --passphrase-file "$work/passphrase" --json
export CONSORT_PASSPHRASE_FILE="$work/passphrase"
expect 0 "sealed with the passphrase" keygen --name B --out "$work/keys"
expect 0 "not sealed" keygen --name C --out "$work/keys" --no-passphrase
unset CONSORT_PASSPHRASE_FILE
expect 3 "a passphrase is one line" keygen --name D --out "$work/keys" --passphrase-file "$work/empty"
expect 4 "cannot open" keygen --name D --out "$work/keys" --passphrase-file "$work/none"
absent "$work/keys/d.key" "$work/keys/d.pub"

expect 2 "are required" keygen --name A
expect 2 "are required" keygen --out "$work"
expect 2 "arguments" keygen --name A --out "$work" more
expect 2 "exclude each other" keygen --name A --out "$work" --no-passphrase --passphrase-file "$work/passphrase"
expect 3 "name" keygen --name "" --out "$work"
expect 4 "" keygen --name A --out "$work/passphrase"
finish
