#!/bin/sh
# Three members on three hosts, each with its own data, over TCP; and what somebody who reads every frame of their network
# learns: with links sealed, nothing that only members may know; without (a test build), what shows that the search works.
. tests/e2e/common.sh

scripts/hosts.sh --check || { echo "$0: skipped, see above"; exit 0; }
tiny_job "$work/job.json" 3
job=$work/job.json
export HOSTS_NAME="consort-test-$$"
tamper=$build/tamper/consort-prove

# on_hosts OUT OPTIONS...: each host's data have a path of their own.
# shellcheck disable=SC2317 # called by expect
on_hosts() {
    to=$1
    shift
    timeout 60 scripts/hosts.sh 3 "$prove" "$job" --out "$to" --data "$work/host{i}/mine.csv" "$@"
}

for i in 0 1 2; do
    mkdir "$work/host$i"
    mv "$work/m$i.csv" "$work/host$i/mine.csv"
done
cp "$work/host0/mine.csv" "$work/m0.csv" # the test data
sed -i 's/"members"/"seeds": {"contributions": true}, "members"/; s/"steps": 3/"steps": 12/' "$job"

expect 0 "3 members" on_hosts "$work/out" --member "m{i}"
expect 0 "" "$consort" verify "$work/out/tiny.attestation"
expect 4 "consort-prove: rank 2 (m2)" on_hosts "$work/none" --labels "$work/none{i}"
! ip netns list | grep -q "^$HOSTS_NAME-" || fail "a namespace is left"

# capture NAME [VARIABLE=1]: a run of the test build, whose ranks write down what they know, and the search.
capture() {
    name=$1
    shift
    mkdir "$work/$name"
    expect 0 "3 members" env "$@" CONSORT_SPY="$work/$name/rank" \
        scripts/hosts.sh --capture "$work/$name/frames" 3 "$tamper" "$job" --out "$work/$name" --data "$work/host{i}/mine.csv"
    timeout 60 python3 tests/e2e/search_capture.py "$work/$name/frames" "$work/$name"/rank.* >"$work/seen" 2>"$work/output" ||
        fail "the search in $name"
}

# seen NAME LEAST MOST: so many values of that name are in the capture; there are some to look for.
seen() {
    found=$(sed -n "s/^$1 \([0-9]*\) .*/\1/p" "$work/seen")
    known=$(sed -n "s/^$1 [0-9]* //p" "$work/seen")
    cp "$work/seen" "$work/output"
    if [ "${known:-0}" -eq 0 ] || [ "$found" -lt "$2" ] || [ "$found" -gt "$3" ]; then
        fail "$1: ${found:-none} of ${known:-none} seen"
    fi
}

capture sealed A=1
for secret in weights gradient-sum own-gradient table-rows common-seed pair-seed contribution blinding; do
    seen $secret 0 0
done
seen public-key 3 3 # the handshake is in clear
capture unsealed CONSORT_UNSEALED=1
seen contribution 3 3 # so the search finds what is there
seen public-key 3 3
for secret in weights gradient-sum own-gradient table-rows common-seed pair-seed blinding; do
    seen $secret 0 0 # masked or encrypted anyway
done

# A host whose link is cut: the ranks of both sides leave, after --timeout and twice that; the launcher of Open MPI may wait for
# its own daemon there.
rm -f "$work"/host*/*.opening # another shape of commitment
sed 's/"steps": 12/"steps": 30000/; s/"rate": [0-9.]*/"rate": 0.005859375/' "$job" >"$work/long.json"
HOSTS_NAME="consort-cut-$$"
timeout 60 scripts/hosts.sh 3 "$prove" "$work/long.json" --out "$work/cut" --data "$work/host{i}/mine.csv" --timeout 2 --quiet \
    >"$work/output" 2>&1 &
pid=$!
# ranks_left NUMBER TENTHS: waits until so many are there
ranks_left() {
    tries=0
    while [ "$(pgrep -fc "^$prove $work/long.json")" -ne "$1" ] && [ $tries -lt "$2" ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ $tries -lt "$2" ] || fail "$1 ranks expected"
}
ranks_left 3 200
sleep 2
ip -n "$(ip netns list | sed -n "s/^\($HOSTS_NAME-[0-9]*-2\).*/\1/p")" link set net0 down
ranks_left 0 100
kill $pid
wait $pid
# Whoever notices first leaves, and may be what the other one misses.
grep -q "^consort-prove: rank [01] (m[01]): rank failure: rank 2 (m2 on host2) was lost" "$work/output" ||
    fail "nobody says whose link is cut"
for rank in 0 1; do
    grep -q "^consort-prove: rank $rank (m$rank): rank failure: rank [012] (m[012] on host[012]) was lost" "$work/output" ||
        fail "rank $rank does not say who is lost"
done
absent "$work/cut/tiny.attestation" "$work/cut/tiny.safetensors" "$work/cut/tiny.report.json"
! ip netns list | grep -q "^$HOSTS_NAME-" || fail "a namespace of the cut network is left"
finish
