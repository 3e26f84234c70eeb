#!/bin/sh
# How consort-prove fails: with a reason and an exit status, without a hang, and without a file under its final name.
. tests/e2e/common.sh

tiny_job "$work/job.json" 3
job=$work/job.json
out=$work/out
outputs="$out/tiny.attestation $out/tiny.safetensors $out/tiny.report.json"

# job_with NAME SED-EXPRESSION: a changed copy of the job, beside its data.
job_with() {
    sed "$2" "$job" >"$work/$1"
    ! cmp -s "$job" "$work/$1" || fail "$1 is the job unchanged"
}

# data_with LINE: the second member's data with that line in place of its second.
data_with() {
    { sed -n 1p "$work/m1.csv"; echo "$1"; sed -n '3,$p' "$work/m1.csv"; } >"$work/changed.csv"
}

# refused_data TEXT: the run with the changed data of the second member.
refused_data() {
    expect 3 "rank 1 (m1): input error: .*changed.csv.*$1" timeout 60 scripts/mpirun.sh -n 1 "$prove" "$job" --out "$out" : \
        -n 1 "$prove" "$job" --out "$out" --data "$work/changed.csv" : -n 1 "$prove" "$job" --out "$out"
}

# Command lines.
expect 2 "the job has 3 members, this run has 2 ranks" run 60 2 "$job" --out "$out"
expect 2 "the job has 3 members, this run has 4 ranks" run 60 4 "$job" --out "$out"
expect 2 "out DIR is missing" run 60 3 "$job"
expect 2 "unknown option" run 60 3 "$job" --out "$out" --frobnicate
expect 2 "is member \"m0\"" run 60 3 "$job" --out "$out" --member m2

# Jobs.
expect 4 "none.json" run 60 3 "$work/none.json" --out "$out"
job_with unknown.json 's/"name": "tiny"/"name": "tiny", "frobnicate": 1/'
expect 3 "frobnicate" run 60 3 "$work/unknown.json" --out "$out"
job_with rows.json 's/"rows": 5/"rows": 6/'
expect 3 "rank 1 (m1): input error: .*m1.csv: 5 rows" run 60 3 "$work/rows.json" --out "$out"
job_with other.json 's/"steps": 3/"steps": 4/'
expect 3 "job" timeout 60 scripts/mpirun.sh -n 1 "$prove" "$job" --out "$out" : -n 2 "$prove" "$work/other.json" --out "$out"

# Data.
job_with missing.json 's/{name}.csv/{name}.none.csv/'
expect 4 "m[0-2].none.csv" run 60 3 "$work/missing.json" --out "$out"
job_with range.json 's/"min": 0/"min": 0.5/'
expect 3 "line .*column" run 60 3 "$work/range.json" --out "$out"
data_with "1,1"
refused_data "line 2"
data_with "1,one,0"
refused_data "line 2, column 2"
data_with "1,1,2"
refused_data "line 2, column 3"
data_with "1,1,-1"
refused_data "line 2, column 3"
data_with "1,3,0"
refused_data "line 2, column 2"
expect 0 "3 members" run 60 3 "$job" --out "$work/first"
data_with "2.00,2.00,1"
cp "$work/m1.csv.opening" "$work/changed.csv.opening"
refused_data "opening"

# Files.
expect 4 "tiny.attestation: exists already" run 60 3 "$job" --out "$work/first"
expect 4 "cannot" run 60 3 "$job" --out /proc/none
# shellcheck disable=SC2086 # a list of names
absent $outputs

# in_mount OPTIONS: an output folder on a file system of its own, seen by this run only. It runs as a root of its own, to whom
# the true root's files of an earlier mpirun in /tmp do not belong: TMPDIR.
in_mount() {
    # shellcheck disable=SC2016,SC2317 # expanded by the inner shell; called by expect
    TMPDIR=$work timeout 60 unshare -rm sh -c 'mount -t tmpfs -o "$1" none "$2" && scripts/mpirun.sh -n 3 "$3" "$4" --out "$2"; status=$?; ls "$2"; exit $status' \
        sh "$1" "$work/mount" "$prove" "$job"
}
if unshare -rm true 2>/dev/null; then
    mkdir "$work/mount"
    expect 0 "tiny.attestation" in_mount size=1m
    expect 4 "will be needed" in_mount size=8k
    expect 4 "No space left" in_mount size=1m,nr_inodes=2 # room for one more file
    ! grep -q '^tiny' "$work/output" || fail "a full disk leaves a file"
    expect 4 "cannot" in_mount size=1m,ro
else
    echo "no mounts of our own here: full and read-only disks are not tried"
fi

# A rank that is killed while it trains: everybody leaves, nothing is left.
rm "$work"/*.opening # another shape of commitment than the long job's
# a small rate: no value leaves its range by chance before a rank is killed
job_with long.json 's/"steps": 3/"steps": 30000/; s/"rate": [0-9.]*/"rate": 0.005859375/'
for rank in 0 2; do
    timeout 60 scripts/mpirun.sh -n 3 "$prove" "$work/long.json" --out "$out" >"$work/output" 2>&1 &
    launcher=$!
    victim=
    tries=0
    while [ -z "$victim" ] && [ $tries -lt 40 ]; do
        sleep 0.25
        tries=$((tries + 1))
        for process in $(pgrep -f "^$prove $work/long.json"); do
            if tr '\0' '\n' <"/proc/$process/environ" | grep -q "^OMPI_COMM_WORLD_RANK=$rank\$"; then victim=$process; fi
        done
    done
    sleep 1
    before=$(date +%s)
    [ -n "$victim" ] || fail "rank $rank never started"
    kill -9 "$victim" || fail "rank $rank ended by itself"
    wait $launcher
    status=$?
    [ $status -ne 0 ] || fail "the launcher does not notice that rank $rank is gone"
    [ $(($(date +%s) - before)) -le 15 ] || fail "the others stayed long after rank $rank"
    grep -q "rank $rank" "$work/output" || fail "nobody names rank $rank"
    ! pgrep -f "^$prove $work/long.json" >"$work/left" || fail "a rank is left behind"
    # shellcheck disable=SC2086
    absent $outputs
done
finish
