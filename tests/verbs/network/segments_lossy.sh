#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Packets that leave together are lost one by one: the stack takes them apart where they leave, and the other host
# drops some as they come in. The test's data must arrive all the same, and the counters must say that packets were
# lost and sent again.
#
#   segments_lossy.sh COMMAND...    a test that verifies its data
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/bad_network.sh"

introduce

# lose NETNS NETDEV: what leaves by the netdev is taken apart, and one packet in 200 that comes in is dropped, at random.
lose() {
	ip -n "$1" link set dev "$2" gso_max_segs 1 || fail "no gso_max_segs of $2"
	tc -n "$1" qdisc add dev "$2" clsact || skip "no clsact in this kernel"
	tc -n "$1" filter add dev "$2" ingress matchall action gact pass random netrand drop 200 ||
		skip "this kernel cannot drop at random"
}

lost() {
	tc -s -n "$1" filter show dev "$2" ingress | sed -n 's/.*dropped \([0-9]*\).*/\1/p' | sed -n 1p
}

# shellcheck disable=SC2153 # the lab's
lose "$RDMA_NETNS" "$RDMA_NETDEV"
lose "$RDMA_PEER_NETNS" "$RDMA_PEER_NETDEV"
echo 1 >/sys/module/rodp/parameters/segments
timeout 280 "$@" || fail "$1 says $?"
here=$(lost "$RDMA_NETNS" "$RDMA_NETDEV") there=$(lost "$RDMA_PEER_NETNS" "$RDMA_PEER_NETDEV")
echo "packets lost: $there of the requester, $here of the responder"
{ [ "$here" -gt 0 ] && [ "$there" -gt 0 ]; } || fail "nothing was lost: this proves nothing"
echo "passed"
