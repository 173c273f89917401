#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# run PROGRAM [OPTION...]: in a guest of the lab, runs rows of the matrix (OPTIONs
# are the program's) on everything they need: a disk with a file system and a swap
# file, persistent memory where the guest has some. Keeps the cells' results in
# build/coherence/, and makes of all that are there, of every kernel, the table
# in build/coherence.md and build/coherence.html. Ends like the program.
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
program=${1:?the program coherence}
shift
results=${LAB_CHECKOUT:?runs in a guest of the lab}/build/coherence
work=$(mktemp -d)
undo=()

# undone WORD...: this command runs at the end, the last one first.
undone() {
	undo=("$*" "${undo[@]}")
}

clean() {
	local command
	for command in "${undo[@]}"; do $command; done
	rm -rf "$work"
}
trap clean EXIT

setup_disk() {
	mkfs.ext4 -q -F "${LAB_SCRATCH:?}" || return
	mkdir "$work/disk"
	mount "$LAB_SCRATCH" "$work/disk" || return
	undone umount "$work/disk"
	dd if=/dev/zero of="$work/disk/swap" bs=1M count=192 status=none || return
	chmod 600 "$work/disk/swap"
	mkswap -q "$work/disk/swap" || return
	swapon "$work/disk/swap" || return
	undone swapoff "$work/disk/swap"
	export CO_DISK=$work/disk
}

setup_pmem() {
	modprobe -a nd_e820 nd_pmem 2>/dev/null
	[ -b /dev/pmem0 ] || return 0
	mkfs.ext4 -q -F -b 4096 /dev/pmem0 || return
	mkdir "$work/dax"
	mount -o dax /dev/pmem0 "$work/dax" || return
	undone umount "$work/dax"
	export CO_DAX=$work/dax
}

# keep_results: a file a row, so that a row that is run again replaces its results.
keep_results() {
	local dir=$results/$LAB_KERNEL-$RDMA_TOPO
	mkdir -p "$dir"
	awk -v dir="$dir" '$1 == "cell" { file = dir "/" $2; if (!($2 in seen)) { seen[$2]; printf "" >file } print >file }' "$work/cells"
	echo "kernel $(uname -r) $RDMA_TOPO" >"$dir.version"
}

# The rows that ran, for the eye; all of them, for the files.
show_results() {
	awk -f "$here/table.awk" -v form=text "$work/cells"
	awk -f "$here/table.awk" -v form=md "$results".list >"$results.md"
	awk -f "$here/table.awk" -v form=html "$results".list >"$results.html"
}

# list_results: lines "kernel VERSION TOPO" and cells, in the order of the program's rows.
list_results() {
	local kernel row
	for kernel in {7,6.12,6.1}-{one,veth}; do
		[ -s "$results/$kernel.version" ] || continue
		cat "$results/$kernel.version"
		for row in $("$program" --list); do
			[ ! -e "$results/$kernel/$row" ] || cat "$results/$kernel/$row"
		done
	done >"$results.list"
}

setup_disk || { echo "no disk with a file system and swap: $LAB_SCRATCH" && exit 1; }
setup_pmem || { echo "persistent memory does not take a file system" && exit 1; }
status=0
"$program" "$@" | tee "$work/cells" || status=$?
keep_results
list_results
show_results
tail -n 1 "$work/cells"
exit "$status"
