#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The module is unloaded while processes use its device. Their traffic
# ends with errors, nothing hangs, nothing is left of the module, and it loads again.
set -u
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

mark_log
for round in pinned odp pinned odp; do
	start_traffic --memory="$round"
	timeout 60 rmmod rodp || fail "$round: rmmod says $?"
	expect_traffic_lost
	[ ! -e /sys/module/rodp ] || fail "$round: the module is still there"
	! grep -E '^rodp' /proc/slabinfo || fail "$round: slab caches are left"
	restore
	"$TRAFFIC" --seconds=1 || fail "$round: the new device does not work"
done
check_log
echo "passed"
