#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# mpi TRANSPORT [odp]: Open MPI with two ranks, one at each end of the link, over UCX and rc_v or ud_v alone; mpi.c looks
# at every byte. Each end is a host of its own to Open MPI: its daemons are started in the network namespaces
# by what takes the place of ssh here. With `odp` UCX registers on-demand, as in ucx.sh.
set -euo pipefail

NAME=mpi
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"

TRANSPORT=$1
ODP=${2:-}

# What Open MPI calls instead of ssh: HOST COMMAND..., in that host's namespace and with its name.
make_agent() {
	cat >"$WORK/agent" <<-EOT
		#!/bin/bash
		host=\$1
		shift
		exec nsenter --mount=/proc/1/ns/mnt --net=/run/netns/$RDMA_PEER_NETNS -- unshare --uts sh -c 'hostname '\$host' && exec "\$0" -c "\$1"' /bin/sh "\$*"
	EOT
	chmod +x "$WORK/agent"
	cat >"$WORK/rank" <<-EOT
		#!/bin/sh
		case \$OMPI_COMM_WORLD_RANK in
		0) export UCX_NET_DEVICES=$RDMA_DEV:1 UCX_IB_GID_INDEX=$RDMA_GID_INDEX ;;
		*) export UCX_NET_DEVICES=$RDMA_PEER_DEV:1 UCX_IB_GID_INDEX=$RDMA_PEER_GID_INDEX ;;
		esac
		exec "$WORK/mpi"
	EOT
	chmod +x "$WORK/rank"
}

need_tools mpicc mpirun unshare
make_agent
step mpicc -O2 -Wall -o "$WORK/mpi" "$(dirname "$0")/mpi.c"
before=$(traffic)
faults=$(counter "$RDMA_DEV" odp_faults)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
odp=()
netdevs=$RDMA_NETDEV,$(peer_netdev)
[ -z "$ODP" ] || odp=(-x UCX_REG_NONBLOCK_MEM_TYPES=host -x UCX_IB_ODP_MEM_TYPES=host)
STEP_LIMIT=300 step nsenter --mount=/proc/1/ns/mnt --net="/run/netns/$RDMA_NETNS" -- mpirun --host "$(hostname):1,peer:1" -np 2 --map-by node --bind-to none \
	--prtemca plm_ssh_agent "$WORK/agent" --prtemca prte_if_include "$netdevs" --pmixmca ptl_tcp_if_include "$netdevs" \
	--mca pml ucx --mca osc ucx --mca opal_common_ucx_tls any --mca opal_common_ucx_devices any -x UCX_TLS="$TRANSPORT,self" -x UCX_UD_VERBS_ETH_DGID_CHECK=n -x UCX_WARN_UNUSED_ENV_VARS=n "${odp[@]}" "$WORK/rank" \
	| tee "$WORK/out"
grep -q 'all verified' "$WORK/out" || die "the ranks did not come to their end"
sleep 0.1 # the counters' files may be 10 ms old
echo "$NAME: the devices sent $(($(traffic) - before)) packets"
[ "$(traffic)" -gt "$((before + 1000))" ] || die "the devices sent hardly anything: MPI took another way"
[ -z "$ODP" ] || check_odp "$faults"
echo "$NAME: data verified"
