#!/bin/sh
# The clinics' script runs as a reader runs it, in a folder of its own; what docs/provenance.md quotes of it is true.
. tests/e2e/common.sh

expect 0 "done; the files are in" timeout 300 examples/clinics/run.sh "$work/clinics"
cp "$work/output" "$work/log"
expect 2 "exists already" examples/clinics/run.sh "$work/clinics"
shown() {
    expect 0 "$1" cat "$work/log"
}
shown "accepted: clinics"
shown "licence   \"medical research, sampled\" for medical-research, teaching; at most 60 draws a pass; at most 200 draws in total"
shown "draws, at most 60 in a pass"
shown "60 steps of 24 draws, 1440 draws, 1520640 multiply-adds"
shown "policy        met: 5 demands"
shown "status 36, refused (export)"
shown "status 23, refused (expired)"
shown "status 22, refused (authority)"
shown "status 35, refused (compute): 1 of the policy's 3 demands are not met; multiply_adds.at_most: demanded 1000000 or fewer; found 1520640"
expect 0 "file $(sha256sum "$work/clinics/run/clinics.safetensors" | cut -d ' ' -f 1)" cat "$work/log"

attestation=$work/clinics/run/clinics.attestation
trust=$work/clinics/authorities.json
# By members' keys: exactly these three, or not.
members() {
    between=
    for m in "$@"; do
        printf '%s%s' "$between" \
            "$(sed 's/.*"ed25519":"\([0-9a-f]*\)","name":"\([^"]*\)".*/{"name": "\2", "ed25519": "\1"}/' "$work/clinics/keys/$m.pub")"
        between=', '
    done
}
echo "{\"version\": 1, \"members\": [$(members lakeside northern-general st-agnes)]}" >"$work/members.json"
expect 0 "met: 1 demand" "$consort" verify "$attestation" --at 2026-11-21 --trust "$trust" --require "$work/members.json"
echo "{\"version\": 1, \"members\": [$(members lakeside northern-general)]}" >"$work/members.json"
expect 40 "one of them St. Agnes" "$consort" verify "$attestation" --at 2026-11-21 --trust "$trust" --require "$work/members.json"
echo "{\"version\": 1, \"members\": [$(members lakeside northern-general st-agnes other-authority)]}" >"$work/members.json"
expect 40 "among them Other Authority" "$consort" verify "$attestation" --at 2026-11-21 --trust "$trust" --require "$work/members.json"

# Without a trust list nobody's word is taken: no demand for certificates is met, and nothing can be exported.
echo '{"version": 1, "datasets_certified": true}' >"$work/certified.json"
expect 0 "met: 1 demand" "$consort" verify "$attestation" --at 2026-11-21 --trust "$trust" --require "$work/certified.json"
expect 40 "was not held against a trust list" "$consort" verify "$attestation" --at 2026-11-21 --require "$work/certified.json"
expect 0 "not judged, for want of a trust list" "$consort" verify "$attestation" --at 2026-11-21
expect 2 "say whose you accept" "$consort" verify "$attestation" --at 2026-11-21 --export "$work/clinics/run/clinics.md"
expect 2 "say whose you accept" "$consort" export model-card "$attestation" --at 2026-11-21

# The manifest names a beacon: no run begins without its value.
sed 's/"beacon": "[^"]*"/"beacon": ""/' "$work/clinics/job.json" >"$work/clinics/job.new"
mv "$work/clinics/job.new" "$work/clinics/job.json"
rank() {
    echo "-n 1 $prove $work/clinics/job.json --out $work/again --quiet --member $1 --key $work/clinics/keys/$1.key"
}
# shellcheck disable=SC2046 # words are meant to be split
expect 32 "and the seed contains none" timeout 60 scripts/mpirun.sh \
    $(rank st-agnes) : $(rank lakeside) : $(rank northern-general)
absent "$work/again/clinics.attestation"

finish
