#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Trap 18: the queueing discipline below the device refuses packets. The device is told so, and
# makes them again; READ responses too, which nobody would miss before a timeout. So there are
# drops, and neither timeouts nor retransmissions.
#
#   t18_qdisc_drops.sh COMMAND...    a test that fails if anything is sent twice
set -u

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	exit 1
}

[ "${RDMA_TOPO:-}" = veth ] || skip "needs the topology of two hosts"

# Slower than the device, and room for five packets.
slow() {
	tc "$@" root tbf rate 200mbit burst 16kb limit 24kb || skip "no tbf in this kernel"
}

drops() {
	tc -s "$@" | sed -n 's/.*dropped \([0-9]*\).*/\1/p' | head -n 1
}

here=(qdisc add dev "$RDMA_NETDEV")
there=(-n "$RDMA_PEER_NETNS" qdisc add dev "$RDMA_PEER_NETDEV")
slow "${here[@]}"
slow "${there[@]}"
timeout 100 "$@" || fail "$1 says $?"
sent=$(drops "${here[@]/add/show}") answered=$(drops "${there[@]/add/show}")
echo "packets refused: $sent of the requester, $answered of the responder"
{ [ "$sent" -gt 0 ] && [ "$answered" -gt 0 ]; } || fail "nothing was refused: this proves nothing"
echo "passed"
