#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# What the peer gets of a flow stays in order although both sides run on every CPU and a veth
# keeps order on each CPU only: nothing is lost here, so nothing may be asked for again.
#
#   in_order.sh N COMMAND...    a test that verifies its data, N times, with time-outs that a busy machine does
#                           not reach
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/bad_network.sh"

count=$1
shift

# In a network namespace, /sys hides the devices; process 1 has them.
asked_again() {
	cat /proc/1/root/sys/class/infiniband/{"$RDMA_DEV","$RDMA_PEER_DEV"}/ports/1/hw_counters/{completer_retry_err,rnr_nak_retry_err,duplicate_request,out_of_seq_request} 2>/dev/null |
		awk '{ sum += $1 } END { print sum + 0 }'
}

[ "$(nproc)" -gt 1 ] || skip "one CPU only"
before=$(asked_again)
for ((i = 1; i <= count; i++)); do
	timeout 60 "$@" || fail "$1 says $?, the ${i}th time"
	sleep 0.05 # what the counters answer may be 16 ms old
	now=$(asked_again)
	[ "$now" -eq "$before" ] || fail "asked again $((now - before)) times in run $i of $count"
done
echo "asked again: 0 in $count runs"
echo "passed"
