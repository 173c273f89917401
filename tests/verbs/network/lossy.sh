#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Loss recovery: a network that loses, duplicates, reorders and corrupts packets in both
# directions. What the test sends must arrive all the same, and the devices' counters must say
# that every one of these things happened.
#
#   lossy.sh COMMAND...    a test that verifies its data
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/bad_network.sh"

# Of both devices together. In a network namespace, /sys hides the devices; process 1 has them.
count() {
	cat /proc/1/root/sys/class/infiniband/{"$RDMA_DEV","$RDMA_PEER_DEV"}/ports/1/hw_counters/"$1" |
		awk '{ sum += $1 } END { print sum + 0 }'
}

worsen netem limit 10000 delay 200us loss 1% duplicate 1% corrupt 1% reorder 2%
counters=(retransmits duplicate_request out_of_seq_request rcvd_icrc_err local_ack_timeout_err)
declare -A before
for name in "${counters[@]}"; do before[$name]=$(count "$name"); done
timeout 280 "$@" || fail "$1 says $?"
sleep 0.1 # what the counters answer may be 16 ms old
for name in "${counters[@]}"; do
	n=$(($(count "$name") - before[$name]))
	echo "$name: $n"
	[ "$n" -gt 0 ] || fail "$name: not once, on such a network"
done
echo "passed"
