#!/bin/sh
# consort-prove under mpirun: several numbers of ranks, the same model from every run, members' own command lines, pinned keys.
. tests/e2e/common.sh

for ranks in 1 2 3 4 7; do
    mkdir "$work/$ranks"
    tiny_job "$work/$ranks/job.json" "$ranks"
    expect 0 "$ranks members trained" run 60 "$ranks" "$work/$ranks/job.json" --out "$work/$ranks/out"
    expect 0 "accepted" "$consort" verify "$work/$ranks/out/tiny.attestation" --model "$work/$ranks/out/tiny.safetensors"
done
job=$work/3/job.json

# The same model from a second run, another proof.
expect 0 '"proof_bytes"' run 60 3 "$job" --out "$work/again" --json
cmp -s "$work/again/tiny.safetensors" "$work/3/out/tiny.safetensors" || fail "another model in the second run"
! cmp -s "$work/again/tiny.attestation" "$work/3/out/tiny.attestation" || fail "the same proof in the second run"

# Each member with a command line of its own.
cp "$work/3/m1.csv" "$work/elsewhere.csv"
expect 0 "3 members" timeout 60 scripts/mpirun.sh \
    -n 1 "$prove" "$job" --out "$work/mpmd" --member m0 --opening "$work/mpmd0.opening" : \
    -n 1 "$prove" "$job" --out "$work/mpmd" --member m1 --data "$work/elsewhere.csv" : \
    -n 1 "$prove" "$job" --out "$work/mpmd"
expect 0 "accepted" "$consort" verify "$work/mpmd/tiny.attestation"
for opening in "$work/elsewhere.csv.opening" "$work/mpmd0.opening"; do
    [ -e "$opening" ] || fail "no $opening"
done

# Pinned keys, one passphrase from an option and one from the environment.
echo secret >"$work/passphrase"
sed 's/ "test"/ "seeds": {"beacon": "x"}, "test"/' "$work/2/job.json" >"$work/2/pinned.json"
for i in 0 1; do
    expect 0 "" "$consort" keygen --name "key $i" --out "$work/keys" --passphrase-file "$work/passphrase"
    sed -i "s/\"name\": \"m$i\"/\"name\": \"m$i\", \"key\": \"$(x25519 "$work/keys/key-$i.pub")\"/" "$work/2/pinned.json"
done
expect 0 "2 members" timeout 60 scripts/mpirun.sh -n 1 "$prove" "$work/2/pinned.json" --out "$work/pinned" --key "$work/keys/key-0.key" --passphrase-file "$work/passphrase" : \
    -n 1 env CONSORT_PASSPHRASE_FILE="$work/passphrase" "$prove" "$work/2/pinned.json" --out "$work/pinned" --key "$work/keys/key-1.key"
expect 2 "sealed with a passphrase" run 60 2 "$work/2/pinned.json" --out "$work/pinned2" --key "$work/keys/key-0.key"
expect 2 "names a key for member" run 60 2 "$work/2/pinned.json" --out "$work/pinned2"

# No MPI is needed to plan, and to be told about mistakes.
expect 0 "committed integers" "$prove" "$job" --plan
expect 0 '"rows"' "$prove" "$job" --plan --json
expect 0 "usage: mpirun" "$prove" --help
expect 0 "^consort-prove [0-9]" "$prove" --version
finish
