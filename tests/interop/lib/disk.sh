# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# disk: what the consumers that export a disk share: configfs, and the use of the disk at the other end.

FIO=(--ioengine=libaio --direct=1 --iodepth=16 --randrepeat=1 --bsrange=512-256k --blockalign=512)

# put VALUE FILE
put() {
	echo "$1" >"$2" || die "cannot write '$1' to $2"
}

mount_configfs() {
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config || die "no configfs"
}

# make_dir DIR...: in this order, removed in the other.
make_dir() {
	local dir
	for dir in "$@"; do
		[ -d "$dir" ] || mkdir "$dir" || die "cannot make $dir"
		undo rmdir "$dir"
	done
}

# verify_disk DISK WORKLOAD SIZE: fio writes, reads, and looks at what it read.
verify_disk() {
	step fio --name="$2" --filename="$1" --rw="$2" --size="$3" --verify=crc32c --do_verify=1 --verify_fatal=1 --verify_state_save=0 \
		"${FIO[@]}" --output="$WORK/fio"
	grep -E '^ +(READ|WRITE):' "$WORK/fio" || true
}

# use_disk DISK: fio's workloads, then a file system with the files of make_files() on it.
use_disk() {
	verify_disk "$1" write 24M
	verify_disk "$1" randwrite 16M
	step mkfs.ext4 -q -F "$1" 256M
	mkdir -p "$WORK/mnt"
	step mount "$1" "$WORK/mnt"
	cp "$WORK"/files/* "$WORK/mnt/"
	step umount "$WORK/mnt"
}

# look_at_disk DISK: the file system there, as it is on the disk.
look_at_disk() {
	drop_caches
	step mount -o ro "$1" "$WORK/mnt"
	check_files "$WORK/mnt"
	step umount "$WORK/mnt"
}
