#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The key-value example: a file four times as large as the guest's memory is served without pinning, every
# byte verified; the same with pinned memory fails.
set -euo pipefail

kv=$LAB_BUILD/docs/examples/example_kv
memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
mib=$((memory * 4))
mnt=$(mktemp -d)

mke2fs -q -t ext4 -O ^has_journal -m 0 "$LAB_SCRATCH"
mount "$LAB_SCRATCH" "$mnt"
trap 'umount "$mnt"' EXIT
free=$(df -m --output=avail "$mnt" | tail -n 1)
[ "$mib" -lt "$free" ] || { echo "kv: no room for $mib MiB of file on a disk with $free MiB" && exit 1; }

echo "kv: $memory MiB of memory, a file of $mib MiB"
"$kv" "$mnt/store" "$mib" 5000
echo "kv: resident for the device at the end: $(cat "/sys/class/infiniband/$RDMA_DEV/ports/1/hw_counters/odp_pages_resident") pages"

# Pinned: refused, or killed for want of memory; a success would be wrong. In a cgroup, whose
# lack of memory is nobody else's.
group=/sys/fs/cgroup/kv
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir "$group"
echo "$((memory / 2))M" >"$group/memory.max"
status=0
echo 3 >/proc/sys/vm/drop_caches # what is cached now would not be the cgroup's
(echo "$BASHPID" >"$group/cgroup.procs" && exec "$kv" "$mnt/store" "$mib" 1 4) || status=$?
[ "$status" -ne 0 ] || { echo "kv: $mib MiB were pinned in $memory MiB of memory?" && exit 1; }
echo "kv: pinned: status $status, $(awk '$1 == "oom_kill" { print $2 }' "$group/memory.events") killed for want of memory"
rmdir "$group" 2>/dev/null || true
