#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# udev: with udev running, a device keeps the name it was given, is known as RoCE whatever its name,
# and ib_uverbs and the character device are there.
set -euo pipefail

udevd=/lib/systemd/systemd-udevd
"$udevd" --daemon
trap 'udevadm control --exit' EXIT

# properties DEVICE NAME
properties() {
	udevadm info --query=property "/sys/class/infiniband/$1" | sed -n "s/^$2=//p"
}

ip link add play0 type dummy
ip link set play0 mtu 4200 up
ip address add 10.77.0.1/24 dev play0
for name in rodp0 storage; do
	rdma link add "$name" type rodp netdev play0
	udevadm settle --timeout=30
	[ -e "/sys/class/infiniband/$name" ] || { echo "udev has renamed $name to: $(ls /sys/class/infiniband)" && exit 1; }
	[ "$(properties "$name" ID_RDMA_ROCE)" = 1 ] || { udevadm info "/sys/class/infiniband/$name" && echo "$name is not known as RoCE" && exit 1; }
	grep -qw "$name" < <(ibv_devices) || { echo "libibverbs does not find $name" && exit 1; }
	compgen -G '/dev/infiniband/uverbs*' >/dev/null || { echo "no character device for $name" && exit 1; }
	rdma link delete "$name"
done
ip link delete play0
echo "udev knows the device by what it is, not by its name"
