#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# rds: RDS over RDMA (rds_rdma): sockets on two addresses of this host, whose messages go over RDMA_DEV (rds.py).
# RDS's tools are not packaged.
set -euo pipefail

NAME=rds
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"

SECOND=10.77.0.3

need_tools python3 ip
# A message must fit into a socket's buffers, of which a quarter is data.
for limit in wmem_max rmem_max; do
	undo sysctl -q "net.core.$limit=$(cat "/proc/sys/net/core/$limit")"
	echo $((16 << 20)) >"/proc/sys/net/core/$limit"
done
ip addr add "$SECOND/24" dev "$RDMA_NETDEV"
undo ip addr del "$SECOND/24" dev "$RDMA_NETDEV"
need_modules rds rds_rdma
# Loaded, it keeps its connections; unloaded while one of them still ends, it breaks the kernel's lists, as
# rds_ib_destroy_nodev_conns() splices the list without clearing it and another worker adds to it. Its connections end
# with the device, and that takes no time that can be looked at.
undo rdma link add "$RDMA_DEV" type "$RDMA_LINK" netdev "$RDMA_NETDEV"
undo modprobe -r rds_rdma
undo sleep 2
undo rdma link delete "$RDMA_DEV"
before=$(traffic)
step python3 "$(dirname "$0")/rds.py" "$RDMA_ADDR" "$SECOND"
sent=$(($(traffic) - before))
echo "$NAME: the devices sent $sent packets"
[ "$sent" -gt 200 ] || die "the devices sent hardly anything: RDS took another way"
echo "$NAME: data verified"
