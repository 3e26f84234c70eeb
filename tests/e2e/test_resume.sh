#!/bin/sh
# Runs that are killed, or stopped on request, and go on: while training, while proving, between segments, with keys of the
# members' own and without. Each gives an attestation that verifies, and the model of a run that nobody stopped.
. tests/e2e/common.sh
. tests/e2e/consortium.sh

ranks=3
tiny_job "$work/tiny.json" "$ranks"
sed -i 's/"steps": 3/"steps": 2000/; s/"rate": [0-9.]*/"rate": 0.000732421875/' "$work/tiny.json"
expect 0 "" run 60 "$ranks" "$work/tiny.json" --out "$work/whole" --quiet
saves=$work/saves
last=m$((ranks - 1))

# start JOB ARGUMENTS...: in the background; its process is $pid.
start() {
    timeout 120 scripts/mpirun.sh -n "$ranks" "$prove" "$@" --quiet >"$work/output" 2>&1 &
    pid=$!
}

# until_there FILE: waits for it.
until_there() {
    tries=0
    while [ ! -e "$1" ] && [ $tries -lt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ -e "$1" ] || fail "no $1"
}

# signal_ranks SIGNAL JOB: to the ranks themselves. mpirun passes USR1 on, and kills a moment after TERM.
signal_ranks() {
    for rank in $(pgrep -f "^$prove $2"); do
        kill -s "$1" "$rank" || :
    done
}

ended() {
    wait "$pid"
    got=$?
    [ "$1" = any ] || [ "$got" -eq "$1" ] || fail "exit status $got instead of $1"
}

# resume NAME FILE: goes on, and compares the model.
resume() {
    expect 0 "" run 60 "$ranks" "$work/$1.json" --out "$work/$1" --checkpoint "$saves" --resume --quiet
    expect 0 "in 2000 steps" "$consort" verify "$work/$1/$2"
    cmp -s "$work/whole/tiny.safetensors" "$work/$1/tiny.safetensors" || fail "$1: another model"
    absent "$saves"/*.checkpoint "$saves"/*.key
    rm -rf "$saves"
}

# On request: all save after the same step.
for signal in USR1 TERM; do
    cp "$work/tiny.json" "$work/$signal.json"
    start "$work/$signal.json" --out "$work/$signal" --checkpoint "$saves" --checkpoint-every 200steps
    until_there "$saves/tiny.$last.1.checkpoint"
    signal_ranks $signal "$work/$signal.json"
    ended 10
    grep -q "stopped on request after" "$work/output" || fail "nobody says after which step"
    absent "$work/$signal/tiny.attestation"
    resume $signal tiny.attestation
done

# Killed without warning, while training and while proving.
for steps in 200 2000; do
    cp "$work/tiny.json" "$work/kill$steps.json"
    start "$work/kill$steps.json" --out "$work/kill$steps" --checkpoint "$saves" --checkpoint-every ${steps}steps
    until_there "$saves/tiny.$last.1.checkpoint"
    signal_ranks KILL "$work/kill$steps.json"
    ended any
    absent "$work/kill$steps/tiny.attestation"
    resume kill$steps tiny.attestation
done

# Between segments: what the root has of the segments before goes along.
cp "$work/tiny.json" "$work/cut.json"
start "$work/cut.json" --out "$work/cut" --checkpoint "$saves" --segments 4
until_there "$work/cut/tiny.2.attestation.part"
signal_ranks KILL "$work/cut.json"
ended any
mv "$work/cut/tiny.1.attestation.part" "$work/kept"
expect 4 "tiny.1.attestation.part" run 60 "$ranks" "$work/cut.json" --out "$work/cut" --checkpoint "$saves" --resume
sed 's/a/b/' "$work/kept" >"$work/cut/tiny.1.attestation.part"
expect 3 "not the attestation that this run made" run 60 "$ranks" "$work/cut.json" --out "$work/cut" --checkpoint "$saves" --resume
mv "$work/kept" "$work/cut/tiny.1.attestation.part"
resume cut tiny.chain

# Refused: another job, other numbers of ranks, no folder, a folder of nothing.
start "$work/tiny.json" --out "$work/x" --checkpoint "$saves" --checkpoint-every 200steps
until_there "$saves/tiny.$last.1.checkpoint"
signal_ranks USR1 "$work/tiny.json"
ended 10
sed 's/"batch": 2/"batch": 1/' "$work/tiny.json" >"$work/other.json"
expect 3 "made for another job" run 60 "$ranks" "$work/other.json" --out "$work/x" --checkpoint "$saves" --resume
expect 4 "give --resume" run 60 "$ranks" "$work/tiny.json" --out "$work/x" --checkpoint "$saves"
expect 2 "needs --checkpoint" run 60 "$ranks" "$work/tiny.json" --out "$work/x" --resume
expect 4 "nothing/tiny.m0.key" run 60 "$ranks" "$work/tiny.json" --out "$work/x" --checkpoint "$work/nothing" --resume
expect 2 "seconds (90) or steps" run 60 "$ranks" "$work/tiny.json" --out "$work/x" --checkpoint "$saves" --checkpoint-every 5m
absent "$work/x/tiny.attestation"

# Members' own keys seal, and another member's does not open.
certified_datasets
job good medical-research
sed -i 's/"steps": 5, "batch": 4/"steps": 4, "batch": 4/' "$work/good.json"
sign good
rank() {
    echo "-n 1 $prove $work/good.json --out $work/out --key $keys/$1.key --checkpoint $work/$1"
}
# shellcheck disable=SC2046 # words are meant to be split
timeout 60 scripts/mpirun.sh $(rank alpha) : $(rank bravo) : $(rank charlie) >"$work/output" 2>&1 &
pid=$!
until_there "$work/charlie/good.c.1.checkpoint"
signal_ranks KILL "$work/good.json"
ended any
absent "$work/alpha"/*.key
# shellcheck disable=SC2046
expect 0 "" timeout 60 scripts/mpirun.sh $(rank alpha) --resume : $(rank bravo) --resume : $(rank charlie) --resume
expect 0 "accepted: good" "$consort" verify "$work/out/good.attestation" --trust "$trust"

finish
