#!/bin/sh
# Chains of segments, with public and with committed models, and hidden draws: what is accepted, and each way to break one.
. tests/e2e/common.sh

# segment NAME SED: the tiny job as NAME.json, changed, and its run.
segment() {
    sed -e "s/\"tiny\"/\"$1\"/" -e "$2" "$work/tiny.json" >"$work/$1.json"
    expect 0 "" run 60 3 "$work/$1.json" --out "$work/$1"
}

# chain STATUS TEXT NAME...: verifies the segments' attestations in this order.
chain() {
    status=$1
    text=$2
    shift 2
    files=
    for s in "$@"; do
        files="$files $work/$s/$s.attestation"
    done
    # shellcheck disable=SC2086 # a list
    expect "$status" "$text" "$consort" verify $files
}

after() {
    printf 's|"test"|"previous": "%s/%s.attestation", "test"|' "$1" "$1"
}
committed='s|"test"|"output": {"model": "committed"}, "test"|'
hidden='s|"test"|"indices": "hidden", "test"|'

tiny_job "$work/tiny.json" 3
segment one ""
segment two "$(after one)"
segment three "$(after two);$hidden"
segment fork "$(after one);$hidden"
chain 0 "segment 3 of 3" one two three
chain 0 "positions hidden" one two three
chain 0 "segment 2 of 2" one two # any prefix
chain 0 "" one
chain 34 "file 2 is file 1 once more" one one
chain 34 "file 3 is file 2 once more" one two two
chain 34 "goes on from another one" two three
chain 34 "something is missing" one three
chain 34 "chain forks" one two fork
segment alone "s|\"batch\": 2|\"batch\": 1|"
chain 34 "begins a chain of its own" one alone

segment c1 "$committed"
segment c2 "$(after c1);$committed;s|\"previous\"|\"initial\": \"c1/c1.safetensors\", &|"
segment c3 "$(after c2);$hidden;s|\"previous\"|\"initial\": \"c2/c2.safetensors\", &|"
chain 0 "segment 3 of 3" c1 c2 c3
chain 34 "goes on from another one" c2 c3
chain 34 "something is missing" c1 c3
chain 34 "something is missing" one c2

# what a run refuses before it begins
sed "$(after c1)" "$work/tiny.json" >"$work/no-model.json"
expect 3 "only committed: give the first member's file" run 30 3 "$work/no-model.json" --out "$work/x1"
sed "$(after c1);s|\"previous\"|\"initial\": \"c2/c2.safetensors\", &|" "$work/tiny.json" >"$work/other-model.json"
expect 3 "opens another model" run 30 3 "$work/other-model.json" --out "$work/x2"
sed "$(after one);s|\"previous\"|\"initial\": \"one/one.safetensors\", &|" "$work/tiny.json" >"$work/twice.json"
expect 3 "leave this out" run 30 3 "$work/twice.json" --out "$work/x3"
sed "$(after one);s|\"d\": 5|\"d\": 6|" "$work/tiny.json" >"$work/scale.json"
expect 3 "other widths or scales" run 30 3 "$work/scale.json" --out "$work/x4"
chmod 644 "$work/c1/c1.safetensors.opening"
sed "$(after c1);s|\"previous\"|\"initial\": \"c1/c1.safetensors\", &|" "$work/tiny.json" >"$work/open.json"
expect 3 "chmod 600" run 30 3 "$work/open.json" --out "$work/x5"
absent "$work"/x?/*.attestation

finish
