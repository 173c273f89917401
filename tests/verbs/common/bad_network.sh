# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# bad_network: what the tests share that make the network between the two hosts worse.

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	exit 1
}

[ "${RDMA_TOPO:-}" = veth ] || skip "needs the topology of two hosts"

HERE=(qdisc show dev "$RDMA_NETDEV")
THERE=(-n "$RDMA_PEER_NETNS" qdisc show dev "$RDMA_PEER_NETDEV")

# worsen QDISC...: the queueing discipline of both hosts' netdevs.
worsen() {
	tc "${HERE[@]/show/add}" root "$@" || skip "no $1 in this kernel"
	tc "${THERE[@]/show/add}" root "$@" || fail "no $1 at the peer"
}
