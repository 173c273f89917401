#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# pingpong [OPTION...]: ibv_rc_pingpong between the two ends of the link, with
# its check of the received data; OPTIONs go to both sides.
set -euo pipefail

ip netns exec "$RDMA_PEER_NETNS" ibv_rc_pingpong -c -d "$RDMA_PEER_DEV" -g "$RDMA_PEER_GID_INDEX" "$@" &
server=$!
for _ in {1..100}; do
	grep -q . < <(ip netns exec "$RDMA_PEER_NETNS" ss -tlnH 'sport = 18515') && break
	sleep 0.1
done
ibv_rc_pingpong -c -d "$RDMA_DEV" -g "$RDMA_GID_INDEX" "$@" "$RDMA_PEER_ADDR"
wait "$server"
