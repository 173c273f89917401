#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The RDMA link, then its network interface, are deleted while processes
# use the device, $2 times (once). Their traffic ends with errors, nothing hangs, the kernel log
# stays clean, and a new device of the same name works at once.
set -u
ROUNDS=${2:-1}
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"

[[ ${RDMA_DEV:-} == rodp* ]] || skip "${RDMA_DEV:-no device}: only rodp is taken away under its users"
[ "${RDMA_TOPO:-}" = one ] || skip "needs the topology of one device"

again() {
	rdma link add "$RDMA_DEV" type rodp netdev "$1" || fail "rdma link add"
	timeout 10 sh -c "until grep -q ACTIVE /sys/class/infiniband/$RDMA_DEV/ports/1/state; do sleep 0.1; done" ||
		fail "the new device's port is not active"
	unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX
}

delete_link() {
	start_traffic --memory=odp
	timeout 60 rdma link delete "$RDMA_DEV" || fail "rdma link delete says $?"
	expect_traffic_lost
	[ ! -e "/sys/class/infiniband/$RDMA_DEV" ] || fail "$RDMA_DEV is still there"
	again "$RDMA_NETDEV"
	"$TRAFFIC" --seconds=1 || fail "the new device does not work"
}

# The device moves to an interface of its own, which goes.
delete_netdev() {
	ip link add vtdummy type dummy || skip "no dummy interface"
	ip link set vtdummy mtu 4200 up
	ip addr add 10.78.0.1/24 dev vtdummy
	rdma link delete "$RDMA_DEV"
	again vtdummy
	start_traffic --memory=odp
	timeout 60 ip link delete vtdummy || fail "ip link delete says $?"
	expect_traffic_lost
	timeout 10 sh -c "while [ -e /sys/class/infiniband/$RDMA_DEV ]; do sleep 0.1; done" ||
		fail "$RDMA_DEV outlives its interface"
	again "$RDMA_NETDEV"
}

for ((round = 1; round <= ROUNDS; round++)); do
	echo "round $round of $ROUNDS"
	mark_log
	delete_link
	delete_netdev
	check_log
done
echo "passed"
