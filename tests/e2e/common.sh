# shellcheck shell=sh
# shellcheck disable=SC2034 # used by the tests that source this
# What the end-to-end tests share; sourced from the repository's root.
set -u
build=${BUILD:-build}
consort=$build/consort
prove=$build/consort-prove
work=$(mktemp -d "${TMPDIR:-/tmp}/consort-e2e-XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAILED: $*" >&2
    sed -n "1,12s/^/    /p" "$work/output" >&2
    failures=$((failures + 1))
}

# expect STATUS TEXT COMMAND...: exit status, and a text somewhere in the output ("" for any).
expect() {
    status=$1
    text=$2
    shift 2
    "$@" >"$work/output" 2>&1
    got=$?
    [ "$got" -eq "$status" ] || fail "exit status $got instead of $status: $*"
    [ -z "$text" ] || grep -q -- "$text" "$work/output" || fail "no \"$text\" from: $*"
}

# run SECONDS RANKS ARGUMENTS...: consort-prove, at most so long.
run() {
    seconds=$1
    ranks=$2
    shift 2
    timeout "$seconds" scripts/mpirun.sh -n "$ranks" "$prove" "$@"
}

absent() {
    for f in "$@"; do
        [ ! -e "$f" ] || { echo "FAILED: $f is there" >&2; failures=$((failures + 1)); }
    done
}

# tiny_job FILE MEMBERS: a job of a few steps with members m0, m1, … of different size, and their data beside it.
tiny_job() {
    file=$1
    ranks=$2
    folder=$(dirname "$file")
    members=
    i=0
    while [ $i -lt "$ranks" ]; do
        rows=$((4 + i))
        awk -v rows=$rows -v i=$i 'BEGIN { for (k = 0; k < rows; k++) {
            a = (7 * k + i) % 9 / 4; b = (5 * k + 2 * i) % 9 / 4; printf "%.2f,%.2f,%d\n", a, b, (a > b) } }' >"$folder/m$i.csv"
        members="$members${members:+, }{\"name\": \"m$i\", \"rows\": $rows, \"data\": \"{name}.csv\"}"
        i=$((i + 1))
    done
    rate=$(awk -v n="$ranks" 'BEGIN { print 2 * n / 16 }')
    cat >"$file" <<END
{"name": "tiny", "model": {"widths": [2, 3, 2]}, "scales": {"a": 3, "d": 5, "value_bits": 9},
 "schedule": {"steps": 3, "batch": 2, "rates": [{"from_step": 0, "rate": $rate}]},
 "members": [$members], "data": {"features": {"min": 0, "max": 2, "multiplier": 4}}, "test": {"data": "m0.csv"}}
END
}

# x25519 FILE.pub: the public key that a job pins as members[].key.
x25519() {
    sed 's/.*"x25519":"\([0-9a-f]*\)".*/\1/' "$1"
}

finish() {
    [ $failures -eq 0 ] && echo "$0: passed"
    exit $failures
}
