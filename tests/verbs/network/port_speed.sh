#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# port_speed: a port is as fast as its netdev says it is (ibv_devinfo -v: lanes times the speed of one), and one whose
# netdev has no speed is 4X EDR, said without a word in the kernel's log.
set -u

[[ ${RDMA_DEV:-} == rodp* ]] || { echo "skipped: is about rodp" && exit 77; }
SYS=/proc/1/root/sys/class/net

end_links() {
	ip link delete sp0
	ip link delete spbr0
} 2>/dev/null
trap end_links EXIT

# expect DEVICE WIDTH SPEED
expect() {
	local said
	said=$(ibv_devinfo -v -d "$1" | awk '$1 == "active_width:" { width = $2 } $1 == "active_speed:" { speed = $2 }
		END { print width, speed }')
	echo "$1: $said"
	[ "$said" = "$2 $3" ] || { echo "FAILED: $1 is $said, not $2 $3" && exit 1; }
}

ip link add sp0 type veth peer name sp1 || exit 1
ip link add spbr0 type bridge 2>/dev/null || { modprobe bridge && ip link add spbr0 type bridge; } || exit 1
for netdev in sp0 spbr0; do
	ip link set "$netdev" up
	rdma link add "rodp_$netdev" type rodp netdev "$netdev" || exit 1
done
[ "$(cat "$SYS/sp0/speed")" = 10000 ] || { echo "FAILED: the veth says another speed than 10 Gb/s" && exit 1; }

echo 'port_speed: before' >/dev/kmsg
expect rodp_sp0 1X 10.0
expect rodp_spbr0 4X 25.0
expect "$RDMA_DEV" 4X 25.0
if dmesg | sed '1,/port_speed: before/d' | grep -i speed; then
	echo "FAILED: that is in the kernel's log" && exit 1
fi
echo "passed"
