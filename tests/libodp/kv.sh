#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The key-value example: a file four times as large as the guest's memory is served without pinning, every
# byte verified; the same with pinned memory fails.
set -euo pipefail

memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
mib=$((memory * 4))
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common/store.sh"
make_disk
free=$(df -m --output=avail "$MNT" | tail -n 1)
[ "$mib" -lt "$free" ] || { echo "kv: no room for $mib MiB of file on a disk with $free MiB" && exit 1; }

echo "kv: $memory MiB of memory, a file of $mib MiB"
store "$MNT/store" "$mib" 5000
echo "kv: resident for the device at the end: $(cat "/sys/class/infiniband/$RDMA_DEV/ports/1/hw_counters/odp_pages_resident") pages"

# Pinned: refused, or killed for want of memory; a success would be wrong. In a cgroup, whose
# lack of memory is nobody else's.
limit_memory $((memory / 2))
status=0
limited "$MNT/store" "$mib" 1 4 || status=$?
[ "$status" -ne 0 ] || { echo "kv: $mib MiB were pinned in $memory MiB of memory?" && exit 1; }
echo "kv: pinned: status $status, $(awk '$1 == "oom_kill" { print $2 }' "$GROUP/memory.events") killed for want of memory"
rmdir "$GROUP" 2>/dev/null || true
