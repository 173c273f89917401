# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# store: what the tests of the key-value example share: the program, a disk for its file, a limit to its memory.

GROUP=/sys/fs/cgroup/kv

# store ARGUMENT...: the example itself, see its head.
store() {
	"$LAB_BUILD/docs/examples/example_kv" "$@"
}

# make_disk: a file system on the guest's scratch disk, mounted until the script ends; MNT is where.
make_disk() {
	MNT=$(mktemp -d)
	mke2fs -q -t ext4 -O ^has_journal -m 0 "$LAB_SCRATCH"
	mount "$LAB_SCRATCH" "$MNT"
	trap 'umount "$MNT"' EXIT
}

# limit_memory MIB: of what runs by limited(), its page cache and what it pins; no swap.
limit_memory() {
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir "$GROUP"
	echo "$1M" >"$GROUP/memory.max"
	echo 0 >"$GROUP/memory.swap.max"
}

# limited ARGUMENT...: store() within the limit, with an empty page cache: what is cached now would not be the cgroup's.
limited() {
	echo 3 >/proc/sys/vm/drop_caches
	(echo "$BASHPID" >"$GROUP/cgroup.procs" && store "$@")
}
