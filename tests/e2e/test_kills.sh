#!/bin/sh
# Ranks that are killed (SIGKILL) at the start of every stage and at moments drawn at random over the whole run. Whoever dies:
# all others are gone within 10 s, rank and host are named, no process and no temporary file is left, and what has a final name
# is whole. KILLS=N: so many kills, from 30 on with every rank at every stage (default 12: one rank a stage). SEED=N: the moments.
. tests/e2e/common.sh
kills=${KILLS:-12}
seed=${SEED:-$$}
size=3
limit=10 # seconds
tamper=$build/tamper/consort-prove
folder=$work/run # job and data, and what ranks write beside them
out=$work/out
mkdir "$folder"
tiny_job "$folder/job.json" $size
job=$folder/job.json

# since TIME: seconds
since() {
    awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }'
}

# less A B
less() {
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'
}

# A whole run: how long it takes, its stages, and the files it leaves.
start=$(date +%s.%N)
expect 0 "$size members" run 60 $size "$job" --out "$work/whole" --progress
whole=$(since "$start")
sed -n 's/^{"stage": "\([a-z ]*\)".*/\1/p' "$work/output" | uniq >"$work/stages"
proving=$(sed -n 's/^{"stage": "verification", "seconds": \([0-9.]*\),.*/\1/p' "$work/output" | tail -n 1)
find "$folder" | sort >"$work/files"
stages=$(wc -l <"$work/stages")
[ "$stages" -ge 10 ] || fail "$stages stages"

# check_files WHAT: those of before, and of the output whole ones only.
check_files() {
    find "$folder" | sort | cmp -s - "$work/files" || fail "$1: other files are left beside the job"
    for f in "$out"/* "$out"/.[!.]*; do
        [ -e "$f" ] || continue
        case ${f##*/} in
        tiny.attestation) timeout 20 "$consort" verify "$f" >"$work/verified" 2>&1 || fail "$1: an attestation that does not verify" ;;
        tiny.safetensors) cmp -s "$f" "$work/whole/tiny.safetensors" || fail "$1: another model" ;;
        tiny.report.json) python3 -m json.tool "$f" "$work/verified" || fail "$1: a part of a report" ;;
        *) fail "$1: ${f##*/} is left" ;;
        esac
    done
}

tried=0
finished=0 # killed too late to matter
slowest=0
# kill_at RANK WHERE
kill_at() {
    what="rank $1 killed at $2"
    rm -rf "$out"
    start=$(date +%s.%N)
    CONSORT_DIE="$1@$2" timeout 60 scripts/mpirun.sh -n $size "$tamper" "$job" --out "$out" >"$work/output" 2>&1 </dev/null
    got=$?
    took=$(since "$start")
    tried=$((tried + 1))
    ! pgrep -f "^$tamper $job" >"$work/left" || fail "$what: a process is left"
    less "$took" "$(awk -v w="$whole" -v l=$limit 'BEGIN { print w + l }')" || fail "$what: over after $took s only"
    less "$took" "$slowest" || slowest=$took
    if [ $got -eq 0 ]; then
        finished=$((finished + 1))
        for f in attestation safetensors report.json; do
            [ -e "$out/tiny.$f" ] || fail "$what: success without tiny.$f"
        done
    elif ! grep -q "rank $1 .*\(node\|on\) $(hostname)" "$work/output"; then
        fail "$what: rank and host are not named"
    fi
    check_files "$what"
}

number=0
while IFS= read -r stage; do
    rank=0
    while [ $rank -lt $size ]; do
        if [ "$kills" -ge $((size * stages)) ] || [ $((number % size)) -eq $rank ]; then kill_at $rank "$stage"; fi
        rank=$((rank + 1))
    done
    number=$((number + 1))
done <"$work/stages"
[ $finished -eq 0 ] || fail "$finished kills at the start of a stage did not happen"
awk -v n=$((kills - tried)) -v size=$size -v seed="$seed" -v seconds="$proving" \
    'BEGIN { srand(seed); for (; n > 0; n--) printf "%d %.4f\n", int(size * rand()), 1.3 * seconds * rand() }' >"$work/moments"
while read -r rank moment; do kill_at "$rank" "$moment"; done <"$work/moments"
echo "$tried kills (seed $seed), $finished of them after the rank had ended; the slowest run was over after $slowest s, an undisturbed one after $whole s"
finish
