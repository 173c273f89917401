#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# flush_persistent [--dax] PROGRAM: runs it on persistent memory, which the guest must have been
# given: with a directory of a file system on it (PMEM_DIR), or with all of it as a device that
# can be pinned (PMEM_DAX).
set -euo pipefail

# Make a DAX device of the namespace that was /dev/pmem0, as ndctl does. Prints its path.
make_dax() {
	local bus=/sys/bus/nd dax i
	modprobe -a device_dax dax_pmem
	echo namespace0.0 >$bus/drivers/nd_pmem/unbind
	dax=$(cat $bus/devices/region0/dax_seed)
	echo ram >"$bus/devices/$dax/mode"
	cat /proc/sys/kernel/random/uuid >"$bus/devices/$dax/uuid"
	echo namespace0.0 >"$bus/devices/$dax/namespace"
	echo "$dax" >$bus/drivers/dax_pmem/bind
	for i in $(seq 50); do
		[ -c "/dev/$dax" ] && echo "/dev/$dax" && return
		sleep 0.1
	done
	echo "no /dev/$dax after $i looks" >&2
	return 1
}

dax=false
[ "$1" != --dax ] || { dax=true && shift; }
modprobe -a nd_e820 nd_pmem 2>/dev/null || true
[ -b /dev/pmem0 ] || { echo "no /dev/pmem0: run with --pmem 128" && exit 77; }
if $dax; then
	device=$(make_dax)
	PMEM_DAX=$device "$@"
	exit
fi
mkfs.ext4 -q -F -b 4096 /dev/pmem0
dir=$(mktemp -d)
mount -o dax /dev/pmem0 "$dir"
trap 'umount "$dir" && rmdir "$dir"' EXIT
PMEM_DIR=$dir "$@"
