#!/bin/sh
# A run on the nodes of a hostfile, without a batch system: run-hostfile.sh HOSTFILE JOB OUT [options of consort-prove]
# The nodes have consort at the same path, the job and its data under the same paths, and let one another in by ssh without
# being asked.
set -eu
[ $# -ge 3 ] || {
    echo "usage: $0 HOSTFILE JOB OUT [options of consort-prove]" >&2
    exit 2
}
hosts=$1
job=$2
out=$3
shift 3
prove=${CONSORT_PROVE:-consort-prove}
members=$(sed 's/#.*//' "$hosts" | awk '{ n = 1; for (k = 2; k <= NF; k++) if (sub(/^slots=/, "", $k)) n = $k } NF { all += n } END { print all + 0 }')
exec mpirun --hostfile "$hosts" -n "$members" --map-by slot --bind-to none -x PATH "$prove" "$job" --out "$out" "$@"
