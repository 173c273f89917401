#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# two-links: on a link rodp+rxe both devices carry data at once, each between its own two hosts, and the command has the
# environment of the first.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
[ "$RDMA_LINK/$RDMA_DEV/$RDMA_NETNS" = rodp+rxe/rodp0/hostA ] ||
	{ echo "the command's link is $RDMA_LINK, its device $RDMA_DEV in $RDMA_NETNS" && exit 1; }
for type in rodp rxe; do
	(
		# shellcheck source=/dev/null
		. "/run/lab/link-$type.env"
		[ "$RDMA_LINK/$RDMA_DEV" = "$type/${type}0" ] || { echo "link-$type.env is of $RDMA_LINK, $RDMA_DEV" && exit 1; }
		ip netns exec "$RDMA_NETNS" "$here/pingpong.sh"
	) &
	pids+=("$!")
done
for pid in "${pids[@]}"; do wait "$pid"; done
[ "$(find /sys/class/infiniband -type l | wc -l)" -eq 4 ] || { echo "there are not four devices" && exit 1; }
