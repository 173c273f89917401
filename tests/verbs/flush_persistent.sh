#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# flush_persistent PROGRAM: runs it with a directory on persistent memory (PMEM_DIR), which the
# guest must have been given.
set -euo pipefail

modprobe -a nd_e820 nd_pmem 2>/dev/null || true
[ -b /dev/pmem0 ] || { echo "no /dev/pmem0: run with --pmem 128" && exit 77; }
mkfs.ext4 -q -F -b 4096 /dev/pmem0
dir=$(mktemp -d)
mount -o dax /dev/pmem0 "$dir"
trap 'umount "$dir" && rmdir "$dir"' EXIT
PMEM_DIR=$dir "$@"
