#!/bin/sh
# Signals, and machines that vanish: what is worth keeping is kept, terminals are left as they were, and whoever stays leaves in
# time, with a message that names rank and host.
. tests/e2e/common.sh

size=3
tiny_job "$work/tiny.json" $size
expect 0 "" run 60 $size "$work/tiny.json" --out "$work/run" --quiet
attestation=$work/run/tiny.attestation
rm "$work"/*.opening # another shape of commitment than the long job's
# a small rate: no value leaves its range by chance before a rank is hit
sed 's/"steps": 3/"steps": 30000/; s/"rate": [0-9.]*/"rate": 0.005859375/' "$work/tiny.json" >"$work/long.json"
job=$work/long.json

# At the prompt for a passphrase.
for signal in INT TERM HUP; do
    expect 0 "" python3 tests/e2e/prompt.py interrupt $signal "$consort" keygen --name Somebody --out "$work/keys"
    absent "$work/keys"
done
expect 0 "" python3 tests/e2e/prompt.py stop "$consort" keygen --name Somebody --out "$work/keys"
expect 0 "" python3 tests/e2e/prompt.py interrupt INT "$consort" export c2pa "$attestation" \
    --key "$work/keys/somebody.key"

# Readers that leave early: the end of a program by SIGPIPE (141) at most, without a word.
for command in "verify $attestation" "verify $attestation --json" "inspect $attestation --json" --help; do
    # shellcheck disable=SC2086 # words are meant to be split
    {
        timeout 20 "$consort" $command 2>"$work/output"
        echo $? >"$work/status"
    } | true
    grep -qE '^(0|141)$' "$work/status" || fail "status $(cat "$work/status") of $command | true"
    [ ! -s "$work/output" ] || fail "not silent: $command | true"
done

# start ARGUMENTS...: the long job in the background; returns when it has begun. Its process is $pid, its ranks are $ranks.
start() {
    rm -rf "$work/out"
    timeout 60 scripts/mpirun.sh -n $size "$prove" "$job" --out "$work/out" "$@" >"$work/output" 2>&1 &
    pid=$!
    tries=0
    ranks=
    while [ "$(echo "$ranks" | wc -w)" -ne $size ] && [ $tries -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
        ranks=$(pgrep -f "^$prove $job")
    done
    [ $tries -lt 100 ] || fail "$size ranks never started"
    sleep 1
}

# rank_of PROCESS
rank_of() {
    tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p'
}

# hit SIGNAL: one rank, $hit.
hit() {
    victim=$(echo "$ranks" | tail -n 1)
    hit=$(rank_of "$victim")
    before=$(date +%s)
    kill -s "$1" "$victim" || fail "rank $hit ended by itself"
}

# all_leave STATUS SECONDS WHAT: the run ends so within the time, and nothing of it is left.
all_leave() {
    wait $pid
    status=$?
    [ "$1" = any ] || [ $status -eq "$1" ] || fail "$3: exit status $status instead of $1"
    [ $status -ne 0 ] || fail "$3: success"
    [ $(($(date +%s) - before)) -le "$2" ] || fail "$3: over after $(($(date +%s) - before)) s only"
    ! pgrep -f "^$prove $job" >"$work/left" || fail "$3: a rank is left"
    absent "$work/out/tiny.attestation" "$work/out/tiny.safetensors" "$work/out/tiny.report.json"
}

# Asked to stop, with checkpoints: the last one is there, status 10.
for signal in HUP INT; do
    start --checkpoint "$work/saves$signal" --checkpoint-every 500steps --quiet
    tries=0
    while [ ! -e "$work/saves$signal/tiny.m2.1.checkpoint" ] && [ $tries -lt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    hit $signal
    all_leave 10 10 "$signal"
    grep -q "stopped on request after" "$work/output" || fail "$signal: nobody says after which step"
done

# The same without checkpoints: the others hear of it.
start --quiet
hit TERM
all_leave any 10 "TERM without checkpoints"
grep -q "rank $hit " "$work/output" || fail "nobody names rank $hit"

# A closed pipe does not end a rank.
start --quiet
hit PIPE
sleep 1
[ "$(pgrep -fc "^$prove $job")" -eq $size ] || fail "a rank is gone after SIGPIPE"
kill $pid
wait $pid
tries=0 # ranks may outlive mpirun for a moment, and are not the next run's
while pgrep -f "^$prove $job" >"$work/left" && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
[ ! -s "$work/left" ] || fail "a rank is left after TERM to mpirun"

# A machine that stands still for ever: the others wait for --timeout, twice as long for the first rank.
start --quiet --timeout 2
hit STOP
all_leave any 12 "a rank that stands still"
grep -q "rank $hit (m$hit on $(hostname)) was lost (stage .*does not answer" "$work/output" || fail "rank $hit and its host are not named"
finish
