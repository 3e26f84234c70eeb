#!/bin/sh
# Three clinics train one model on certified records, and others decide what to make of it: from keys to a refused policy.
#   examples/clinics/run.sh [FOLDER]     a new folder; without it build/clinics, which is made anew
# README.md says who does what, and why. In real life every key below is made, and stays, on a machine of its own.
set -eu
out=${1:+$(realpath -m -- "$1")}
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
[ -n "$out" ] || rm -rf "$build/clinics"
out=${out:-$build/clinics}
[ ! -e "$out" ] || { echo "$0: $out exists already" >&2; exit 2; }
here=examples/clinics
today=2026-11-21 # so that the example's validities hold for ever; leave --at out, and it is today
consort() { "$build/consort" "$@"; }
say() { printf '\n== %s\n' "$*"; }

# refused STATUS COMMAND...: the command must fail with this exit status; its reason is shown.
refused() {
    expected=$1
    shift
    status=0
    "$@" >"$out/output" 2>&1 || status=$?
    if [ $status -ne "$expected" ]; then
        echo "$0: exit status $status instead of $expected: $*" >&2
        cat "$out/output" >&2
        exit 1
    fi
    echo "status $status, $(sed -n 's/^consort: //p' "$out/output")"
}

mkdir -p "$out/records"
cp $here/*.json "$out"

say "everybody makes keys: an authority, and the three clinics"
for name in "Lake Health Authority" "St. Agnes" "Lakeside" "Northern General"; do
    consort keygen --name "$name" --out "$out/keys" --no-passphrase
done

say "whoever trusts the authority puts its public key on a list"
consort trust add "$out/authorities.json" "$out/keys/lake-health-authority.pub"

say "each clinic commits to its records; nobody sees them, and a proof says that they are well formed"
gzip -dc examples/breast-cancer/alpha.csv.gz | sed 120q >"$out/records/st-agnes-2019.csv"
gzip -dc examples/breast-cancer/alpha.csv.gz | sed 1,120d >"$out/records/st-agnes-2020.csv"
cp examples/breast-cancer/bravo.csv "$out/records/lakeside.csv"
cp examples/breast-cancer/charlie.csv "$out/records/northern-general.csv"
for dataset in st-agnes-2019 st-agnes-2020 lakeside northern-general; do
    consort dataset commit "$out/records/$dataset.csv" --schema "$out/schema.json" --out "$out/ds/$dataset"
done

say "the authority, which saw the records, signs where they come from and what they may be used for"
certify() { # DATASET LICENCE SOURCE
    consort dataset certify "$out/ds/$1" --licence "$out/$2" --source "$3" --key "$out/keys/lake-health-authority.key" \
        --from 2026-01-01 --until 2027-12-31
}
certify st-agnes-2019 licence-research.json "St. Agnes, biopsies of 2019"
certify st-agnes-2020 licence-sampled.json "St. Agnes, biopsies of 2020"
certify lakeside licence-research.json "Lakeside, biopsies of 2018 to 2020"
certify northern-general licence-research.json "Northern General, biopsies of 2020"
consort dataset show "$out/ds/st-agnes-2020"

say "one of them writes the manifest; all sign it, if it says what their own copy of the job says"
consort manifest init "$out/job.json"
for member in st-agnes lakeside northern-general; do
    consort manifest sign "$out/job.json" --key "$out/keys/$member.key"
done
consort manifest check "$out/job.json" --trust "$out/authorities.json" --at $today

say "the beacon becomes known: nobody could know it when the manifest was signed"
sed 's/"beacon": ""/"beacon": "3 11 19 23 42 45"/' "$out/job.json" >"$out/job.new"
mv "$out/job.new" "$out/job.json"

say "they train and prove together, each with its own records, openings and key"
rank() { # MEMBER: what it starts on its machine
    echo "-n 1 $build/consort-prove $out/job.json --out $out/run --member $1 --key $out/keys/$1.key"
}
# shellcheck disable=SC2046 # words are meant to be split
scripts/mpirun.sh $(rank st-agnes) : $(rank lakeside) : $(rank northern-general)

say "anybody verifies: the proof, signatures and certificates, and a policy of their own"
attestation=$out/run/clinics.attestation
verify() { consort verify "$attestation" --at $today "$@"; }
trust=$out/authorities.json
verify --trust "$trust" --require "$out/policy.json" --model "$out/run/clinics.safetensors"

say "for others: a C2PA-style manifest, and a section for the model's card"
consort export c2pa "$attestation" --trust "$trust" --at $today --key "$out/keys/st-agnes.key" --out "$out/run/clinics.c2pa.json"
consort export model-card "$attestation" --trust "$trust" --at $today --out "$out/run/clinics.md"
for export in clinics.c2pa.json clinics.md; do
    verify --trust "$trust" --export "$out/run/$export" | grep export
done

say "what is not accepted"
sed 's/^- records: 120$/- records: 121/' "$out/run/clinics.md" >"$out/run/edited.md"
refused 36 verify --trust "$trust" --export "$out/run/edited.md"
refused 23 consort verify "$attestation" --trust "$trust" --at 2028-01-01
consort keygen --name "Other Authority" --out "$out/keys" --no-passphrase >"$out/output"
consort trust add "$out/others.json" "$out/keys/other-authority.pub" >"$out/output"
refused 22 verify --trust "$out/others.json"
refused 35 verify --trust "$trust" --require "$out/policy-small.json"

rm -f "$out/output"
say "done; the files are in $out"
