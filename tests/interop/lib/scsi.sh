# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# scsi: what the consumers share whose disk is a SCSI one: the kernel's target, and the initiator's block device.

# shellcheck source=SCRIPTDIR/disk.sh
. "$(dirname "${BASH_SOURCE[0]}")/disk.sh"

TARGET=/sys/kernel/config/target
BACKING=$TARGET/core/iblock_0/disk

# make_backing: LAB_SCRATCH, as a backing store of the target, at BACKING.
make_backing() {
	make_dir "${BACKING%/*}" "$BACKING"
	put "udev_path=$LAB_SCRATCH" "$BACKING/control"
	put "$LAB_SCRATCH" "$BACKING/udev_path"
	put 1 "$BACKING/enable"
}

# The block device of the session, once it is there.
scsi_disk() {
	local dir
	for dir in /sys/block/sd*; do
		[ -e "$dir/device" ] && echo "/dev/${dir##*/}" && return
	done
	return 1
}
