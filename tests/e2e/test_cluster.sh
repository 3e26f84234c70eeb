#!/bin/sh
# The recipes for one cluster: the hostfile's runs here, on this host's slots; the batch script's runs with a stand-in for srun
# that starts what Slurm would start.
. tests/e2e/common.sh
recipes=examples/cluster
[ "$(id -u)" -ne 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

tiny_job "$work/job.json" 4
sed "s/^node1/localhost/; /^node2/d; s/slots=2/slots=4/" $recipes/hostfile >"$work/hosts"
CONSORT_PROVE=$prove
export CONSORT_PROVE
expect 0 "bottleneck: " timeout 60 $recipes/run-hostfile.sh "$work/hosts" "$work/job.json" "$work/out"
expect 0 "" "$consort" verify "$work/out/tiny.attestation"
echo "localhost" >"$work/one" # one slot, three ranks too few
expect 2 "4 members" timeout 60 $recipes/run-hostfile.sh "$work/one" "$work/job.json" "$work/none"
expect 2 "usage" $recipes/run-hostfile.sh "$work/hosts"

# srun [options] PROGRAM ... or srun [options] --multi-prog FILE: Slurm says nothing of Open MPI's own variables.
mkdir "$work/bin"
cat >"$work/bin/srun" <<'END'
#!/bin/sh
echo "srun: $*" >&2
while [ "${1#--}" != "$1" ] && [ "$1" != --multi-prog ]; do shift; done
if [ "$1" = --multi-prog ]; then
    grep -v '^#' "$2" | while read -r _ command; do printf '%s-n 1 %s' "$colon" "$command"; colon=' : '; done >"$2.mpmd"
    # shellcheck disable=SC2046 # words
    exec mpirun --oversubscribe --bind-to none $(cat "$2.mpmd")
fi
exec mpirun --oversubscribe --bind-to none -n "$SLURM_NTASKS" env -u OMPI_COMM_WORLD_LOCAL_SIZE "$@"
END
chmod +x "$work/bin/srun"
bin=$(cd "$(dirname "$prove")" && pwd)
expect 0 "" bash -n $recipes/consort.sbatch
expect 0 "srun: --mpi=pmix --ntasks=4 " env PATH="$work/bin:$bin:$PATH" SLURM_NTASKS=4 \
    timeout 60 $recipes/consort.sbatch "$work/job.json" "$work/slurm"
expect 0 "" "$consort" verify "$work/slurm/tiny.attestation"
expect 0 "" jq -e 'map(select(.ph == "M")) | length == 4' "$work/slurm/timeline.json"
expect 2 "job file" $recipes/consort.sbatch

# members.conf: ranks 0, 1, … and --member in this order; here with this job's members and data.
awk '!/^#/ && $1 != n++ { bad = 1 } END { exit bad || n != 4 }' $recipes/members.conf || fail "ranks of members.conf"
sed "s|job.json|$work/job.json|; s|--out out|--out $work/multi|; s|out/timeline|$work/multi/timeline|" $recipes/members.conf |
    awk -v w="$work" '{ for (k = 1; k < NF; k++) { if ($k == "--member") $(k + 1) = "m" $1; if ($k == "--data") $(k + 1) = w "/m" $1 ".csv" } print }' \
        >"$work/members.conf"
expect 0 "srun: .* --multi-prog " env PATH="$work/bin:$bin:$PATH" SLURM_NTASKS=4 \
    timeout 60 $recipes/consort.sbatch --multi-prog "$work/members.conf"
expect 0 "" "$consort" verify "$work/multi/tiny.attestation"
finish
