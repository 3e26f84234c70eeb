#!/bin/sh
# A run without one of the members (--exclude) that is stopped and goes on (--resume): from its own checkpoints, never from
# those of the run with all members or without another one.
. tests/e2e/common.sh

tiny_job "$work/tiny.json" 3
sed -i 's/"steps": 3/"steps": 600/; s/"rate": [0-9.]*/"rate": 0.000732421875/' "$work/tiny.json"
saves=$work/saves
expect 0 "" run 60 2 "$work/tiny.json" --exclude m1 --out "$work/whole" --quiet

# stopped RANKS JOB CHECKPOINT ARGUMENTS...: a run of its own job file, stopped by a signal once the checkpoint is there.
stopped() {
    ranks=$1
    job=$2
    file=$3
    shift 3
    cp "$work/tiny.json" "$job"
    timeout 120 scripts/mpirun.sh -n "$ranks" "$prove" "$job" --checkpoint "$saves" --checkpoint-every 50steps --quiet "$@" \
        >"$work/output" 2>&1 &
    pid=$!
    tries=0
    while [ ! -e "$file" ] && [ $tries -lt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ -e "$file" ] || fail "no $file"
    for rank in $(pgrep -f "^$prove $job"); do
        kill -s USR1 "$rank" || :
    done
    wait "$pid"
    got=$?
    [ "$got" -eq 10 ] || fail "exit status $got instead of 10"
    grep -q "stopped on request after" "$work/output" || fail "nobody says after which step"
}

# The run with all members leaves checkpoints, which a run without one does not go on from.
stopped 3 "$work/all.json" "$saves/tiny.m2.1.checkpoint" --out "$work/all"
expect 3 "of the run with all members" run 60 2 "$work/tiny.json" --exclude m1 --out "$work/out" --checkpoint "$saves" --resume
absent "$work/out/tiny.attestation"

# The run without m1 has its own, beside them.
stopped 2 "$work/fewer.json" "$saves/tiny.without-m1.m2.1.checkpoint" --exclude m1 --out "$work/fewer"
expect 3 "of the run with all members" run 60 2 "$work/tiny.json" --exclude m2 --out "$work/out" --checkpoint "$saves" --resume
expect 4 "give --resume" run 60 2 "$work/tiny.json" --exclude m1 --out "$work/out" --checkpoint "$saves"
expect 2 "" run 60 3 "$work/tiny.json" --exclude m1 --out "$work/out" --checkpoint "$saves" --resume
absent "$work/out/tiny.attestation"
expect 0 "" run 60 2 "$work/fewer.json" --exclude m1 --out "$work/fewer" --checkpoint "$saves" --resume --quiet
expect 0 "in 600 steps" "$consort" verify "$work/fewer/tiny.attestation"
expect 0 "m1" "$consort" inspect "$work/fewer/tiny.attestation"
cmp -s "$work/whole/tiny.safetensors" "$work/fewer/tiny.safetensors" || fail "another model than that of a run nobody stopped"
absent "$saves"/tiny.without-m1.*

# The first one can still go on with all.
[ -e "$saves/tiny.m2.1.checkpoint" ] || [ -e "$saves/tiny.m2.0.checkpoint" ] || fail "the checkpoints of all are gone"
expect 0 "" run 60 3 "$work/all.json" --out "$work/all" --checkpoint "$saves" --resume --quiet
expect 0 "in 600 steps" "$consort" verify "$work/all/tiny.attestation"
finish
