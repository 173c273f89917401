#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The module is unloaded while processes use its device, $2 times (4). Their traffic
# ends with errors, nothing hangs, nothing is left of the module, and it loads again.
set -u
ROUNDS=${2:-4}
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"

[[ ${RDMA_DEV:-} == rodp* ]] || skip "${RDMA_DEV:-no device}: only rodp is taken away under its users"
[ "${RDMA_TOPO:-}" = one ] || skip "needs the topology of one device"
[ -e "${RODP_KO:-}" ] || skip "no rodp.ko"

restore() {
	[ -e /sys/module/rodp ] || insmod "$RODP_KO" || fail "the module does not load again"
	[ -e "/sys/class/infiniband/$RDMA_DEV" ] ||
		rdma link add "$RDMA_DEV" type rodp netdev "$RDMA_NETDEV" || fail "rdma link add"
	timeout 10 sh -c "until grep -q ACTIVE /sys/class/infiniband/$RDMA_DEV/ports/1/state; do sleep 0.1; done" ||
		fail "the new device's port is not active"
	unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX
}

# unload MEMORY: under traffic to memory of this kind.
unload() {
	mark_log
	start_traffic --memory="$1"
	timeout 60 rmmod rodp || fail "$1: rmmod says $?"
	expect_traffic_lost
	[ ! -e /sys/module/rodp ] || fail "$1: the module is still there"
	! grep -E '^rodp' /proc/slabinfo || fail "$1: slab caches are left"
	restore
	"$TRAFFIC" --seconds=1 || fail "$1: the new device does not work"
	check_log
}

for ((round = 1; round <= ROUNDS; round++)); do
	echo "round $round of $ROUNDS"
	if ((round % 2)); then unload pinned; else unload odp; fi
done
echo "passed"
