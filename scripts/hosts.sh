#!/bin/sh
# Runs a command as N ranks on N hosts of their own: network namespaces of this machine with a switch between them, each with
# its own address, host name and network, so that Open MPI can only use TCP, as on a cluster. Needs root (CAP_NET_ADMIN and
# CAP_SYS_ADMIN) and iproute2; leaves nothing behind.
#
#   scripts/hosts.sh [--latency TIME] [--rate RATE] [--capture FILE] N COMMAND [ARGUMENT...]
#   scripts/hosts.sh --check
#
# {i} in an argument is the number of the host, from 0, so every member can have its own data: --data m{i}.csv
# --latency TIME   one way between any two hosts, such as 10ms (tc netem); --rate RATE of each host's link, such as 1gbit
# --capture FILE   every frame that crosses the switch, as scripts/capture.py writes it
# --check          says whether this machine can do it (exit status 0), or why not (77)
# HOSTS_NAME       how the namespaces' names begin (default consort)
# HOSTS_NET        the first two bytes of the hosts' addresses (default 10.117), nowhere else seen
set -eu
scripts=$(cd "$(dirname "$0")" && pwd)
net=${HOSTS_NET:-10.117}
latency=
rate=
capture=

usage() {
    sed -n 's/^#   //p' "$0" >&2
    exit 2
}

check() {
    for tool in ip unshare mpirun; do
        command -v $tool >/dev/null || { echo "hosts.sh: $tool is not installed (scripts/packages.txt)" >&2; exit 77; }
    done
    if [ "$(id -u)" -ne 0 ] || ! ip netns add "consort-$$-probe" 2>/dev/null; then
        echo "hosts.sh: network namespaces need root" >&2
        exit 77
    fi
    ip netns del "consort-$$-probe"
}

while [ $# -gt 0 ]; do
    case $1 in
    --check) check && exit 0 ;;
    --latency) latency=$2 && shift 2 ;;
    --rate) rate=$2 && shift 2 ;;
    --capture) capture=$2 && shift 2 ;;
    -*) usage ;;
    *) break ;;
    esac
done
[ $# -ge 2 ] || usage
n=$1
shift
check

prefix=${HOSTS_NAME:-consort}-$$
work=$(mktemp -d "${TMPDIR:-/tmp}/consort-hosts-XXXXXX")
watcher=

# Also after a signal: what still runs in a namespace goes first, then the namespaces, which takes the links with them.
# shellcheck disable=SC2317 # called by trap
clean() {
    trap - EXIT INT TERM HUP
    [ -z "$watcher" ] || { kill "$watcher" && wait "$watcher"; } 2>/dev/null || true
    for space in $(ip netns list | sed -n "s/^\($prefix-[a-z0-9]*\).*/\1/p"); do
        for process in $(ip netns pids "$space"); do
            kill -9 "$process" 2>/dev/null || true
        done
        ip netns del "$space"
    done
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The switch is a namespace too, so nothing is added to this machine's own network.
ip netns add "$prefix-switch"
ip -n "$prefix-switch" link add name bridge type bridge
ip -n "$prefix-switch" link set bridge up
i=0
while [ "$i" -lt "$n" ]; do
    space=$prefix-$i
    ip netns add "$space"
    ip -n "$space" link set lo up
    ip -n "$space" link add name net0 type veth peer name "port$i" netns "$prefix-switch"
    ip -n "$space" address add "$net.0.$((i + 1))/24" dev net0
    ip -n "$space" link set net0 up
    ip -n "$prefix-switch" link set "port$i" master bridge
    ip -n "$prefix-switch" link set "port$i" up
    if [ -n "$latency$rate" ]; then
        # shellcheck disable=SC2086 # options
        ip netns exec "$space" tc qdisc add dev net0 root netem ${latency:+delay $latency} ${rate:+rate $rate} limit 100000 ||
            { echo "hosts.sh: this kernel has no netem: no --latency or --rate" >&2; exit 77; }
    fi
    i=$((i + 1))
done

# in_host I COMMAND...: what a login on that host would be. Host names differ, as Open MPI tells hosts by them.
cat >"$work/in_host" <<'END'
#!/bin/sh
space=$1
name=$2
shift 2
exec ip netns exec "$space" unshare --uts sh -c 'echo "$0" >/proc/sys/kernel/hostname; exec "$@"' "$name" "$@"
END
# Open MPI's remote shell: AGENT ADDRESS COMMAND...
cat >"$work/agent" <<END
#!/bin/sh
i=\$((\${1##*.} - 1))
shift
exec "$work/in_host" "$prefix-\$i" "host\$i" sh -c "\$*"
END
chmod +x "$work/in_host" "$work/agent"

if [ -n "$capture" ]; then
    ip netns exec "$prefix-switch" python3 "$scripts/capture.py" "$capture" &
    watcher=$!
    while [ ! -e "$capture" ]; do
        kill -0 "$watcher" # it may have failed
        sleep 0.05
    done
fi

# One application context per host, as members with machines of their own have: docs/clusters.md.
{
    echo "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"
    printf 'exec mpirun --bind-to none --mca plm_rsh_agent %s --mca btl tcp,self --mca pml ob1' "$work/agent"
    printf ' --mca btl_tcp_if_include %s.0.0/24 --mca oob_tcp_if_include %s.0.0/24' "$net" "$net"
    # what a firewall between hosts has to let through
    printf ' --mca oob_tcp_dynamic_ipv4_ports 47100-47199 --mca btl_tcp_port_min_v4 47200 --mca btl_tcp_port_range_v4 100'
    i=0
    while [ "$i" -lt "$n" ]; do
        [ "$i" -eq 0 ] || printf ' :'
        printf ' -n 1 --host %s.0.%s' "$net" $((i + 1))
        for argument in "$@"; do
            printf " '%s'" "$(printf %s "$argument" | sed "s/{i}/$i/g; s/'/'\\\\''/g")"
        done
        i=$((i + 1))
    done
    echo
} >"$work/job"
status=0
"$work/in_host" "$prefix-0" host0 sh "$work/job" || status=$?
exit $status
