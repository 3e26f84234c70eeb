#!/bin/sh
# Disks that are full, or may only be read, under every command that writes: status 4, a message that says what and where, and
# on the disk what was there before, no part of a file and no temporary one.
. tests/e2e/common.sh
. tests/e2e/consortium.sh

unshare -rm true 2>/dev/null || { echo "$0: skipped: no mounts of our own here"; exit 0; }
disk=$work/disk
mkdir "$disk" "$work/in"

# What the disk holds at first.
certified_datasets
job good medical-research
cp -r "$work/good.json" "$keys" "$work/a1" "$work/a2" "$work/b" "$work/c" "$work/in"
cp -r "$work/a1" "$work/in/bare"
rm "$work/in/bare/certificate.json"
expect 0 "" "$consort" manifest init "$work/good.json"
cp "$work/good.manifest.json" "$work/in/good.manifest.json"
sed 's/"good"/"fresh"/' "$work/good.json" >"$work/in/fresh.json"
cp "$trust" "$work/in"
tiny_job "$work/tiny.json" 2
expect 0 "" run 60 2 "$work/tiny.json" --out "$work/run" --quiet
attestation=$work/run/tiny.attestation

# on_disk KIND COMMAND...: on a disk of its own with copies of these files; what it holds afterwards goes to $work/after. As a
# root of its own, to whom the true root's files of an earlier mpirun in /tmp do not belong: TMPDIR.
# shellcheck disable=SC2016,SC2317 # expanded by the inner shell; called by expect
on_disk() {
    kind=$1
    shift
    TMPDIR=$work timeout 60 unshare -rm sh -c '
        disk=$1 in=$2 kind=$3 lists=$4
        shift 4
        mount -t tmpfs -o size=512k none "$disk" && cp -r "$in/." "$disk" || exit 99
        case $kind in
        full) cat /dev/zero >"$disk/filler" 2>/dev/null ;;
        one) mount -o "remount,nr_inodes=$(($(df --output=iused "$disk" | tail -n 1) + 1))" "$disk" || exit 99 ;;
        readonly) mount -o remount,ro "$disk" || exit 99 ;;
        esac
        find "$disk" -type f -exec cksum {} + | sort >"$lists/before"
        "$@"
        status=$?
        find "$disk" -type f -exec cksum {} + | sort >"$lists/after"
        exit $status' sh "$disk" "$work/in" "$kind" "$work" "$@"
}

# fails_on KIND WHERE COMMAND...
fails_on() {
    kind=$1
    where=$2
    shift 2
    expect 4 "$disk/$where.*: \(No space left on device\|Read-only file system\)" on_disk "$kind" "$@"
    cmp -s "$work/before" "$work/after" || {
        diff "$work/before" "$work/after" >>"$work/output"
        fail "$kind: other files than before: $*"
    }
}

# fails WHERE COMMAND...: on a full disk, and on one that may only be read.
fails() {
    fails_on full "$@"
    fails_on readonly "$@"
}

fails "fresh" "$consort" keygen --name Somebody --out "$disk/fresh" --no-passphrase
fails "keys/somebody" "$consort" keygen --name Somebody --out "$disk/keys" --no-passphrase
fails_on one "keys/somebody.pub" "$consort" keygen --name Somebody --out "$disk/keys" --no-passphrase
fails "list.json" "$consort" trust add "$disk/list.json" "$keys/authority.pub"
fails "authorities.json" "$consort" trust add "$disk/authorities.json" "$keys/stranger.pub"
fails "fresh.manifest.json" "$consort" manifest init "$disk/fresh.json"
fails "good.manifest.json" "$consort" manifest sign "$disk/good.json" --key "$keys/alpha.key"
fails "d" "$consort" dataset commit "$work/a1.csv" --schema "$work/schema.json" --out "$disk/d" --columns 16
fails_on one "keys/proof" "$consort" dataset commit "$work/a1.csv" --schema "$work/schema.json" --out "$disk/keys" --columns 16
fails "bare/certificate.json" "$consort" dataset certify "$disk/bare" --licence "$work/licence.json" --key "$keys/authority.key" \
    --source "Registry" --until 2030-12-31
fails "x" "$consort" dataset certify "$work/in/bare" --licence "$work/licence.json" --key "$keys/authority.key" \
    --source "Registry" --until 2030-12-31 --out "$disk/x"
fails "card.md" "$consort" export model-card "$attestation" --out "$disk/card.md"
fails "c2pa.json" "$consort" export c2pa "$attestation" --key "$keys/alpha.key" --out "$disk/c2pa.json"

# Standard output, at once and in more than a buffer.
# shellcheck disable=SC2317 # called by expect
to_full() {
    "$@" >/dev/full
}
for command in --help --version "verify $attestation" "verify $attestation --json" "inspect $attestation" \
    "inspect $attestation --json" \
    "plan $work/tiny.json" "plan $work/tiny.json --json" "keygen --help" "trust show $trust" "trust show $trust --json" \
    "manifest check $work/good.json" "licence to-cawg $work/licence.json" "dataset show $work/a1" "dataset show $work/a1 --json" \
    "export model-card $attestation" "compare $work/tiny.json $attestation"; do
    # shellcheck disable=SC2086 # words are meant to be split
    expect 4 "cannot write to the standard output" to_full "$consort" $command
done
for command in --help --version "$work/tiny.json --plan" "$work/tiny.json --plan --json"; do
    # shellcheck disable=SC2086
    expect 4 "cannot write to the standard output" to_full "$prove" $command
done

# The prover: output, timeline, openings beside the data; a checkpoint that cannot be written is a warning.
cp "$work/tiny.json" "$work"/m*.csv "$work/in"
expect 4 "$disk/out: 0 KiB free, about .* will be needed" \
    on_disk full scripts/mpirun.sh -n 2 "$prove" "$work/tiny.json" --out "$disk/out"
expect 4 "$disk/out: .*Read-only file system" \
    on_disk readonly scripts/mpirun.sh -n 2 "$prove" "$work/tiny.json" --out "$disk/out"
fails "profile.json" \
    scripts/mpirun.sh -n 2 "$prove" "$work/tiny.json" --out "$work/profiled" --profile "$disk/profile.json" --quiet
absent "$work/profiled/tiny.attestation"
fails "m[01].csv.opening" scripts/mpirun.sh -n 2 "$prove" "$disk/tiny.json" --out "$work/opened" --quiet
absent "$work/opened/tiny.attestation"
fails "tiny.m[01].key" scripts/mpirun.sh -n 2 "$prove" "$work/tiny.json" --out "$work/saved" --checkpoint "$disk" --quiet
absent "$work/saved/tiny.attestation"
sign good
saving() {
    echo "-n 1 $prove $work/good.json --out $work/out --key $keys/$1.key --checkpoint $disk --quiet"
}
# shellcheck disable=SC2046 # words are meant to be split
expect 0 "$disk/good.* cannot write: No space left" \
    on_disk full scripts/mpirun.sh $(saving alpha) : $(saving bravo) : $(saving charlie)
cmp -s "$work/before" "$work/after" || fail "a full disk keeps a part of a checkpoint"
expect 0 "" "$consort" verify "$work/out/good.attestation" --trust "$trust"

# The disk is full (here: a file may have 8 KiB at most) when all is proved, and when a cheat is found. Over TCP, as memory that
# processes share is such a file too.
limited() {
    # shellcheck disable=SC2016,SC2317 # expanded by the inner shell; called by expect
    timeout 120 scripts/mpirun.sh --mca btl tcp,self -n 3 sh -c '
        case $OMPI_COMM_WORLD_RANK in 0) who=alpha ;; 1) who=bravo ;; *) who=charlie ;; esac
        ulimit -f 16 && exec "$1" "$2.json" --out "$2" --key "$3/$who.key" --quiet' sh "$1" "$work/good" "$keys"
}
expect 4 "good/good.attestation.part: cannot write: File too large" limited "$prove"
CONSORT_TAMPER=update/part@2
export CONSORT_TAMPER
expect 1 "rank 2 (c) cheated at update/part.*good/good.rank2.*.evidence: cannot write: File too large" \
    limited "$build/tamper/consort-prove"
[ -z "$(find "$work/good" -type f)" ] || fail "a part of a file is left"
finish
