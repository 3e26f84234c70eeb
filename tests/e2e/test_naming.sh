#!/bin/sh
# Jobs under MPI in which a rank lies (a test build): it is named to all, and the evidence convicts it and nobody else.
. tests/e2e/common.sh

tamper=$build/tamper/consort-prove
keys=$work/keys
tiny_job "$work/job.json" 3
for i in 0 1 2; do
    expect 0 "" "$consort" keygen --name "Member $i" --out "$keys" --no-passphrase
    sed -i "s/\"name\": \"m$i\"/\"name\": \"m$i\", \"identity\": \"keys\/member-$i.pub\"/" "$work/job.json"
done

# lie LABEL@RANK OUT: the first message of this label
lie() {
    timeout 120 env CONSORT_TAMPER="$1" scripts/mpirun.sh \
        -n 1 "$tamper" "$work/job.json" --out "$work/$2" --key "$keys/member-0.key" : \
        -n 1 "$tamper" "$work/job.json" --out "$work/$2" --key "$keys/member-1.key" : \
        -n 1 "$tamper" "$work/job.json" --out "$work/$2" --key "$keys/member-2.key"
}

expect 0 "3 members" lie none@9 good
expect 1 "rank 2 (m2) cheated at update/part: its answer does not satisfy its own row" lie update/part@2 out
grep -q "rank 0 says that the proof does not verify, so nothing is published; rank 2 (m2)" "$work/output" ||
    fail "the others do not say who it was"
absent "$work/out/tiny.attestation" "$work/out/tiny.safetensors" "$work/out/tiny.report.json"
evidence=$(echo "$work"/out/tiny.rank2.*.evidence)
expect 0 "rank 2 of 3 (m2) cheated at update/part" "$consort" verify-evidence "$evidence"
grep -q "Member 2, key $(sed 's/.*"ed25519":"\([0-9a-f]*\)".*/\1/' "$keys/member-2.pub")" "$work/output" || fail "no key of member 2"
expect 0 "\"cheated\": true" "$consort" verify-evidence "$evidence" --json
expect 3 "not an attestation file" "$consort" verify "$evidence"
expect 3 "not an evidence file" "$consort" verify-evidence "$work/good/tiny.attestation"
expect 4 "" "$consort" verify-evidence "$work/none.evidence"
expect 2 "" "$consort" verify-evidence

head -c "$(($(wc -c <"$evidence") - 100))" "$evidence" >"$work/cut.evidence"
expect 3 "truncated" "$consort" verify-evidence "$work/cut.evidence"

# The root may be the cheat, and a gradient has no owner.
expect 1 "rank 0 (m0) cheated at lookup/" lie lookup/root@0 root
expect 0 "rank 0 of 3 (m0) cheated" "$consort" verify-evidence "$work"/root/tiny.rank0.*.evidence
lie gradient@1 gradient >"$work/output" 2>&1
grep -q "cheated" "$work/output" && fail "somebody is named for a gradient"
absent "$work"/gradient/*

# With --attributable it has one, and identities make evidence of it; all members must want it.
tiny_job "$work/four.json" 4
expect 0 "" "$consort" keygen --name "Member 3" --out "$keys" --no-passphrase
cp "$work/four.json" "$work/plain.json"
for i in 0 1 2 3; do
    sed -i "s/\"name\": \"m$i\"/\"name\": \"m$i\", \"identity\": \"keys\/member-$i.pub\"/" "$work/four.json"
done
# attributable WHAT OUT JOB
attributable() {
    set -- "$1" "$2" "$work/$3.json" "$([ "$3" = four ] && echo "--key $keys/member-")"
    # shellcheck disable=SC2086 # an option and the beginning of a path, or nothing
    timeout 120 env CONSORT_TAMPER="$1" scripts/mpirun.sh \
        -n 1 "$tamper" "$3" --out "$work/$2" --attributable ${4:+${4}0.key} : \
        -n 1 "$tamper" "$3" --out "$work/$2" --attributable ${4:+${4}1.key} : \
        -n 1 "$tamper" "$3" --out "$work/$2" --attributable ${4:+${4}2.key} : \
        -n 1 "$tamper" "$3" --out "$work/$2" --attributable ${4:+${4}3.key}
}
expect 0 "4 members" attributable none@9 four four
expect 1 "rank 1 (m1) cheated at gradient: the gradient that it sent is not that of its committed tensors" attributable gradient@1 named four
grep -q "rank 0 says: .*the sum of gradients of step 0 was in doubt, so nothing is published; rank 1 (m1)" "$work/output" ||
    fail "the others do not say who it was"
grep -q "m[023]) cheated" "$work/output" && fail "an honest rank is named"
expect 0 "rank 1 of 4 (m1) cheated at gradient" "$consort" verify-evidence "$work"/named/tiny.rank1.*.evidence
# Who says that it was in its pads is shown what they are by the one it shares them with.
expect 1 "rank 2 (m2) cheated at gradient: the pads that it committed to are not those that it shares with another rank" attributable pads@2 pads four
grep -q "m[013]) cheated" "$work/output" && fail "an honest rank is named"
expect 0 "rank 2 of 4 (m2) cheated at gradient" "$consort" verify-evidence "$work"/pads/tiny.rank2.*.evidence
# The same of a share of a weight table, the root's too.
for k in 0 2; do
    expect 1 "rank $k (m$k) cheated at forward/table: the share of the weight table that it sent" attributable forward/table@$k table$k four
    [ "$(grep -o "rank [0-9] (m[0-9]) cheated" "$work/output" | sort -u | wc -l)" -eq 1 ] || fail "honest ranks are named"
    expect 0 "rank $k of 4 (m$k) cheated at forward/table" "$consort" verify-evidence "$work/table$k/tiny.rank$k".*.evidence
done
# So short a gradient has one part, which one of them adds up: whoever that is.
for k in 3 2 1 0; do
    attributable sum@$k sum$k four >"$work/output" 2>&1
    [ $? -eq 1 ] && break
done
grep -q "rank $k (m$k) cheated at gradient: the sums that it showed are not those of what it got" "$work/output" || fail "a wrong sum is not named"
expect 0 "rank $k cheated at gradient" "$consort" verify-evidence "$work/sum$k/tiny.rank$k".*.evidence
grep -q "key $(sed 's/.*"ed25519":"\([0-9a-f]*\)".*/\1/' "$keys/member-$k.pub")" "$work/output" || fail "no key of member $k"
expect 0 "\"cheated\": true" "$consort" verify-evidence "$work/sum$k/tiny.rank$k".*.evidence --json
expect 1 "rank 1 (m1) cheated at gradient" attributable gradient@1 nameless plain
absent "$work"/nameless/* "$work/named/tiny.attestation" "$work/sum$k/tiny.attestation"
# With pads among neighbours only: of five ranks each has two partners.
mkdir "$work/five" && tiny_job "$work/five/job.json" 5
sed -i 's/"name": "tiny"/"name": "tiny", "pad_partners": 2/' "$work/five/job.json"
# among WHAT OUT
# shellcheck disable=SC2317 # called by expect
among() {
    timeout 120 env CONSORT_TAMPER="$1" scripts/mpirun.sh -n 5 "$tamper" "$work/five/job.json" --out "$work/$2" --attributable
}
expect 0 "5 members" among none@9 five-good
expect 1 "rank 3 (m3) cheated at forward/table" among forward/table@3 five-table
expect 1 "rank 2 (m2) cheated at gradient" among gradient@2 five-named
[ "$(grep -o "rank [0-9] (m[0-9]) cheated" "$work/output" | sort -u | wc -l)" -eq 1 ] || fail "honest ranks are named"
absent "$work"/five-named/*
expect 2 "do not agree on --attributable" timeout 60 scripts/mpirun.sh \
    -n 1 "$prove" "$work/plain.json" --out "$work/mixed" --attributable : -n 3 "$prove" "$work/plain.json" --out "$work/mixed"
sed 's/"name": "tiny"/"name": "tiny", "honest_but_curious": true/' "$work/plain.json" >"$work/curious.json"
expect 2 "honest_but_curious" timeout 60 scripts/mpirun.sh -n 4 "$prove" "$work/curious.json" --out "$work/curious" --attributable
finish
