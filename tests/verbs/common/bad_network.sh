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

# The hosts know each other's addresses, and need not ask over the bad network: ib_core gives the one
# answer a second, then a QP does not get to RTR.
introduce() {
	local here there address
	here=$(cat "/sys/class/net/$RDMA_NETDEV/address")
	there=$(ip -n "$RDMA_PEER_NETNS" -o link show dev "$RDMA_PEER_NETDEV" | grep -oP 'link/ether \K\S+')
	for address in "$RDMA_PEER_ADDR" "$RDMA_PEER_ADDR6"; do
		ip neigh replace "$address" lladdr "$there" dev "$RDMA_NETDEV" nud permanent || fail "no neighbour $address"
	done
	for address in "$RDMA_ADDR" "$RDMA_ADDR6"; do
		ip -n "$RDMA_PEER_NETNS" neigh replace "$address" lladdr "$here" dev "$RDMA_PEER_NETDEV" nud permanent ||
			fail "no neighbour $address of the peer"
	done
}

# worsen QDISC...: the queueing discipline of both hosts' netdevs.
worsen() {
	introduce
	tc "${HERE[@]/show/add}" root "$@" || skip "this kernel has no qdisc $*"
	tc "${THERE[@]/show/add}" root "$@" || fail "the peer has no qdisc $*"
}
