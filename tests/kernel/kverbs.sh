#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# kverbs [local_path=0]: the kernel consumer of kverbs.c on RDMA_DEV; the device's QPs that are
# connected from now on use the local path or do not, as the parameter says.
set -euo pipefail

MODULE=$LAB_BUILD/../kernel-tests-$(uname -r)/rodp_kverbs.ko
[ -e "$MODULE" ] || { echo "kverbs: no $MODULE: run this in the lab, which builds it" && exit 1; }
if [ "${1:-}" = local_path=0 ]; then
	echo 0 >/sys/module/rodp/parameters/local_path
fi
status=0
insmod "$MODULE" dev="$RDMA_DEV" gid_index="$RDMA_GID_INDEX" || status=1
dmesg | grep -o 'kverbs: .*' || true
[ "$status" -ne 0 ] || rmmod rodp_kverbs
[ "$status" -eq 0 ] && echo "kverbs: all passed"
exit "$status"
